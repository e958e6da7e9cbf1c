import { unreachable } from "@geode/values";
import type * as ast from "../gql/ast.ts";
import { bindExpression } from "./bind-expression.ts";
import type { Expression, Variable } from "./expression.ts";
import type {
  InsertEdgeAtom,
  InsertNodeAtom,
  RemoveItem,
  SetItem,
  WriteOperator,
} from "./operators.ts";
import { type Binding, declare, type Scope } from "./scope.ts";

export function bindInsert(
  binding: Binding,
  insert: ast.Insert,
  outer: Scope,
): { operator: WriteOperator; scope: Scope } {
  const scope = new Map(outer);
  const nodes: InsertNodeAtom[] = [];
  const edges: InsertEdgeAtom[] = [];
  // Property values see what was there before the INSERT.
  const properties = (expression: ast.Expression | null): Expression | null =>
    expression && bindExpression(binding, expression, { scope: outer });

  const bindNode = (node: ast.InsertNode): Variable => {
    const known = node.variable && scope.get(node.variable.name);
    if (known && node.variable) {
      if (known.type !== "node")
        throw binding.invalidReference(
          `The variable \`${node.variable.name}\` is not a node.`,
          node.variable.span.start,
        );
      if (node.labels.length > 0 || node.properties) {
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
    nodes.push({
      variable,
      labels: node.labels.map((label) => label.name),
      properties: properties(node.properties),
    });
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
    });
    return variable;
  };

  for (const path of insert.paths) {
    const elements: Variable[] = [];
    let last: Variable | null = null;
    let pending: ast.InsertEdge | null = null;
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
  return { operator: { kind: "insert", nodes, edges }, scope };
}

export function bindSet(binding: Binding, clause: ast.SetClause, scope: Scope): WriteOperator {
  const bind = (expression: ast.Expression): Expression =>
    bindExpression(binding, expression, { scope });
  const items = clause.items.map((item): SetItem => {
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
  return { kind: "set", items };
}

export function bindRemove(binding: Binding, clause: ast.Remove, scope: Scope): WriteOperator {
  const items = clause.items.map((item): RemoveItem => {
    const offset = item.span.start;
    switch (item.kind) {
      case "removeProperty":
        return {
          kind: "property",
          target: bindExpression(binding, item.element, { scope }),
          key: item.key.name,
          offset,
        };
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
  return { kind: "remove", items };
}

export function bindDelete(binding: Binding, clause: ast.Delete, scope: Scope): WriteOperator {
  const targets = clause.items.map((item) => ({
    expression: bindExpression(binding, item, { scope }),
    offset: item.span.start,
  }));
  return { kind: "delete", detach: clause.detach, targets };
}

function elementOf(binding: Binding, name: ast.Name, scope: Scope): Expression {
  return bindExpression(binding, { kind: "variable", name: name.name, span: name.span }, { scope });
}
