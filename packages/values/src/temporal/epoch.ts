import { NANOSECONDS_PER_DAY } from "./time-of-day.ts";
import type { Zone } from "./zone.ts";
import { ZonedDatetime } from "./zoned-datetime.ts";

const MILLISECONDS_PER_DAY = 86_400_000;

/** The instant so many milliseconds after 1970-01-01T00:00Z, in a zone; fractions are cut off. 22003 beyond the calendar. */
export function datetimeAt(timeMs: number, zone: Zone): ZonedDatetime {
  const day = Math.floor(timeMs / MILLISECONDS_PER_DAY);
  const nanoseconds = (Math.floor(timeMs) - day * MILLISECONDS_PER_DAY) * 1_000_000;
  return ZonedDatetime.at({ day, nanoseconds }, zone);
}

/** The instant so many seconds and nanoseconds after 1970-01-01T00:00Z, in UTC; both may be of any size. */
export function datetimeOfEpoch(epoch: {
  readonly seconds: bigint;
  readonly nanoseconds: bigint;
}): ZonedDatetime {
  const total = epoch.seconds * 1_000_000_000n + epoch.nanoseconds;
  const rest = ((total % DAY) + DAY) % DAY;
  return ZonedDatetime.at({ day: Number((total - rest) / DAY), nanoseconds: Number(rest) }, 0);
}

const DAY = BigInt(NANOSECONDS_PER_DAY);
