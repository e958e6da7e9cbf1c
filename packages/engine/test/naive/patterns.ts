import { Edge, type ElementId, Node, Path, unreachable, type Value } from "@geode/values";
import type * as ast from "../../src/gql/ast.ts";
import type { Environment, Row } from "./environment.ts";
import { conjunctsOf, evaluate, hasLabels, holds } from "./expressions.ts";

/** Trying everything takes too long. */
export class TooLarge extends Error {}
const WAYS_MAX = 4000;

/** A way through the pattern so far. */
interface Way {
  /** Every variable that a name may mean here, those of the repetition that the way is in included. */
  readonly row: Row;
  /** Where the way stands; null before the first node of a path. */
  readonly node: Node | null;
  /** The elements of the path so far. */
  readonly elements: readonly (Node | Edge)[];
  /** The edges of the whole MATCH so far. */
  readonly edges: readonly ElementId[];
  /** What has to be TRUE when everything is bound. `local` are the variables of the repetition that the condition stands in. */
  readonly conditions: readonly { readonly condition: Condition; readonly local: Row }[];
  /** The variables of the repetition that the way is in; null outside of any. */
  readonly local: Row | null;
  /** Which paths of multiset alternations were taken. */
  readonly taken: readonly number[];
}

type Condition = (at: Environment) => Value;

interface Rules {
  readonly at: Environment;
  readonly differentEdges: boolean;
  readonly mode: ast.PathMode;
}

/** All rows that the row at hand becomes by matching the paths, found by trying everything. */
export function bindingsOf(
  paths: readonly ast.PathPattern[],
  mode: ast.MatchMode,
  where: ast.Expression | null,
  at: Environment,
): Row[] {
  const start: Way = {
    row: at.row,
    node: null,
    elements: [],
    edges: [],
    conditions: where ? conditionsOf(where, new Map()) : [],
    local: null,
    taken: [],
  };
  let ways: readonly Way[] = [start];
  for (const path of paths) {
    const rules: Rules = {
      at,
      differentEdges: mode === "differentEdges",
      mode: path.prefix?.mode ?? "walk",
    };
    const { variable, expression } = path;
    ways = ways.flatMap((way) => {
      const ends = expressionWays(expression, { ...way, node: null, elements: [] }, rules);
      return ends.map((end) =>
        variable ? named(end, variable.name, new Path(end.elements)) : end,
      );
    });
    if (ways.length > WAYS_MAX) throw new TooLarge();
  }
  return ways
    .filter((way) =>
      holds(
        way.conditions.map(
          ({ condition, local }) =>
            () =>
              condition({ ...at, row: new Map([...way.row, ...local]) }),
        ),
      ),
    )
    .map((way) => way.row);
}

/** The names that the paths may introduce. */
export function namesOf(paths: readonly ast.PathPattern[]): string[] {
  const names: string[] = [];
  const visit = (part: ast.PathElement | ast.PathExpression): void => {
    switch (part.kind) {
      case "nodePattern":
      case "edgePattern":
        if (part.variable) names.push(part.variable.name);
        break;
      case "parenthesizedPath":
        if (part.variable) names.push(part.variable.name);
        visit(part.expression);
        break;
      case "pathConcatenation":
        part.elements.forEach(visit);
        break;
      case "pathAlternation":
        part.alternatives.forEach(visit);
        break;
      default:
        unreachable(part);
    }
  };
  for (const path of paths) {
    if (path.variable) names.push(path.variable.name);
    visit(path.expression);
  }
  return names;
}

function expressionWays(expression: ast.PathExpression, way: Way, rules: Rules): readonly Way[] {
  if (expression.kind === "pathAlternation") return choiceWays(expression, way, rules);
  let ways: readonly Way[] = [way];
  for (const element of expression.elements)
    ways = ways.flatMap((one) => elementWays(element, one, rules));
  return ways;
}

function elementWays(element: ast.PathElement, way: Way, rules: Rules): readonly Way[] {
  switch (element.kind) {
    case "nodePattern":
      return nodeWays(element, way, rules);
    case "edgePattern":
      if (!element.quantifier) return edgeWays(element, way, rules);
      return repetitionWays(element, element.quantifier, way, (one) =>
        edgeWays(element, one, rules),
      );
    case "parenthesizedPath": {
      const inside = (one: Way): readonly Way[] => {
        const { where, mode, variable } = element;
        const ends = expressionWays(element.expression, one, rules).flatMap((end) => {
          const part = end.elements.slice(Math.max(0, one.elements.length - 1));
          if (mode && !allowsPath(mode, part)) return [];
          return variable ? [named(end, variable.name, new Path(part))] : [end];
        });
        if (!where) return ends;
        return ends.map((end) => ({
          ...end,
          conditions: [...end.conditions, ...conditionsOf(where, end.local ?? new Map())],
        }));
      };
      if (!element.quantifier) return inside(way);
      return repetitionWays(element, element.quantifier, way, inside);
    }
    default:
      return unreachable(element);
  }
}

