import { GeodeError, unreachable } from "@geode/values";
import type * as ast from "../gql/ast.ts";
import {
  bindCondition,
  bindExpression,
  bindLabels,
  bindLabelTest,
  isComputedLabel,
} from "./bind-expression.ts";
import { type Expression, conjuncts, type LabelExpression, type Variable } from "./expression.ts";
import type {
  Bound,
  EdgeAtom,
  MatchOperator,
  NodeAtom,
  Operator,
  PartAtom,
  PartWay,
  RepeatAtom,
  SearchAtom,
} from "./operators.ts";
import { borderNode, choiceOf, declaredNames, edgesAtLeast, isChoice } from "./part-shape.ts";
import { type Link, searchedPath } from "./searched-path.ts";
import { type Binding, declare, type Iteration, type Scope } from "./scope.ts";
import { usesOfPart } from "./uses.ts";

/** No edge is like this. */
const NO_LABEL: LabelExpression = { kind: "not", operand: { kind: "any" } };

/** Every two edges of a MATCH are compared, and every edge is a loop inside of the one before. */
const EDGES_MAX = 128;

/** A MATCH as atoms and predicates, and the scope after it. */
export function bindMatch(
  binding: Binding,
  match: ast.Match,
  scope: Scope,
  optional: boolean,
): { before: readonly Operator[]; operator: MatchOperator; scope: Scope } {
  const pattern = new PatternBinder(binding, scope, optional);
  for (const path of match.paths)
    pattern.path(path.prefix ? path : { ...path, prefix: match.keep }, match.mode);
  const bound = pattern.finish(match.where, match.mode);
  if (!match.yieldItems) return bound;
  return { ...bound, scope: yielded(binding, match.yieldItems, scope, bound.scope) };
}

/** <graph pattern yield clause> (ISO/IEC 39075:2024 §16.4): of what was matched, only this is seen from here on. */
function yielded(
  binding: Binding,
  items: readonly ast.YieldItem[],
  before: Scope,
  after: Scope,
): Scope {
  const scope = new Map(before);
  for (const { name, alias } of items) {
    const variable = after.get(name.name);
    if (!variable) {
      throw binding.invalidReference(
        `The pattern has no variable \`${name.name}\`.`,
        name.span.start,
        `There are: ${[...after.keys()].join(", ")}.`,
      );
    }
    const seen = alias ?? name;
    if (before.get(seen.name) !== variable) declare(binding, scope, seen, variable);
  }
  return scope;
}

class PatternBinder {
  readonly #binding: Binding;
  readonly #optional: boolean;
  readonly #scope: Map<string, Variable>;
  readonly #outer: Scope;
  readonly #nodes: NodeAtom[] = [];
  readonly #edges: EdgeAtom[] = [];
  readonly #repeats: RepeatAtom[] = [];
  readonly #searches: SearchAtom[] = [];
  /** What has to be done before matching. */
  readonly #before: Operator[] = [];
  /** What the names of those elements meant before. */
  readonly #held = new Map<string, Variable>();
  readonly #introduces: Variable[] = [];
  /** Named paths. */
  readonly #paths: Variable[] = [];
  /** What is bound behind `?`, or in some paths of a choice, and may be NULL. */
  readonly #conditional: Set<Variable>;
  /** Elements that every way through a part binds. */
  readonly #ofParts = new Set<Variable>();
  /** Conditions are bound last: they may look at variables that come after them in the pattern. */
  readonly #conditions: (() => Expression)[] = [];

  constructor(
    binding: Binding,
    scope: Scope,
    optional: boolean,
    conditional: Set<Variable> = new Set(),
  ) {
    this.#binding = binding;
    this.#conditional = conditional;
    this.#outer = scope;
    this.#scope = new Map(scope);
    this.#optional = optional;
  }

  path(path: ast.PathPattern, matchMode: ast.MatchMode | null): void {
    const { prefix, expression } = path;
    const selector = prefix?.selector ?? null;
    const mode = prefix?.mode ?? "walk";
    const acyclic = mode === "acyclic";
    const trail = mode === "trail" || mode === "simple" || matchMode !== "repeatableElements";
    const limits = { acyclic, trail, matchMode };
    const searched = selector && selector.kind !== "all";
    const elements = searched
      ? this.#search(expression, selector, mode === "walk" && trail ? "trail" : mode, limits)
      : this.#expression(expression, limits);
    if (!searched) this.#holdMode(elements, mode, limits);
    if (path.variable) this.#namePath(path.variable, elements);
  }

