import { Float, numberText, TemporalValue, type Value } from "@geode/values";
import { children, type Expression, type LabelExpression, type Variable } from "./expression.ts";

const LENGTH_MAX = 200;
/** Items of a list that are shown. */
const LIST_MAX = 10;

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
      return valueText(expression.value);
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

/** A property value as people would write it. What is long is cut, what has no short text is left out. */
export function valueText(value: Value): string {
  if (value === null) return "NULL";
  switch (typeof value) {
    case "string": {
      const quoted = `'${value.slice(0, LENGTH_MAX).replaceAll("'", "''")}'`;
      return value.length > LENGTH_MAX ? `${quoted}…` : quoted;
    }
    case "boolean":
      return value ? "TRUE" : "FALSE";
    case "number":
    case "bigint":
      return value.toString();
    default:
      break;
  }
  if (value instanceof Float) return numberText(value);
  if (value instanceof TemporalValue) return `${value.type} '${value.toString()}'`;
  if (!Array.isArray(value)) return "…";
  const items = (value as readonly Value[]).slice(0, LIST_MAX).map(valueText);
  return `[${[...items, ...(value.length > LIST_MAX ? ["…"] : [])].join(", ")}]`;
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
