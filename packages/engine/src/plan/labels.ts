import { unreachable } from "@geode/values";
import type { Graph } from "../graph/graph.ts";
import type { LabelExpression } from "./expression.ts";

/** Whether an element with these labels satisfies the expression (ISO/IEC 39075:2024 §16.8). */
export function admits(
  expression: LabelExpression | null,
  has: (label: string) => boolean,
  any: boolean,
): boolean {
  if (expression === null) return true;
  switch (expression.kind) {
    case "label":
      return has(expression.name);
    case "any":
      return any;
    case "not":
      return !admits(expression.operand, has, any);
    case "and":
      return expression.operands.every((operand) => admits(operand, has, any));
    case "or":
      return expression.operands.some((operand) => admits(operand, has, any));
    default:
      return unreachable(expression);
  }
}

/** How many nodes satisfy it. */
export function labelCount(graph: Graph, expression: LabelExpression | null): number {
  let count = 0;
  if (expression?.kind === "label") {
    for (const set of graph.nodes.setsWith(graph.labels.id(expression.name))) count += set.count;
    return count;
  }
  for (const set of graph.nodes.allSets()) {
    if (admits(expression, (label) => set.names.includes(label), set.names.length > 0))
      count += set.count;
  }
  return count;
}

/** The ids of the edge labels that satisfy it. */
export function edgeLabelsOf(graph: Graph, expression: LabelExpression | null): number[] {
  if (expression?.kind === "label") {
    const id = graph.edgeLabels.id(expression.name);
    return id < 0 ? [] : [id];
  }
  const ids: number[] = [];
  for (let id = 0; id < graph.edgeLabels.size; id++) {
    const name = graph.edgeLabels.name(id);
    if (admits(expression, (label) => label === name, true)) ids.push(id);
  }
  return ids;
}

/** Labels that every element satisfying the expression has. */
export function requiredLabels(expression: LabelExpression | null): readonly string[] {
  if (expression === null) return [];
  switch (expression.kind) {
    case "label":
      return [expression.name];
    case "and":
      return expression.operands.flatMap(requiredLabels);
    case "any":
    case "not":
    case "or":
      return [];
    default:
      return unreachable(expression);
  }
}

/** Every label that the expression names. */
export function namedLabels(expression: LabelExpression | null): readonly string[] {
  if (expression === null) return [];
  switch (expression.kind) {
    case "label":
      return [expression.name];
    case "any":
      return [];
    case "not":
      return namedLabels(expression.operand);
    case "and":
    case "or":
      return expression.operands.flatMap(namedLabels);
    default:
      return unreachable(expression);
  }
}