  #namePath(name: ast.Name, elements: readonly Variable[]): void {
    if (this.#scope.has(name.name)) {
      throw this.#binding.invalidReference(
        `The variable \`${name.name}\` is already defined.`,
        name.span.start,
        "A path variable needs a name of its own.",
      );
    }
    const variable = this.#binding.variable(name.name, "path", {
      elements: this.#mayBeAbsent(elements),
      nullable: this.#optional,
    });
    this.#scope.set(name.name, variable);
    this.#paths.push(variable);
  }

  /**
   * The elements of a path that is NULL when nothing matches. If all of them are there in any case, they do not tell; then the first one
   * is matched once more.
   */
  #mayBeAbsent(elements: readonly Variable[]): readonly Variable[] {
    const [first, ...others] = elements;
    if (!first || !this.#optional || elements.some((part) => this.#introduces.includes(part)))
      return elements;
    const again = this.#again(first);
    this.#nodes.push({ variable: again, labels: null });
    return [again, ...others];
  }

  finish(
    where: ast.Expression | null,
    mode: ast.MatchMode | null,
  ): { before: readonly Operator[]; operator: MatchOperator; scope: Scope } {
    if (where) this.#conditions.push(() => this.#condition(where));
    const predicates = this.#conditions.flatMap((condition) => conjuncts(condition()));
    const operator: MatchOperator = {
      kind: "match",
      optional: this.#optional,
      nodes: this.#nodes,
      edges: this.#edges,
      repeats: this.#repeats,
      searches: this.#searches,
      predicates,
      introduces: this.#introduces,
      differentEdges: mode !== "repeatableElements",
    };
    // Where nothing matches, a row keeps what it held, though it is no element of this graph.
    if (this.#optional) for (const [name, value] of this.#held) this.#scope.set(name, value);
    return { before: this.#before, operator, scope: this.#scope };
  }

  #expression(expression: ast.PathExpression, limits: PathLimits): Variable[] {
    const isChoice = expression.kind === "pathAlternation";
    return this.#concatenation(isChoice ? [choiceOf(expression)] : expression.elements, limits);
  }

  /** Node, edge, node, …; returns their variables in that order. */
  #concatenation(parts: readonly ast.PathElement[], limits: PathLimits): Variable[] {
    const variables: Variable[] = [];
    let last: Variable | null = null;
    let pending: ast.EdgePattern | ast.ParenthesizedPath | null = null;
    const reach = (node: Variable): void => {
      if (pending && last) variables.push(this.#connection(pending, last, node, limits), node);
      else if (last) this.#sameNode(last, node);
      else variables.push(node);
      pending = null;
      last = node;
    };
    const border = (part: ast.PathElement, side: "first" | "last"): Variable => {
      const known =
        isChoice(part) && part.quantifier === null ? borderNode(part.expression, side) : null;
      return this.#node(known ?? unnamedNode(part.span));
    };
    for (const part of parts) {
      switch (part.kind) {
        case "nodePattern":
          reach(this.#node(part));
          break;
        case "edgePattern":
          if (pending || !last) reach(border(part, "first"));
          pending = part;
          break;
        case "parenthesizedPath":
          if (part.quantifier || isChoice(part)) {
            if (pending || !last) reach(border(part, "first"));
            pending = part;
          } else {
            const inside = part.mode ? limitedBy(part.mode, limits) : limits;
            const inner = this.#expression(part.expression, inside);
            if (part.mode) this.#holdMode(inner, part.mode, limits);
            if (part.variable) this.#namePath(part.variable, inner);
            const [first, ...others] = inner;
            if (!first) break;
            reach(first);
            variables.push(...others);
            last = inner.at(-1) ?? first;
            if (part.where) {
              const { where } = part;
              this.#conditions.push(() => this.#condition(where));
            }
          }
          break;
        default:
          unreachable(part);
      }
    }
    const end = pending as ast.PathElement | null;
    if (end) reach(border(end, "last"));
    return variables;
  }

  /** Two node patterns side by side are one node. */
  #sameNode(left: Variable, right: Variable): void {
    if (left === right) return;
    this.#conditions.push(() => ({
      kind: "compare",
      operator: "=",
      left: { kind: "variable", variable: left },
      right: { kind: "variable", variable: right },
    }));
  }

  #connection(
    part: ast.EdgePattern | ast.ParenthesizedPath,
    left: Variable,
    right: Variable,
    limits: PathLimits,
  ): Variable {
    if (part.kind === "edgePattern" && !part.quantifier) return this.#edge(part, left, right);
    const { quantifier } = part;
    if (quantifier?.max === null && !limits.trail && !limits.acyclic) {
      throw this.#binding.invalidSyntax(
        "This quantifier has no upper bound, and nothing makes the number of paths finite.",
        quantifier.span.start,
        "Write an upper bound, or TRAIL, ACYCLIC or SIMPLE before the path.",
      );
    }
    return this.#repeat(part, left, right, limits);
  }

  /** A repetition or a choice: each way through it is a pattern of its own. Repeated variables are lists out here. */
  #repeat(
    part: ast.EdgePattern | ast.ParenthesizedPath,
    from: Variable,
    to: Variable,
    limits: PathLimits,
  ): Variable {
    const once = this.#partOf(part, limits);
    const { acyclic, trail } = limits;
    this.#repeats.push({ ...once, from, to, acyclic, trail });
    this.#introduces.push(...introducedBy(once));
    return once.steps;
  }

  #partOf(part: ast.EdgePattern | ast.ParenthesizedPath, limits: PathLimits): PartAtom {
    const { quantifier } = part;
    const optional = quantifier?.kind === "optional";
    const times: Times = quantifier
      ? {
          min: quantifier.min,
          max: quantifier.max,
          single: optional,
          nullable: optional,
          // What Cypher's spelling binds is a list like any other.
          isGroup: quantifier.kind === "repetition",
        }
      : ONCE;
    if (part.kind === "edgePattern") {
      const known = part.variable && this.#scope.get(part.variable.name);
      const edge: ast.EdgePattern = { ...part, quantifier: null };
      if (known?.type === "value" || known?.type === "edges")
        return this.#alongList({ ...edge, variable: null }, known, times, limits);
      return this.#part([edgeAlone(edge)], times, limits);
    }
    if (quantifier) {
      for (const name of declaredNames(part.expression))
        if (this.#scope.has(name.name) && !this.#outer.has(name.name))
          throw this.#repeatedName(name.name, name.span.start);
      if (edgesAtLeast(part.expression) === 0) {
        throw this.#binding.invalidSyntax(
          "What is repeated has to go over an edge.",
          part.span.start,
          "Leave the quantifier out.",
        );
      }
    }
    if (!isChoice(part)) return this.#part([[{ ...part, quantifier: null }]], times, limits);
    const { alternatives, multiset } = part.expression;
    const paths = alternatives.map(({ elements }) => elements);
    return this.#part(paths, times, limits, multiset ? "multiset" : "union");
  }

  /** A repetition over the edges of a list from before, in its order. */
  #alongList(edge: ast.EdgePattern, list: Variable, times: Times, limits: PathLimits): PartAtom {
    const part = this.#part([edgeAlone(edge)], { ...times, single: false }, limits);
    const outer = this.#binding.variable(null, "edges", { nullable: this.#optional });
    this.#conditions.push(() => ({
      kind: "compare",
      operator: "=",
      left: { kind: "variable", variable: outer },
      right: { kind: "variable", variable: list },
    }));
    const edges = part.ways.flatMap(({ body }) => body.edges);
    const groups = edges.map(({ variable }) => ({ inner: [variable], outer }));
    return { ...part, groups };
  }

  /** A part of a path: each way through it has a pattern of its own. Their variables get their outer meaning in this scope. */
  #part(
    paths: readonly (readonly ast.PathElement[])[],
    times: Times,
    limits: PathLimits,
    choice: "union" | "multiset" = "multiset",
  ): PartAtom {
    const binding = this.#binding;
    const inside = paths.map((elements) => this.#way(elements, limits));
    const ways = inside.map(({ way }) => way);
    const start = paths[0]?.[0]?.span.start ?? 0;
    const byName = new Map<string, (Variable | null)[]>();
    for (const [index, { named }] of inside.entries()) {
      for (const [name, variable] of named) {
        const inner = byName.get(name) ?? paths.map(() => null);
        inner[index] = variable;
        byName.set(name, inner);
      }
    }
    const iteration: Iteration = { kind: "iteration" };
    const groups = [...byName].map(([name, inner]) => {
      const outer = this.#outerOf(name, inner, times, start);
      if (times.isGroup) binding.noteGroup(outer, this.#iterationOf(inner, iteration));
      return { outer, inner };
    });
    const tellsApart = choice === "multiset" && ways.length > 1;
    const { min, max, single } = times;
    return {
      min,
      max,
      single,
      ways,
      distinct: choice === "union",
      steps: binding.variable(null, "steps", { nullable: this.#optional }),
      groups,
      taken:
        tellsApart || ways.some(({ taken }) => taken.length > 0)
          ? binding.variable(null, "value", { nullable: this.#optional })
          : null,
    };
  }

  /** Whether the variable has one element each time; what a repetition inside of it binds goes along with that one. */
  #iterationOf(inner: readonly (Variable | null)[], own: Iteration): Iteration | null {
    const present = inner.filter((variable) => variable !== null);
    if (present.length < inner.length) return null;
    if (present.some((variable) => variable.nullable || this.#conditional.has(variable)))
      return null;
    if (present.every(({ type }) => type === "node" || type === "edge")) return own;
    const [only, ...others] = present;
    return only === undefined || others.length > 0 ? null : this.#binding.iterationOf(only);
  }

  #way(
    parts: readonly ast.PathElement[],
    limits: PathLimits,
  ): { readonly way: PartWay; readonly named: readonly (readonly [string, Variable])[] } {
    const inner = new PatternBinder(this.#binding, this.#scope, false, this.#conditional);
    const [first, ...elements] = inner.#concatenation(parts, limits);
    if (!first) throw new Error("a path without a node");
    const { before, operator: body } = inner.finish(null, limits.matchMode);
    this.#before.push(...before);
    const taken = body.repeats.flatMap((repeat) => repeat.taken ?? []);
    const named = [...body.introduces, ...inner.#paths].flatMap((variable) =>
      variable.name === null ? [] : [[variable.name, variable] as const],
    );
    return { way: { body, first, last: elements.at(-1) ?? first, elements, taken }, named };
  }

  /** What a variable of a part is outside: one element where the part is gone through once, else a list. */
  #outerOf(
    name: string,
    inner: readonly (Variable | null)[],
    { single, nullable }: Times,
    offset: number,
  ): Variable {
    if (this.#scope.has(name)) throw this.#repeatedName(name, offset);
    const present = inner.filter((variable) => variable !== null);
    const types = new Set(present.map(({ type }) => type));
    const [type] = types;
    if (type === undefined || types.size > 1) {
      throw this.#binding.invalidReference(
        `The variable \`${name}\` is ${[...types].map(article).join(" here and ")} there.`,
        offset,
        "In every path of a choice a name means the same kind of thing.",
      );
    }
    const mayBeAbsent =
      nullable ||
      present.length < inner.length ||
      present.some((variable) => variable.nullable || this.#conditional.has(variable));
    const outer = this.#binding.variable(name, single ? SINGLE_TYPES[type] : LIST_TYPES[type], {
      nullable: mayBeAbsent || this.#optional,
    });
    this.#scope.set(name, outer);
    if (single) (mayBeAbsent ? this.#conditional : this.#ofParts).add(outer);
    return outer;
  }

  #repeatedName(name: string, offset: number): GeodeError {
    return this.#binding.invalidReference(
      `The variable \`${name}\` is already defined.`,
      offset,
      "A variable in a repetition needs a name of its own.",
    );
  }

  /** A path of which only some count. Returns its elements. */
  #search(
    whole: ast.PathExpression,
    selector: ast.PathSelector,
    outerMode: ast.PathMode,
    limits: PathLimits,
  ): Variable[] {
    const binding = this.#binding;
    const { expression, mode, names } = unwrapped(whole, outerMode);
    const path = searchedPath(expression);
    const [from, to] = [path.first, path.last].map((patterns) => {
      const [first, ...others] = patterns.map((pattern) => this.#node(pattern));
      for (const other of others) if (first) this.#sameNode(first, other);
      return first;
    });
    if (!from) throw new Error("a path without a node");
    const inside = mode === "walk" ? limits : limitedBy(mode, limits);
    const parts = path.links.map((link) => this.#link(link, inside));
    const elements = to ? [from, ...parts.map((part) => part.steps), to] : [from];
    for (const name of names) this.#namePath(name, elements);
    if (!to) {
      for (const where of path.wheres) this.#conditions.push(() => this.#condition(where));
      return elements;
    }
    const conditions = path.wheres.flatMap((where) => conjuncts(this.#condition(where)));
    if (mode === "walk" && conditions.length > 0 && parts.some((part) => part.max === null)) {
      throw binding.invalidSyntax(
        "This quantifier has no upper bound, and with a condition on the whole path nothing ends the search.",
        expression.span.start,
        "Write an upper bound, or TRAIL, ACYCLIC or SIMPLE before the path.",
      );
    }
    const search: SearchAtom = { from, to, parts, mode, conditions, ...selectionOf(selector) };
    const own = new Set(parts.flatMap(({ groups }) => groups.map(({ outer }) => outer)));
    for (const part of parts) {
      for (const used of usesOfPart(part))
        if (own.has(used))
          throw binding.notAvailable(
            `A path search with \`${used.name}\` in two of its parts`,
            expression.span.start,
            "Compare them in a WHERE around the whole path: ANY SHORTEST ((a)-[e]->(b) WHERE …).",
          );
    }
    this.#searches.push(search);
    this.#introduces.push(...parts.flatMap(introducedBy));
    return elements;
  }

  #link(link: Link, limits: PathLimits): PartAtom {
    return link.kind === "fixed"
      ? this.#part([link.elements], ONCE, limits)
      : this.#partOf(link.part, limits);
  }

  #node(pattern: ast.NodePattern): Variable {
    const variable = this.#variable(pattern.variable, "node");
    this.#nodes.push({ variable, labels: this.#labels(variable, pattern.labels) });
    this.#element(variable, pattern);
    return variable;
  }

  /** The labels that are known; computed ones become a condition. */
  #labels(variable: Variable, labels: ast.LabelExpression | null): LabelExpression | null {
    if (labels === null || !isComputedLabel(labels)) return labels && bindLabels(labels);
    const operand: Expression = { kind: "variable", variable };
    this.#conditions.push(() =>
      bindLabelTest(this.#binding, operand, labels, { scope: this.#scope }),
    );
    return null;
  }

  #edge(pattern: ast.EdgePattern, left: Variable, right: Variable): Variable {
    const known = pattern.variable && this.#scope.get(pattern.variable.name);
    if (known?.type === "edge" && pattern.variable && !this.#outer.has(pattern.variable.name)) {
      throw this.#binding.invalidSyntax(
        `The edge variable \`${pattern.variable.name}\` stands twice in one MATCH.`,
        pattern.variable.span.start,
        "Different edges need different names.",
      );
    }
    if (this.#edges.length === EDGES_MAX) {
      throw new GeodeError("LIMIT", `One MATCH has at most ${EDGES_MAX} edges.`, {
        hint: "Go on in a second MATCH.",
      });
    }
    const variable = this.#variable(pattern.variable, "edge");
    const leftward = pattern.orientation === "left" || pattern.orientation === "leftOrUndirected";
    const either = pattern.orientation === "any" || pattern.orientation === "leftOrRight";
    this.#edges.push({
      variable,
      from: leftward ? right : left,
      to: leftward ? left : right,
      direction: either ? "any" : "out",
      // Every edge is directed: a pattern of an undirected one finds none.
      labels:
        pattern.orientation === "undirected" ? NO_LABEL : this.#labels(variable, pattern.labels),
    });
    this.#element(variable, pattern);
    return variable;
  }

  #variable(name: ast.Name | null, type: "node" | "edge"): Variable {
    const known = name && this.#scope.get(name.name);
    if (known) {
      if (this.#conditional.has(known)) {
        throw this.#binding.invalidReference(
          `The variable \`${name.name}\` may be NULL, behind \`?\` or in a choice; nothing else in the MATCH can join with it.`,
          name.span.start,
          "Compare them in WHERE, or go on in a second MATCH.",
        );
      }
      if (known.type === type) return this.#ofParts.has(known) ? this.#again(known) : known;
      if (known.type === "value") return this.#elementOf(name, known, type);
      throw this.#binding.invalidReference(
        `The variable \`${name.name}\` is ${article(known.type)}, not ${article(type)}.`,
        name.span.start,
      );
    }
    const variable = this.#binding.variable(name?.name ?? null, type, { nullable: this.#optional });
    if (name) this.#scope.set(name.name, variable);
    this.#introduces.push(variable);
    return variable;
  }

  /** The same element once more. */
  #again(known: Variable): Variable {
    const again = this.#binding.variable(null, known.type, { nullable: this.#optional });
    this.#introduces.push(again);
    const idOf = (variable: Variable): Expression => ({
      kind: "call",
      name: "element_id",
      args: [{ kind: "variable", variable }],
      offset: 0,
    });
    this.#conditions.push(() => ({
      kind: "compare",
      operator: "=",
      left: idOf(again),
      right: idOf(known),
    }));
    return again;
  }

  /** Matches from an element that a variable holds as a value, e.g. out of a list. From here on the name means the element. */
  #elementOf(name: ast.Name, value: Variable, type: "node" | "edge"): Variable {
    const variable = this.#binding.variable(name.name, type, { nullable: true });
    const offset = name.span.start;
    this.#before.push({ kind: "element", variable, of: value, asEnd: false, offset });
    this.#held.set(name.name, value);
    this.#scope.set(name.name, variable);
    const isNull: Expression = { kind: "isNull", operand: { kind: "variable", variable } };
    this.#conditions.push(() => ({ kind: "not", operand: isNull }));
    return variable;
  }

  /** The property map and the WHERE inside an element pattern. */
  #element(variable: Variable, pattern: ast.NodePattern | ast.EdgePattern): void {
    const { properties, where } = pattern;
    if (properties) {
      if (properties.kind !== "record")
        throw this.#binding.notAvailable(
          "A parameter as the property map of a pattern",
          properties.span.start,
          "Name the properties: {key: $value}.",
        );
      for (const field of properties.fields) {
        this.#conditions.push(() => ({
          kind: "compare",
          operator: "=",
          left: {
            kind: "property",
            of: { kind: "variable", variable },
            key: field.key.name,
            offset: field.span.start,
          },
          right: this.#bind(field.value),
        }));
      }
    }
    if (where) this.#conditions.push(() => this.#condition(where));
  }

  /** TRAIL: no edge twice. ACYCLIC: no node twice. SIMPLE: the same, but the first and the last may be one. */
  #holdMode(elements: readonly Variable[], mode: ast.PathMode, { matchMode }: PathLimits): void {
    // Where different edges are the rule of the MATCH, a trail is what every path is.
    if (mode === "walk" || (mode === "trail" && matchMode !== "repeatableElements")) return;
    const path = this.#binding.variable(null, "path", { elements });
    const operand: Expression = { kind: "variable", variable: path };
    this.#conditions.push(() => ({ kind: "call", name: `is_${mode}`, args: [operand], offset: 0 }));
  }

  #condition(expression: ast.Expression): Expression {
    return bindCondition(this.#binding, expression, { scope: this.#scope });
  }

  #bind(expression: ast.Expression): Expression {
    return bindExpression(this.#binding, expression, { scope: this.#scope });
  }
}

