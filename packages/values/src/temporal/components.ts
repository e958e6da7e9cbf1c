import { integer } from "../arithmetic.ts";
import { GeodeError, unreachable } from "../error.ts";
import type { Value } from "../value.ts";
import {
  dayNumber,
  dayOfWeek,
  firstOfQuarter,
  quarterOf,
  weekOf,
  yearMonthDay,
} from "./calendar.ts";
import type { Duration } from "./duration.ts";
import { offsetText } from "./offset.ts";
import type { Temporal } from "./temporal.ts";
import {
  NANOSECONDS_PER_DAY,
  NANOSECONDS_PER_HOUR,
  NANOSECONDS_PER_MINUTE,
  NANOSECONDS_PER_SECOND,
} from "./time-of-day.ts";
import { instantOf, zoneText } from "./zone.ts";
import type { ZonedDatetime } from "./zoned-datetime.ts";
import type { ZonedTime } from "./zoned-time.ts";

type Components<Of> = ReadonlyMap<string, (of: Of) => Value>;

const DATE: Components<{ readonly day: number }> = new Map([
  ["year", ({ day }) => yearMonthDay(day).year],
  ["quarter", ({ day }) => quarterOf(yearMonthDay(day).month)],
  ["month", ({ day }) => yearMonthDay(day).month],
  ["week", ({ day }) => weekOf(day).week],
  ["weekYear", ({ day }) => weekOf(day).weekYear],
  ["day", ({ day }) => yearMonthDay(day).day],
  ["ordinalDay", ({ day }) => ordinalDay(day)],
  ["dayOfWeek", ({ day }) => dayOfWeek(day)],
  ["weekDay", ({ day }) => dayOfWeek(day)],
  ["dayOfQuarter", ({ day }) => dayOfQuarter(day)],
]);

const TIME: Components<{ readonly nanoseconds: number }> = new Map([
  ["hour", ({ nanoseconds }) => Math.floor(nanoseconds / NANOSECONDS_PER_HOUR)],
  ["minute", ({ nanoseconds }) => Math.floor(nanoseconds / NANOSECONDS_PER_MINUTE) % 60],
  ["second", ({ nanoseconds }) => Math.floor(nanoseconds / NANOSECONDS_PER_SECOND) % 60],
  ["millisecond", ({ nanoseconds }) => Math.floor(nanoseconds / 1_000_000) % 1_000],
  ["microsecond", ({ nanoseconds }) => Math.floor(nanoseconds / 1_000) % 1_000_000],
  ["nanosecond", ({ nanoseconds }) => nanoseconds % NANOSECONDS_PER_SECOND],
]);

const ZONE: Components<ZonedTime | ZonedDatetime> = new Map<
  string,
  (of: ZonedTime | ZonedDatetime) => Value
>([
  [
    "timezone",
    (of) =>
      of.type === "ZONED DATETIME"
        ? zoneText(of.zone ?? of.offsetSeconds)
        : offsetText(of.offsetSeconds),
  ],
  ["offset", ({ offsetSeconds }) => offsetText(offsetSeconds)],
  ["offsetMinutes", ({ offsetSeconds }) => Math.trunc(offsetSeconds / 60)],
  ["offsetSeconds", ({ offsetSeconds }) => offsetSeconds],
]);

const EPOCH: Components<ZonedDatetime> = new Map([
  ["epochSeconds", (of) => epoch(of, BigInt(NANOSECONDS_PER_SECOND))],
  ["epochMillis", (of) => epoch(of, 1_000_000n)],
]);

/** Seconds and what is finer are rounded down, so that the nanoseconds of a second are never negative; all else is cut off. */
const DURATION: Components<Duration> = new Map([
  ["years", ({ months }) => Math.trunc(months / 12)],
  ["quarters", ({ months }) => Math.trunc(months / 3)],
  ["months", ({ months }) => months],
  ["weeks", ({ days }) => Math.trunc(days / 7)],
  ["days", ({ days }) => days],
  ["hours", (of) => integer(seconds(of) / 3_600n)],
  ["minutes", (of) => integer(seconds(of) / 60n)],
  ["seconds", (of) => integer(seconds(of))],
  ["milliseconds", ({ nanoseconds }) => integer(floor(nanoseconds, 1_000_000n))],
  ["microseconds", ({ nanoseconds }) => integer(floor(nanoseconds, 1_000n))],
  ["nanoseconds", ({ nanoseconds }) => integer(nanoseconds)],
  ["quartersOfYear", ({ months }) => Math.trunc(months / 3) % 4],
  ["monthsOfQuarter", ({ months }) => months % 3],
  ["monthsOfYear", ({ months }) => months % 12],
  ["daysOfWeek", ({ days }) => days % 7],
  ["minutesOfHour", (of) => integer((seconds(of) / 60n) % 60n)],
  ["secondsOfMinute", (of) => integer(seconds(of) % 60n)],
  ["millisecondsOfSecond", (of) => Math.floor(nanosecondsOfSecond(of) / 1_000_000)],
  ["microsecondsOfSecond", (of) => Math.floor(nanosecondsOfSecond(of) / 1_000)],
  ["nanosecondsOfSecond", nanosecondsOfSecond],
]);

/** `value.name`. 42002 for a component that the type does not have, 22003 for one that does not fit an INTEGER. */
export function componentOf(value: Temporal, name: string): Value {
  switch (value.type) {
    case "DATE":
      return read([DATE], value, name);
    case "LOCAL TIME":
      return read([TIME], value, name);
    case "ZONED TIME":
      return read([TIME, ZONE], value, name);
    case "LOCAL DATETIME":
      return read([DATE, TIME], value, name);
    case "ZONED DATETIME":
      return read([DATE, TIME, ZONE, EPOCH], value, name);
    case "DURATION":
      return read([DURATION], value, name);
    default:
      return unreachable(value);
  }
}

function read<Of extends Temporal>(
  tables: readonly Components<Of>[],
  value: Of,
  name: string,
): Value {
  for (const table of tables) {
    const component = table.get(name);
    if (component !== undefined) {
      // Adding 0 turns -0 into 0.
      const result = component(value);
      return typeof result === "number" ? result + 0 : result;
    }
  }
  throw new GeodeError(
    "42002",
    `a ${value.type} has no component ${JSON.stringify(name.slice(0, 64))}`,
    { hint: `It has ${tables.flatMap((table) => [...table.keys()]).join(", ")}.` },
  );
}

function ordinalDay(day: number): number {
  return day - dayNumber({ year: yearMonthDay(day).year, month: 1, day: 1 }) + 1;
}

function dayOfQuarter(day: number): number {
  const { year, month } = yearMonthDay(day);
  return day - firstOfQuarter(year, quarterOf(month)) + 1;
}

function epoch(of: ZonedDatetime, unit: bigint): Value {
  const { day, nanoseconds } = instantOf(of);
  return integer(floor(BigInt(day) * BigInt(NANOSECONDS_PER_DAY) + BigInt(nanoseconds), unit));
}

function seconds({ nanoseconds }: Duration): bigint {
  return floor(nanoseconds, BigInt(NANOSECONDS_PER_SECOND));
}

function nanosecondsOfSecond(of: Duration): number {
  return Number(of.nanoseconds - seconds(of) * BigInt(NANOSECONDS_PER_SECOND));
}

function floor(value: bigint, unit: bigint): bigint {
  return (value - (((value % unit) + unit) % unit)) / unit;
}
