import {
  Float,
  float,
  GeodeError,
  integer,
  isInteger,
  isNumeric,
  isTemporal,
  numberText,
  toNumber,
  type Value,
} from "@geode/values";
import { located } from "./located.ts";
import { wrong } from "./wrong-argument.ts";

type Conversion = (value: Value, offset: number) => Value;

/** Cypher's `to…OrNull`: NULL for whatever cannot be converted. */
export function orNull(convert: Conversion): Conversion {
  return (value, offset) => {
    try {
      return convert(value, offset);
    } catch (error) {
      if (error instanceof GeodeError) return null;
      throw error;
    }
  };
}

/** Cypher's `to…List`: each item converted, or NULL. */
export function ofEachItem(name: string, convert: Conversion): Conversion {
  const each = orNull(convert);
  return (value, offset) => {
    if (value === null) return null;
    if (!Array.isArray(value)) throw wrong(name, "a LIST", value, offset);
    return (value as readonly Value[]).map((item) => each(item, offset));
  };
}

export function toText(value: Value, offset: number): Value {
  if (value === null || typeof value === "string") return value;
  if (typeof value === "boolean") return String(value);
  if (isNumeric(value)) return numberText(value);
  if (isTemporal(value)) return value.toString();
  throw wrong("TOSTRING", "a STRING, a number, a BOOLEAN or a temporal value", value, offset);
}

/** NULL for a text that is no number. Fractions are cut off. */
export function toInteger(value: Value, offset: number): Value {
  if (value === null || isInteger(value)) return value;
  if (typeof value === "boolean") return value ? 1 : 0;
  const number =
    typeof value === "string"
      ? Number(value.trim() === "" ? "no" : value)
      : isNumeric(value)
        ? toNumber(value)
        : undefined;
  if (number === undefined)
    throw wrong("TOINTEGER", "a number, a STRING or a BOOLEAN", value, offset);
  if (typeof value === "string" && /^\s*[+-]?\d+\s*$/.test(value))
    return inRange(BigInt(value.trim()), offset);
  return Number.isFinite(number) ? inRange(BigInt(Math.trunc(number)), offset) : null;
}

export function toFloat(value: Value, offset: number): Value {
  if (value === null || value instanceof Float) return value;
  if (isNumeric(value)) return float(toNumber(value));
  if (typeof value !== "string") throw wrong("TOFLOAT", "a number or a STRING", value, offset);
  const number = Number(value.trim() === "" ? "no" : value);
  return Number.isNaN(number) ? null : float(number);
}

export function toBoolean(value: Value, offset: number): Value {
  if (value === null || typeof value === "boolean") return value;
  if (typeof value === "number" && Number.isInteger(value)) return value !== 0;
  if (typeof value !== "string")
    throw wrong("TOBOOLEAN", "a BOOLEAN, a STRING or an INTEGER", value, offset);
  const text = value.trim().toLowerCase();
  return text === "true" ? true : text === "false" ? false : null;
}

/** The INTEGER of that value; 22003 when it does not fit 64 bits. */
export function inRange(value: bigint, offset: number): Value {
  try {
    return integer(value);
  } catch (error) {
    throw located(error, offset);
  }
}
