import { unreachable } from "@geode/values";
import type * as ast from "../gql/ast.ts";
import { bindExpression } from "./bind-expression.ts";
import { bindMatch } from "./bind-pattern.ts";
import { type Expression, NULL, type Variable } from "./expression.ts";
import { looksAround } from "./unseen-insert.ts";
import { variablesOf } from "./uses.ts";
import type {
  ComputedLabels,
  InsertEdgeAtom,
  InsertNodeAtom,
  Operator,
  RemoveItem,
  SetItem,
  WriteOperator,
} from "./operators.ts";
import { type Binding, declare, type Scope } from "./scope.ts";

export function bindInsert(
  binding: Binding,
  insert: ast.Insert,
  outer: Scope,
): {
  before: readonly Operator[];
  operator: WriteOperator;
  /** What is known of the new nodes when they are there. */
  after: readonly Operator[];
  scope: Scope;
} {
  const scope = new Map(outer);
  const before: Operator[] = [];
  const labels: ComputedLabels[] = [];
  // Property values see what was there before, and the nodes that come earlier in the same INSERT.
  const visible = new Map(outer);
  const properties = (expression: ast.Expression | null): Expression | null => {
    const bound = expression && bindExpression(binding, expression, { scope: visible });
    if (expression && bound && looksAround(bound))
      refuseNew(binding, bound, nodes, expression.span.start);
    return bound;
  };
  const nodes: InsertNodeAtom[] = [];
  const edges: InsertEdgeAtom[] = [];

  const bindNode = (node: ast.InsertNode): Variable => {
    const known = node.variable && scope.get(node.variable.name);
    if (known && node.variable) {
      if (known.type === "value") {
        const { variable, operator } = endOf(binding, node.variable, known);
        before.push(operator);
        scope.set(node.variable.name, variable);
        return variable;
      }
      if (known.type !== "node")
        throw binding.invalidReference(
          `The variable \`${node.variable.name}\` is not a node.`,
          node.variable.span.start,
        );
      if (node.labels.length > 0 || node.computed.length > 0 || node.properties) {
        throw binding.invalidReference(
          `The variable \`${node.variable.name}\` is already defined.`,
          node.variable.span.start,
          "Name the existing node alone, as (name), or choose another name.",
        );
      }
      return known;
    }
    const variable = binding.variable(node.variable?.name ?? null, "node");
    if (node.variable) declare(binding, scope, node.variable, variable);
    const atom: InsertNodeAtom = {
      variable,
      labels: node.labels.map((label) => label.name),
      properties: properties(node.properties),
      offset: node.span.start,
    };
    nodes.push(atom);
    for (const value of node.computed)
      labels.push({
        kind: "computedLabels",
        target: { kind: "variable", variable },
        value: bindExpression(binding, value, { scope: outer }),
        offset: node.span.start,
      });
    if (node.variable) visible.set(node.variable.name, variable);
    return variable;
  };

  const bindEdge = (edge: ast.InsertEdge, left: Variable, right: Variable): Variable => {
    const variable = binding.variable(edge.variable?.name ?? null, "edge");
    if (edge.variable) declare(binding, scope, edge.variable, variable);
    const leftward = edge.direction === "left";
    edges.push({
      variable,
      label: edge.label.name,
      from: leftward ? right : left,
      to: leftward ? left : right,
      properties: properties(edge.properties),
      offset: edge.span.start,
    });
    return variable;
  };

  for (const path of insert.paths) {
    const elements: Variable[] = [];
    let last: Variable | null = null;
    let pending: ast.InsertEdge | null = null;
    const [only, ...others] = path.elements;
    if (others.length === 0 && only?.variable && scope.has(only.variable.name)) {
      throw binding.invalidReference(
        `The variable \`${only.variable.name}\` is already defined.`,
        only.variable.span.start,
        "An element that exists can only be part of a path with something new.",
      );
    }
    for (const element of path.elements) {
      if (element.kind === "insertEdge") {
        pending = element;
        continue;
      }
      const node = bindNode(element);
      if (pending && last) elements.push(bindEdge(pending, last, node));
      elements.push(node);
      pending = null;
      last = node;
    }
    if (path.variable)
      declare(
        binding,
        scope,
        path.variable,
        binding.variable(path.variable.name, "path", { elements }),
      );
  }
  const after: Operator[] = labels.length > 0 ? [{ kind: "set", items: labels }] : [];
  return { before, operator: { kind: "insert", nodes, edges }, after, scope };
}