/** What holds for all of a path. */
interface PathLimits {
  readonly acyclic: boolean;
  /** No edge comes twice. */
  readonly trail: boolean;
  readonly matchMode: ast.MatchMode | null;
}

function limitedBy(mode: ast.PathMode, { acyclic, trail, matchMode }: PathLimits): PathLimits {
  return {
    acyclic: acyclic || mode === "acyclic",
    trail: trail || mode === "trail" || mode === "simple",
    matchMode,
  };
}

/** From the least to the most that is forbidden. */
const MODES: readonly ast.PathMode[] = ["walk", "trail", "simple", "acyclic"];

/** A path search whose parentheses are around all of it: their mode and their names are those of the whole path. */
function unwrapped(
  whole: ast.PathExpression,
  outerMode: ast.PathMode,
): {
  readonly expression: ast.PathExpression;
  readonly mode: ast.PathMode;
  readonly names: readonly ast.Name[];
} {
  const [part, ...others] = whole.kind === "pathConcatenation" ? whole.elements : [];
  if (part?.kind !== "parenthesizedPath" || part.quantifier || others.length > 0)
    return { expression: whole, mode: outerMode, names: [] };
  if (part.where) {
    const bare: ast.PathElement = { ...part, mode: null, variable: null };
    const mode = stricter(part.mode, outerMode);
    const { span } = whole;
    const expression: ast.PathExpression = { kind: "pathConcatenation", elements: [bare], span };
    return { expression, mode, names: part.variable ? [part.variable] : [] };
  }
  const { expression, mode, names } = unwrapped(part.expression, stricter(part.mode, outerMode));
  return { expression, mode, names: part.variable ? [part.variable, ...names] : names };
}

