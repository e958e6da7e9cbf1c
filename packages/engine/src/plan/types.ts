import { typeName, unreachable } from "@geode/values";
import type { ScalarTypeName, ValueType } from "../gql/ast.ts";
import { type BinaryOperator, type Expression, NULL, type Variable } from "./expression.ts";
import type { Query } from "./operators.ts";
import type { ProcedureType } from "./procedure.ts";

/** What is known of the result's types before running, by variable; ANY where nothing is. */
export function outputTypes(query: Query): ReadonlyMap<Variable, string> {
  const types = new Map<Variable, string>();
  const typeOf = (variable: Variable): string =>
    VARIABLE_TYPES[variable.type] ?? types.get(variable) ?? "ANY";
  for (const operator of query.operators) {
    if (operator.kind === "let")
      for (const item of operator.items)
        types.set(item.variable, expressionType(item.expression, typeOf));
    if (operator.kind === "procedure")
      for (const { index, variable } of operator.columns)
        types.set(variable, procedureType(operator.procedure.columns[index]?.type));
    if (operator.kind === "for" && operator.ordinal) types.set(operator.ordinal, "INTEGER");
    if (operator.kind === "aggregate") {
      for (const key of operator.keys)
        types.set(key.variable, expressionType(key.expression, typeOf));
      for (const { variable, name, argument } of operator.aggregates) {
        if (name === "count") types.set(variable, "INTEGER");
        if (name === "avg" && argument)
          types.set(variable, averageType(expressionType(argument, typeOf)));
        if (name.startsWith("stddev") || name === "percentile_cont") types.set(variable, "FLOAT");
        if (name === "collect_list") types.set(variable, "LIST");
      }
    }
  }
  if (query.output.kind === "rows")
    for (const { variable } of query.output.columns) types.set(variable, typeOf(variable));
  return types;
}

/** NUMBER is no type of values. */
function procedureType(type: ProcedureType = "ANY"): string {
  return type === "NUMBER" ? "ANY" : type;
}

/** The average of durations is a duration. */
function averageType(argument: string): string {
  if (argument === "DURATION") return argument;
  return argument === "INTEGER" || argument === "FLOAT" ? "FLOAT" : "ANY";
}

const VARIABLE_TYPES = {
  node: "NODE",
  edge: "EDGE",
  path: "PATH",
  nodes: "LIST",
  edges: "LIST",
  steps: "LIST",
  value: null,
} as const;

function expressionType(expression: Expression, typeOf: (variable: Variable) => string): string {
  const commonType = (parts: readonly Expression[]): string => {
    const types = new Set(parts.map((part) => expressionType(part, typeOf)));
    const [type = "ANY"] = types;
    return types.size === 1 ? type : "ANY";
  };
  switch (expression.kind) {
    case "constant":
      return expression.value === null ? "ANY" : typeName(expression.value);
    case "variable":
      return typeOf(expression.variable);
    case "compare":
    case "and":
    case "or":
    case "xor":
    case "not":
    case "isNull":
    case "isTruth":
    case "hasLabels":
    case "in":
    case "stringPredicate":
    case "quantified":
    case "isTyped":
      return "BOOLEAN";
    case "list":
    case "listComprehension":
      return "LIST";
    case "subquery":
      return SUBQUERY_TYPES[expression.form];
    case "record":
    case "properties":
      return "RECORD";
    case "call":
      if (expression.name === "trim" && expression.args.length === 2) return "LIST";
      if (TRIMS.has(expression.name)) return trimType(expression.args[0], typeOf);
      return CALL_TYPES.get(expression.name) ?? "ANY";
    case "binary":
      return arithmeticType(
        expression.operator,
        expressionType(expression.left, typeOf),
        expressionType(expression.right, typeOf),
      );
    case "negate":
      return NUMBERS.has(expressionType(expression.operand, typeOf))
        ? expressionType(expression.operand, typeOf)
        : "ANY";
    case "case":
      return commonType([
        ...expression.branches.map(({ then }) => then),
        ...(isNull(expression.otherwise) ? [] : [expression.otherwise]),
      ]);
    case "slice":
      return "LIST";
    case "letIn":
      return expressionType(expression.body, (variable) =>
        variable === expression.variable
          ? expressionType(expression.value, typeOf)
          : typeOf(variable),
      );
    case "cast":
      return castType(expression.type);
    case "horizontal": {
      const { name } = expression;
      if (name === "count") return "INTEGER";
      if (name === "collect_list") return "LIST";
      return name.startsWith("stddev") || name === "percentile_cont" ? "FLOAT" : "ANY";
    }
    case "parameter":
    case "property":
    case "subscript":
    case "reduce":
      return "ANY";
    default:
      return unreachable(expression);
  }
}

const NUMBERS: ReadonlySet<string> = new Set(["INTEGER", "FLOAT"]);

function arithmeticType(operator: BinaryOperator, left: string, right: string): string {
  if (operator === "||")
    return left === right && (left === "STRING" || left === "LIST") ? left : "ANY";
  if (!NUMBERS.has(left) || !NUMBERS.has(right))
    return operator === "+" && left === "STRING" && right === "STRING" ? "STRING" : "ANY";
  return operator === "^" || left === "FLOAT" || right === "FLOAT" ? "FLOAT" : "INTEGER";
}

/** Of a text, or of bytes. */
const TRIMS: ReadonlySet<string> = new Set(["trim", "trim_leading", "trim_trailing", "trim_both"]);

function trimType(of: Expression = NULL, typeOf: (variable: Variable) => string): string {
  const type = expressionType(of, typeOf);
  return type === "STRING" || type === "BYTES" ? type : "ANY";
}

