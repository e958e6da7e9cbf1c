import { unreachable } from "@geode/values";
import { type Expression, NULL, type Variable } from "../../plan/expression.ts";
import { readsClock } from "../../plan/functions.ts";
import type { Generator } from "./generator.ts";
import { subqueryCode } from "./subquery.ts";

/** JavaScript text that computes the value. NULL is null. */
export function valueCode(g: Generator, expression: Expression): string {
  const value = (part: Expression): string => valueCode(g, part);
  switch (expression.kind) {
    case "constant":
      return constantCode(g, expression.value);
    case "parameter":
      return g.parameter(expression.name, expression.offset);
    case "variable":
      return variableCode(g, expression.variable);
    case "property":
      return propertyCode(g, expression);
    case "properties":
      return (
        elementCode(g, expression.of, "rt.nodeRecord", "rt.edgeRecord") ??
        `F.propertiesOf(${value(expression.of)})`
      );
    case "call":
      return callCode(g, expression);
    case "binary":
      return `F.${BINARY[expression.operator]}(${value(expression.left)},${value(expression.right)},${expression.offset})`;
    case "negate":
      return `F.negate(${value(expression.operand)},${expression.offset})`;
    case "compare":
      return compareCode(g, expression);
    case "stringPredicate":
      return `F.${expression.operator}(${value(expression.left)},${value(expression.right)},${expression.offset})`;
    case "in":
      return `F.isIn(${value(expression.item)},${value(expression.list)},${expression.offset})`;
    case "and":
    case "or":
      return connectiveCode(g, expression);
    case "xor":
      return expression.operands
        .map((operand) => truthCode(g, operand))
        .reduce((left, right) => `F.xor(${left},${right})`);
    case "not":
      return `F.not(${truthCode(g, expression.operand)})`;
    case "isNull": {
      const { operand } = expression;
      if (operand.kind === "variable" && isElement(operand.variable))
        return g.isNullable(operand.variable) ? `(${g.local(operand.variable)}===-1)` : "false";
      return `(${value(operand)}===null)`;
    }
    case "isTruth":
      return `(${truthCode(g, expression.operand)}===${String(expression.truth)})`;
    case "hasLabels": {
      const { operand } = expression;
      if (operand.kind === "variable" && operand.variable.type === "node") {
        const v = g.local(operand.variable);
        const test = `${g.labelMask(expression.labels)}[N.labelSetId(${v})]===1`;
        return g.isNullable(operand.variable) ? `(${v}===-1?null:${test})` : `(${test})`;
      }
      return `rt.hasLabels(${value(operand)},${g.code.constant(expression.labels)},${expression.offset})`;
    }
    case "case":
      return expression.branches.reduceRight(
        (otherwise, branch) => `(${testCode(g, branch.when)}?${value(branch.then)}:${otherwise})`,
        value(expression.otherwise),
      );
    case "list":
      return `[${expression.items.map(value).join(",")}]`;
    case "record":
      return `new Map([${expression.fields.map((field) => `[${g.code.constant(field.key)},${value(field.value)}]`).join(",")}])`;
    case "subscript":
      return `F.subscript(${value(expression.of)},${value(expression.index)},${expression.offset})`;
    case "slice":
      return `F.slice(${value(expression.of)},${expression.from ? value(expression.from) : "undefined"},${expression.to ? value(expression.to) : "undefined"},${expression.offset})`;
    case "cast":
      return `F.${expression.assigned ? "assign" : "cast"}(${value(expression.operand)},${g.code.constant(expression.type)},${expression.offset})`;
    case "isTyped":
      return `F.isTyped(${value(expression.operand)},${g.code.constant(expression.type)})`;
    case "letIn":
      return `(${functionCode(g, [expression.variable], expression.body)})(${value(expression.value)})`;
    case "listComprehension": {
      const { variable, offset } = expression;
      const test = functionCode(g, [variable], expression.where);
      const projection = functionCode(g, [variable], expression.projection);
      return `F.listComprehension(B,${value(expression.list)},${test},${projection},${offset})`;
    }
    case "quantified": {
      const { quantifier, variable, offset } = expression;
      const test = functionCode(g, [variable], expression.where);
      return `F.${quantifier}Of(B,${value(expression.list)},${test},${offset})`;
    }
    case "reduce": {
      const { accumulator, variable, offset } = expression;
      const step = functionCode(g, [accumulator, variable], expression.expression);
      return `F.reduce(B,${value(expression.initial)},${value(expression.list)},${step},${offset})`;
    }
    case "horizontal": {
      const { name, distinct, list, parameter, offset } = expression;
      const share = parameter === null ? "null" : value(parameter);
      return `F.aggregateOf(B,"${name}",${distinct},${value(list)},${share},${offset})`;
    }
    case "subquery":
      return subqueryCode(g, expression, variableCode);
    default:
      return unreachable(expression);
  }
}

