import { article, isInteger, typeName } from "../arithmetic.ts";
import { GeodeError } from "../error.ts";
import type { Value, ValueRecord } from "../value.ts";
import { DATE_FIELDS, type DateField } from "./date-fields.ts";
import type { Temporal, TemporalInstant } from "./temporal.ts";
import { TemporalValue, type TemporalType } from "./temporal-value.ts";
import { TIME_FIELDS, type TimeField } from "./time-fields.ts";
import { parseZone, type Zone } from "./zone.ts";

/* The records that temporal values are made from and changed by: which fields they may have, and of what type each is. */

/** The types of {@link TemporalInstant}. */
export type InstantType = TemporalInstant["type"];

/** The fields that stand for parts of another value. */
type Source = "date" | "time" | "datetime";
type FieldName = DateField | TimeField | Source | "timezone";

export const FIELDS: Readonly<Record<InstantType, ReadonlySet<FieldName>>> = {
  DATE: new Set([...DATE_FIELDS, "date", "datetime"]),
  "LOCAL TIME": new Set([...TIME_FIELDS, "time", "datetime"]),
  "ZONED TIME": new Set([...TIME_FIELDS, "time", "datetime", "timezone"]),
  "LOCAL DATETIME": new Set([...DATE_FIELDS, ...TIME_FIELDS, "date", "time", "datetime"]),
  "ZONED DATETIME": new Set([
    ...DATE_FIELDS,
    ...TIME_FIELDS,
    "date",
    "time",
    "datetime",
    "timezone",
  ]),
};

const DATE_FIELD_SET: ReadonlySet<string> = new Set(DATE_FIELDS);
const TIME_FIELD_SET: ReadonlySet<string> = new Set(TIME_FIELDS);

/** A record that was read: what it replaces, and what it takes from other values. */
export interface Fields {
  readonly date: ReadonlyMap<DateField, number>;
  readonly time: ReadonlyMap<TimeField, number>;
  readonly zone: Zone | null;
  readonly sources: ReadonlyMap<Source, TemporalInstant>;
}

export const NO_FIELDS: Fields = {
  date: new Map(),
  time: new Map(),
  zone: null,
  sources: new Map(),
};

/** The fields by which a value of that type may be changed when it is truncated. Null: one is NULL. */
export function readChanges(type: InstantType, record: ValueRecord): Fields | null {
  const allowed = [...FIELDS[type]].filter((name) => !SOURCES.has(name));
  return readFields(type, record, new Set(allowed));
}

const SOURCES: ReadonlySet<FieldName> = new Set(["date", "time", "datetime"]);

/** Reads a record. Null: a field is NULL. Errors: 22007 for a field that is not allowed, 22G03 for a value of another type. */
export function readFields(
  type: InstantType,
  record: ValueRecord,
  allowed: ReadonlySet<FieldName>,
): Fields | null {
  const date = new Map<DateField, number>();
  const time = new Map<TimeField, number>();
  const sources = new Map<Source, TemporalInstant>();
  let zone: Zone | null = null;
  for (const [key, value] of record) {
    if (!allowed.has(key as FieldName)) {
      throw unknownField(type, key, [...allowed]);
    }
    if (value === null) {
      return null;
    }
    if (DATE_FIELD_SET.has(key)) {
      date.set(key as DateField, wholeNumber(key, value));
    } else if (TIME_FIELD_SET.has(key)) {
      time.set(key as TimeField, wholeNumber(key, value));
    } else if (key === "timezone") {
      zone = toZone(value);
    } else {
      sources.set(key as Source, source(key as Source, value));
    }
  }
  return { date, time, zone, sources };
}

function source(name: Source, value: Value): TemporalInstant {
  if (!isTemporal(value) || value.type === "DURATION") {
    throw notConvertible(name, value);
  }
  return value;
}

function wholeNumber(name: string, value: Value): number {
  if (!isInteger(value)) {
    throw new GeodeError("22G03", `\`${name}\` takes an INTEGER, not ${article(typeName(value))}`);
  }
  return Number(value);
}

/** The zone that a value names; null for NULL. 22G03 unless it is a string, 22007 for an unknown zone. */
export function toZone(value: Value): Zone | null {
  if (value === null) {
    return null;
  }
  if (typeof value !== "string") {
    throw new GeodeError("22G03", `a time zone is a STRING, not ${article(typeName(value))}`);
  }
  return parseZone(value);
}

export function isTemporal(value: Value): value is Temporal {
  return value instanceof TemporalValue;
}

export function unknownField(
  type: TemporalType,
  name: string,
  known: readonly string[],
): GeodeError {
  return new GeodeError("22007", `a ${type} has no field ${JSON.stringify(name.slice(0, 64))}`, {
    hint: `The fields are ${known.join(", ")}.`,
  });
}

export function notConvertible(what: string, value: Value): GeodeError {
  return new GeodeError("22G03", `${article(typeName(value))} cannot be made a ${what}`);
}
