import { GeodeError } from "../error.ts";

/* The time of day is a number: nanoseconds since midnight. There are no leap seconds. */

export const NANOSECONDS_PER_SECOND = 1_000_000_000;
export const NANOSECONDS_PER_MINUTE = 60 * NANOSECONDS_PER_SECOND;
export const NANOSECONDS_PER_HOUR = 60 * NANOSECONDS_PER_MINUTE;
export const NANOSECONDS_PER_DAY = 24 * NANOSECONDS_PER_HOUR;

/** The same time; 22003 if no day has it. */
export function requireTimeOfDay(nanoseconds: number): number {
  if (!(nanoseconds >= 0 && nanoseconds < NANOSECONDS_PER_DAY)) {
    throw new GeodeError("22003", "a time of day lies from 00:00 to before 24:00");
  }
  return nanoseconds;
}

/** `12:31`, `12:31:14`, `12:31:14.645`: as short as it can be. */
export function timeText(nanoseconds: number): string {
  const hour = Math.floor(nanoseconds / NANOSECONDS_PER_HOUR);
  const minute = Math.floor(nanoseconds / NANOSECONDS_PER_MINUTE) % 60;
  const second = Math.floor(nanoseconds / NANOSECONDS_PER_SECOND) % 60;
  const fraction = fractionText(nanoseconds % NANOSECONDS_PER_SECOND);
  const text = `${twoDigits(hour)}:${twoDigits(minute)}`;
  return second === 0 && fraction === "" ? text : `${text}:${twoDigits(second)}${fraction}`;
}

/** Nanoseconds of a second as a decimal fraction, `.645`; nothing for 0. */
export function fractionText(nanoseconds: number): string {
  return nanoseconds === 0 ? "" : `.${String(nanoseconds).padStart(9, "0").replace(/0+$/, "")}`;
}

export function twoDigits(number: number): string {
  return number < 10 ? `0${number}` : String(number);
}