/** A function of variables that exist only in it. */
function functionCode(g: Generator, variables: readonly Variable[], body: Expression): string {
  for (const variable of variables) {
    g.bound.add(variable);
    g.locals.add(variable);
  }
  const text = valueCode(g, body);
  for (const variable of variables) g.bound.delete(variable);
  return `((${variables.map((variable) => g.local(variable)).join(",")})=>${text})`;
}

/** JavaScript text of a condition: whether the value is TRUE. */
export function testCode(g: Generator, expression: Expression): string {
  switch (expression.kind) {
    case "and":
      return `(${expression.operands.map((operand) => testCode(g, operand)).join("&&")})`;
    case "or":
      return `(${expression.operands.map((operand) => testCode(g, operand)).join("||")})`;
    case "isNull":
      return valueCode(g, expression);
    case "not":
      if (expression.operand.kind === "isNull") return `!${valueCode(g, expression.operand)}`;
      return `(${valueCode(g, expression)}===true)`;
    case "compare": {
      const slots = sameElementCode(g, expression);
      if (slots !== null) return slots;
      const integers = integersCode(g, expression);
      if (integers !== null) return integers;
      const [a, b] = [g.temporary(), g.temporary()];
      const left = `(${a}=${valueCode(g, expression.left)})`;
      const right = `(${b}=${valueCode(g, expression.right)})`;
      if (expression.operator === "=")
        return `(${left}===${right}?(typeof ${a}!=="object"||F.equals(${a},${b})===true):F.equals(${a},${b})===true)`;
      if (expression.operator === "<>")
        return `(${left}===${right}&&typeof ${a}!=="object"?false:F.equals(${a},${b})===false)`;
      return `(${left},${right},typeof ${a}==="number"&&typeof ${b}==="number"?${a}${expression.operator}${b}:F.compare("${expression.operator}",${a},${b})===true)`;
    }
    default:
      return `(${truthCode(g, expression)}===true)`;
  }
}

/**
 * More or less than a parameter, in a column of integers: what is no NULL is a number, so a row takes two comparisons and no branch. Null
 * where it is not that.
 */
function integersCode(
  g: Generator,
  { operator, left, right }: Expression & { kind: "compare" },
): string | null {
  if (operator === "=" || operator === "<>" || right.kind !== "parameter") return null;
  if (left.kind !== "property" || left.of.kind !== "variable") return null;
  const { variable } = left.of;
  if (!isElement(variable) || g.isNullable(variable)) return null;
  const value = valueCode(g, right);
  const column = g.integers(variable, left.key, right.name);
  if (column === null) return null;
  const found = g.temporary();
  return `((${found}=${column}.get(${g.local(variable)}))!==null&${found}${operator}${value})`;
}

/** A value that has to be TRUE, FALSE or NULL. */
function truthCode(g: Generator, expression: Expression): string {
  const offset = "offset" in expression ? `,${expression.offset}` : "";
  return `F.truth(${valueCode(g, expression)}${offset})`;
}

/**
 * Three-valued AND and OR: the first operand that decides ends it, so later ones are only computed when they count. Flat, however many
 * operands there are.
 */
function connectiveCode(
  g: Generator,
  { kind, operands }: Expression & { kind: "and" | "or" },
): string {
  const [unknown, t] = [g.temporary(), g.temporary()];
  const decided = kind === "and" ? "false" : "true";
  const undecided = operands.map(
    (operand) => `(${t}=${truthCode(g, operand)})!==${decided}&&(${t}===null?${unknown}=true:true)`,
  );
  const otherwise = kind === "and" ? "true" : "false";
  return `(${unknown}=false,${undecided.join("&&")}?(${unknown}?null:${otherwise}):${decided})`;
}

const BINARY = {
  "+": "add",
  "-": "subtract",
  "*": "multiply",
  "/": "divide",
  "%": "modulo",
  "^": "power",
  "||": "concatenate",
} as const;

function constantCode(g: Generator, value: unknown): string {
  if (value === null || typeof value === "boolean") return String(value);
  // Digits only: -0 and everything textual goes through the constants.
  if (typeof value === "number" && Number.isSafeInteger(value) && value > 0) return String(value);
  return g.code.constant(value);
}

/** An element as a value, a path put together, anything else as it is. */
export function variableCode(g: Generator, variable: Variable): string {
  switch (variable.type) {
    case "value":
      return g.replaces && !g.locals.has(variable)
        ? `rt.current(${g.local(variable)})`
        : g.local(variable);
    case "node":
      return g.isNullable(variable)
        ? `rt.nodeOrNull(${g.local(variable)})`
        : `rt.node(${g.local(variable)})`;
    case "edge":
      return g.isNullable(variable)
        ? `rt.edgeOrNull(${g.local(variable)})`
        : `rt.edge(${g.local(variable)})`;
    case "nodes":
    case "edges":
      return `rt.${variable.type}(${g.local(variable)})`;
    case "steps":
      throw new Error("the steps of a repetition are no value");
    case "path":
      return `rt.path([${pathParts(g, variable.elements).join(",")}])`;
    default:
      return unreachable(variable.type);
  }
}