function stricter(mode: ast.PathMode | null, other: ast.PathMode): ast.PathMode {
  return mode !== null && MODES.indexOf(mode) > MODES.indexOf(other) ? mode : other;
}

/** The variables that a part brings into being. */
function introducedBy({ groups, steps, taken }: PartAtom): readonly Variable[] {
  return [...groups.map(({ outer }) => outer), steps, ...(taken ? [taken] : [])];
}

/** ISO/IEC 39075:2024 §16.6, Syntax Rules: ANY is ANY SHORTEST, which is SHORTEST 1; ALL SHORTEST is SHORTEST 1 GROUP. */
function selectionOf(selector: ast.PathSelector): Pick<SearchAtom, "unit" | "count"> {
  const counted = (expression: ast.Expression | null): Bound => {
    const where = expression?.span.start ?? 0;
    if (expression?.kind === "parameter")
      return { expression: { kind: "parameter", name: expression.name, offset: where }, where };
    const value = expression?.kind === "literal" ? expression.value : 1;
    return { expression: { kind: "constant", value }, where };
  };
  switch (selector.kind) {
    case "all":
      throw new Error("ALL selects nothing");
    case "anyShortest":
      return { unit: "paths", count: counted(null) };
    case "any":
    case "shortest":
      return { unit: "paths", count: counted(selector.count) };
    case "allShortest":
      return { unit: "groups", count: counted(null) };
    case "shortestGroups":
      return { unit: "groups", count: counted(selector.count) };
    default:
      return unreachable(selector);
  }
}

