import { Edge, equals, GeodeError, Node, Path, unreachable, type Value } from "@geode/values";
import type * as ast from "../../src/gql/ast.ts";
import type { Environment, Row } from "./environment.ts";
import { evaluate } from "./expressions.ts";
import { bindingsOf } from "./patterns.ts";

type WriteClause = ast.Insert | ast.SetClause | ast.Remove | ast.Delete | ast.Merge;

/** Does to the model what the clause says, for all rows. Returns the rows that follow. */
export function write(clause: WriteClause, rows: readonly Row[], at: Environment): readonly Row[] {
  switch (clause.kind) {
    case "insert":
      return rows.map((row) => inserted(clause.paths, { ...at, row }));
    case "set":
      assign(
        rows.flatMap((row) => changesOf(clause.items, { ...at, row })),
        at,
      );
      return rows;
    case "remove":
      assign(
        rows.flatMap((row) => removalsOf(clause.items, { ...at, row })),
        at,
      );
      return rows;
    case "delete": {
      const found = rows.flatMap((row) =>
        clause.items.flatMap((item) => elementsOf(evaluate(item, { ...at, row }))),
      );
      at.model.delete(found, clause.detach);
      return rows;
    }
    case "merge":
      return rows.flatMap((row) => merged(clause, { ...at, row }));
    default:
      return unreachable(clause);
  }
}

/** The row with what is new: first all nodes, then all edges. */
function inserted(paths: readonly ast.InsertPath[], at: Environment): Row {
  const { model } = at;
  const row = new Map(at.row);
  const elements = new Map<ast.InsertNode | ast.InsertEdge, Node | Edge>();
  const propertiesOf = (expression: ast.Expression | null): ReadonlyMap<string, Value> => {
    const value = expression && evaluate(expression, { ...at, row });
    if (value === null) return new Map();
    if (value instanceof Map) return value as ReadonlyMap<string, Value>;
    throw new GeodeError("22G03", "Properties come as a record.");
  };
  for (const { elements: parts } of paths) {
    for (const part of parts) {
      if (part.kind !== "insertNode") continue;
      const known = part.variable && row.has(part.variable.name);
      if (known && part.variable) {
        const element = model.now(row.get(part.variable.name) ?? null);
        if (element === null) throw new GeodeError("22004", "An end of an edge is NULL.");
        if (!(element instanceof Node)) throw new GeodeError("22G03", "An edge joins nodes.");
        elements.set(part, element);
        continue;
      }
      const labels = part.labels.map(({ name }) => name);
      const node = model.insertNode(labels, propertiesOf(part.properties));
      elements.set(part, node);
      if (part.variable) row.set(part.variable.name, node);
    }
  }
  for (const { elements: parts } of paths) {
    for (const [index, part] of parts.entries()) {
      if (part.kind !== "insertEdge") continue;
      const [left, right] = [index - 1, index + 1].map(
        (place) => elements.get(parts[place] as ast.InsertNode) as Node,
      ) as [Node, Node];
      const [from, to] = part.direction === "left" ? [right, left] : [left, right];
      const edge = model.insertEdge(part.label.name, from.id, to.id, propertiesOf(part.properties));
      elements.set(part, edge);
      if (part.variable) row.set(part.variable.name, edge);
    }
  }
  for (const { variable, elements: parts } of paths) {
    if (!variable) continue;
    row.set(variable.name, new Path(parts.map((part) => elements.get(part) as Node | Edge)));
  }
  return row;
}

function merged({ path, onCreate, onMatch }: ast.Merge, at: Environment): readonly Row[] {
  const { span } = path;
  const elements = path.elements.map((part): ast.PathElement =>
    part.kind === "insertNode"
      ? {
          kind: "nodePattern",
          variable: part.variable,
          labels: labelsOf(part.labels, span),
          properties: part.properties as ast.RecordConstructor | null,
          where: null,
          span,
        }
      : {
          kind: "edgePattern",
          orientation: part.direction,
          variable: part.variable,
          labels: labelsOf([part.label], span),
          properties: part.properties as ast.RecordConstructor | null,
          where: null,
          quantifier: null,
          span,
        },
  );
  const expression: ast.PathExpression = { kind: "pathConcatenation", elements, span };
  const pattern: ast.PathPattern = {
    kind: "pathPattern",
    variable: path.variable,
    prefix: null,
    expression,
    span,
  };
  const found = bindingsOf([pattern], "differentEdges", null, at);
  const isNew = found.length === 0;
  if (isNew) refuseNulls(path, at);
  const rows = isNew ? [inserted([path], at)] : found;
  const items = isNew ? onCreate : onMatch;
  assign(
    rows.flatMap((row) => changesOf(items, { ...at, row })),
    at,
  );
  return rows;
}

