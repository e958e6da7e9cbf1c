import {
  Duration,
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
import type {
  ListType,
  RecordType,
  ScalarType,
  ScalarTypeName,
  UnionType,
  ValueType,
} from "../gql/ast.ts";
import { builtIns } from "./built-ins.ts";
import { located } from "./located.ts";

/** A type as it is written. */
export function typeText(type: ValueType): string {
  const notNull = type.kind !== "unionType" && type.notNull ? " NOT NULL" : "";
  switch (type.kind) {
    case "unionType":
      return type.types.map(typeText).join(" | ");
    case "listType": {
      const element = type.element ? `<${typeText(type.element)}>` : "";
      return `LIST${element}${type.lengthMax === null ? "" : `[${type.lengthMax}]`}${notNull}`;
    }
    case "recordType": {
      const fields = type.fields?.map(({ key, type: of }) => `${key.name} ${typeText(of)}`);
      return `RECORD${fields ? ` {${fields.join(", ")}}` : ""}${notNull}`;
    }
    case "scalarType": {
      const { name, precision, scale, unsigned } = type;
      const isSized = name === "integer" || name === "float";
      const size = isSized
        ? String(precision ?? "")
        : [precision, scale].filter((number) => number !== null).join(", ");
      const sized = isSized || size === "" ? size : `(${size})`;
      return `${unsigned ? "U" : ""}${SCALAR_NAMES[name]}${sized}${notNull}`;
    }
    default:
      return unreachable(type);
  }
}

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
      return typeof value === "string" && hasLength(() => Array.from(value).length, type);
    case "bytes":
      return value instanceof Uint8Array && hasLength(() => value.length, type);
    case "integer":
      return isInteger(value) && fits(BigInt(value), type);
    case "decimal":
      return isNumeric(value) && hasDigits(value, type);
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
    case "monthDuration":
      return value instanceof Duration && value.days === 0 && value.nanoseconds === 0n;
    case "timeDuration":
      return value instanceof Duration && value.months === 0;
    default:
      return unreachable(type.name);
  }
}

const SCALAR_NAMES = {
  any: "ANY",
  null: "NULL",
  nothing: "NOTHING",
  boolean: "BOOLEAN",
  string: "STRING",
  bytes: "BYTES",
  integer: "INT",
  decimal: "DECIMAL",
  float: "FLOAT",
  date: "DATE",
  localTime: "LOCAL TIME",
  zonedTime: "ZONED TIME",
  localDatetime: "LOCAL DATETIME",
  zonedDatetime: "ZONED DATETIME",
  duration: "DURATION",
  monthDuration: "DURATION(YEAR TO MONTH)",
  timeDuration: "DURATION(DAY TO SECOND)",
  node: "NODE",
  edge: "EDGE",
  path: "PATH",
  propertyValue: "PROPERTY VALUE",
} as const satisfies Record<ScalarTypeName, string>;

const TEMPORAL_NAMES = {
  date: "DATE",
  localTime: "LOCAL TIME",
  zonedTime: "ZONED TIME",
  localDatetime: "LOCAL DATETIME",
  zonedDatetime: "ZONED DATETIME",
  duration: "DURATION",
} as const satisfies Record<string, TemporalType>;

/** `STRING(most)`, `STRING(least, most)`. */
function hasLength(length: () => number, { precision, scale }: ScalarType): boolean {
  if (precision === null) return true;
  return scale === null ? length() <= precision : length() >= precision && length() <= scale;
}

/** `DECIMAL(digits)`: whole numbers; `DECIMAL(digits, behind the point)`. */
function hasDigits(value: number | bigint | Float, { precision, scale }: ScalarType): boolean {
  if (precision === null) return true;
  const match = /^-?0*(\d*)(?:\.(\d*?)0*)?$/.exec(numberText(value));
  if (!match) return false;
  const [, whole = "", fraction = ""] = match;
  return fraction.length <= (scale ?? 0) && whole.length <= precision - (scale ?? 0);
}

function fits(value: bigint, { precision, unsigned }: ScalarType): boolean {
  const bits = BigInt(precision ?? 64);
  return unsigned
    ? value >= 0n && value < 1n << bits
    : value >= -(1n << (bits - 1n)) && value < 1n << (bits - 1n);
}

/**
 * `CAST(value AS type)` (ISO/IEC 39075:2024 §20.8). Throws 22018 for what cannot be read as the type, 22003 for what does not fit, 22G0B for
 * a list that is too long, 22G0U for a record with other fields.
 */
export function cast(value: Value, type: ValueType, offset: number): Value {
  if (type.kind === "unionType") return castToAny(value, type, offset);
  if (value === null) {
    if (type.notNull || (type.kind === "scalarType" && type.name === "nothing"))
      throw located(
        new GeodeError("22004", "NULL cannot be cast to a type that is NOT NULL."),
        offset,
      );
    return null;
  }
  switch (type.kind) {
    case "listType":
      return castToList(value, type, offset);
    case "recordType":
      return castToRecord(value, type, offset);
    case "scalarType":
      return castToScalar(value, type, offset);
    default:
      return unreachable(type);
  }
}

