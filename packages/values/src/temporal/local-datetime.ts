import { dayText, requireDay } from "./calendar.ts";
import { TemporalValue } from "./temporal-value.ts";
import { requireTimeOfDay, timeText } from "./time-of-day.ts";
import type { DayAndTime } from "./zone.ts";

/** A LOCAL DATETIME: what a calendar and a clock show, nowhere in particular. */
export class LocalDatetime extends TemporalValue implements DayAndTime {
  /** Days since 1970-01-01. */
  readonly day: number;
  /** Since midnight. */
  readonly nanoseconds: number;

  /** 22003 beyond the calendar. */
  constructor({ day, nanoseconds }: DayAndTime) {
    super();
    this.day = requireDay(day);
    this.nanoseconds = requireTimeOfDay(nanoseconds);
  }

  override get type(): "LOCAL DATETIME" {
    return "LOCAL DATETIME";
  }

  override toString(): string {
    return `${dayText(this.day)}T${timeText(this.nanoseconds)}`;
  }
}
