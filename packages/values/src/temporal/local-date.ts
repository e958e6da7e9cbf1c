import { dayText, requireDay } from "./calendar.ts";
import { TemporalValue } from "./temporal-value.ts";

/** A DATE: a day of the calendar, nowhere in particular. */
export class LocalDate extends TemporalValue {
  /** Days since 1970-01-01. */
  readonly day: number;

  /** 22003 for a day beyond the calendar. */
  constructor(day: number) {
    super();
    this.day = requireDay(day);
  }

  override get type(): "DATE" {
    return "DATE";
  }

  override toString(): string {
    return dayText(this.day);
  }
}
