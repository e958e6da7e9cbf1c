import {
  add,
  compare,
  concatenate,
  divide,
  Edge,
  equals,
  equivalenceKey,
  float,
  GeodeError,
  integer,
  isInteger,
  isNumeric,
  lessThan,
  lessThanOrEqual,
  modulo,
  multiply,
  negate,
  Node,
  Path,
  power,
  subtract,
  toNumber,
  unreachable,
  type Value,
} from "@geode/values";
import * as ast from "../../src/gql/ast.ts";
import { type Environment, seeing } from "./environment.ts";

/**
 * The value of an expression, straight from the syntax. Where an operand decides alone (FALSE for AND, TRUE for OR), an error of
 * another one does not count: the order in which operands are looked at is free.
 */
export function evaluate(node: ast.Expression, at: Environment): Value {
  const value = (part: ast.Expression): Value => evaluate(part, at);
  switch (node.kind) {
    case "literal":
      return node.value;
    case "parameter": {
      const parameter = at.parameters.get(node.name);
      if (parameter === undefined) throw new GeodeError("42002", `No parameter ${node.name}.`);
      return parameter;
    }
    case "variable": {
      const variable = at.row.get(node.name);
      if (variable === undefined) throw new GeodeError("42002", `No variable ${node.name}.`);
      return at.model.now(variable);
    }
    case "property":
      return propertyOf(value(node.object), node.key.name);
    case "unary":
      return node.operator === "-" ? negate(value(node.operand)) : add(0, value(node.operand));
    case "binary":
      return ARITHMETIC[node.operator](value(node.left), value(node.right));
    case "and":
      return connected(node.operands, at, false);
    case "or":
      return connected(node.operands, at, true);
    case "xor":
      return node.operands
        .map((operand) => truth(value(operand)))
        .reduce((left, right) => (left === null || right === null ? null : left !== right));
    case "not":
      return not(truth(value(node.operand)));
    case "comparison":
      return compared(node.operator, value(node.left), value(node.right));
    case "comparisonChain": {
      const operands = node.operands.map(value);
      return node.operators
        .map((operator, i) => compared(operator, operands[i] ?? null, operands[i + 1] ?? null))
        .reduce<boolean | null>(and, true);
    }
    case "isNull":
      return (value(node.operand) === null) !== node.negated;
    case "isTruth":
      return (truth(value(node.operand)) === node.truth) !== node.negated;
    case "isLabeled": {
      const element = value(node.operand);
      const labeled = element === null ? null : hasLabels(element, node.labels);
      return node.negated ? not(labeled) : labeled;
    }
    case "in": {
      const found = isIn(value(node.operand), value(node.list));
      return node.negated ? not(found) : found;
    }
    case "stringPredicate":
      return stringTest(node.operator, value(node.left), value(node.right));
    case "case":
      return caseOf(node, at);
    case "functionCall":
      return call(node, at);
    case "list":
      return node.items.map(value);
    case "record":
      return new Map(node.fields.map((field) => [field.key.name, value(field.value)]));
    case "subscript": {
      const [of, index] = [value(node.object), value(node.index)];
      if (of === null || index === null) return null;
      if (!Array.isArray(of)) return propertyOf(of, index as string);
      if (!isInteger(index)) throw wrongType();
      return (of.at(Number(index)) as Value | undefined) ?? null;
    }
    case "slice": {
      const of = value(node.list);
      const [from, to] = [node.from && value(node.from), node.to && value(node.to)];
      if (of === null || (node.from && from === null) || (node.to && to === null)) return null;
      if (!Array.isArray(of)) throw wrongType();
      return of.slice(from === null ? 0 : Number(from), to === null ? of.length : Number(to));
    }
    case "exists":
      return at.resultOf(node.query, at).rows.length > 0;
    case "count":
      return at.resultOf(node.query, at).rows.length;
    case "valueQuery": {
      const { columns, rows } = at.resultOf(node.query, at);
      if (rows.length > 1) throw wrongType();
      return rows[0]?.get(columns[0] ?? "") ?? null;
    }
    case "listQuery": {
      const { columns, rows } = at.resultOf(node.query, at);
      return node.items === "records"
        ? rows.map((row) => new Map(columns.map((name) => [name, row.get(name) ?? null])))
        : rows.map((row) => row.get(columns[0] ?? "") ?? null);
    }
    case "listComprehension":
      return items(value(node.list), (list) =>
        list.flatMap((item) => {
          const inner = seeing(at, new Map([[node.variable.name, item]]));
          if (node.where && truth(evaluate(node.where, inner)) !== true) return [];
          return [node.projection ? evaluate(node.projection, inner) : item];
        }),
      );
    case "patternComprehension":
      return at
        .bindingsOf(node.path, node.where, at)
        .map((row) => evaluate(node.projection, { ...at, row }));
    case "quantified":
      return items(value(node.list), (list) => {
        const truths = list.map((item) => {
          const inner = seeing(at, new Map([[node.variable.name, item]]));
          return truth(node.where ? evaluate(node.where, inner) : item);
        });
        return QUANTIFIERS[node.quantifier](truths);
      });
    case "reduce":
      return items(value(node.list), (list) =>
        list.reduce<Value>(
          (sum, item) =>
            evaluate(
              node.expression,
              seeing(
                at,
                new Map([
                  [node.accumulator.name, sum],
                  [node.variable.name, item],
                ]),
              ),
            ),
          value(node.initial),
        ),
      );
    case "allDifferent":
      return pairs(node.operands.map(value))
        .map(([left, right]) => not(equals(left, right)))
        .reduce(and, true);
    case "same":
      return pairs(node.operands.map(value))
        .map(([left, right]) => equals(left, right))
        .reduce(and, true);
    case "propertyExists":
      return propertyOf(value(node.element), node.key.name) !== null;
    case "letIn": {
      let inner = at;
      for (const { variable, value: part } of node.items)
        inner = seeing(inner, new Map([[variable.name, evaluate(part, inner)]]));
      return evaluate(node.body, inner);
    }
    default:
      throw new Error(`the naive evaluator knows no ${node.kind}`);
  }
}

