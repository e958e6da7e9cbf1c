import { article, isNumeric, toNumber, typeName } from "../arithmetic.ts";
import { GeodeError, unreachable } from "../error.ts";
import type { Value, ValueRecord } from "../value.ts";
import { dayOfFields } from "./date-fields.ts";
import { type Decimal, decimalOf } from "./decimal.ts";
import { Duration } from "./duration.ts";
import { DURATION_UNITS, durationOfUnits, type DurationUnit } from "./duration-units.ts";
import { parseDuration } from "./duration-text.ts";
import { isEpochRecord, ofEpochRecord } from "./epoch-record.ts";
import { LocalDate } from "./local-date.ts";
import { LocalDatetime } from "./local-datetime.ts";
import { LocalTime } from "./local-time.ts";
import { NO_PARTS, type Parts, partsOf } from "./parts.ts";
import {
  type Fields,
  FIELDS,
  type InstantType,
  isTemporal,
  NO_FIELDS,
  notConvertible,
  readFields,
  unknownField,
} from "./record.ts";
import type { TemporalInstant } from "./temporal.ts";
import {
  parseDate,
  parseLocalDatetime,
  parseLocalTime,
  parseZonedDatetime,
  parseZonedTime,
} from "./text.ts";
import { timeOfFields } from "./time-fields.ts";
import { instantOf, localTimeAt, type Zone } from "./zone.ts";
import { ZonedDatetime } from "./zoned-datetime.ts";
import { ZonedTime } from "./zoned-time.ts";

/*
 * Temporal values from strings, from other temporal values, and from records of fields, among which `date`, `time` and `datetime` stand for
 * the parts of another value and the rest replaces some of them. NULL in, or in a field: NULL out. Errors: 22007 for a string or a record
 * that cannot be read, 22G03 for a value of another type, 22003 for a number out of range.
 */

export interface InstantOf {
  readonly DATE: LocalDate;
  readonly "LOCAL TIME": LocalTime;
  readonly "ZONED TIME": ZonedTime;
  readonly "LOCAL DATETIME": LocalDatetime;
  readonly "ZONED DATETIME": ZonedDatetime;
}

export function toInstant<Type extends InstantType>(
  type: Type,
  value: Value,
): InstantOf[Type] | null;
export function toInstant(type: InstantType, value: Value): TemporalInstant | null {
  if (value === null) {
    return null;
  }
  if (typeof value === "string") {
    return PARSERS[type](value);
  }
  if (value instanceof Map) {
    if (type === "ZONED DATETIME" && isEpochRecord(value as ValueRecord)) {
      return ofEpochRecord(value as ValueRecord);
    }
    const fields = readFields(type, value as ValueRecord, FIELDS[type]);
    return fields === null ? null : ofFields(type, fields);
  }
  if (isTemporal(value) && value.type !== "DURATION") {
    return value.type === type ? value : assemble(type, partsOf(value), NO_FIELDS);
  }
  throw notConvertible(type, value);
}

export function toDuration(value: Value): Duration | null {
  if (value === null || value instanceof Duration) {
    return value;
  }
  if (typeof value === "string") {
    return parseDuration(value);
  }
  if (!(value instanceof Map)) {
    throw notConvertible("DURATION", value);
  }
  const lengths = new Map<DurationUnit, Decimal>();
  for (const [name, length] of value as ValueRecord) {
    const unit = DURATION_UNITS.find((known) => known === name);
    if (unit === undefined) {
      throw unknownField("DURATION", name, DURATION_UNITS);
    }
    if (length === null) {
      return null;
    }
    if (!isNumeric(length)) {
      throw new GeodeError("22G03", `\`${name}\` takes a number, not ${article(typeName(length))}`);
    }
    lengths.set(unit, decimalOf(typeof length === "bigint" ? length : toNumber(length)));
  }
  if (lengths.size === 0) {
    throw new GeodeError("22007", "a DURATION has at least one unit", {
      hint: `The units are ${DURATION_UNITS.join(", ")}.`,
    });
  }
  return durationOfUnits(lengths);
}

