import { Float, GeodeError } from "@geode/values";
import { FIELDS_MAX, PARAMETER_DEPTH_MAX } from "./limits.ts";

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

/**
 * Parameters as the wire wants them (PROTOCOL.md, "Values"). A `number` without a fraction is an INTEGER; for the FLOAT 2.0 say
 * `float(2)`. A `Map` and a plain object are records. Throws 22G03 naming the place of whatever has no GQL value: `undefined`, a
 * function, a Date (send its ISO string), a node (send its id or its properties), a cycle.
 */
export function encodeParameters(
  parameters: Readonly<Record<string, unknown>> | ReadonlyMap<string, unknown>,
): Record<string, unknown> {
  const result: Record<string, unknown> = Object.create(null);
  const entries = isMap(parameters) ? [...parameters] : Object.entries(parameters);
  if (entries.length > FIELDS_MAX)
    throw new GeodeError("22G03", `There are more than ${FIELDS_MAX} parameters`);
  for (const [name, value] of entries) result[name] = encodeValue(value, `$${name}`, 0);
  return result;
}

function encodeValue(value: unknown, path: string, depth: number): unknown {
  if (depth > PARAMETER_DEPTH_MAX)
    throw refused(path, `nests deeper than ${PARAMETER_DEPTH_MAX} levels; is it part of itself?`);
  if (value === null || typeof value === "boolean" || typeof value === "string") return value;
  if (typeof value === "number") return encodeNumber(value);
  if (typeof value === "bigint") return encodeBigint(value, path);
  if (value instanceof Float) return encodeFloat(value.value);
  if (value instanceof Uint8Array) return { $bytes: base64(value) };
  if (Array.isArray(value))
    return value.map((item, index) => encodeValue(item, `${path}[${index}]`, depth + 1));
  if (isMap(value)) return encodeRecord([...value], path, depth);
  if (typeof value === "object" && isPlain(value))
    return encodeRecord(Object.entries(value), path, depth);
  if (value instanceof Date)
    throw refused(path, "is a Date; send its ISO string and convert it in the query");
  throw refused(path, `is ${describe(value)}, which has no GQL value`);
}

function encodeRecord(
  entries: readonly (readonly [unknown, unknown])[],
  path: string,
  depth: number,
): Record<string, unknown> {
  if (entries.length > FIELDS_MAX) throw refused(path, `has more than ${FIELDS_MAX} fields`);
  const result: Record<string, unknown> = Object.create(null);
  for (const [name, item] of entries) {
    if (typeof name !== "string") throw refused(path, "has a field whose name is not a string");
    result[name.startsWith("$") ? `$${name}` : name] = encodeValue(
      item,
      `${path}.${name}`,
      depth + 1,
    );
  }
  return result;
}

/** An integral number beyond the safe range has already lost digits, so it can only have been meant as a FLOAT. */
function encodeNumber(value: number): unknown {
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) return value;
  return Number.isInteger(value) || !Number.isFinite(value) ? encodeFloat(value) : value;
}

function encodeFloat(value: number): unknown {
  if (!Number.isInteger(value) && Number.isFinite(value)) return value;
  if (Object.is(value, -0)) return { $float: "-0.0" };
  const digits = String(value);
  return { $float: /^-?\d+$/.test(digits) ? `${digits}.0` : digits };
}

function encodeBigint(value: bigint, path: string): unknown {
  if (value < INT64_MIN || value > INT64_MAX)
    throw refused(path, "is beyond the 64 bits of an INTEGER");
  const small = Number(value);
  return Number.isSafeInteger(small) ? small : { $int: String(value) };
}

function base64(bytes: Uint8Array): string {
  let binary = "";
  const chunkBytes = 8_192;
  for (let at = 0; at < bytes.length; at += chunkBytes)
    binary += String.fromCharCode(...bytes.subarray(at, at + chunkBytes));
  return btoa(binary);
}

function isMap(
  value: unknown,
): value is ReadonlyMap<unknown, unknown> & ReadonlyMap<string, unknown> {
  return value instanceof Map;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

function describe(value: unknown): string {
  if (value === undefined) return "undefined";
  if (typeof value !== "object" || value === null) return `a ${typeof value}`;
  const constructor: unknown = value.constructor;
  return typeof constructor === "function" && constructor.name !== ""
    ? `a ${constructor.name}`
    : "an object";
}

function refused(path: string, why: string): GeodeError {
  return new GeodeError("22G03", `The parameter ${path} ${why}`);
}
