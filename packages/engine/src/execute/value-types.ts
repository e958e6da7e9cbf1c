import {
  Edge,
  Float,
  float,
  GeodeError,
  isInteger,
  isNumeric,
  isTemporal,
  Node,
  numberText,
  Path,
  type TemporalType,
  toDuration,
  toInstant,
  toNumber,
  typeName,
  unreachable,
  type Value,
} from "@geode/values";
import type { ScalarType, ValueType } from "../gql/ast.ts";
import { builtIns } from "./built-ins.ts";
import { located } from "./located.ts";

/** `value IS TYPED type` (ISO/IEC 39075:2024 §19.6). NULL is of every type that does not say NOT NULL. */
export function isTyped(value: Value, type: ValueType): boolean {
  if (type.kind === "unionType") return type.types.some((member) => isTyped(value, member));
  if (value === null)
    return !type.notNull && !(type.kind === "scalarType" && type.name === "nothing");
  switch (type.kind) {
    case "listType": {
      const { element, lengthMax } = type;
      if (!Array.isArray(value) || (lengthMax !== null && value.length > lengthMax)) return false;
      return (
        element === null || (value as readonly Value[]).every((item) => isTyped(item, element))
      );
    }
    case "recordType":
      if (!(value instanceof Map)) return false;
      return (
        type.fields === null ||
        (value.size === type.fields.length &&
          type.fields.every(
            (field) =>
              value.has(field.key.name) && isTyped(value.get(field.key.name) ?? null, field.type),
          ))
      );
    case "scalarType":
      return isScalar(value, type);
    default:
      return unreachable(type);
  }
}

function isScalar(value: Value, type: ScalarType): boolean {
  switch (type.name) {
    case "any":
      return true;
    case "null":
    case "nothing":
      return false;
    case "boolean":
      return typeof value === "boolean";
    case "string":
      return (
        typeof value === "string" &&
        (type.precision === null || Array.from(value).length <= type.precision)
      );
    case "bytes":
      return (
        value instanceof Uint8Array && (type.precision === null || value.length <= type.precision)
      );
    case "integer":
      return isInteger(value) && fits(BigInt(value), type);
    case "decimal":
      return isNumeric(value);
    case "float":
      return value instanceof Float || (typeof value === "number" && !Number.isInteger(value));
    case "node":
      return value instanceof Node;
    case "edge":
      return value instanceof Edge;
    case "path":
      return value instanceof Path;
    case "propertyValue":
      return !(value instanceof Node || value instanceof Edge || value instanceof Path);
    case "date":
    case "localTime":
    case "zonedTime":
    case "localDatetime":
    case "zonedDatetime":
    case "duration":
      return typeName(value) === TEMPORAL_NAMES[type.name];
    default:
      return unreachable(type.name);
  }
}

const TEMPORAL_NAMES = {
  date: "DATE",
  localTime: "LOCAL TIME",
  zonedTime: "ZONED TIME",
  localDatetime: "LOCAL DATETIME",
  zonedDatetime: "ZONED DATETIME",
  duration: "DURATION",
} as const satisfies Record<string, TemporalType>;

function fits(value: bigint, { precision, unsigned }: ScalarType): boolean {
  const bits = BigInt(precision ?? 64);
  return unsigned
    ? value >= 0n && value < 1n << bits
    : value >= -(1n << (bits - 1n)) && value < 1n << (bits - 1n);
}

/** `CAST(value AS type)` (ISO/IEC 39075:2024 §20.8). Throws 22018 for what cannot be read as the type, 22003 for what does not fit. */
export function cast(value: Value, type: ValueType, offset: number): Value {
  if (value === null) {
    if (type.kind !== "unionType" && type.notNull)
      throw located(
        new GeodeError("22004", "NULL cannot be cast to a type that is NOT NULL."),
        offset,
      );
    return null;
  }
  if (isTyped(value, type)) return value;
  if (type.kind === "listType" && Array.isArray(value)) {
    const { element } = type;
    return element === null
      ? value
      : (value as readonly Value[]).map((item) => cast(item, element, offset));
  }
  if (type.kind !== "scalarType") throw cannot(value, offset);
  const converted = convert(value, type, offset);
  if (converted === null) throw cannot(value, offset);
  if (!isTyped(converted, type))
    throw located(
      new GeodeError("22003", "The value does not fit the type that it is cast to."),
      offset,
    );
  return converted;
}

/** NULL when there is no such conversion. */
function convert(value: Value, type: ScalarType, offset: number): Value {
  switch (type.name) {
    case "string":
      if (typeof value === "boolean") return value ? "TRUE" : "FALSE";
      if (isNumeric(value)) return numberText(value);
      return isTemporal(value) ? value.toString() : null;
    case "integer":
      return typeof value === "string" || isNumeric(value)
        ? builtIns.tointeger(value, offset)
        : null;
    case "decimal":
    case "float":
      if (isNumeric(value)) return float(toNumber(value));
      return typeof value === "string" ? builtIns.tofloat(value, offset) : null;
    case "boolean":
      return typeof value === "string" ? builtIns.toboolean(value, offset) : null;
    case "date":
    case "localTime":
    case "zonedTime":
    case "localDatetime":
    case "zonedDatetime": {
      if (typeof value !== "string" && !isTemporal(value)) return null;
      const name = TEMPORAL_NAMES[type.name];
      return temporal(() => toInstant(name, value), offset);
    }
    case "duration":
      return typeof value === "string" ? temporal(() => toDuration(value), offset) : null;
    default:
      return null;
  }
}

function temporal(make: () => Value, offset: number): Value {
  try {
    return make();
  } catch (error) {
    throw located(error, offset);
  }
}

function cannot(value: Value, offset: number): unknown {
  return located(
    new GeodeError("22018", `This ${typeName(value)} cannot be cast to that type.`),
    offset,
  );
}
