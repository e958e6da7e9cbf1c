import { TemporalValue } from "./temporal-value.ts";
import { requireTimeOfDay, timeText } from "./time-of-day.ts";

/** A LOCAL TIME: what a clock on the wall shows. */
export class LocalTime extends TemporalValue {
  /** Since midnight. */
  readonly nanoseconds: number;

  /** 22003 for what is no time of a day. */
  constructor(nanoseconds: number) {
    super();
    this.nanoseconds = requireTimeOfDay(nanoseconds);
  }

  override get type(): "LOCAL TIME" {
    return "LOCAL TIME";
  }

  override toString(): string {
    return timeText(this.nanoseconds);
  }
}
