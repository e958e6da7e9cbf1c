import { GeodeError } from "./error.ts";
import { decimalOf } from "./temporal/decimal.ts";
import { addDurations, Duration, negateDuration, scaleDuration } from "./temporal/duration.ts";
import { minus, plus } from "./temporal/shift.ts";
import type { Temporal } from "./temporal/temporal.ts";
import { TemporalValue, type TemporalType } from "./temporal/temporal-value.ts";
import { Edge, Float, float, Node, Path, type Value } from "./value.ts";

/*
 * The operators + - * / % ^ and || (ISO/IEC 39075:2024 §20.21 and following). NULL in, NULL out. An operation on two integers gives an
 * integer or fails with 22003; as soon as a float takes part the result is a float, after IEEE 754. Errors: 22003 beyond 64 bits,
 * 22012 integer division by zero, 22G03 for operands of a type that the operator does not take.
 *
 * Durations are added to each other and to what stands in time, subtracted likewise, multiplied and divided by numbers.
 */

/** The range of an INTEGER: 64 bits, signed. */
export const INTEGER_MIN = -(2n ** 63n);
export const INTEGER_MAX = 2n ** 63n - 1n;

/** How long a text may become by concatenation, in UTF-16 units, and a list, in elements. Beyond: LIMIT. */
export const TEXT_LENGTH_MAX = 1 << 26;
export const LIST_LENGTH_MAX = 1 << 24;

/** `a + b`: the sum of numbers; durations are added to each other and to temporal values; strings, lists and byte strings are joined, also with what Cypher lets stand beside them. */
export function add(a: Value, b: Value): Value {
  if (typeof a === "number" && typeof b === "number") {
    const sum = a + b;
    if (!Number.isInteger(a) || !Number.isInteger(b)) {
      return float(sum);
    }
    return Number.isSafeInteger(sum) ? sum : integer(BigInt(a) + BigInt(b));
  }
  if (a === null || b === null) {
    return null;
  }
  if (isInteger(a) && isInteger(b)) {
    return integer(BigInt(a) + BigInt(b));
  }
  if (isNumeric(a) && isNumeric(b)) {
    return float(toNumber(a) + toNumber(b));
  }
  if (Array.isArray(a)) {
    return joinLists(a, Array.isArray(b) ? b : [b]);
  }
  if (Array.isArray(b)) {
    return joinLists([a], b);
  }
  if (typeof a === "string" && isNumeric(b)) {
    return joinStrings(a, numberText(b));
  }
  if (typeof b === "string" && isNumeric(a)) {
    return joinStrings(numberText(a), b);
  }
  if (a instanceof TemporalValue && b instanceof TemporalValue) {
    return addTemporal(a as Temporal, b as Temporal);
  }
  return join("+", a, b);
}

/** `a || b`: two strings, two lists, two byte strings or two paths, joined. */
export function concatenate(a: Value, b: Value): Value {
  if (a === null || b === null) {
    return null;
  }
  if (a instanceof Path && b instanceof Path) return joinPaths(a, b);
  return Array.isArray(a) && Array.isArray(b) ? joinLists(a, b) : join("||", a, b);
}

/** `a - b`. */
export function subtract(a: Value, b: Value): Value {
  if (typeof a === "number" && typeof b === "number") {
    const difference = a - b;
    if (!Number.isInteger(a) || !Number.isInteger(b)) {
      return float(difference);
    }
    return Number.isSafeInteger(difference) ? difference : integer(BigInt(a) - BigInt(b));
  }
  if (a === null || b === null) {
    return null;
  }
  if (isInteger(a) && isInteger(b)) {
    return integer(BigInt(a) - BigInt(b));
  }
  if (isNumeric(a) && isNumeric(b)) {
    return float(toNumber(a) - toNumber(b));
  }
  if (a instanceof TemporalValue && b instanceof TemporalValue) {
    return subtractTemporal(a as Temporal, b as Temporal);
  }
  return refuse("-", a, b);
}

/** `a * b`. */
export function multiply(a: Value, b: Value): Value {
  if (typeof a === "number" && typeof b === "number") {
    const product = a * b;
    if (!Number.isInteger(a) || !Number.isInteger(b)) {
      return float(product);
    }
    // Adding 0 turns the -0 of 0 * -1 into 0: an integer has no sign of zero.
    return Number.isSafeInteger(product) ? product + 0 : integer(BigInt(a) * BigInt(b));
  }
  if (a === null || b === null) {
    return null;
  }
  if (isInteger(a) && isInteger(b)) {
    return integer(BigInt(a) * BigInt(b));
  }
  if (isNumeric(a) && isNumeric(b)) {
    return float(toNumber(a) * toNumber(b));
  }
  if (a instanceof Duration && isNumeric(b)) {
    return multiplyDuration(a, b);
  }
  if (b instanceof Duration && isNumeric(a)) {
    return multiplyDuration(b, a);
  }
  return refuse("*", a, b);
}