/** The node that a value is, to draw an edge from or to. From here on the name means the node. */
function endOf(
  binding: Binding,
  { name, span }: ast.Name,
  of: Variable,
): { readonly variable: Variable; readonly operator: Operator } {
  const variable = binding.variable(name, "node", { nullable: true });
  return {
    variable,
    operator: { kind: "element", variable, of, asEnd: true, offset: span.start },
  };
}

/** What looks around in the graph is computed before anything is inserted. */
function refuseNew(
  binding: Binding,
  expression: Expression,
  inserted: readonly InsertNodeAtom[],
  offset: number,
): void {
  const used = variablesOf(expression);
  const early = inserted.find(({ variable }) => used.has(variable))?.variable;
  if (early === undefined) return;
  throw binding.invalidReference(
    `What looks around in the graph is computed before anything is inserted: \`${early.name ?? ""}\` is not there yet.`,
    offset,
    "Go on in a second INSERT.",
  );
}

/** MERGE: the pattern as a MATCH and as an INSERT, over the same variables. */
export function bindMerge(
  binding: Binding,
  merge: ast.Merge,
  around: Scope,
): { before: readonly Operator[]; operator: WriteOperator; scope: Scope } {
  const { path, span } = merge;
  const before: Operator[] = [];
  const outer = new Map(around);
  const names = (labels: readonly ast.Name[]): ast.LabelExpression | null => {
    const operands = labels.map((label): ast.LabelExpression => ({
      kind: "labelName",
      name: label.name,
      span: label.span,
    }));
    const [first, ...others] = operands;
    return first ? (others.length > 0 ? { kind: "labelAnd", operands, span } : first) : null;
  };
  for (const element of path.elements) {
    const known = element.variable && outer.get(element.variable.name);
    if (!known || !element.variable) continue;
    const bare =
      element.kind === "insertNode" && element.labels.length === 0 && !element.properties;
    if (!bare || path.elements.length === 1)
      throw binding.invalidReference(
        `The variable \`${element.variable.name}\` is already defined.`,
        element.variable.span.start,
      );
    if (known.type !== "value") continue;
    const { variable, operator } = endOf(binding, element.variable, known);
    before.push(operator);
    outer.set(element.variable.name, variable);
  }
  const elements = path.elements.map((element): ast.PathElement =>
    element.kind === "insertNode"
      ? {
          kind: "nodePattern",
          variable: element.variable,
          labels: names(element.labels),
          properties: recordOf(binding, element.properties),
          where: null,
          span: element.span,
        }
      : {
          kind: "edgePattern",
          orientation: element.direction,
          variable: element.variable,
          labels: names([element.label]),
          properties: recordOf(binding, element.properties),
          where: null,
          quantifier: null,
          span: element.span,
        },
  );
  const match: ast.Match = {
    kind: "match",
    optional: false,
    mode: null,
    paths: [
      {
        kind: "pathPattern",
        variable: path.variable,
        prefix: null,
        expression: { kind: "pathConcatenation", elements, span },
        span,
      },
    ],
    keep: null,
    where: null,
    yieldItems: null,
    span,
  };
  const { operator, scope } = bindMatch(binding, match, outer, false);
  const bindProperties = (properties: ast.Expression | null): Expression | null =>
    properties && bindExpression(binding, properties, { scope: outer });
  const introduced = new Set(operator.introduces);
  let [node, edge] = [0, 0];
  const nodes: InsertNodeAtom[] = [];
  const edges: InsertEdgeAtom[] = [];
  for (const element of path.elements) {
    if (element.kind === "insertNode") {
      const atom = operator.nodes[node++];
      if (atom && introduced.delete(atom.variable))
        nodes.push({
          variable: atom.variable,
          labels: element.labels.map((label) => label.name),
          properties: bindProperties(element.properties),
          offset: element.span.start,
        });
    } else {
      const atom = operator.edges[edge++];
      if (atom)
        edges.push({
          variable: atom.variable,
          label: element.label.name,
          from: atom.from,
          to: atom.to,
          properties: bindProperties(element.properties),
          offset: element.span.start,
        });
    }
  }
  const items = (list: readonly ast.SetItem[]): readonly SetItem[] =>
    bindSetItems(binding, list, scope);
  return {
    before,
    operator: {
      kind: "merge",
      match: operator,
      nodes,
      edges,
      onCreate: items(merge.onCreate),
      onMatch: items(merge.onMatch),
      offset: span.start,
    },
    scope,
  };
}

