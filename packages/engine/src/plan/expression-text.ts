import type { Value } from "@geode/values";
import { children, type Expression, type LabelExpression, type Variable } from "./expression.ts";

const LENGTH_MAX = 200;

/** An expression as people would write it, for plans. What is long is cut; what is a query is only named. */
export function expressionText(expression: Expression): string {
  const text = untrimmed(expression);
  return text.length > LENGTH_MAX ? `${text.slice(0, LENGTH_MAX)}…` : text;
}

function untrimmed(expression: Expression): string {
  const parts = children(expression).map(expressionText);
  const [first = "", second = ""] = parts;
  switch (expression.kind) {
    case "constant":
      return constantText(expression.value);
    case "parameter":
      return `$${expression.name}`;
    case "variable":
      return variableText(expression.variable);
    case "property":
      return `${first}.${expression.key}`;
    case "call":
      return `${expression.name}(${parts.join(", ")})`;
    case "binary":
    case "compare":
      return `${first} ${expression.operator} ${second}`;
    case "stringPredicate":
      return `${first} ${STRING_PREDICATES[expression.operator]} ${second}`;
    case "in":
      return `${first} IN ${second}`;
    case "and":
    case "or":
    case "xor":
      return `(${parts.join(` ${expression.kind.toUpperCase()} `)})`;
    case "not":
      return `NOT ${first}`;
    case "negate":
      return `-${first}`;
    case "isNull":
      return `${first} IS NULL`;
    case "hasLabels":
      return `${first} IS LABELED ${labelsText(expression.labels)}`;
    case "list":
      return `[${parts.join(", ")}]`;
    case "subscript":
      return `${first}[${second}]`;
    case "subquery":
      return `${expression.form.toUpperCase()} { … }`;
    default:
      return `${expression.kind}(${parts.join(", ")})`;
  }
}

const STRING_PREDICATES = {
  startsWith: "STARTS WITH",
  endsWith: "ENDS WITH",
  contains: "CONTAINS",
  matches: "=~",
} as const;

function constantText(value: Value): string {
  if (value === null) return "NULL";
  if (typeof value === "string") return `'${value.replaceAll("'", "''")}'`;
  if (typeof value === "boolean") return value ? "TRUE" : "FALSE";
  if (typeof value === "number" || typeof value === "bigint") return value.toString();
  return "…";
}

/** An unnamed part of a pattern has its number instead. */
export function variableText({ name, number }: Variable): string {
  return name ?? `_${number}`;
}

export function labelsText(labels: LabelExpression): string {
  switch (labels.kind) {
    case "label":
      return labels.name;
    case "any":
      return "%";
    case "not":
      return `!${labelsText(labels.operand)}`;
    case "and":
      return labels.operands.map(labelsText).join("&");
    case "or":
      return `(${labels.operands.map(labelsText).join("|")})`;
  }
}