/** What is inserted has to be found again. */
function refuseNulls({ elements }: ast.InsertPath, at: Environment): void {
  for (const { properties } of elements) {
    const value = properties && evaluate(properties, at);
    if (value instanceof Map && [...value.values()].includes(null))
      throw new GeodeError("22004", "MERGE cannot look for NULL.");
  }
}

function labelsOf(names: readonly ast.Name[], span: ast.Span): ast.LabelExpression | null {
  if (names.length === 0) return null;
  const operands = names.map(({ name }): ast.LabelExpression => ({
    kind: "labelName",
    name,
    span,
  }));
  return { kind: "labelAnd", operands, span };
}

type Change =
  | {
      readonly kind: "property";
      readonly element: Node | Edge;
      readonly key: string;
      readonly value: Value;
    }
  | {
      readonly kind: "labels";
      readonly element: Node;
      readonly change: (labels: readonly string[]) => readonly string[];
    };

function changesOf(items: readonly ast.SetItem[], at: Environment): Change[] {
  return items.flatMap((item): Change[] => {
    switch (item.kind) {
      case "setProperty": {
        const element = elementOf(evaluate(item.element, at));
        if (!element) return [];
        return [{ kind: "property", element, key: item.key.name, value: evaluate(item.value, at) }];
      }
      case "setComputedProperty": {
        const element = elementOf(evaluate(item.element, at));
        if (!element) return [];
        const key = keyOf(evaluate(item.key, at));
        return [{ kind: "property", element, key, value: evaluate(item.value, at) }];
      }
      case "setProperties": {
        const element = elementOf(variableOf(item.variable, at));
        if (!element) return [];
        const value = evaluate(item.value, at);
        const record = value instanceof Node || value instanceof Edge ? value.properties : value;
        if (record !== null && !(record instanceof Map))
          throw new GeodeError("22G03", "Properties come as a record.");
        if (record === null && item.mode === "merge") return [];
        const map = new Map<string, Value>(record ?? []);
        if (item.mode === "replace")
          for (const key of element.properties.keys()) if (!map.has(key)) map.set(key, null);
        return [...map].map(([key, one]) => ({ kind: "property", element, key, value: one }));
      }
      case "setLabels": {
        const names = item.labels.map(({ name }) => name);
        return relabeled(variableOf(item.variable, at), (labels) => [...labels, ...names]);
      }
      default:
        return unreachable(item);
    }
  });
}

function removalsOf(items: readonly ast.RemoveItem[], at: Environment): Change[] {
  return items.flatMap((item): Change[] => {
    switch (item.kind) {
      case "removeProperty": {
        const element = elementOf(evaluate(item.element, at));
        return element ? [{ kind: "property", element, key: item.key.name, value: null }] : [];
      }
      case "removeComputedProperty": {
        const element = elementOf(evaluate(item.element, at));
        if (!element) return [];
        const key = keyOf(evaluate(item.key, at));
        return [{ kind: "property", element, key, value: null }];
      }
      case "removeLabels": {
        const names = item.labels.map(({ name }) => name);
        return relabeled(variableOf(item.variable, at), (labels) =>
          labels.filter((label) => !names.includes(label)),
        );
      }
      default:
        return unreachable(item);
    }
  });
}

function relabeled(
  value: Value,
  change: (labels: readonly string[]) => readonly string[],
): Change[] {
  const element = elementOf(value);
  if (element instanceof Edge) throw new GeodeError("G2000", "An edge keeps its label.");
  return element ? [{ kind: "labels", element, change }] : [];
}

/** All at once; two different values for one property are an error. */
function assign(changes: readonly Change[], { model }: Environment): void {
  const assigned = new Map<string, Value>();
  for (const change of changes) {
    if (change.kind !== "property") continue;
    const { element, key, value } = change;
    const place = `${element.id} ${key}`;
    const before = assigned.get(place);
    const differs =
      before !== undefined &&
      (before === null || value === null ? before !== value : equals(before, value) === false);
    if (differs) throw new GeodeError("22G0M", "One property is set to two values.");
    if (before === undefined) assigned.set(place, value);
  }
  for (const change of changes) {
    if (change.kind === "property") model.setProperty(change.element, change.key, change.value);
    else model.setLabels(change.element, change.change);
  }
}

function variableOf({ name, span }: ast.Name, at: Environment): Value {
  return evaluate({ kind: "variable", name, span }, at);
}

function keyOf(value: Value): string {
  if (typeof value === "string") return value;
  throw new GeodeError("22G03", "The name of a property is a STRING.");
}

function elementOf(value: Value): Node | Edge | null {
  if (value === null || value instanceof Node || value instanceof Edge) return value;
  throw new GeodeError("22G03", "Only an element can be changed.");
}

function elementsOf(value: Value): readonly (Node | Edge)[] {
  if (value instanceof Path) return value.elements;
  const element = elementOf(value);
  return element ? [element] : [];
}
