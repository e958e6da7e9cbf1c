import { GeodeError } from "../error.ts";
import { requireField } from "./field.ts";
import {
  NANOSECONDS_PER_HOUR,
  NANOSECONDS_PER_MINUTE,
  NANOSECONDS_PER_SECOND,
} from "./time-of-day.ts";

/** The parts of a time of day, the coarse first. */
export const TIME_FIELDS = [
  "hour",
  "minute",
  "second",
  "millisecond",
  "microsecond",
  "nanosecond",
] as const;

export type TimeField = (typeof TIME_FIELDS)[number];

/** Whole numbers, not yet known to be in range. */
export type TimeFields = ReadonlyMap<TimeField, number>;

/** Nanoseconds in a unit that is finer than a second; the coarse first. */
const FRACTIONS = [
  ["millisecond", 1_000_000],
  ["microsecond", 1_000],
  ["nanosecond", 1],
] as const satisfies readonly (readonly [TimeField, number])[];

/**
 * The time of day with those fields, in nanoseconds. What they leave open is as in `base`; without one it is 0, and a field needs those
 * that are coarser. Errors: 22007 for a field that is missing, 22003 for one out of range.
 */
export function timeOfFields(fields: TimeFields, base: number | null): number {
  if (base === null) {
    requireCoarser(fields);
  }
  const from = base ?? 0;
  const hour = field(fields, "hour", Math.floor(from / NANOSECONDS_PER_HOUR), 23);
  const minute = field(fields, "minute", Math.floor(from / NANOSECONDS_PER_MINUTE) % 60, 59);
  const second = field(fields, "second", Math.floor(from / NANOSECONDS_PER_SECOND) % 60, 59);
  return (
    hour * NANOSECONDS_PER_HOUR +
    minute * NANOSECONDS_PER_MINUTE +
    second * NANOSECONDS_PER_SECOND +
    fractionOfFields(fields, from % NANOSECONDS_PER_SECOND)
  );
}

/** Given together, each finer unit counts what the coarser one leaves open: 645 ms and 876 µs. Given alone, it counts the whole. */
function fractionOfFields(fields: TimeFields, base: number): number {
  let total = 0;
  let open = NANOSECONDS_PER_SECOND;
  for (const [name, size] of FRACTIONS) {
    const value = fields.get(name);
    if (value !== undefined) {
      total += requireField(name, value, { min: 0, max: open / size - 1 }) * size;
      open = size;
    }
  }
  return open === NANOSECONDS_PER_SECOND ? base : total;
}

function field(fields: TimeFields, name: TimeField, base: number, valueMax: number): number {
  return requireField(name, fields.get(name) ?? base, { min: 0, max: valueMax });
}

function requireCoarser(fields: TimeFields): void {
  for (const name of fields.keys()) {
    const missing = TIME_FIELDS.slice(0, Math.min(TIME_FIELDS.indexOf(name), 3)).find(
      (coarser) => !fields.has(coarser),
    );
    if (missing !== undefined) {
      throw new GeodeError("22007", `a time with ${name} needs ${missing}, too`);
    }
  }
}
