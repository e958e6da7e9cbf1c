import { GeodeError } from "../error.ts";
import { dayOfFields, type DateField } from "./date-fields.ts";
import { LocalDate } from "./local-date.ts";
import { LocalDatetime } from "./local-datetime.ts";
import { LocalTime } from "./local-time.ts";
import { parseOffset } from "./offset.ts";
import type { TemporalType } from "./temporal-value.ts";
import { timeOfFields, type TimeField } from "./time-fields.ts";
import { isOffsetOf, parseZone, zoneName } from "./zone.ts";
import { ZonedDatetime } from "./zoned-datetime.ts";
import { ZonedTime } from "./zoned-time.ts";

/*
 * Dates and times as ISO 8601 texts, extended (`2015-07-21`) or basic (`20150721`), of any precision. All fail with 22007.
 */

/** Longer than any text of ours. What is longer is refused before it is looked at. */
export const TEMPORAL_TEXT_LENGTH_MAX = 160;

/** Years of other than four digits have a sign, and are only read in the extended form. */
const EXTENDED_DATE =
  /^(\d{4}|[+-]\d{1,9})(?:-(\d{2})(?:-(\d{2}))?|-[Ww](\d{2})(?:-(\d))?|-[Qq](\d)(?:-(\d{1,2}))?|-(\d{3}))?$/;
const BASIC_DATE = /^(\d{4})(?:(\d{2})(\d{2})?|[Ww](\d{2})(\d)?|[Qq](\d)(\d{1,2})?|(\d{3}))?$/;
const DATE_GROUPS = [
  "year",
  "month",
  "day",
  "week",
  "dayOfWeek",
  "quarter",
  "dayOfQuarter",
  "ordinalDay",
] as const satisfies readonly DateField[];

const EXTENDED_TIME = /^(\d{2})(?::(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?$/;
const BASIC_TIME = /^(\d{2})(?:(\d{2})(?:(\d{2})(?:[.,](\d{1,9}))?)?)?$/;
const TIME_GROUPS = ["hour", "minute", "second"] as const satisfies readonly TimeField[];

/** What stands behind the time: an offset, and the name of a zone in brackets. */
const SUFFIX = /^([^zZ+\-[\]]*)([zZ]|[+-][\d:]*)?(?:\[([^[\]]*)\])?$/;

export function parseDate(text: string): LocalDate {
  return reading("DATE", text, () => new LocalDate(dayOf(text)));
}

export function parseLocalTime(text: string): LocalTime {
  return reading("LOCAL TIME", text, () => new LocalTime(timeOf(text)));
}

/** Without an offset: UTC. */
export function parseZonedTime(text: string): ZonedTime {
  return reading("ZONED TIME", text, () => {
    const [, time = "", offset = "Z", zone] = SUFFIX.exec(text) ?? [];
    if (zone !== undefined) {
      throw unreadable("it has an offset only, no zone");
    }
    return new ZonedTime({ nanoseconds: timeOf(time), offsetSeconds: offsetOf(offset) });
  });
}

/** A date alone is its midnight. */
export function parseLocalDatetime(text: string): LocalDatetime {
  return reading("LOCAL DATETIME", text, () => {
    const [date, time] = split(text);
    return new LocalDatetime({ day: dayOf(date), nanoseconds: time === "" ? 0 : timeOf(time) });
  });
}

/** A date alone is its midnight. Without an offset and a zone: UTC. An offset that the zone did not have at that time is refused. */
export function parseZonedDatetime(text: string): ZonedDatetime {
  return reading("ZONED DATETIME", text, () => {
    const [date, rest] = split(text);
    const [, time = "-", offset, zone] = SUFFIX.exec(rest) ?? [];
    const local = { day: dayOf(date), nanoseconds: rest === "" ? 0 : timeOf(time) };
    if (zone === undefined) {
      return ZonedDatetime.resolved(local, offsetOf(offset ?? "Z"));
    }
    if (offset === undefined) {
      return ZonedDatetime.resolved(local, parseZone(zone));
    }
    const name = zoneName(zone);
    const offsetSeconds = offsetOf(offset);
    if (!isOffsetOf(new LocalDatetime(local), name, offsetSeconds)) {
      throw unreadable(`${name} was not at ${offset} then`);
    }
    return ZonedDatetime.resolved(local, name, offsetSeconds);
  });
}

/** Puts what went wrong into words that name the text. */
export function reading<Result>(type: TemporalType, text: string, read: () => Result): Result {
  try {
    if (text.length > TEMPORAL_TEXT_LENGTH_MAX) {
      throw unreadable(`it is longer than ${TEMPORAL_TEXT_LENGTH_MAX} characters`);
    }
    return read();
  } catch (error) {
    if (!(error instanceof GeodeError)) {
      throw error;
    }
    const shown = text.length > 64 ? `${text.slice(0, 64)}…` : text;
    throw new GeodeError("22007", `${JSON.stringify(shown)} is no ${type}: ${error.message}`, {
      hint: error.hint ?? `Such as ${EXAMPLES[type]}.`,
      cause: error,
    });
  }
}

const EXAMPLES: Readonly<Record<TemporalType, string>> = {
  DATE: "2024-02-29",
  "LOCAL TIME": "21:40:32.142",
  "ZONED TIME": "21:40:32+02:00",
  "LOCAL DATETIME": "2024-02-29T21:40:32",
  "ZONED DATETIME": "2024-02-29T21:40:32+01:00[Europe/Stockholm]",
  DURATION: "P1Y2M3DT4H5M6.7S",
};

export function unreadable(problem: string): GeodeError {
  return new GeodeError("22007", problem);
}

function split(text: string): readonly [date: string, time: string] {
  const at = text.search(/[Tt ]/);
  if (at < 0) {
    return [text, ""];
  }
  if (at === text.length - 1) {
    throw unreadable("the time is missing");
  }
  return [text.slice(0, at), text.slice(at + 1)];
}

function dayOf(text: string): number {
  const match = EXTENDED_DATE.exec(text) ?? BASIC_DATE.exec(text);
  if (match === null) {
    throw unreadable("the date cannot be read");
  }
  const fields = new Map<DateField, number>();
  for (const [i, name] of DATE_GROUPS.entries()) {
    const digits = match[i + 1];
    if (digits !== undefined) {
      fields.set(name, Number(digits));
    }
  }
  return dayOfFields(fields, null);
}

function timeOf(text: string): number {
  const match = EXTENDED_TIME.exec(text) ?? BASIC_TIME.exec(text);
  if (match === null) {
    throw unreadable("the time cannot be read");
  }
  const fields = new Map<TimeField, number>();
  for (const [i, name] of TIME_GROUPS.entries()) {
    const digits = match[i + 1];
    if (digits !== undefined) {
      fields.set(name, Number(digits));
    }
  }
  const fraction = match[4];
  if (fraction !== undefined) {
    fields.set("nanosecond", Number(fraction.padEnd(9, "0")));
  }
  return timeOfFields(fields, null);
}

function offsetOf(text: string): number {
  const offset = parseOffset(text);
  if (offset === null) {
    throw unreadable("the offset cannot be read");
  }
  return offset;
}
