import { typeName, unreachable } from "@geode/values";
import type { Expression, Variable } from "./expression.ts";
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
      return CALL_TYPES.get(expression.name) ?? "ANY";
    case "parameter":
    case "property":
    case "binary":
    case "negate":
    case "case":
    case "subscript":
    case "slice":
    case "reduce":
    case "letIn":
    case "cast":
      return "ANY";
    default:
      return unreachable(expression);
  }
}

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
  ["trim", "STRING"],
  ["ltrim", "STRING"],
  ["rtrim", "STRING"],
  ["left", "STRING"],
  ["right", "STRING"],
  ["substring", "STRING"],
  ["replace", "STRING"],
  ["tostring", "STRING"],
  ["size", "INTEGER"],
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