const PARSERS: { readonly [Type in InstantType]: (text: string) => InstantOf[Type] } = {
  DATE: parseDate,
  "LOCAL TIME": parseLocalTime,
  "ZONED TIME": parseZonedTime,
  "LOCAL DATETIME": parseLocalDatetime,
  "ZONED DATETIME": parseZonedDatetime,
};

function ofFields(type: InstantType, fields: Fields): TemporalInstant {
  const { sources } = fields;
  const both = sources.get("datetime");
  if (both !== undefined && sources.size > 1) {
    throw new GeodeError(
      "22007",
      "`datetime` stands for `date` and `time`: give it or them, not both",
    );
  }
  const dateSource = sources.get("date") ?? both;
  const timeSource = sources.get("time") ?? both;
  const fromTime = timeSource === undefined ? NO_PARTS : partsOf(timeSource);
  const day = dateSource === undefined ? null : partsOf(dateSource).day;
  if (dateSource !== undefined && day === null) {
    throw notConvertible("DATE", dateSource);
  }
  if (timeSource !== undefined && fromTime.nanoseconds === null) {
    throw notConvertible("LOCAL TIME", timeSource);
  }
  const parts = { ...fromTime, day };
  if (fields.zone === null || parts.zone === null) {
    return assemble(type, parts, fields);
  }
  // Given with a zone and asked for in another, it is the same instant.
  return inZone(assemble(type, parts, { ...fields, zone: null }), fields.zone);
}

function inZone(value: TemporalInstant, zone: Zone): TemporalInstant {
  switch (value.type) {
    case "ZONED DATETIME":
      return ZonedDatetime.at(instantOf(value), zone);
    case "ZONED TIME": {
      const local = { day: 0, nanoseconds: value.nanoseconds, offsetSeconds: value.offsetSeconds };
      const { nanoseconds, offsetSeconds } = localTimeAt(instantOf(local), offsetOnly(zone));
      return new ZonedTime({ nanoseconds, offsetSeconds });
    }
    default:
      return value;
  }
}

/** The value with those parts, of which the fields replace some. Without a zone: UTC. */
export function assemble(type: InstantType, parts: Parts, fields: Fields): TemporalInstant {
  switch (type) {
    case "DATE":
      return new LocalDate(dayOf(parts, fields));
    case "LOCAL TIME":
      return new LocalTime(timeOf(type, parts, fields));
    case "ZONED TIME": {
      const nanoseconds = timeOf(type, parts, fields);
      const offsetSeconds =
        fields.zone === null ? (parts.offsetSeconds ?? 0) : offsetOnly(fields.zone);
      return new ZonedTime({ nanoseconds, offsetSeconds });
    }
    case "LOCAL DATETIME":
      return new LocalDatetime(dayAndTime(parts, fields));
    case "ZONED DATETIME":
      return ZonedDatetime.resolved(
        dayAndTime(parts, fields),
        fields.zone ?? parts.zone ?? 0,
        parts.offsetSeconds ?? undefined,
      );
    default:
      return unreachable(type);
  }
}

function dayAndTime(parts: Parts, fields: Fields): { day: number; nanoseconds: number } {
  return {
    day: dayOf(parts, fields),
    nanoseconds: timeOfFields(fields.time, parts.nanoseconds),
  };
}

function dayOf({ day }: Parts, { date }: Fields): number {
  return day !== null && date.size === 0 ? day : dayOfFields(date, day);
}

/** A time is nothing without at least its hour; a date and time has midnight to begin with. */
function timeOf(type: InstantType, { nanoseconds }: Parts, { time }: Fields): number {
  if (nanoseconds === null && time.size === 0) {
    throw new GeodeError("22007", `a ${type} has at least an hour`);
  }
  return timeOfFields(time, nanoseconds);
}

/** A time without a date has an offset only: that of a zone depends on the date. */
function offsetOnly(zone: Zone): number {
  if (typeof zone === "string") {
    throw new GeodeError("22007", `a ZONED TIME has an offset, not a zone like ${zone}`, {
      hint: "An offset is written +02:00.",
    });
  }
  return zone;
}