/** The slots of a path. Steps end with the node that stands behind them. */
export function pathParts(g: Generator, elements: readonly Variable[]): string[] {
  return elements.flatMap((element, index) => {
    if (elements[index - 1]?.type === "steps" && element.type !== "steps") return [];
    return element.type === "steps" ? [`...(${g.local(element)}??[-1])`] : [g.local(element)];
  });
}

function propertyCode(g: Generator, expression: Expression & { kind: "property" }): string {
  const { of } = expression;
  if (of.kind === "variable" && isElement(of.variable)) {
    const v = g.local(of.variable);
    const read = g.readProperty(of.variable, expression.key);
    return g.isNullable(of.variable) ? `(${v}===-1?null:${read})` : read;
  }
  return `F.property(${valueCode(g, of)},${g.code.constant(expression.key)},${expression.offset})`;
}

/** Functions of elements that need not make a value of them. */
function callCode(g: Generator, expression: Expression & { kind: "call" }): string {
  const [first] = expression.args;
  if (first && expression.name === "element_id") {
    const direct = elementCode(g, first, "rt.nodeElementId", "rt.edgeElementId");
    if (direct) return direct;
  }
  if (expression.name === "coalesce") {
    return expression.args
      .map((argument) => valueCode(g, argument))
      .reduceRight((rest, argument) => `(${argument}??${rest})`);
  }
  // Elements are held by slot: which nodes an edge joins is a look-up.
  if (first?.kind === "variable" && first.variable.type === "edge") {
    const end =
      expression.name === "start_node" ? "from" : expression.name === "end_node" ? "to" : null;
    if (end) {
      const e = g.local(first.variable);
      return g.isNullable(first.variable)
        ? `(${e}===-1?null:rt.node(E.${end}(${e})))`
        : `rt.node(E.${end}(${e}))`;
    }
  }
  if (expression.name === "rand") return "rt.random()";
  if (expression.name === "random_uuid") return "rt.uuid()";
  if (expression.name === "start_node" || expression.name === "end_node")
    return `rt.endOf(${valueCode(g, expression.args[0] ?? NULL)},"${expression.name}",${expression.offset})`;
  const args = [...expression.args.map((argument) => valueCode(g, argument)), expression.offset];
  if (readsClock(expression.name)) args.unshift("rt.now");
  const code = `F.functions.${expression.name}(${args.join(",")})`;
  // Reading a text takes its time: what is the same in all rows is made when the first of them asks for it.
  const isTemporal = readsClock(expression.name) || expression.name === "duration";
  return isTemporal && expression.args.every(isConstant)
    ? `(${g.state("d", "null")}??=${code})`
    : code;
}

/** Whether the expression has one value all through a run. */
function isConstant(expression: Expression): boolean {
  switch (expression.kind) {
    case "constant":
    case "parameter":
      return true;
    case "record":
      return expression.fields.every((field) => isConstant(field.value));
    default:
      return false;
  }
}

function elementCode(g: Generator, of: Expression, node: string, edge: string): string | null {
  if (of.kind !== "variable" || !isElement(of.variable)) return null;
  const v = g.local(of.variable);
  const read = `${of.variable.type === "node" ? node : edge}(${v})`;
  return g.isNullable(of.variable) ? `(${v}===-1?null:${read})` : read;
}

/** Comparing elements is comparing slots. */
function sameElementCode(
  g: Generator,
  { operator, left, right }: Expression & { kind: "compare" },
): string | null {
  if (operator !== "=" && operator !== "<>") return null;
  if (left.kind !== "variable" || right.kind !== "variable") return null;
  const [a, b] = [left.variable, right.variable];
  if (!isElement(a) || a.type !== b.type) return null;
  const present = [a, b]
    .filter((variable) => g.isNullable(variable))
    .map((variable) => `${g.local(variable)}!==-1&&`);
  return `(${present.join("")}${g.local(a)}${operator === "=" ? "===" : "!=="}${g.local(b)})`;
}

function compareCode(g: Generator, expression: Expression & { kind: "compare" }): string {
  const left = valueCode(g, expression.left);
  const right = valueCode(g, expression.right);
  if (expression.operator === "=") return `F.equals(${left},${right})`;
  if (expression.operator === "<>") return `F.not(F.equals(${left},${right}))`;
  return `F.compare("${expression.operator}",${left},${right})`;
}

export function isElement(variable: Variable): boolean {
  return variable.type === "node" || variable.type === "edge";
}