/** The value as that of a variable of the type: numbers are converted, everything else has to be of the type. */
export function assign(value: Value, type: ValueType, offset: number): Value {
  if (value === null || isNumeric(value)) return cast(value, type, offset);
  if (isTyped(value, type)) return value;
  throw located(
    new GeodeError(
      "22G03",
      `A variable of the type ${typeText(type)} cannot hold this ${typeName(value)}.`,
      { hint: "Convert it: CAST(value AS type)." },
    ),
    offset,
  );
}

/** What the value is already, or else the first of the types that it can be made. */
function castToAny(value: Value, type: UnionType, offset: number): Value {
  if (isTyped(value, type)) return value;
  for (const member of type.types) {
    try {
      return cast(value, member, offset);
    } catch (error) {
      if (!(error instanceof GeodeError)) throw error;
    }
  }
  throw cannot(value, type, offset);
}

function castToList(value: Value, type: ListType, offset: number): Value {
  const { element, lengthMax } = type;
  if (!Array.isArray(value)) throw cannot(value, type, offset);
  const list = value as readonly Value[];
  if (lengthMax !== null && list.length > lengthMax)
    throw located(
      new GeodeError(
        "22G0B",
        `A list of this type has at most ${lengthMax} items, not ${list.length}.`,
      ),
      offset,
    );
  return element === null ? list : list.map((item) => cast(item, element, offset));
}

function castToRecord(value: Value, type: RecordType, offset: number): Value {
  if (!(value instanceof Map)) throw cannot(value, type, offset);
  const record: ReadonlyMap<string, Value> = value;
  if (type.fields === null) return record;
  const wanted = type.fields.map(({ key }) => key.name);
  if (record.size !== wanted.length || wanted.some((name) => !record.has(name)))
    throw located(
      new GeodeError(
        "22G0U",
        `A record of this type has the fields ${wanted.join(", ")}, not ${[...record.keys()].join(", ")}.`,
      ),
      offset,
    );
  return new Map(
    type.fields.map((field) => [
      field.key.name,
      cast(record.get(field.key.name) ?? null, field.type, offset),
    ]),
  );
}

function castToScalar(value: Value, type: ScalarType, offset: number): Value {
  const converted = convert(value, type, offset);
  if (converted === null) throw cannot(value, type, offset);
  const fitted = fitTo(converted, type);
  if (!isTyped(fitted, type))
    throw located(
      new GeodeError("22003", `The value does not fit the type ${typeText(type)}.`),
      offset,
    );
  return fitted;
}

/** Cut off or rounded to what the type holds, where the standard says so. */
function fitTo(value: Value, { name, precision, scale }: ScalarType): Value {
  if (name === "string" && typeof value === "string" && precision !== null)
    return Array.from(value)
      .slice(0, scale ?? precision)
      .join("");
  if (name === "float" && precision === 32 && value !== null && isNumeric(value))
    return float(Math.fround(toNumber(value)));
  if (name === "decimal" && precision !== null && value !== null && isNumeric(value)) {
    if (isInteger(value)) return value;
    return float(Number(rounded(numberText(value), scale ?? 0)));
  }
  return value;
}

/** NULL when there is no such conversion. */
function convert(value: Value, type: ScalarType, offset: number): Value {
  if (isScalar(value, { ...type, precision: null, scale: null })) return value;
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
    case "monthDuration":
    case "timeDuration":
      if (value instanceof Duration) return value;
      return typeof value === "string" ? temporal(() => toDuration(value), offset) : null;
    case "any":
    case "null":
    case "nothing":
    case "bytes":
    case "node":
    case "edge":
    case "path":
    case "propertyValue":
      return null;
    default:
      return unreachable(type.name);
  }
}

function temporal(make: () => Value, offset: number): Value {
  try {
    return make();
  } catch (error) {
    throw located(error, offset);
  }
}

function cannot(value: Value, type: ValueType, offset: number): unknown {
  const shown =
    typeof value === "string" ? ` ${JSON.stringify(value.slice(0, SHOWN_LENGTH_MAX))}` : "";
  return located(
    new GeodeError("22018", `The ${typeName(value)}${shown} cannot be cast to ${typeText(type)}.`),
    offset,
  );
}

const SHOWN_LENGTH_MAX = 40;

/** A number with so many digits behind the point, half away from zero: of its decimal text, since 1.005 is a little less in binary. */
function rounded(text: string, places: number): string {
  const match = /^(-?)(\d+)\.(\d+)$/.exec(text);
  const [, sign = "", whole = "", fraction = ""] = match ?? [];
  if (!match || fraction.length <= places) return text;
  const digits = BigInt(whole + fraction.slice(0, places));
  const up = (fraction[places] ?? "0") >= "5" ? 1n : 0n;
  return `${sign}${String(digits + up)}e-${places}`;
}
