import { unreachable } from "@geode/values";
import type * as ast from "../gql/ast.ts";

/** A choice of paths where one element of a path stands. */
export function choiceOf(expression: ast.PathAlternation): ast.ParenthesizedPath {
  const { span } = expression;
  return {
    kind: "parenthesizedPath",
    variable: null,
    mode: null,
    expression,
    where: null,
    quantifier: null,
    span,
  };
}

/** Whether the part is nothing but a choice of paths, quantified or not. */
export function isChoice(
  part: ast.PathElement,
): part is ast.ParenthesizedPath & { readonly expression: ast.PathAlternation } {
  return (
    part.kind === "parenthesizedPath" &&
    part.expression.kind === "pathAlternation" &&
    part.mode === null &&
    part.variable === null &&
    part.where === null
  );
}

/** How many edges a path has at least (ISO/IEC 39075:2024 §16.7: its minimum path length). */
export function edgesAtLeast(expression: ast.PathExpression): number {
  if (expression.kind === "pathAlternation")
    return Math.min(...expression.alternatives.map(edgesAtLeast));
  return expression.elements.reduce((sum, element) => {
    switch (element.kind) {
      case "nodePattern":
        return sum;
      case "edgePattern":
        return sum + (element.quantifier?.min ?? 1);
      case "parenthesizedPath":
        return sum + edgesAtLeast(element.expression) * (element.quantifier?.min ?? 1);
      default:
        return unreachable(element);
    }
  }, 0);
}

/** The variables that a path declares, at any depth. */
export function declaredNames(expression: ast.PathExpression): ast.Name[] {
  if (expression.kind === "pathAlternation") return expression.alternatives.flatMap(declaredNames);
  return expression.elements.flatMap((element) => {
    const own = element.variable ? [element.variable] : [];
    return element.kind === "parenthesizedPath"
      ? [...own, ...declaredNames(element.expression)]
      : own;
  });
}

/**
 * What is known of the node that a choice begins or ends with, whichever path is taken: its labels, and at the beginning its name, when
 * all paths give it the same.
 */
export function borderNode(
  choice: ast.PathAlternation,
  side: "first" | "last",
): ast.NodePattern | null {
  const patterns: ast.NodePattern[] = [];
  for (const { elements } of choice.alternatives) {
    const element = side === "first" ? elements[0] : elements.at(-1);
    if (element?.kind !== "nodePattern") return null;
    patterns.push(element);
  }
  const [first, ...others] = patterns;
  if (!first) return null;
  const { span, variable } = first;
  const isCommon =
    side === "first" && others.every((other) => other.variable?.name === variable?.name);
  const labels = patterns.flatMap((pattern) => pattern.labels ?? []);
  return {
    kind: "nodePattern",
    variable: isCommon ? variable : null,
    labels: labels.length === patterns.length ? { kind: "labelOr", operands: labels, span } : null,
    properties: null,
    where: null,
    span,
  };
}
