import { parseDecimal, type Decimal } from "./decimal.ts";
import { addDurations, Duration, negateDuration } from "./duration.ts";
import { durationOfUnits, type DurationUnit } from "./duration-units.ts";
import { parseLocalTime, reading, unreadable } from "./text.ts";

const NUMBER = "([+-]?\\d{1,19}(?:[.,]\\d{1,19})?)";
const UNITS_TEXT = new RegExp(
  `^(?:${NUMBER}Y)?(?:${NUMBER}M)?(?:${NUMBER}W)?(?:${NUMBER}D)?(?:T(?:${NUMBER}H)?(?:${NUMBER}M)?(?:${NUMBER}S)?)?$`,
  "i",
);
const GROUPS = [
  "years",
  "months",
  "weeks",
  "days",
  "hours",
  "minutes",
  "seconds",
] as const satisfies readonly DurationUnit[];

/** `P2012-02-02T14:37:21.545`: the units in the places of a date's. */
const DATE_LIKE = /^(\d{4})-(\d{2})-(\d{2})(?:T(.+))?$/i;

/**
 * Reads an ISO 8601 duration: `P1Y2M3W4DT5H6M7.8S`, where any number may have a sign and a fraction, `P2012-02-02T14:37:21.545`, and either
 * with a sign before it all. 22007 for anything else.
 */
export function parseDuration(text: string): Duration {
  return reading("DURATION", text, () => {
    const match = /^([+-]?)P(.*)$/i.exec(text);
    if (match === null) {
      throw unreadable("a duration begins with P");
    }
    const [, sign, body = ""] = match;
    const duration = DATE_LIKE.test(body) ? dateLike(body) : units(body);
    return sign === "-" ? negateDuration(duration) : duration;
  });
}

function units(body: string): Duration {
  const match = UNITS_TEXT.exec(body);
  if (match === null || body === "" || /T$/i.test(body)) {
    throw unreadable("its units cannot be read");
  }
  const lengths = new Map<DurationUnit, Decimal>();
  for (const [i, unit] of GROUPS.entries()) {
    const number = match[i + 1];
    if (number !== undefined) {
      lengths.set(unit, parseDecimal(number));
    }
  }
  return durationOfUnits(lengths);
}

function dateLike(body: string): Duration {
  const [, years = "", months = "", days = "", time] = DATE_LIKE.exec(body) ?? [];
  // Month 0 and day 0 are durations, though no date has them; so only the time is read as such.
  const { nanoseconds } = parseLocalTime(time ?? "00");
  return addDurations(
    units(`${years}Y${months}M${days}D`),
    new Duration({ months: 0, days: 0, nanoseconds: BigInt(nanoseconds) }),
  );
}
