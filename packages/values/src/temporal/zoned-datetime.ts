import { dayText, requireDay } from "./calendar.ts";
import { offsetText, requireOffset } from "./offset.ts";
import { TemporalValue } from "./temporal-value.ts";
import { requireTimeOfDay, timeText } from "./time-of-day.ts";
import { localTimeAt, resolve, type DayAndTime, type Zone, type ZonedDayAndTime } from "./zone.ts";

/**
 * A ZONED DATETIME: an instant, and what calendars and clocks showed there. It holds its offset also when it names a zone, so that it
 * means the same for ever, whatever becomes of the zone's rules.
 */
export class ZonedDatetime extends TemporalValue implements ZonedDayAndTime {
  /** Days since 1970-01-01, local. */
  readonly day: number;
  /** Since midnight, local. */
  readonly nanoseconds: number;
  readonly offsetSeconds: number;
  /** The name of a time zone, or null where there is but an offset. */
  readonly zone: string | null;

  /** The offset must be one that the zone had at that time; {@link resolved} and {@link at} see to it. 22003 beyond the calendar. */
  constructor({ day, nanoseconds, offsetSeconds }: ZonedDayAndTime, zone: string | null) {
    super();
    this.day = requireDay(day);
    this.nanoseconds = requireTimeOfDay(nanoseconds);
    this.offsetSeconds = requireOffset(offsetSeconds);
    this.zone = zone;
  }

  /** That local time in a zone; see {@link resolve} for times that came twice or never. */
  static resolved(local: DayAndTime, zone: Zone, preferredOffset?: number): ZonedDatetime {
    requireDay(local.day);
    return new ZonedDatetime(resolve(local, zone, preferredOffset), nameOf(zone));
  }

  /** That instant, given in UTC, in a zone. */
  static at(instant: DayAndTime, zone: Zone): ZonedDatetime {
    requireDay(instant.day);
    return new ZonedDatetime(localTimeAt(instant, zone), nameOf(zone));
  }

  override get type(): "ZONED DATETIME" {
    return "ZONED DATETIME";
  }

  override toString(): string {
    const text = `${dayText(this.day)}T${timeText(this.nanoseconds)}${offsetText(this.offsetSeconds)}`;
    return this.zone === null ? text : `${text}[${this.zone}]`;
  }
}

function nameOf(zone: Zone): string | null {
  return typeof zone === "string" ? zone : null;
}
