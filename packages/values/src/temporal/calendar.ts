import { GeodeError } from "../error.ts";
import { twoDigits } from "./time-of-day.ts";

/*
 * The proleptic Gregorian calendar of ISO 8601. A day is a number: days since 1970-01-01. The range is Cypher's, far beyond that of
 * JavaScript's own dates.
 */

/** Years go from -999,999,999 to 999,999,999; there is a year 0. */
export const YEAR_MAX = 999_999_999;

export const DAYS_PER_WEEK = 7;
/** After so many days (and whole weeks) the calendar repeats itself: 400 years. */
export const DAYS_PER_CYCLE = 146_097;
const YEARS_PER_CYCLE = 400;
/** From 0000-03-01, with which cycles begin here, to 1970-01-01. */
const CYCLE_START_DAYS = 719_468;

export interface YearMonthDay {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/** The day with that name. The month and the day of the month may not be out of range. */
export function dayNumber({ year, month, day }: YearMonthDay): number {
  // Years begin in March here, so that the leap day is the last of its year.
  const marchYear = month <= 2 ? year - 1 : year;
  const cycle = Math.floor(marchYear / YEARS_PER_CYCLE);
  const yearOfCycle = marchYear - cycle * YEARS_PER_CYCLE;
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1;
  const dayOfCycle =
    yearOfCycle * 365 + Math.floor(yearOfCycle / 4) - Math.floor(yearOfCycle / 100) + dayOfYear;
  return cycle * DAYS_PER_CYCLE + dayOfCycle - CYCLE_START_DAYS;
}

/** The name of a day: the inverse of {@link dayNumber}. */
export function yearMonthDay(number: number): YearMonthDay {
  const shifted = number + CYCLE_START_DAYS;
  const cycle = Math.floor(shifted / DAYS_PER_CYCLE);
  const dayOfCycle = shifted - cycle * DAYS_PER_CYCLE;
  const yearOfCycle = Math.floor(
    (dayOfCycle -
      Math.floor(dayOfCycle / 1_460) +
      Math.floor(dayOfCycle / 36_524) -
      Math.floor(dayOfCycle / 146_096)) /
      365,
  );
  const dayOfYear =
    dayOfCycle - (365 * yearOfCycle + Math.floor(yearOfCycle / 4) - Math.floor(yearOfCycle / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  return {
    year: yearOfCycle + cycle * YEARS_PER_CYCLE + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1,
  };
}

export const DAY_MIN = dayNumber({ year: -YEAR_MAX, month: 1, day: 1 });
export const DAY_MAX = dayNumber({ year: YEAR_MAX, month: 12, day: 31 });

/** The same day; 22003 if it is none of the calendar's. */
export function requireDay(day: number): number {
  if (!(day >= DAY_MIN && day <= DAY_MAX)) {
    throw yearOutOfRange();
  }
  return day;
}

export function requireYear(year: number): number {
  if (!(Math.abs(year) <= YEAR_MAX)) {
    throw yearOutOfRange();
  }
  return year;
}

function yearOutOfRange(): GeodeError {
  return new GeodeError("22003", `years go from -${YEAR_MAX} to ${YEAR_MAX}`);
}

export function daysInMonth(year: number, month: number): number {
  return month === 2 ? (isLeapYear(year) ? 29 : 28) : 30 + ((month + (month > 7 ? 1 : 0)) % 2);
}

export function daysInYear(year: number): number {
  return isLeapYear(year) ? 366 : 365;
}

function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

/** The day so many months later; in a shorter month the last day of it stands for those that it lacks. */
export function addMonths(day: number, months: number): number {
  if (months === 0) {
    return day;
  }
  const date = yearMonthDay(day);
  const total = date.year * 12 + (date.month - 1) + months;
  const year = requireYear(Math.floor(total / 12));
  const month = total - year * 12 + 1;
  return dayNumber({ year, month, day: Math.min(date.day, daysInMonth(year, month)) });
}

/** 1 for Monday to 7 for Sunday (ISO 8601). */
export function dayOfWeek(day: number): number {
  // 1970-01-01 was a Thursday.
  const fromMonday = (day + 3) % DAYS_PER_WEEK;
  return (fromMonday < 0 ? fromMonday + DAYS_PER_WEEK : fromMonday) + 1;
}

/** The week of a day, and the year that the week counts in: that of its Thursday (ISO 8601). */
export function weekOf(day: number): { readonly weekYear: number; readonly week: number } {
  const thursday = day - dayOfWeek(day) + 4;
  const { year } = yearMonthDay(thursday);
  const week = Math.floor((thursday - dayNumber({ year, month: 1, day: 1 })) / DAYS_PER_WEEK) + 1;
  return { weekYear: year, week };
}

export function weeksInYear(weekYear: number): number {
  return weekOf(dayNumber({ year: weekYear, month: 12, day: 28 })).week;
}

/** The Monday of week 1, the week that has January 4th in it. */
export function firstMonday(weekYear: number): number {
  const january4 = dayNumber({ year: weekYear, month: 1, day: 4 });
  return january4 - dayOfWeek(january4) + 1;
}

export function quarterOf(month: number): number {
  return Math.floor((month - 1) / 3) + 1;
}

/** The first day of a quarter, 1 to 4. */
export function firstOfQuarter(year: number, quarter: number): number {
  return dayNumber({ year, month: quarter * 3 - 2, day: 1 });
}

/** `2024-02-29`; years of more than four digits have a sign, as in `+12345-01-01`. */
export function dayText(number: number): string {
  const { year, month, day } = yearMonthDay(number);
  const digits = String(Math.abs(year)).padStart(4, "0");
  const sign = year < 0 ? "-" : year > 9_999 ? "+" : "";
  return `${sign}${digits}-${twoDigits(month)}-${twoDigits(day)}`;
}
