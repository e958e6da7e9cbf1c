import { GeodeError } from "../error.ts";
import { twoDigits } from "./time-of-day.ts";

/* The distance of a local time from UTC, in seconds, positive to the east. */

/** Beyond what is in use anywhere, and what ISO/IEC 39075 and Cypher allow for. */
export const OFFSET_SECONDS_MAX = 18 * 3_600;

const OFFSET = /^(?:[zZ]|([+-])(\d{2})(?::?(\d{2})(?::?(\d{2}))?)?)$/;

/** Reads `Z`, `+02`, `+0200`, `+02:00`, `+02:00:30`. Null: it is no offset. 22003 beyond 18 hours. */
export function parseOffset(text: string): number | null {
  const match = OFFSET.exec(text);
  if (match === null) {
    return null;
  }
  const [, sign, hours = "0", minutes = "0", seconds = "0"] = match;
  if (Number(minutes) > 59 || Number(seconds) > 59) {
    return null;
  }
  const total = Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds);
  return requireOffset(sign === "-" ? 0 - total : total);
}

/** The same offset; 22003 if it is too far from UTC. */
export function requireOffset(seconds: number): number {
  if (!(Math.abs(seconds) <= OFFSET_SECONDS_MAX)) {
    throw new GeodeError("22003", "an offset from UTC lies from -18:00 to +18:00");
  }
  return seconds;
}

/** `Z`, `+02:00`, `+00:53:28`. */
export function offsetText(seconds: number): string {
  if (seconds === 0) {
    return "Z";
  }
  const size = Math.abs(seconds);
  const text = `${seconds < 0 ? "-" : "+"}${twoDigits(Math.floor(size / 3_600))}:${twoDigits(Math.floor(size / 60) % 60)}`;
  return size % 60 === 0 ? text : `${text}:${twoDigits(size % 60)}`;
}
