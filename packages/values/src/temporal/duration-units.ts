import { numerator, type Decimal } from "./decimal.ts";
import { durationOfFractions, type Duration, type DurationParts } from "./duration.ts";
import {
  NANOSECONDS_PER_HOUR,
  NANOSECONDS_PER_MINUTE,
  NANOSECONDS_PER_SECOND,
} from "./time-of-day.ts";

/** The units that a duration is made of, and the part that each counts in. */
const UNITS = {
  years: ["months", 12],
  quarters: ["months", 3],
  months: ["months", 1],
  weeks: ["days", 7],
  days: ["days", 1],
  hours: ["nanoseconds", NANOSECONDS_PER_HOUR],
  minutes: ["nanoseconds", NANOSECONDS_PER_MINUTE],
  seconds: ["nanoseconds", NANOSECONDS_PER_SECOND],
  milliseconds: ["nanoseconds", 1_000_000],
  microseconds: ["nanoseconds", 1_000],
  nanoseconds: ["nanoseconds", 1],
} as const satisfies Record<string, readonly [part: keyof DurationParts, size: number]>;

export type DurationUnit = keyof typeof UNITS;

export const DURATION_UNITS = Object.keys(UNITS) as readonly DurationUnit[];

/** The sum of those lengths of time. Half a month is half of its mean length, half a day is 12 hours. 22003 when it is too long. */
export function durationOfUnits(lengths: ReadonlyMap<DurationUnit, Decimal>): Duration {
  const places = Math.max(0, ...[...lengths.values()].map((length) => length.places));
  const sums = { months: 0n, days: 0n, nanoseconds: 0n };
  for (const [unit, length] of lengths) {
    const [part, size] = UNITS[unit];
    sums[part] += numerator(length, places) * BigInt(size);
  }
  return durationOfFractions({ ...sums, denominator: 10n ** BigInt(places) });
}