function isNull(expression: Expression): boolean {
  return expression.kind === "constant" && expression.value === null;
}

/** What a cast makes, if it makes anything but NULL. */
function castType(type: ValueType): string {
  switch (type.kind) {
    case "listType":
      return "LIST";
    case "recordType":
      return "RECORD";
    case "unionType":
      return "ANY";
    case "scalarType":
      return CAST_TYPES.get(type.name) ?? "ANY";
    default:
      return unreachable(type);
  }
}

const CAST_TYPES: ReadonlyMap<ScalarTypeName, string> = new Map<ScalarTypeName, string>([
  ["boolean", "BOOLEAN"],
  ["string", "STRING"],
  ["bytes", "BYTES"],
  ["integer", "INTEGER"],
  ["float", "FLOAT"],
  ["date", "DATE"],
  ["localTime", "LOCAL TIME"],
  ["zonedTime", "ZONED TIME"],
  ["localDatetime", "LOCAL DATETIME"],
  ["zonedDatetime", "ZONED DATETIME"],
  ["duration", "DURATION"],
  ["monthDuration", "DURATION"],
  ["timeDuration", "DURATION"],
  ["node", "NODE"],
  ["edge", "EDGE"],
  ["path", "PATH"],
]);

const SUBQUERY_TYPES = { exists: "BOOLEAN", count: "INTEGER", value: "ANY", list: "LIST" } as const;

const CALL_TYPES: ReadonlyMap<string, string> = new Map([
  ["element_id", "STRING"],
  ["labels", "LIST"],
  ["keys", "LIST"],
  ["nodes", "LIST"],
  ["edges", "LIST"],
  ["range", "LIST"],
  ["split", "LIST"],
  ["type", "STRING"],
  ["upper", "STRING"],
  ["lower", "STRING"],
  ["btrim", "STRING"],
  ["ltrim", "STRING"],
  ["rtrim", "STRING"],
  ["left", "STRING"],
  ["right", "STRING"],
  ["substring", "STRING"],
  ["replace", "STRING"],
  ["tostring", "STRING"],
  ["normalize", "STRING"],
  ["is_normalized", "BOOLEAN"],
  ["is_directed", "BOOLEAN"],
  ["has_labels", "BOOLEAN"],
  ["is_source_of", "BOOLEAN"],
  ["is_destination_of", "BOOLEAN"],
  ["elements", "LIST"],
  ["path", "PATH"],
  ["byte_length", "INTEGER"],
  ["merge_records", "RECORD"],
  ["sin", "FLOAT"],
  ["cos", "FLOAT"],
  ["tan", "FLOAT"],
  ["cot", "FLOAT"],
  ["sinh", "FLOAT"],
  ["cosh", "FLOAT"],
  ["tanh", "FLOAT"],
  ["asin", "FLOAT"],
  ["acos", "FLOAT"],
  ["atan", "FLOAT"],
  ["atan2", "FLOAT"],
  ["degrees", "FLOAT"],
  ["radians", "FLOAT"],
  ["power", "FLOAT"],
  ["log", "FLOAT"],
  ["e", "FLOAT"],
  ["rand", "FLOAT"],
  ["size", "INTEGER"],
  ["cardinality", "INTEGER"],
  ["id", "INTEGER"],
  ["random_uuid", "STRING"],
  ["valuetype", "STRING"],
  ["isempty", "BOOLEAN"],
  ["isnan", "BOOLEAN"],
  ["haversin", "FLOAT"],
  ["tointegerornull", "INTEGER"],
  ["tofloatornull", "FLOAT"],
  ["tobooleanornull", "BOOLEAN"],
  ["tostringornull", "STRING"],
  ["tointegerlist", "LIST"],
  ["tofloatlist", "LIST"],
  ["tobooleanlist", "LIST"],
  ["tostringlist", "LIST"],
  ["char_length", "INTEGER"],
  ["path_length", "INTEGER"],
  ["tointeger", "INTEGER"],
  ["sign", "INTEGER"],
  ["tofloat", "FLOAT"],
  ["sqrt", "FLOAT"],
  ["exp", "FLOAT"],
  ["ln", "FLOAT"],
  ["log10", "FLOAT"],
  ["pi", "FLOAT"],
  ["properties", "RECORD"],
  ["toboolean", "BOOLEAN"],
  ["timestamp", "INTEGER"],
  ["date", "DATE"],
  ["current_date", "DATE"],
  ["date_truncate", "DATE"],
  ["local_time", "LOCAL TIME"],
  ["current_local_time", "LOCAL TIME"],
  ["local_time_truncate", "LOCAL TIME"],
  ["zoned_time", "ZONED TIME"],
  ["current_time", "ZONED TIME"],
  ["zoned_time_truncate", "ZONED TIME"],
  ["local_datetime", "LOCAL DATETIME"],
  ["current_local_datetime", "LOCAL DATETIME"],
  ["local_datetime_truncate", "LOCAL DATETIME"],
  ["zoned_datetime", "ZONED DATETIME"],
  ["current_timestamp", "ZONED DATETIME"],
  ["zoned_datetime_truncate", "ZONED DATETIME"],
  ["datetime_from_epoch", "ZONED DATETIME"],
  ["datetime_from_epoch_millis", "ZONED DATETIME"],
  ["duration", "DURATION"],
  ["duration_between", "DURATION"],
  ["duration_in_months", "DURATION"],
  ["duration_in_days", "DURATION"],
  ["duration_in_seconds", "DURATION"],
]);
