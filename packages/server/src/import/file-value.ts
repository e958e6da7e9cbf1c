import {
  decode,
  encode,
  GeodeError,
  NESTING_MAX,
  TemporalValue,
  toDuration,
  toInstant,
  unreachable,
  type TemporalType,
  type Value,
} from "@geode/values";

/*
 * Values in files: as the protocol writes them, and temporal values with their type, because a file has no columns that tell it:
 * {"$date": "2024-01-31"}.
 */
const TAGS: ReadonlyMap<string, TemporalType> = new Map([
  ["$date", "DATE"],
  ["$local_time", "LOCAL TIME"],
  ["$zoned_time", "ZONED TIME"],
  ["$local_datetime", "LOCAL DATETIME"],
  ["$zoned_datetime", "ZONED DATETIME"],
  ["$duration", "DURATION"],
]);

/** The value of what `JSON.parse` returned. Throws GeodeError with the place of what is wrong, where `place` names the whole. */
export function fromFile(json: unknown, place: string): Value {
  return valueAt(json, place, 0);
}

/** The JSON text of a value, from which {@link fromFile} reads the same value. */
export function toFile(value: Value): string {
  if (value instanceof TemporalValue) {
    const tag = [...TAGS].find(([, type]) => type === value.type)![0];
    return `{"${tag}":${JSON.stringify(value.toString())}}`;
  }
  if (!hasTemporal(value)) return encode(value);
  if (Array.isArray(value)) return `[${value.map(toFile).join(",")}]`;
  const fields = [...(value as ReadonlyMap<string, Value>)];
  return `{${fields.map(([name, field]) => `${JSON.stringify(name.replace(/^\$/, "$$$$"))}:${toFile(field)}`).join(",")}}`;
}

/** The value of a temporal type that a text means. Throws GeodeError. */
export function temporal(type: TemporalType, text: string): Value {
  switch (type) {
    case "DURATION":
      return toDuration(text);
    case "DATE":
    case "LOCAL TIME":
    case "ZONED TIME":
    case "LOCAL DATETIME":
    case "ZONED DATETIME":
      return toInstant(type, text);
    default:
      return unreachable(type);
  }
}

/** Whether a value is temporal or holds one. */
export function hasTemporal(value: Value): boolean {
  if (value instanceof TemporalValue) return true;
  if (Array.isArray(value)) return value.some(hasTemporal);
  return value instanceof Map && [...(value.values() as Iterable<Value>)].some(hasTemporal);
}

function valueAt(json: unknown, place: string, depth: number): Value {
  if (typeof json !== "object" || json === null) return decode(json, place);
  if (depth >= NESTING_MAX)
    throw new GeodeError("22G03", `${place} is nested deeper than ${NESTING_MAX} levels`);
  if (Array.isArray(json)) return json.map((item, n) => valueAt(item, `${place}[${n}]`, depth + 1));
  const fields = Object.entries(json as Record<string, unknown>);
  const type = fields.length === 1 ? TAGS.get(fields[0]![0]) : undefined;
  if (type !== undefined) return temporalAt(type, fields[0]![1], place);
  if (fields.some(([name]) => /^\$(?!\$)/.test(name))) return decode(json, place);
  return new Map(
    fields.map(([name, field]) => [
      name.replace(/^\$\$/, "$"),
      valueAt(field, `${place}.${name}`, depth + 1),
    ]),
  );
}

function temporalAt(type: TemporalType, text: unknown, place: string): Value {
  if (typeof text !== "string")
    throw new GeodeError("22G03", `${place} must hold a ${type} as a text`);
  try {
    return temporal(type, text);
  } catch (cause) {
    if (!(cause instanceof GeodeError)) throw cause;
    throw new GeodeError(cause.code, `${place}: ${cause.message}`, { cause });
  }
}
