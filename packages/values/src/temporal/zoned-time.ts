import { offsetText, requireOffset } from "./offset.ts";
import { TemporalValue } from "./temporal-value.ts";
import { requireTimeOfDay, timeText } from "./time-of-day.ts";

/** A ZONED TIME: what a clock on the wall shows, and how far that is from UTC. */
export class ZonedTime extends TemporalValue {
  /** Since midnight, local. */
  readonly nanoseconds: number;
  readonly offsetSeconds: number;

  /** 22003 for what is no time of a day or no offset. */
  constructor({
    nanoseconds,
    offsetSeconds,
  }: {
    readonly nanoseconds: number;
    readonly offsetSeconds: number;
  }) {
    super();
    this.nanoseconds = requireTimeOfDay(nanoseconds);
    this.offsetSeconds = requireOffset(offsetSeconds);
  }

  override get type(): "ZONED TIME" {
    return "ZONED TIME";
  }

  override toString(): string {
    return timeText(this.nanoseconds) + offsetText(this.offsetSeconds);
  }
}
