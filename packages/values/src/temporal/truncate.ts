import { article, typeName } from "../arithmetic.ts";
import { GeodeError, unreachable } from "../error.ts";
import type { Value, ValueRecord } from "../value.ts";
import {
  dayNumber,
  dayOfWeek,
  firstMonday,
  firstOfQuarter,
  quarterOf,
  weekOf,
  yearMonthDay,
} from "./calendar.ts";
import { assemble, type InstantOf } from "./construct.ts";
import { type InstantType, isTemporal, NO_FIELDS, readChanges } from "./record.ts";
import { type Parts, partsOf } from "./parts.ts";
import type { TemporalInstant } from "./temporal.ts";
import {
  NANOSECONDS_PER_HOUR,
  NANOSECONDS_PER_MINUTE,
  NANOSECONDS_PER_SECOND,
} from "./time-of-day.ts";

const DATE_UNITS = [
  "millennium",
  "century",
  "decade",
  "year",
  "weekYear",
  "quarter",
  "month",
  "week",
  "day",
] as const;

type DateUnit = (typeof DATE_UNITS)[number];

/** In nanoseconds. */
const TIME_UNITS: ReadonlyMap<string, number> = new Map([
  ["hour", NANOSECONDS_PER_HOUR],
  ["minute", NANOSECONDS_PER_MINUTE],
  ["second", NANOSECONDS_PER_SECOND],
  ["millisecond", 1_000_000],
  ["microsecond", 1_000],
]);

/**
 * The beginning of the unit that `value` lies in, as a value of `type`, of which `changes` replaces some fields. The zone is kept, or
 * replaced without moving the clock. NULL in, NULL out. Errors: 22G03 for arguments of other types, 22007 for an unknown unit or field
 * or one that the types do not have, 22003 for a field out of range.
 */
export function truncate<Type extends InstantType>(
  type: Type,
  unit: Value,
  value: Value,
  changes: Value,
): InstantOf[Type] | null;
export function truncate(
  type: InstantType,
  unit: Value,
  value: Value,
  changes: Value,
): TemporalInstant | null {
  if (unit === null || value === null || changes === null) {
    return null;
  }
  if (typeof unit !== "string") {
    throw new GeodeError("22G03", `a unit is a STRING, not ${article(typeName(unit))}`);
  }
  if (!isTemporal(value) || value.type === "DURATION") {
    throw new GeodeError("22G03", `${article(typeName(value))} cannot be truncated to a unit`);
  }
  if (!(changes instanceof Map)) {
    throw new GeodeError("22G03", `changes are a RECORD, not ${article(typeName(changes))}`);
  }
  const parts = truncated(type, unit, partsOf(value));
  const fields = changes.size === 0 ? NO_FIELDS : readChanges(type, changes as ValueRecord);
  if (fields === null) {
    return null;
  }
  const time = new Map(fields.time);
  // Below a unit that is finer than a second, the fields count on from it.
  if (time.size > 0 && (unit === "millisecond" || unit === "microsecond") && !time.has(unit)) {
    const fraction = (parts.nanoseconds ?? 0) % NANOSECONDS_PER_SECOND;
    time.set(unit, fraction / (TIME_UNITS.get(unit) ?? 1));
  }
  return assemble(type, parts, { ...fields, time });
}

function truncated(type: InstantType, unit: string, parts: Parts): Parts {
  const size = TIME_UNITS.get(unit);
  if (size !== undefined) {
    const { nanoseconds } = parts;
    if (nanoseconds === null || type === "DATE") {
      throw new GeodeError("22007", `a date cannot be truncated to the ${unit}`);
    }
    return { ...parts, nanoseconds: nanoseconds - (nanoseconds % size) };
  }
  const dateUnit = DATE_UNITS.find((known) => known === unit);
  if (dateUnit === undefined) {
    throw new GeodeError("22007", `there is no unit ${JSON.stringify(unit.slice(0, 64))}`, {
      hint: `The units are ${[...DATE_UNITS, ...TIME_UNITS.keys()].join(", ")}.`,
    });
  }
  if (dateUnit === "day") {
    return { ...parts, nanoseconds: 0 };
  }
  if (parts.day === null || type === "LOCAL TIME" || type === "ZONED TIME") {
    throw new GeodeError("22007", `a time cannot be truncated to the ${unit}`);
  }
  return { ...parts, day: firstDay(dateUnit, parts.day), nanoseconds: 0 };
}

function firstDay(unit: Exclude<DateUnit, "day">, day: number): number {
  const { year, month } = yearMonthDay(day);
  switch (unit) {
    case "millennium":
      return firstOfYears(year, 1_000);
    case "century":
      return firstOfYears(year, 100);
    case "decade":
      return firstOfYears(year, 10);
    case "year":
      return firstOfYears(year, 1);
    case "weekYear":
      return firstMonday(weekOf(day).weekYear);
    case "quarter":
      return firstOfQuarter(year, quarterOf(month));
    case "month":
      return dayNumber({ year, month, day: 1 });
    case "week":
      return day - dayOfWeek(day) + 1;
    default:
      return unreachable(unit);
  }
}

/** Of the so many years, beginning with a multiple of their number, that a year is one of. */
function firstOfYears(year: number, count: number): number {
  return dayNumber({ year: Math.floor(year / count) * count, month: 1, day: 1 });
}