/** Whether a condition is TRUE: whatever is not TRUE in a conjunction decides, and errors beside it do not count. */
export function holds(conditions: readonly (() => Value)[]): boolean {
  let error: unknown = null;
  for (const condition of conditions) {
    try {
      if (truth(condition()) !== true) return false;
    } catch (thrown) {
      error ??= thrown;
    }
  }
  if (error !== null) throw error;
  return true;
}

/** The operands of a chain of ANDs. */
export function conjunctsOf(node: ast.Expression): readonly ast.Expression[] {
  return node.kind === "and" ? node.operands.flatMap(conjunctsOf) : [node];
}

/** Whether the element satisfies the label expression. */
export function hasLabels(element: Value, expression: ast.LabelExpression): boolean {
  const labels =
    element instanceof Node ? element.labels : element instanceof Edge ? [element.label] : null;
  if (labels === null) throw wrongType();
  switch (expression.kind) {
    case "labelName":
      return labels.includes(expression.name);
    case "labelComputed":
      throw new Error("the naive evaluator computes no labels");
    case "labelWildcard":
      return labels.length > 0;
    case "labelNot":
      return !hasLabels(element, expression.operand);
    case "labelAnd":
      return expression.operands.every((operand) => hasLabels(element, operand));
    case "labelOr":
      return expression.operands.some((operand) => hasLabels(element, operand));
    default:
      return unreachable(expression);
  }
}

const ARITHMETIC = {
  "+": add,
  "-": subtract,
  "*": multiply,
  "/": divide,
  "%": modulo,
  "^": power,
  "||": concatenate,
} as const;

const QUANTIFIERS = {
  any: (truths: readonly (boolean | null)[]) => truths.reduce(or, false),
  all: (truths: readonly (boolean | null)[]) => truths.reduce(and, true),
  none: (truths: readonly (boolean | null)[]) => not(truths.reduce(or, false)),
  single: (truths: readonly (boolean | null)[]) => {
    const [holding, unknown] = [true, null].map(
      (wanted) => truths.filter((one) => one === wanted).length,
    ) as [number, number];
    return holding > 1 ? false : unknown > 0 ? null : holding === 1;
  },
} as const;

