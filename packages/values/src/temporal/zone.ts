import { Temporal } from "temporal-polyfill";
import { GeodeError } from "../error.ts";
import { DAYS_PER_CYCLE } from "./calendar.ts";
import { offsetText, parseOffset } from "./offset.ts";
import { NANOSECONDS_PER_DAY, NANOSECONDS_PER_SECOND } from "./time-of-day.ts";

/** Where a clock hangs: at an offset from UTC in seconds, or in a time zone of the IANA database by its name. */
export type Zone = number | string;

/** A day and the time on it, local or UTC: the surroundings say which. */
export interface DayAndTime {
  readonly day: number;
  readonly nanoseconds: number;
}

/** The local time that a zone shows at some instant. */
export interface ZonedDayAndTime extends DayAndTime {
  readonly offsetSeconds: number;
}

/** How long the name of a zone may be; the longest in use has about half of that. */
const NAME_LENGTH_MAX = 64;
const NAME = /^[A-Za-z][A-Za-z0-9_+-]*(?:\/[A-Za-z0-9_+-]+)*$/;

/** Reads `Z`, `+02:00` or `Europe/Stockholm`. 22007 for what is neither an offset nor a known zone. */
export function parseZone(text: string): Zone {
  return parseOffset(text) ?? zoneName(text);
}

export function zoneText(zone: Zone): string {
  return typeof zone === "number" ? offsetText(zone) : zone;
}

/** The name of that zone, spelt as the IANA database spells it. 22007 if there is none. */
export function zoneName(text: string): string {
  if (text.length > NAME_LENGTH_MAX || !NAME.test(text)) {
    throw unknownZone(text);
  }
  return inZone(text, 0n).timeZoneId;
}

/** An instant as JavaScript's own data about time zones show it. */
function inZone(name: string, epochNanoseconds: bigint): Temporal.ZonedDateTime {
  try {
    return new Temporal.ZonedDateTime(epochNanoseconds, name);
  } catch (error) {
    throw unknownZone(name, error);
  }
}

function unknownZone(text: string, cause?: unknown): GeodeError {
  return new GeodeError(
    "22007",
    `there is no time zone ${JSON.stringify(text.slice(0, NAME_LENGTH_MAX))}`,
    {
      hint: "A time zone is an offset such as +02:00 or a name such as Europe/Stockholm.",
      cause,
    },
  );
}

/** The local time in a zone at an instant, given in UTC. */
export function localTimeAt(instant: DayAndTime, zone: Zone): ZonedDayAndTime {
  const offsetSeconds = typeof zone === "number" ? zone : offsetAt(instant, zone);
  return { ...moved(instant, offsetSeconds), offsetSeconds };
}

/** The instant, in UTC, at which the local time was so far from UTC. */
export function instantOf(local: ZonedDayAndTime): DayAndTime {
  return moved(local, -local.offsetSeconds);
}

/**
 * A local time together with its offset in the zone. When clocks were set back, the time that came twice is the first of the two, unless
 * `preferredOffset` is that of the second. When they were set forward, a time that never came is moved forward as the clocks were.
 */
export function resolve(local: DayAndTime, zone: Zone, preferredOffset?: number): ZonedDayAndTime {
  if (typeof zone === "number") {
    return { ...local, offsetSeconds: zone };
  }
  if (preferredOffset !== undefined && isOffsetOf(local, zone, preferredOffset)) {
    return { ...local, offsetSeconds: preferredOffset };
  }
  const before = offsetAt({ ...local, day: local.day - 1 }, zone);
  if (isOffsetOf(local, zone, before)) {
    return { ...local, offsetSeconds: before };
  }
  const after = offsetAt({ ...local, day: local.day + 1 }, zone);
  if (isOffsetOf(local, zone, after)) {
    return { ...local, offsetSeconds: after };
  }
  return localTimeAt(moved(local, -before), zone);
}

/** Whether clocks in the zone, when they showed that local time, were so far from UTC. */
export function isOffsetOf(local: DayAndTime, zone: string, offsetSeconds: number): boolean {
  return offsetAt(moved(local, -offsetSeconds), zone) === offsetSeconds;
}

/** By less than two days. */
function moved({ day, nanoseconds }: DayAndTime, seconds: number): DayAndTime {
  const total = nanoseconds + seconds * NANOSECONDS_PER_SECOND;
  const days = Math.floor(total / NANOSECONDS_PER_DAY);
  return { day: day + days, nanoseconds: total - days * NANOSECONDS_PER_DAY };
}

/** JavaScript knows ±10^8 days. What lies further away is taken for a day of the same place in a nearer cycle of the calendar. */
const DAY_NEAR_MAX = 99_000_000;
const CYCLE_FAR_START = 10_000_000;

function offsetAt({ day, nanoseconds }: DayAndTime, zone: string): number {
  const near =
    Math.abs(day) <= DAY_NEAR_MAX
      ? day
      : (day % DAYS_PER_CYCLE) +
        Math.sign(day) * DAYS_PER_CYCLE * Math.floor(CYCLE_FAR_START / DAYS_PER_CYCLE);
  const epochNanoseconds = BigInt(near) * BigInt(NANOSECONDS_PER_DAY) + BigInt(nanoseconds);
  const { offsetNanoseconds } = inZone(zone, epochNanoseconds);
  return Math.round(offsetNanoseconds / NANOSECONDS_PER_SECOND);
}