/** `a | b`: without ways that are the same; `a |+| b`: with them. A variable that only the other paths have is NULL, or the empty list. */
function choiceWays(
  { alternatives, multiset }: ast.PathAlternation,
  way: Way,
  rules: Rules,
): readonly Way[] {
  const names = [...new Set(alternatives.flatMap((path) => namesOfExpression(path)))].filter(
    (name) => !way.row.has(name),
  );
  const lists = new Set(alternatives.flatMap((path) => repeatedNames(path)));
  const ways = alternatives.flatMap((path, index) =>
    expressionWays(path, way, rules).map((end) => {
      const whole = names.reduce(
        (one, name) => (one.row.has(name) ? one : named(one, name, lists.has(name) ? [] : null)),
        end,
      );
      return multiset ? { ...whole, taken: [...whole.taken, index] } : whole;
    }),
  );
  return multiset ? ways : withoutRepeats(ways, names);
}

/** Ways over the same elements that have the same in their variables are one. */
function withoutRepeats(ways: readonly Way[], names: readonly string[]): readonly Way[] {
  const identity = ({ elements, row, taken }: Way): string =>
    JSON.stringify([
      elements.map(({ id }) => id),
      names.map((name) => identityOf(row.get(name) ?? null)),
      taken,
    ]);
  return [...new Map(ways.toReversed().map((way) => [identity(way), way])).values()].reverse();
}

function identityOf(value: Value): unknown {
  if (value instanceof Node || value instanceof Edge) return value.id;
  if (value instanceof Path) return value.elements.map(({ id }) => id);
  return Array.isArray(value) ? value.map(identityOf) : null;
}

/** TRAIL: no edge twice; ACYCLIC: no node twice; SIMPLE: but the last may be the first. */
function allowsPath(mode: ast.PathMode, elements: readonly (Node | Edge)[]): boolean {
  const hasTwice = (ids: readonly number[]): boolean => new Set(ids).size < ids.length;
  const nodes = elements.flatMap((element) => (element instanceof Node ? [element.id] : []));
  switch (mode) {
    case "walk":
      return true;
    case "trail":
      return !hasTwice(
        elements.flatMap((element) => (element instanceof Edge ? [element.id] : [])),
      );
    case "acyclic":
      return !hasTwice(nodes);
    case "simple":
      return !hasTwice(nodes.length > 1 && nodes[0] === nodes.at(-1) ? nodes.slice(1) : nodes);
    default:
      return unreachable(mode);
  }
}

function namesOfExpression(expression: ast.PathExpression): string[] {
  const { span } = expression;
  return namesOf([{ kind: "pathPattern", variable: null, prefix: null, expression, span }]);
}

/** The names of what is repeated. */
function repeatedNames(expression: ast.PathExpression): string[] {
  if (expression.kind === "pathAlternation") return expression.alternatives.flatMap(repeatedNames);
  return expression.elements.flatMap((element) => {
    if (element.kind === "nodePattern") return [];
    if (element.quantifier?.kind === "repetition") return namesIn(element);
    return element.kind === "parenthesizedPath" ? repeatedNames(element.expression) : [];
  });
}

function namesIn(element: ast.EdgePattern | ast.ParenthesizedPath): string[] {
  const { span } = element;
  return namesOfExpression({ kind: "pathConcatenation", elements: [element], span });
}

function nodeWays(pattern: ast.NodePattern, way: Way, { at }: Rules): readonly Way[] {
  const candidates = way.node === null ? [...at.model.nodes.values()] : [way.node];
  return candidates.flatMap((node) => {
    if (pattern.labels && !hasLabels(node, pattern.labels)) return [];
    const elements = way.node === null ? [node] : way.elements;
    const next = bound({ ...way, node, elements }, pattern.variable, node);
    return next ? [withConditions(next, pattern, node)] : [];
  });
}

/** ACYCLIC: no node twice; SIMPLE: but the last may be the first, and nothing comes after that. */
function allowsNode(mode: ast.PathMode, elements: readonly (Node | Edge)[], node: Node): boolean {
  const ids = elements.flatMap((element) => (element instanceof Node ? [element.id] : []));
  if (mode === "acyclic") return !ids.includes(node.id);
  if (mode !== "simple") return true;
  const closed = ids.length > 1 && ids[0] === ids.at(-1);
  return !closed && (!ids.includes(node.id) || ids[0] === node.id);
}