/** `a / b`: integers are truncated toward zero. */
export function divide(a: Value, b: Value): Value {
  if (typeof a === "number" && typeof b === "number") {
    if (!Number.isInteger(a) || !Number.isInteger(b)) {
      return float(a / b);
    }
    if (b === 0) {
      throw divisionByZero();
    }
    // Exact: the quotient of two safe integers is never rounded up to an integer that it has not reached.
    return Math.trunc(a / b) + 0;
  }
  if (a === null || b === null) {
    return null;
  }
  if (isInteger(a) && isInteger(b)) {
    if (BigInt(b) === 0n) {
      throw divisionByZero();
    }
    return integer(BigInt(a) / BigInt(b));
  }
  if (isNumeric(a) && isNumeric(b)) {
    return float(toNumber(a) / toNumber(b));
  }
  if (a instanceof Duration && isNumeric(b)) {
    return divideDuration(a, b);
  }
  return refuse("/", a, b);
}

/** `a % b`: what truncating division leaves over; it has the sign of `a`. */
export function modulo(a: Value, b: Value): Value {
  if (typeof a === "number" && typeof b === "number") {
    if (!Number.isInteger(a) || !Number.isInteger(b)) {
      return float(a % b);
    }
    if (b === 0) {
      throw divisionByZero();
    }
    return (a % b) + 0;
  }
  if (a === null || b === null) {
    return null;
  }
  if (isInteger(a) && isInteger(b)) {
    if (BigInt(b) === 0n) {
      throw divisionByZero();
    }
    return integer(BigInt(a) % BigInt(b));
  }
  if (isNumeric(a) && isNumeric(b)) {
    return float(toNumber(a) % toNumber(b));
  }
  return refuse("%", a, b);
}

/** `a ^ b`: always a float, as in Cypher. */
export function power(a: Value, b: Value): Value {
  if (a === null || b === null) {
    return null;
  }
  return isNumeric(a) && isNumeric(b) ? float(toNumber(a) ** toNumber(b)) : refuse("^", a, b);
}

/** `-a`. */
export function negate(a: Value): Value {
  if (typeof a === "number") {
    return 0 - a;
  }
  if (a === null) {
    return null;
  }
  if (typeof a === "bigint") {
    return integer(-a);
  }
  if (a instanceof Float) {
    return float(-a.value);
  }
  if (a instanceof Duration) {
    return negateDuration(a);
  }
  throw new GeodeError("22G03", `- takes a number or a DURATION, not ${article(typeName(a))}`);
}

/** The INTEGER of that value; 22003 when it does not fit 64 bits. */
export function integer(value: bigint): number | bigint {
  if (value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)) {
    return Number(value);
  }
  if (value < INTEGER_MIN || value > INTEGER_MAX) {
    throw new GeodeError("22003", "the result does not fit a 64-bit integer");
  }
  return value;
}

/** Whether the value is an INTEGER. */
export function isInteger(value: Value): value is number | bigint {
  return typeof value === "number" ? Number.isInteger(value) : typeof value === "bigint";
}

/** Whether the value is an INTEGER or a FLOAT. */
export function isNumeric(value: Value): value is number | bigint | Float {
  return typeof value === "number" || typeof value === "bigint" || value instanceof Float;
}

/** The number nearest to a numeric value. */
export function toNumber(value: number | bigint | Float): number {
  return typeof value === "number"
    ? value
    : typeof value === "bigint"
      ? Number(value)
      : value.value;
}

/** A number as text: a float always shows that it is one (`2.0`, `1e+21`, `NaN`). */
export function numberText(value: number | bigint | Float): string {
  if (!(value instanceof Float)) {
    return String(value);
  }
  const number = value.value;
  const text = Object.is(number, -0) ? "-0" : String(number);
  return Number.isInteger(number) && !text.includes("e") ? `${text}.0` : text;
}

export type TypeName =
  | "NULL"
  | "BOOLEAN"
  | "INTEGER"
  | "FLOAT"
  | "STRING"
  | "BYTES"
  | "LIST"
  | "RECORD"
  | "NODE"
  | "EDGE"
  | "PATH"
  | TemporalType;