function truth(value: Value): boolean | null {
  if (value === null || typeof value === "boolean") return value;
  throw wrongType();
}

function not(operand: boolean | null): boolean | null {
  return operand === null ? null : !operand;
}

function and(left: boolean | null, right: boolean | null): boolean | null {
  return left === false || right === false ? false : left === null || right === null ? null : true;
}

function or(left: boolean | null, right: boolean | null): boolean | null {
  return not(and(not(left), not(right)));
}

/** AND (decided by FALSE) and OR (decided by TRUE). */
function connected(
  operands: readonly ast.Expression[],
  at: Environment,
  decider: boolean,
): boolean | null {
  let unknown = false;
  let error: unknown = null;
  for (const operand of operands) {
    try {
      const one = truth(evaluate(operand, at));
      if (one === decider) return decider;
      unknown ||= one === null;
    } catch (thrown) {
      error ??= thrown;
    }
  }
  if (error !== null) throw error;
  return unknown ? null : !decider;
}

function compared(operator: ast.ComparisonOperator, left: Value, right: Value): boolean | null {
  switch (operator) {
    case "=":
      return equals(left, right);
    case "<>":
      return not(equals(left, right));
    case "<":
      return lessThan(left, right);
    case "<=":
      return lessThanOrEqual(left, right);
    case ">":
      return lessThan(right, left);
    case ">=":
      return lessThanOrEqual(right, left);
    default:
      return unreachable(operator);
  }
}

function isIn(item: Value, list: Value): boolean | null {
  if (list === null) return null;
  if (!Array.isArray(list)) throw wrongType();
  return list.map((other: Value) => equals(item, other)).reduce(or, false);
}

function stringTest(
  operator: ast.StringPredicate["operator"],
  text: Value,
  part: Value,
): boolean | null {
  if (typeof text !== "string" || typeof part !== "string") return null;
  switch (operator) {
    case "startsWith":
      return text.startsWith(part);
    case "endsWith":
      return text.endsWith(part);
    case "contains":
      return text.includes(part);
    case "matches":
      // What it is given at random means the same to JavaScript.
      return new RegExp(`^(?:${part})$`, "u").test(text);
    default:
      return unreachable(operator);
  }
}

function caseOf(node: ast.Case, at: Environment): Value {
  const subject = node.subject && evaluate(node.subject, at);
  for (const branch of node.branches) {
    const taken = branch.when.some((when) => {
      if (when.kind === "whenTest") {
        const sight = seeing(at, new Map([[ast.CASE_SUBJECT, subject]]));
        return truth(evaluate(when.condition, sight)) === true;
      }
      const value = evaluate(when, at);
      return (node.subject ? equals(subject, value) : truth(value)) === true;
    });
    if (taken) return evaluate(branch.then, at);
  }
  return node.otherwise ? evaluate(node.otherwise, at) : null;
}

function propertyOf(of: Value, key: string): Value {
  if (of === null) return null;
  if (of instanceof Node || of instanceof Edge) return of.properties.get(key) ?? null;
  if (of instanceof Map) return (of.get(key) as Value | undefined) ?? null;
  throw wrongType();
}

function items(list: Value, make: (list: readonly Value[]) => Value): Value {
  if (list === null) return null;
  if (!Array.isArray(list)) throw wrongType();
  return make(list);
}

function pairs(values: readonly Value[]): [Value, Value][] {
  return values.flatMap((left, i) =>
    values.slice(i + 1).map((right): [Value, Value] => [left, right]),
  );
}

function call(node: ast.FunctionCall, at: Environment): Value {
  const name = node.name.toLowerCase();
  const aggregate = AGGREGATES.get(name);
  if (aggregate) return aggregated(node, aggregate, at);
  const make = FUNCTIONS.get(name);
  if (!make) throw new Error(`the naive evaluator knows no function ${node.name}`);
  return make(...node.args.map((part) => evaluate(part, at)));
}

