import { isInteger, isNumeric, unreachable, type Value } from "@geode/values";

/** What an argument or a column holds, or NULL. NUMBER is INTEGER or FLOAT. */
export type ProcedureType =
  | "ANY"
  | "BOOLEAN"
  | "STRING"
  | "INTEGER"
  | "FLOAT"
  | "NUMBER"
  | "LIST"
  | "RECORD";

export interface ProcedureField {
  readonly name: string;
  readonly type: ProcedureType;
}

/** What a statement must know of a procedure to call it. What it does stands in `execute/procedures`. */
export interface ProcedureSignature {
  /** With dots between its parts, e.g. `geo.distance`. Calls write it as it is written here. */
  readonly name: string;
  readonly parameters: readonly ProcedureField[];
  /** Without columns, a call changes nothing about the rows around it. */
  readonly columns: readonly ProcedureField[];
  /** "graph": its rows may change with anything in the graph; "graphs": with any graph, and with which there are. */
  readonly reads: "nothing" | "graph" | "graphs";
  /** It came with `Database.open`, and exists in that thread only. */
  readonly definedHere: boolean;
}

export type Procedures = ReadonlyMap<string, ProcedureSignature>;

export function signatureText({ name, parameters, columns }: ProcedureSignature): string {
  const fields = (list: readonly ProcedureField[]): string =>
    list.map((field) => `${field.name} :: ${field.type}`).join(", ");
  return `${name}(${fields(parameters)}) :: (${fields(columns)})`;
}

/** Whether an argument is right. Where a FLOAT is asked for, an INTEGER will do. */
export function isOfType(value: Value, type: ProcedureType): boolean {
  if (value === null) return true;
  switch (type) {
    case "ANY":
      return true;
    case "BOOLEAN":
      return typeof value === "boolean";
    case "STRING":
      return typeof value === "string";
    case "INTEGER":
      return isInteger(value);
    case "FLOAT":
    case "NUMBER":
      return isNumeric(value);
    case "LIST":
      return Array.isArray(value);
    case "RECORD":
      return value instanceof Map;
    default:
      return unreachable(type);
  }
}
