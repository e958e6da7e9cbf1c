import { equivalenceKey, typeName, type Value } from "@geode/values";
import type { Aggregate } from "./operators.ts";
import { type Expression, type LabelExpression, children } from "./expression.ts";

/** A text that two expressions share exactly when they are the same expression over the same variables. */
export function fingerprint(expression: Expression): string {
  const parts = children(expression).map(fingerprint).join(",");
  switch (expression.kind) {
    case "constant":
      return `constant:${valueFingerprint(expression.value)}`;
    case "parameter":
      return `parameter:${JSON.stringify(expression.name)}`;
    case "variable":
      return `variable:${expression.variable.number}`;
    case "property":
      return `property:${JSON.stringify(expression.key)}(${parts})`;
    case "call":
      return `call:${expression.name}(${parts})`;
    case "binary":
    case "compare":
    case "stringPredicate":
      return `${expression.kind}:${expression.operator}(${parts})`;
    case "isTruth":
      return `isTruth:${String(expression.truth)}(${parts})`;
    case "hasLabels":
      return `hasLabels:${labelFingerprint(expression.labels)}(${parts})`;
    case "record":
      return `record:${JSON.stringify(expression.fields.map((field) => field.key))}(${parts})`;
    case "slice":
      return `slice:${expression.from ? "f" : ""}${expression.to ? "t" : ""}(${parts})`;
    case "subquery":
      // Its variables are its own: no two are the same.
      return `subquery:${expression.form}:${expression.offset}`;
    case "listComprehension":
    case "letIn":
      return `${expression.kind}:${expression.variable.number}(${parts})`;
    case "quantified":
      return `${expression.quantifier}:${expression.variable.number}(${parts})`;
    case "reduce":
      return `reduce:${expression.accumulator.number}:${expression.variable.number}(${parts})`;
    case "cast":
    case "isTyped":
      return `${expression.kind}:${JSON.stringify({ ...expression.type, span: null })}(${parts})`;
    default:
      return `${expression.kind}(${parts})`;
  }
}

export function aggregateFingerprint(aggregate: Aggregate): string {
  return `${aggregate.name}:${aggregate.distinct}(${aggregate.argument ? fingerprint(aggregate.argument) : "*"},${aggregate.parameter ? fingerprint(aggregate.parameter) : ""})`;
}

function valueFingerprint(value: Value): string {
  const key = equivalenceKey(value);
  return `${typeName(value)}:${typeof key === "string" ? JSON.stringify(key) : String(key)}`;
}

function labelFingerprint(labels: LabelExpression): string {
  switch (labels.kind) {
    case "label":
      return JSON.stringify(labels.name);
    case "any":
      return "%";
    case "not":
      return `!${labelFingerprint(labels.operand)}`;
    case "and":
    case "or":
      return `${labels.kind}(${labels.operands.map(labelFingerprint).join(",")})`;
  }
}
