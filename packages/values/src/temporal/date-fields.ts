import { GeodeError } from "../error.ts";
import {
  dayNumber,
  dayOfWeek,
  daysInMonth,
  daysInYear,
  firstMonday,
  firstOfQuarter,
  quarterOf,
  requireYear,
  weekOf,
  weeksInYear,
  yearMonthDay,
} from "./calendar.ts";
import { requireField } from "./field.ts";

/** The ways to name a day. Within a year that is by month, by week, by the day's number in the year, or by quarter. */
export const DATE_FIELDS = [
  "year",
  "month",
  "day",
  "week",
  "dayOfWeek",
  "ordinalDay",
  "quarter",
  "dayOfQuarter",
] as const;

export type DateField = (typeof DATE_FIELDS)[number];

/** Whole numbers, not yet known to be in range. */
export type DateFields = ReadonlyMap<DateField, number>;

const WAYS = ["month", "week", "ordinalDay", "quarter"] as const;
type Way = (typeof WAYS)[number];

const WAY_OF: ReadonlyMap<DateField, Way> = new Map([
  ["month", "month"],
  ["day", "month"],
  ["week", "week"],
  ["dayOfWeek", "week"],
  ["ordinalDay", "ordinalDay"],
  ["quarter", "quarter"],
  ["dayOfQuarter", "quarter"],
]);

/**
 * The day with those fields. What they leave open is as in `base`; without one it is the first. Errors: 22007 for fields that do not
 * belong together or lack one that they need, 22003 for one out of range.
 */
export function dayOfFields(fields: DateFields, base: number | null): number {
  switch (wayOf(fields)) {
    case "month":
      return byMonth(fields, base);
    case "week":
      return byWeek(fields, base);
    case "ordinalDay":
      return byOrdinalDay(fields, base);
    case "quarter":
      return byQuarter(fields, base);
  }
}

function wayOf(fields: DateFields): Way {
  let chosen: { readonly way: Way; readonly field: DateField } | undefined;
  for (const field of fields.keys()) {
    const way = WAY_OF.get(field);
    if (way === undefined) {
      continue;
    }
    if (chosen !== undefined && chosen.way !== way) {
      throw new GeodeError("22007", `a date has either ${chosen.field} or ${field}, not both`);
    }
    chosen ??= { way, field };
  }
  return chosen?.way ?? "month";
}

function byMonth(fields: DateFields, base: number | null): number {
  const from = base === null ? null : yearMonthDay(base);
  const year = yearOf(fields, from?.year);
  const month = field(fields, "month", from?.month, 12);
  requireCoarser(fields, "day", "month", base);
  const day = field(fields, "day", from?.day, daysInMonth(year, month));
  return dayNumber({ year, month, day });
}

function byWeek(fields: DateFields, base: number | null): number {
  const from = base === null ? null : weekOf(base);
  const weekYear = yearOf(fields, from?.weekYear);
  const week = field(fields, "week", from?.week, weeksInYear(weekYear));
  requireCoarser(fields, "dayOfWeek", "week", base);
  const day = field(fields, "dayOfWeek", base === null ? undefined : dayOfWeek(base), 7);
  return firstMonday(weekYear) + (week - 1) * 7 + day - 1;
}

function byOrdinalDay(fields: DateFields, base: number | null): number {
  const year = yearOf(fields, base === null ? undefined : yearMonthDay(base).year);
  const ordinalDay = field(fields, "ordinalDay", undefined, daysInYear(year));
  return dayNumber({ year, month: 1, day: 1 }) + ordinalDay - 1;
}

function byQuarter(fields: DateFields, base: number | null): number {
  const from = base === null ? null : yearMonthDay(base);
  const year = yearOf(fields, from?.year);
  const quarter = field(fields, "quarter", from === null ? undefined : quarterOf(from.month), 4);
  requireCoarser(fields, "dayOfQuarter", "quarter", base);
  const first = firstOfQuarter(year, quarter);
  const days = quarter === 4 ? 92 : firstOfQuarter(year, quarter + 1) - first;
  const dayOfQuarter =
    base === null || from === null
      ? undefined
      : base - firstOfQuarter(from.year, quarterOf(from.month)) + 1;
  return first + field(fields, "dayOfQuarter", dayOfQuarter, days) - 1;
}

function yearOf(fields: DateFields, base: number | undefined): number {
  const year = fields.get("year") ?? base;
  if (year === undefined) {
    throw new GeodeError("22007", "the year of the date is missing");
  }
  return requireYear(year);
}

/** The given value, else that of the base, else 1. */
function field(
  fields: DateFields,
  name: DateField,
  base: number | undefined,
  valueMax: number,
): number {
  return requireField(name, fields.get(name) ?? base ?? 1, { min: 1, max: valueMax });
}

function requireCoarser(
  fields: DateFields,
  name: DateField,
  coarser: DateField,
  base: number | null,
): void {
  if (base === null && fields.has(name) && !fields.has(coarser)) {
    throw new GeodeError("22007", `a date with ${name} needs ${coarser}, too`);
  }
}
