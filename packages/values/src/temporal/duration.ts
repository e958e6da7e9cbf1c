import { GeodeError } from "../error.ts";
import { fractionText, NANOSECONDS_PER_DAY, NANOSECONDS_PER_SECOND } from "./time-of-day.ts";
import { TemporalValue } from "./temporal-value.ts";

/** The parts of a duration. Each has a sign of its own, and none can be turned into another: months and days differ in length. */
export interface DurationParts {
  readonly months: number;
  readonly days: number;
  /** Exact, however many they are. */
  readonly nanoseconds: bigint;
}

/** So that the seconds of a duration are always an INTEGER. */
const NANOSECONDS_MAX = (2n ** 63n - 1n) * BigInt(NANOSECONDS_PER_SECOND);

const DAY = BigInt(NANOSECONDS_PER_DAY);
const SECOND = BigInt(NANOSECONDS_PER_SECOND);

/** A DURATION: months, days and nanoseconds. */
export class Duration extends TemporalValue implements DurationParts {
  readonly months: number;
  readonly days: number;
  readonly nanoseconds: bigint;

  /** 22003 when it is too long to count. */
  constructor({ months, days, nanoseconds }: DurationParts) {
    super();
    if (
      !Number.isSafeInteger(months) ||
      !Number.isSafeInteger(days) ||
      nanoseconds > NANOSECONDS_MAX ||
      nanoseconds < -NANOSECONDS_MAX
    ) {
      throw new GeodeError("22003", "the duration is too long to count");
    }
    // Adding 0 turns -0 into 0.
    this.months = months + 0;
    this.days = days + 0;
    this.nanoseconds = nanoseconds;
  }

  override get type(): "DURATION" {
    return "DURATION";
  }

  /** `P1Y2M3DT4H5M6.7S`; every part has its own sign; no time at all is `PT0S`. */
  override toString(): string {
    const { months, days, nanoseconds } = this;
    const date = part(Math.trunc(months / 12), "Y") + part(months % 12, "M") + part(days, "D");
    const seconds = nanoseconds / SECOND;
    const fraction = Number(nanoseconds % SECOND);
    const time =
      part(seconds / 3_600n, "H") +
      part((seconds / 60n) % 60n, "M") +
      secondsText(Number(seconds % 60n), fraction);
    return `P${date}${time === "" ? (date === "" ? "T0S" : "") : `T${time}`}`;
  }
}

export function addDurations(a: DurationParts, b: DurationParts): Duration {
  return new Duration({
    months: a.months + b.months,
    days: a.days + b.days,
    nanoseconds: a.nanoseconds + b.nanoseconds,
  });
}

export function negateDuration({ months, days, nanoseconds }: DurationParts): Duration {
  return new Duration({ months: -months, days: -days, nanoseconds: -nanoseconds });
}

/** The duration times `numerator` / `denominator`, which is not 0. 22003 when it gets too long. */
export function scaleDuration(
  { months, days, nanoseconds }: DurationParts,
  { numerator, denominator }: { readonly numerator: bigint; readonly denominator: bigint },
): Duration {
  return durationOfFractions({
    months: BigInt(months) * numerator,
    days: BigInt(days) * numerator,
    nanoseconds: nanoseconds * numerator,
    denominator,
  });
}

/** Parts that need not be whole: numerators over a common denominator, which is not 0. */
export interface FractionalParts {
  readonly months: bigint;
  readonly days: bigint;
  readonly nanoseconds: bigint;
  readonly denominator: bigint;
}

/** A month has 30.436875 days in the mean of the calendar's cycle of 400 years: this many days in that many months. */
const MEAN_DAYS = 146_097n;
const MEAN_MONTHS = 4_800n;

/**
 * The duration with those parts. What is left of a month goes to the days at the mean length of a month, what is left of a day to the
 * nanoseconds at 24 hours a day, what is left of a nanosecond is cut off.
 */
export function durationOfFractions(parts: FractionalParts): Duration {
  const { denominator } = parts;
  const finer = denominator * MEAN_MONTHS;
  const days = parts.days * MEAN_MONTHS + (parts.months % denominator) * MEAN_DAYS;
  const nanoseconds = parts.nanoseconds * MEAN_MONTHS + (days % finer) * DAY;
  return new Duration({
    months: Number(parts.months / denominator),
    days: Number(days / finer),
    nanoseconds: nanoseconds / finer,
  });
}

function part(count: number | bigint, unit: string): string {
  return Number(count) === 0 ? "" : `${count}${unit}`;
}

function secondsText(seconds: number, nanoseconds: number): string {
  if (seconds === 0 && nanoseconds === 0) {
    return "";
  }
  const sign = seconds < 0 || nanoseconds < 0 ? "-" : "";
  return `${sign}${Math.abs(seconds)}${fractionText(Math.abs(nanoseconds))}S`;
}
