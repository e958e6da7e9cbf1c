import { equivalenceKey, typeName, type Value } from "@geode/values";
import type { Aggregate } from "./operators.ts";
import { type Expression, type LabelExpression, type Variable, children } from "./expression.ts";
import { localsOf } from "./uses.ts";

/**
 * A text that two expressions share exactly when they are the same expression over the same variables. Variables that exist only inside
 * of it count by where they are introduced, not by their numbers.
 */
export function fingerprint(expression: Expression): string {
  return fingerprintWithin(expression, NO_LOCALS);
}

/** Variables that exist only inside of the expression, by how many are around them. */
type Locals = ReadonlyMap<Variable, number>;

const NO_LOCALS: Locals = new Map();

function fingerprintWithin(expression: Expression, outer: Locals): string {
  const introduced = localsOf(expression);
  const locals =
    introduced.length === 0
      ? outer
      : new Map([
          ...outer,
          ...introduced.map((local, index) => [local, outer.size + index] as const),
        ]);
  const parts = children(expression)
    .map((part) => fingerprintWithin(part, locals))
    .join(",");
  switch (expression.kind) {
    case "constant":
      return `constant:${valueFingerprint(expression.value)}`;
    case "parameter":
      return `parameter:${JSON.stringify(expression.name)}`;
    case "variable": {
      const local = locals.get(expression.variable);
      return local === undefined ? `variable:${expression.variable.number}` : `local:${local}`;
    }
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
    case "horizontal":
      return `${expression.name}:${expression.distinct}:horizontal(${parts})`;
    case "quantified":
      return `${expression.quantifier}(${parts})`;
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
