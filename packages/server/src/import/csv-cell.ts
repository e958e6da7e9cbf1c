import { float, GeodeError, type TemporalType, type Value } from "@geode/values";
import { fromFile, temporal } from "./file-value.ts";

/** How the cells of a column are read. */
export interface CellType {
  /** For messages. */
  readonly name: string;
  readonly element: ElementType;
  readonly isList: boolean;
}

type ElementType = "string" | "int" | "float" | "boolean" | "json" | TemporalType;

const ELEMENT_TYPES: ReadonlyMap<string, ElementType> = new Map([
  ["string", "string"],
  ["char", "string"],
  ["int", "int"],
  ["integer", "int"],
  ["long", "int"],
  ["short", "int"],
  ["byte", "int"],
  ["float", "float"],
  ["double", "float"],
  ["boolean", "boolean"],
  ["date", "DATE"],
  ["time", "ZONED TIME"],
  ["localtime", "LOCAL TIME"],
  ["datetime", "ZONED DATETIME"],
  ["localdatetime", "LOCAL DATETIME"],
  ["duration", "DURATION"],
]);

export const TYPE_NAMES =
  "string, int, float, boolean, date, time, localtime, datetime, localdatetime, duration, each also with [], and json";

/** The type that a header names, e.g. `int` or `string[]`; undefined if there is none. */
export function cellType(name: string): CellType | undefined {
  if (name.toLowerCase() === "json") return { name, element: "json", isList: false };
  const isList = name.endsWith("[]");
  const element = ELEMENT_TYPES.get((isList ? name.slice(0, -2) : name).toLowerCase());
  return element === undefined ? undefined : { name, element, isList };
}

/** The value of a cell; undefined if it is not of the type. */
export function cellValue(cell: string, type: CellType): Value | undefined {
  if (!type.isList) return elementValue(cell, type.element);
  const values: Value[] = [];
  for (const part of cell.split(";")) {
    const value = elementValue(part, type.element);
    if (value === undefined) return undefined;
    values.push(value);
  }
  return values;
}

function elementValue(text: string, type: ElementType): Value | undefined {
  switch (type) {
    case "string":
      return text;
    case "int":
      return integer(text.trim());
    case "float":
      return floating(text.trim());
    case "boolean":
      return truth(text.trim().toLowerCase());
    case "json":
      return soundOr(() => fromFile(JSON.parse(text), "value"));
    default:
      return soundOr(() => temporal(type, text.trim()));
  }
}

/** What is read, or undefined if it cannot be. */
function soundOr(read: () => Value): Value | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof GeodeError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

const INT64_MAX = 2n ** 63n - 1n;

function integer(text: string): Value | undefined {
  if (!/^[+-]?\d+$/.test(text)) return undefined;
  const value = Number(text);
  if (Number.isSafeInteger(value)) return value === 0 ? 0 : value;
  const exact = BigInt(text.replace(/^\+/, ""));
  return exact <= INT64_MAX && exact >= -INT64_MAX - 1n ? exact : undefined;
}

function floating(text: string): Value | undefined {
  const special = SPECIAL_FLOATS.get(text.toLowerCase());
  if (special !== undefined) return float(special);
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text) ? float(Number(text)) : undefined;
}

const SPECIAL_FLOATS: ReadonlyMap<string, number> = new Map([
  ["nan", Number.NaN],
  ["infinity", Number.POSITIVE_INFINITY],
  ["-infinity", Number.NEGATIVE_INFINITY],
]);

function truth(text: string): boolean | undefined {
  return text === "true" ? true : text === "false" ? false : undefined;
}
