import { unreachable } from "../error.ts";
import { addMonths, requireDay } from "./calendar.ts";
import { type Duration, negateDuration } from "./duration.ts";
import { LocalDate } from "./local-date.ts";
import { LocalDatetime } from "./local-datetime.ts";
import { LocalTime } from "./local-time.ts";
import type { TemporalInstant } from "./temporal.ts";
import { NANOSECONDS_PER_DAY } from "./time-of-day.ts";
import { type DayAndTime, instantOf } from "./zone.ts";
import { ZonedDatetime } from "./zoned-datetime.ts";
import { ZonedTime } from "./zoned-time.ts";

/**
 * `value + duration`: first the months, then the days, then the rest. What a type does not have is left out: times take no months and days,
 * dates only the whole days of the rest. In a time zone months and days go by the calendar, the rest by the time that passes. 22003
 * beyond the calendar.
 */
export function plus<Value extends TemporalInstant>(value: Value, duration: Duration): Value;
export function plus(value: TemporalInstant, duration: Duration): TemporalInstant {
  const { nanoseconds } = duration;
  switch (value.type) {
    case "DATE":
      return new LocalDate(calendarDay(value.day, duration) + Number(nanoseconds / DAY));
    case "LOCAL TIME":
      return new LocalTime(
        after({ day: 0, nanoseconds: value.nanoseconds }, nanoseconds).nanoseconds,
      );
    case "ZONED TIME":
      return new ZonedTime({
        nanoseconds: after({ day: 0, nanoseconds: value.nanoseconds }, nanoseconds).nanoseconds,
        offsetSeconds: value.offsetSeconds,
      });
    case "LOCAL DATETIME":
      return new LocalDatetime(
        after(
          { day: calendarDay(value.day, duration), nanoseconds: value.nanoseconds },
          nanoseconds,
        ),
      );
    case "ZONED DATETIME": {
      const zone = value.zone ?? value.offsetSeconds;
      const day = calendarDay(value.day, duration);
      const moved =
        day === value.day
          ? value
          : ZonedDatetime.resolved(
              { day, nanoseconds: value.nanoseconds },
              zone,
              value.offsetSeconds,
            );
      return nanoseconds === 0n
        ? moved
        : ZonedDatetime.at(after(instantOf(moved), nanoseconds), zone);
    }
    default:
      return unreachable(value);
  }
}

/** `value - duration`. */
export function minus<Value extends TemporalInstant>(value: Value, duration: Duration): Value {
  return plus(value, negateDuration(duration));
}

const DAY = BigInt(NANOSECONDS_PER_DAY);

function calendarDay(day: number, { months, days }: Duration): number {
  return requireDay(addMonths(day, months) + days);
}

function after({ day, nanoseconds }: DayAndTime, passed: bigint): DayAndTime {
  const total = BigInt(nanoseconds) + passed;
  const rest = ((total % DAY) + DAY) % DAY;
  return { day: day + Number((total - rest) / DAY), nanoseconds: Number(rest) };
}
