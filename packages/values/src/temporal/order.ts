import type { Duration } from "./duration.ts";
import { NANOSECONDS_PER_DAY, NANOSECONDS_PER_SECOND } from "./time-of-day.ts";
import type { Temporal } from "./temporal.ts";
import { unreachable } from "../error.ts";
import { instantOf, type DayAndTime } from "./zone.ts";

/*
 * What is zoned stands by its instant: 12:00Z and 14:00+02:00 are equal. Durations are equal part by part.
 */

/** Negative, 0 or positive: a total order over the values of one type. 0 exactly when they are equal. */
export function compareTemporal(a: Temporal, b: Temporal): number {
  switch (a.type) {
    case "DATE":
      return a.day - (b as typeof a).day;
    case "LOCAL TIME":
      return a.nanoseconds - (b as typeof a).nanoseconds;
    case "ZONED TIME":
      return nanosecondsUtc(a) - nanosecondsUtc(b as typeof a);
    case "LOCAL DATETIME":
      return compareDays(a, b as typeof a);
    case "ZONED DATETIME":
      return compareDays(instantOf(a), instantOf(b as typeof a));
    case "DURATION":
      return compareDurations(a, b as Duration);
    default:
      return unreachable(a);
  }
}

/**
 * The same for durations, but only where it is so in every month: negative, 0 or positive; NaN for two that are as long but not equal (P1D,
 * PT24H); null where it depends on the months (P1M, P30D).
 */
export function relateDurations(a: Duration, b: Duration): number | null {
  const months = a.months - b.months;
  const rest = sign(dayTime(a) - dayTime(b));
  if (months !== 0 && rest !== 0 && Math.sign(months) !== rest) {
    return null;
  }
  if (months === 0 && rest === 0) {
    return a.days === b.days ? 0 : Number.NaN;
  }
  return months === 0 ? rest : months;
}

/** A text that two values of one type have in common exactly when they are equal. */
export function temporalKey(value: Temporal): string {
  switch (value.type) {
    case "DATE":
      return `D${value.day}`;
    case "LOCAL TIME":
      return `T${value.nanoseconds}`;
    case "ZONED TIME":
      return `Z${nanosecondsUtc(value)}`;
    case "LOCAL DATETIME":
      return `L${value.day},${value.nanoseconds}`;
    case "ZONED DATETIME": {
      const { day, nanoseconds } = instantOf(value);
      return `I${day},${nanoseconds}`;
    }
    case "DURATION":
      return `P${value.months},${value.days},${value.nanoseconds}`;
    default:
      return unreachable(value);
  }
}

/** Not wrapped at midnight: 23:00-02:00 is later than 00:30Z. */
function nanosecondsUtc(time: {
  readonly nanoseconds: number;
  readonly offsetSeconds: number;
}): number {
  return time.nanoseconds - time.offsetSeconds * NANOSECONDS_PER_SECOND;
}

function compareDays(a: DayAndTime, b: DayAndTime): number {
  return a.day - b.day || a.nanoseconds - b.nanoseconds;
}

/** A mean month has 30.436875 days, 2,629,746 seconds. */
const MONTH = 2_629_746n * BigInt(NANOSECONDS_PER_SECOND);
const DAY = BigInt(NANOSECONDS_PER_DAY);

/** By mean length; equally long ones by months, then by days. */
function compareDurations(a: Duration, b: Duration): number {
  const length = BigInt(a.months) * MONTH + dayTime(a) - (BigInt(b.months) * MONTH + dayTime(b));
  return sign(length) || a.months - b.months || a.days - b.days;
}

function dayTime(duration: Duration): bigint {
  return BigInt(duration.days) * DAY + duration.nanoseconds;
}

function sign(value: bigint): number {
  return value < 0n ? -1 : value > 0n ? 1 : 0;
}