/** How often a part is gone through, and what its variables are outside: single elements or lists. */
interface Times {
  readonly min: number;
  readonly max: number | null;
  readonly single: boolean;
  readonly nullable: boolean;
  /** Whether aggregates over its variables work on their elements. */
  readonly isGroup: boolean;
}

const ONCE: Times = { min: 1, max: 1, single: true, nullable: false, isGroup: false };

/** What a variable inside of a part that is gone through once is outside. */
const SINGLE_TYPES = {
  node: "node",
  edge: "edge",
  nodes: "nodes",
  edges: "edges",
  path: "value",
  value: "value",
  steps: "steps",
} as const satisfies Record<Variable["type"], Variable["type"]>;

/** The same for a part that is repeated: the lists of all that the variable was. */
const LIST_TYPES = {
  node: "nodes",
  edge: "edges",
  nodes: "nodes",
  edges: "edges",
  path: "value",
  value: "value",
  steps: "steps",
} as const satisfies Record<Variable["type"], Variable["type"]>;

/** An edge between any two nodes. */
function edgeAlone(edge: ast.EdgePattern): ast.PathElement[] {
  return [unnamedNode(edge.span), edge, unnamedNode(edge.span)];
}

function unnamedNode(span: ast.Span): ast.NodePattern {
  return {
    kind: "nodePattern",
    variable: null,
    labels: null,
    properties: null,
    where: null,
    span,
  };
}

function article(type: Variable["type"]): string {
  return type === "edge" ? "an edge" : `a ${type}`;
}
