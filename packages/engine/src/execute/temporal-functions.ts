import {
  datetimeAt,
  datetimeOfEpoch,
  daysBetween,
  dayTimeBetween,
  type Duration,
  durationBetween,
  GeodeError,
  type InstantOf,
  type InstantType,
  isInteger,
  isTemporal,
  monthsBetween,
  secondsBetween,
  type TemporalInstant,
  toDuration,
  toInstant,
  toZone,
  truncate,
  typeName,
  type Value,
  type Zone,
} from "@geode/values";
import { located } from "./located.ts";

/*
 * The functions of temporal values (ISO/IEC 39075:2024 §20.27 to §20.30, and Cypher's). NULL in, NULL out. Those that may read the clock take the
 * statement's moment first, which is the same all through the statement.
 */

/** A moment, and the zone of the session that it is told in. */
export interface Now {
  readonly timeMs: number;
  readonly zone: Zone;
}

type OneOptional = [value: Value, offset: number] | [offset: number];

/** From a string, a record or another temporal value; without an argument, now. */
function constructorOf<Type extends InstantType>(
  type: Type,
): (now: Now, ...rest: OneOptional) => InstantOf[Type] | null {
  return (now, ...rest) => {
    const offset = rest.length === 2 ? rest[1] : rest[0];
    return attempt(offset, () =>
      toInstant(type, rest.length === 2 ? rest[0] : datetimeAt(now.timeMs, now.zone)),
    );
  };
}

/** Now, in the zone of the argument; without one, in that of the session. */
function current<Type extends InstantType>(
  type: Type,
): (now: Now, ...rest: OneOptional) => InstantOf[Type] | null {
  return (now, ...rest) => {
    const offset = rest.length === 2 ? rest[1] : rest[0];
    return attempt(offset, () => {
      const zone = rest.length === 2 ? toZone(rest[0]) : now.zone;
      return zone === null ? null : toInstant(type, datetimeAt(now.timeMs, zone));
    });
  };
}

const NO_CHANGES: Value = new Map();

/** Of a unit, a value, and fields to replace; without a value, of now. */
function truncation<Type extends InstantType>(
  type: Type,
): (
  now: Now,
  unit: Value,
  ...rest:
    | [value: Value, changes: Value, offset: number]
    | [value: Value, offset: number]
    | [offset: number]
) => InstantOf[Type] | null {
  return (now, unit, ...rest) => {
    const offset = rest.at(-1) as number;
    const value = rest.length > 1 ? (rest[0] as Value) : datetimeAt(now.timeMs, now.zone);
    const changes = rest.length > 2 ? (rest[1] as Value) : NO_CHANGES;
    return attempt(offset, () => truncate(type, unit, value, changes));
  };
}

/** What lies between two values. */
function difference(
  name: string,
  measure: (start: TemporalInstant, end: TemporalInstant) => Duration,
): (start: Value, end: Value, offset: number) => Duration | null {
  return (start, end, offset) => {
    if (start === null || end === null) return null;
    return attempt(offset, () => measure(instant(name, start), instant(name, end)));
  };
}

function instant(name: string, value: Value): TemporalInstant {
  if (isTemporal(value) && value.type !== "DURATION") return value;
  throw new GeodeError("22G03", `${name} takes dates and times, not ${typeName(value)}.`);
}

const between = difference("DURATION_BETWEEN", durationBetween);

/** The third argument that the grammar makes of a qualifier. */
const QUALIFIED: ReadonlyMap<Value, typeof between> = new Map([
  ["YEAR TO MONTH", difference("DURATION_BETWEEN", monthsBetween)],
  ["DAY TO SECOND", difference("DURATION_BETWEEN", dayTimeBetween)],
]);

export const temporalFunctions = {
  date: constructorOf("DATE"),
  local_time: constructorOf("LOCAL TIME"),
  zoned_time: constructorOf("ZONED TIME"),
  local_datetime: constructorOf("LOCAL DATETIME"),
  zoned_datetime: constructorOf("ZONED DATETIME"),
  current_date: current("DATE"),
  current_local_time: current("LOCAL TIME"),
  current_time: current("ZONED TIME"),
  current_local_datetime: current("LOCAL DATETIME"),
  current_timestamp: current("ZONED DATETIME"),
  date_truncate: truncation("DATE"),
  local_time_truncate: truncation("LOCAL TIME"),
  zoned_time_truncate: truncation("ZONED TIME"),
  local_datetime_truncate: truncation("LOCAL DATETIME"),
  zoned_datetime_truncate: truncation("ZONED DATETIME"),
  /** Milliseconds since 1970. */
  timestamp: ({ timeMs }: Now): Value => Math.floor(timeMs),
  datetime_from_epoch(seconds: Value, nanoseconds: Value, offset: number): Value {
    if (seconds === null || nanoseconds === null) return null;
    return attempt(offset, () =>
      datetimeOfEpoch({
        seconds: bigInteger("DATETIME.FROMEPOCH", seconds),
        nanoseconds: bigInteger("DATETIME.FROMEPOCH", nanoseconds),
      }),
    );
  },
  datetime_from_epoch_millis(milliseconds: Value, offset: number): Value {
    if (milliseconds === null) return null;
    return attempt(offset, () =>
      datetimeOfEpoch({
        seconds: 0n,
        nanoseconds: bigInteger("DATETIME.FROMEPOCHMILLIS", milliseconds) * 1_000_000n,
      }),
    );
  },
  duration: (value: Value, offset: number): Value => attempt(offset, () => toDuration(value)),
  duration_between(
    start: Value,
    end: Value,
    ...rest: [qualifier: Value, offset: number] | [offset: number]
  ): Value {
    if (rest.length === 1) return between(start, end, rest[0]);
    const [qualifier, offset] = rest;
    const measure = QUALIFIED.get(qualifier);
    if (measure === undefined)
      throw located(
        new GeodeError("22007", "DURATION_BETWEEN counts YEAR TO MONTH or DAY TO SECOND."),
        offset,
      );
    return measure(start, end, offset);
  },
  duration_in_months: difference("DURATION.INMONTHS", monthsBetween),
  duration_in_days: difference("DURATION.INDAYS", daysBetween),
  duration_in_seconds: difference("DURATION.INSECONDS", secondsBetween),
};

function bigInteger(name: string, value: Value): bigint {
  if (isInteger(value)) return BigInt(value);
  throw new GeodeError("22G03", `${name} takes an INTEGER, not ${typeName(value)}.`);
}

function attempt<Result>(offset: number, compute: () => Result): Result {
  try {
    return compute();
  } catch (error) {
    throw located(error, offset);
  }
}