const FUNCTIONS: ReadonlyMap<string, (...args: Value[]) => Value> = new Map<
  string,
  (...args: Value[]) => Value
>([
  ["coalesce", (...args) => args.find((argument) => argument !== null) ?? null],
  ["nullif", (left = null, right = null) => (equals(left, right) === true ? null : left)],
  [
    "size",
    (of = null) => {
      if (of === null) return null;
      if (typeof of === "string") return [...of].length;
      if (Array.isArray(of)) return of.length;
      if (of instanceof Map) return of.size;
      throw wrongType();
    },
  ],
  ["head", (list = null) => items(list, ([first]) => first ?? null)],
  ["last", (list = null) => items(list, (all) => all.at(-1) ?? null)],
  ["labels", (of) => (of instanceof Node ? of.labels : null)],
  ["type", (of) => (of instanceof Edge ? of.label : null)],
  ["element_id", (of) => (of instanceof Node || of instanceof Edge ? String(of.id) : null)],
  ["properties", (of) => (of instanceof Node || of instanceof Edge ? of.properties : null)],
  [
    "path_length",
    (path) => (path instanceof Path ? path.elements.filter((e) => e instanceof Edge).length : null),
  ],
  [
    "nodes",
    (path) => (path instanceof Path ? path.elements.filter((e) => e instanceof Node) : null),
  ],
  [
    "edges",
    (path) => (path instanceof Path ? path.elements.filter((e) => e instanceof Edge) : null),
  ],
  ["abs", (of = null) => (of !== null && lessThan(of, 0) === true ? negate(of) : of)],
]);

/** Whether the syntax holds an aggregate of this level. */
export function hasAggregate(node: unknown): boolean {
  if (Array.isArray(node)) return node.some(hasAggregate);
  if (typeof node !== "object" || node === null) return false;
  const { kind, name } = node as { kind?: string; name?: unknown };
  if (kind === "functionCall" && typeof name === "string" && AGGREGATES.has(name.toLowerCase()))
    return true;
  if (
    kind === "exists" ||
    kind === "count" ||
    kind === "valueQuery" ||
    kind === "listQuery" ||
    kind === "literal"
  )
    return false;
  return Object.values(node).some(hasAggregate);
}

type AggregateFunction = (values: readonly Value[]) => Value;

/** Of what is not NULL. */
const AGGREGATES: ReadonlyMap<string, AggregateFunction> = new Map<string, AggregateFunction>([
  ["count", (values) => values.length],
  ["collect", (values) => [...values]],
  ["min", (values) => extreme(values, -1)],
  ["max", (values) => extreme(values, 1)],
  ["sum", (values) => (values.length === 0 ? null : sum(values))],
  [
    "avg",
    (values) => {
      if (values.length === 0) return null;
      const total = sum(values);
      if (!isNumeric(total)) throw wrongType();
      return float(toNumber(total) / values.length);
    },
  ],
]);

function aggregated(node: ast.FunctionCall, aggregate: AggregateFunction, at: Environment): Value {
  const { group = [] } = at;
  if (node.star) return group.length;
  const [argument] = node.args;
  const values = group
    .map((row) => (argument ? evaluate(argument, { ...at, row }) : null))
    .filter((value) => value !== null);
  if (!node.distinct) return aggregate(values);
  return aggregate([...new Map(values.map((value) => [equivalenceKey(value), value])).values()]);
}

function extreme(values: readonly Value[], sign: 1 | -1): Value {
  return values.reduce<Value>(
    (best, value) => (best === null || compare(value, best) * sign > 0 ? value : best),
    null,
  );
}

/** The values here are small: sums of them are exact in any order. */
function sum(values: readonly Value[]): Value {
  let integers = 0n;
  let floats: number | null = null;
  for (const value of values) {
    if (isInteger(value)) integers += BigInt(value);
    else if (isNumeric(value)) floats = (floats ?? 0) + toNumber(value);
    else throw wrongType();
  }
  return floats === null ? integer(integers) : float(floats + Number(integers));
}

function wrongType(): GeodeError {
  return new GeodeError("22G03", "A value of another type is needed here.");
}