function edgeWays(pattern: ast.EdgePattern, way: Way, rules: Rules): readonly Way[] {
  const { at, differentEdges, mode } = rules;
  const { node } = way;
  if (node === null) throw new Error("an edge that starts nowhere");
  return [...at.model.edges.values()].flatMap((edge) => {
    if (differentEdges && way.edges.includes(edge.id)) return [];
    if (mode !== "walk" && way.elements.some((one) => one instanceof Edge && one.id === edge.id))
      return [];
    if (pattern.labels && !hasLabels(edge, pattern.labels)) return [];
    return otherEnds(pattern.orientation, edge, node.id).flatMap((end) => {
      const other = at.model.nodes.get(end);
      if (!other) throw new Error("an edge that ends nowhere");
      if (!allowsNode(mode, way.elements, other)) return [];
      const elements = [...way.elements, edge, other];
      const next = bound(
        { ...way, node: other, elements, edges: [...way.edges, edge.id] },
        pattern.variable,
        edge,
      );
      return next ? [withConditions(next, pattern, edge)] : [];
    });
  });
}

/** Where the edge leads to from the node: at most one node, since a loop leads to the same node both ways. */
function otherEnds(
  orientation: ast.EdgeOrientation,
  edge: Edge,
  node: ElementId,
): readonly ElementId[] {
  const right = edge.from === node ? [edge.to] : [];
  const left = edge.to === node ? [edge.from] : [];
  switch (orientation) {
    case "right":
    case "undirectedOrRight":
      return right;
    case "left":
    case "leftOrUndirected":
      return left;
    case "any":
    case "leftOrRight":
      return edge.from === edge.to ? right : [...right, ...left];
    case "undirected":
      return [];
    default:
      return unreachable(orientation);
  }
}

/** Goes through the body as often as the quantifier allows; outside, its variables are lists, or NULL or one element behind `?`. */
function repetitionWays(
  element: ast.EdgePattern | ast.ParenthesizedPath,
  { kind, min, max }: ast.Quantifier,
  start: Way,
  body: (way: Way) => readonly Way[],
): readonly Way[] {
  const names = namesIn(element);
  const repeated = new Set(
    element.kind === "parenthesizedPath" ? repeatedNames(element.expression) : [],
  );
  const found: Way[] = [];
  const go = (way: Way, lists: ReadonlyMap<string, readonly Value[]>, times: number): void => {
    if (found.length > WAYS_MAX) throw new TooLarge();
    if (times >= min) {
      const outside = names.map((name): [string, Value] => {
        const list = lists.get(name) ?? [];
        if (kind === "optional") return [name, list[0] ?? (repeated.has(name) ? [] : null)];
        // What is absent in a choice or behind `?` is in no list; lists of lists are one.
        return [name, list.flatMap((item): readonly Value[] => listed(item))];
      });
      found.push({
        ...way,
        row: new Map([...start.row, ...outside]),
        local: start.local && new Map([...start.local, ...outside]),
      });
    }
    if (max !== null && times >= max) return;
    for (const end of body({ ...way, row: start.row, local: new Map() })) {
      const longer = names.map((name): [string, readonly Value[]] => [
        name,
        [...(lists.get(name) ?? []), end.local?.get(name) ?? null],
      ]);
      go(end, new Map(longer), times + 1);
    }
  };
  if (start.node !== null) go(start, new Map(), 0);
  else throw new Error("a repetition that starts nowhere");
  return withoutRepeats(found, names);
}

function listed(item: Value): readonly Value[] {
  if (item === null) return [];
  return Array.isArray(item) ? (item as readonly Value[]) : [item];
}

/** The way with the name bound, or null if the name means something else already. */
function bound(way: Way, name: ast.Name | null, element: Node | Edge): Way | null {
  if (name === null) return way;
  const known = way.row.get(name.name);
  if (known === undefined) return named(way, name.name, element);
  const same =
    (known instanceof Node && element instanceof Node && known.id === element.id) ||
    (known instanceof Edge && element instanceof Edge && known.id === element.id);
  return same ? way : null;
}

function named(way: Way, name: string, value: Value): Way {
  return {
    ...way,
    row: new Map([...way.row, [name, value]]),
    local: way.local && new Map([...way.local, [name, value]]),
  };
}

function withConditions(
  way: Way,
  { properties, where }: ast.NodePattern | ast.EdgePattern,
  element: Node | Edge,
): Way {
  const local = way.local ?? new Map<string, Value>();
  const conditions = [
    ...way.conditions,
    ...(where ? conditionsOf(where, local) : []),
    ...(properties?.fields ?? []).map(({ key, value, span }) => {
      const isEqual: ast.Expression = {
        kind: "comparison",
        operator: "=",
        left: { kind: "literal", value: element.properties.get(key.name) ?? null, span },
        right: value,
        span,
      };
      return { condition: (at: Environment) => evaluate(isEqual, at), local };
    }),
  ];
  return { ...way, conditions };
}

function conditionsOf(
  where: ast.Expression,
  local: Row,
): readonly { readonly condition: Condition; readonly local: Row }[] {
  return conjunctsOf(where).map((part) => ({
    condition: (at: Environment) => evaluate(part, at),
    local,
  }));
}