function recordOf(
  binding: Binding,
  properties: ast.Expression | null,
): ast.RecordConstructor | null {
  if (!properties || properties.kind === "record") return properties;
  throw binding.invalidSyntax(
    "MERGE names the properties that it looks for.",
    properties.span.start,
    "Write {key: $value}.",
  );
}

export function bindSet(binding: Binding, clause: ast.SetClause, scope: Scope): WriteOperator {
  return { kind: "set", items: bindSetItems(binding, clause.items, scope) };
}

function bindSetItems(
  binding: Binding,
  items: readonly ast.SetItem[],
  scope: Scope,
): readonly SetItem[] {
  const bind = (expression: ast.Expression): Expression =>
    bindExpression(binding, expression, { scope });
  const computed = items.flatMap((item) =>
    item.kind === "setLabels" ? computedLabels(binding, item, scope) : [],
  );
  const known = items.filter((item) => item.kind !== "setLabels" || item.labels.length > 0);
  const bound = known.map((item): SetItem => {
    const offset = item.span.start;
    switch (item.kind) {
      case "setProperty":
        return {
          kind: "property",
          target: bind(item.element),
          key: item.key.name,
          value: bind(item.value),
          offset,
        };
      case "setComputedProperty":
        return {
          kind: "properties",
          target: bind(item.element),
          value: computedField(bind(item.key), bind(item.value), item.key.span.start),
          replace: false,
          offset,
        };
      case "setProperties":
        return {
          kind: "properties",
          target: elementOf(binding, item.variable, scope),
          value: bind(item.value),
          replace: item.mode === "replace",
          offset,
        };
      case "setLabels":
        return {
          kind: "labels",
          target: elementOf(binding, item.variable, scope),
          labels: item.labels.map((label) => label.name),
          offset,
        };
      default:
        return unreachable(item);
    }
  });
  return [...bound, ...computed];
}

/** The labels that something names, of a variable. */
function computedLabels(
  binding: Binding,
  { variable, computed, span }: ast.SetLabels | ast.RemoveLabels,
  scope: Scope,
): ComputedLabels[] {
  return computed.map((value) => ({
    kind: "computedLabels",
    target: elementOf(binding, variable, scope),
    value: bindExpression(binding, value, { scope }),
    offset: span.start,
  }));
}

export function bindRemove(binding: Binding, clause: ast.Remove, scope: Scope): WriteOperator {
  const computed = clause.items.flatMap((item) =>
    item.kind === "removeLabels" ? computedLabels(binding, item, scope) : [],
  );
  const known = clause.items.filter(
    (item) => item.kind !== "removeLabels" || item.labels.length > 0,
  );
  const items = known.map((item): RemoveItem => {
    const offset = item.span.start;
    switch (item.kind) {
      case "removeProperty":
        return {
          kind: "property",
          target: bindExpression(binding, item.element, { scope }),
          key: item.key.name,
          offset,
        };
      case "removeComputedProperty": {
        const key = bindExpression(binding, item.key, { scope });
        return {
          kind: "properties",
          target: bindExpression(binding, item.element, { scope }),
          value: computedField(key, NULL, item.key.span.start),
          offset,
        };
      }
      case "removeLabels":
        return {
          kind: "labels",
          target: elementOf(binding, item.variable, scope),
          labels: item.labels.map((label) => label.name),
          offset,
        };
      default:
        return unreachable(item);
    }
  });
  return { kind: "remove", items: [...items, ...computed] };
}

/** A record of one field, whose name is a value. */
function computedField(key: Expression, value: Expression, offset: number): Expression {
  return { kind: "call", name: "record_of", args: [key, value], offset };
}

export function bindDelete(binding: Binding, clause: ast.Delete, scope: Scope): WriteOperator {
  const targets = clause.items.map((item) => {
    const expression = bindExpression(binding, item, { scope });
    const offset = item.span.start;
    if (!mayBeElement(expression))
      throw binding.invalidSyntax("Only nodes, edges and paths can be deleted.", offset);
    return { expression, offset };
  });
  return { kind: "delete", detach: clause.detach, targets };
}

function elementOf(binding: Binding, name: ast.Name, scope: Scope): Expression {
  return bindExpression(binding, { kind: "variable", name: name.name, span: name.span }, { scope });
}

/** Whether the expression can give an element at all, as far as can be seen before running. */
function mayBeElement(expression: Expression): boolean {
  switch (expression.kind) {
    case "variable":
    case "property":
    case "subscript":
    case "call":
    case "case":
    case "parameter":
    case "reduce":
    case "letIn":
    case "subquery":
      return true;
    default:
      return false;
  }
}