/** The name of a value's type, as messages and `columns` show it. */
export function typeName(value: Value): TypeName {
  switch (typeof value) {
    case "number":
      return Number.isInteger(value) ? "INTEGER" : "FLOAT";
    case "bigint":
      return "INTEGER";
    case "string":
      return "STRING";
    case "boolean":
      return "BOOLEAN";
    default:
      break;
  }
  if (value === null) {
    return "NULL";
  }
  if (Array.isArray(value)) {
    return "LIST";
  }
  if (value instanceof Node) {
    return "NODE";
  }
  if (value instanceof Edge) {
    return "EDGE";
  }
  if (value instanceof Path) {
    return "PATH";
  }
  if (value instanceof Float) {
    return "FLOAT";
  }
  if (value instanceof TemporalValue) {
    return value.type;
  }
  return value instanceof Uint8Array ? "BYTES" : "RECORD";
}

/** The same with the indefinite article, for messages: "an INTEGER". */
export function article(name: TypeName): string {
  return name === "NULL" || name === "BYTES"
    ? name
    : `${name === "INTEGER" || name === "EDGE" ? "an" : "a"} ${name}`;
}

function addTemporal(a: Temporal, b: Temporal): Value {
  if (b instanceof Duration) {
    return a instanceof Duration ? addDurations(a, b) : plus(a, b);
  }
  return a instanceof Duration ? plus(b, a) : refuse("+", a, b);
}

function subtractTemporal(a: Temporal, b: Temporal): Value {
  if (b instanceof Duration) {
    return a instanceof Duration ? addDurations(a, negateDuration(b)) : minus(a, b);
  }
  return refuse("-", a, b, "DURATION_BETWEEN(start, end) tells how far apart two values are.");
}

function multiplyDuration(duration: Duration, factor: number | bigint | Float): Duration {
  const { digits, places } = exact(factor);
  return scaleDuration(duration, { numerator: digits, denominator: 10n ** BigInt(places) });
}

function divideDuration(duration: Duration, divisor: number | bigint | Float): Duration {
  const { digits, places } = exact(divisor);
  if (digits === 0n) {
    throw new GeodeError("22012", "a DURATION was divided by zero");
  }
  return scaleDuration(duration, { numerator: 10n ** BigInt(places), denominator: digits });
}

function exact(value: number | bigint | Float): ReturnType<typeof decimalOf> {
  return decimalOf(typeof value === "bigint" ? value : toNumber(value));
}

function join(operator: string, a: Value, b: Value): Value {
  if (typeof a === "string" && typeof b === "string") {
    return joinStrings(a, b);
  }
  if (a instanceof Uint8Array && b instanceof Uint8Array) {
    const joined = new Uint8Array(withinLimit(a.length + b.length, TEXT_LENGTH_MAX, "bytes"));
    joined.set(a);
    joined.set(b, a.length);
    return joined;
  }
  return refuse(operator, a, b);
}

function joinStrings(a: string, b: string): string {
  withinLimit(a.length + b.length, TEXT_LENGTH_MAX, "characters");
  return a + b;
}

/** ISO/IEC 39075:2024 §20.15: the second one goes on where the first one ends. Throws 22G0Z. */
function joinPaths(a: Path, b: Path): Path {
  if (a.elements.at(-1)?.id !== b.elements[0]?.id) {
    throw new GeodeError("22G0Z", "the second path does not begin where the first one ends");
  }
  withinLimit(a.elements.length + b.elements.length, LIST_LENGTH_MAX, "elements");
  return new Path([...a.elements, ...b.elements.slice(1)]);
}

function joinLists(a: readonly Value[], b: readonly Value[]): Value {
  withinLimit(a.length + b.length, LIST_LENGTH_MAX, "elements");
  return [...a, ...b];
}

function withinLimit(length: number, lengthMax: number, unit: string): number {
  if (length > lengthMax) {
    throw new GeodeError(
      "LIMIT",
      `joined, the two would have ${length} ${unit}, but at most ${lengthMax} are allowed`,
    );
  }
  return length;
}

function divisionByZero(): GeodeError {
  return new GeodeError("22012", "an integer was divided by zero", {
    hint: "Divide by a float to get an infinity instead.",
  });
}

function refuse(operator: string, a: Value, b: Value, hint?: string): never {
  throw new GeodeError(
    "22G03",
    `${operator} cannot be applied to ${article(typeName(a))} and ${article(typeName(b))}`,
    { hint },
  );
}
