import { addMonths, yearMonthDay } from "./calendar.ts";
import { Duration } from "./duration.ts";
import { type Parts, partsOf } from "./parts.ts";
import type { TemporalInstant } from "./temporal.ts";
import { NANOSECONDS_PER_DAY } from "./time-of-day.ts";
import {
  type DayAndTime,
  instantOf,
  localTimeAt,
  resolve,
  type Zone,
  type ZonedDayAndTime,
} from "./zone.ts";

/**
 * The duration from `start` to `end`, in whole months, then whole days, then the time that passes. Of two values, one has what the other
 * lacks: a date alone is its midnight, a time alone is on the other's day, what is local is where the other is. If neither has a date, or
 * only one, there are no months and days. Two zones are compared by the calendar and the clock of the first.
 */
export function durationBetween(start: TemporalInstant, end: TemporalInstant): Duration {
  const pair = aligned(start, end);
  const months = wholeMonths(pair);
  const from = { ...pair.from, day: addMonths(pair.from.day, months) };
  const days = wholeDays({ ...pair, from });
  return new Duration({
    months,
    days,
    nanoseconds: passed({ ...pair, from: { ...from, day: from.day + days } }),
  });
}

/** Its whole months, and nothing else. */
export function monthsBetween(start: TemporalInstant, end: TemporalInstant): Duration {
  return new Duration({ months: wholeMonths(aligned(start, end)), days: 0, nanoseconds: 0n });
}

/** Its whole days, and nothing else. */
export function daysBetween(start: TemporalInstant, end: TemporalInstant): Duration {
  return new Duration({ months: 0, days: wholeDays(aligned(start, end)), nanoseconds: 0n });
}

/** Its whole days, and the time that passes beyond them. */
export function dayTimeBetween(start: TemporalInstant, end: TemporalInstant): Duration {
  const pair = aligned(start, end);
  const days = wholeDays(pair);
  const from = { ...pair.from, day: pair.from.day + days };
  return new Duration({ months: 0, days, nanoseconds: passed({ ...pair, from }) });
}

/** All of it as time that passes; so a day may count 25 hours where clocks were set back. */
export function secondsBetween(start: TemporalInstant, end: TemporalInstant): Duration {
  return new Duration({ months: 0, days: 0, nanoseconds: passed(aligned(start, end)) });
}

interface Pair {
  /** Both as the calendar and the clock of `zone` show them. */
  readonly from: ZonedDayAndTime;
  readonly to: ZonedDayAndTime;
  readonly zone: Zone;
  /** Whether both have a date of their own. */
  readonly dated: boolean;
}

function aligned(start: TemporalInstant, end: TemporalInstant): Pair {
  const [a, b] = [partsOf(start), partsOf(end)];
  const zone = a.zone ?? b.zone ?? 0;
  const to = placed(b, a.day ?? 0, zone);
  return {
    from: placed(a, b.day ?? 0, zone),
    to: b.zone === null || b.zone === zone ? to : localTimeAt(instantOf(to), zone),
    zone,
    dated: a.day !== null && b.day !== null,
  };
}

function placed(parts: Parts, day: number, zone: Zone): ZonedDayAndTime {
  const local = { day: parts.day ?? day, nanoseconds: parts.nanoseconds ?? 0 };
  return resolve(local, parts.zone ?? zone, parts.offsetSeconds ?? undefined);
}

function wholeMonths({ from, to, dated }: Pair): number {
  if (!dated) {
    return 0;
  }
  const [a, b] = [yearMonthDay(from.day), yearMonthDay(to.day)];
  const months = (b.year - a.year) * 12 + b.month - a.month;
  return towardsZero(months, b.day - a.day || to.nanoseconds - from.nanoseconds);
}

function wholeDays({ from, to, dated }: Pair): number {
  return dated ? towardsZero(to.day - from.day, to.nanoseconds - from.nanoseconds) : 0;
}

/** `count`, less the one that is not complete if the rest goes the other way. */
function towardsZero(count: number, rest: number): number {
  return count > 0 && rest < 0 ? count - 1 : count < 0 && rest > 0 ? count + 1 : count;
}

function passed({ from, to, zone }: Pair): bigint {
  const start: DayAndTime = instantOf(resolve(from, zone, from.offsetSeconds));
  const end: DayAndTime = instantOf(to);
  return (
    BigInt(end.day - start.day) * BigInt(NANOSECONDS_PER_DAY) +
    BigInt(end.nanoseconds - start.nanoseconds)
  );
}
