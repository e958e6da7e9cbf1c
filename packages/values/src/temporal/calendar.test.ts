import fc from "fast-check";
import { Temporal } from "temporal-polyfill";
import { describe, expect, test } from "vitest";
import { GeodeError } from "../error.ts";
import {
  addMonths,
  DAY_MAX,
  DAY_MIN,
  dayNumber,
  dayOfWeek,
  dayText,
  daysInMonth,
  daysInYear,
  firstMonday,
  quarterOf,
  requireDay,
  weekOf,
  weeksInYear,
  yearMonthDay,
} from "./calendar.ts";

/** Within the range of `Temporal`, which is the oracle there. */
const nearDays = fc.integer({ min: -99_999_999, max: 99_999_999 });
const anyDays = fc.integer({ min: DAY_MIN, max: DAY_MAX });

const plainDate = (day: number) => new Temporal.PlainDate(1970, 1, 1).add({ days: day });

test("a day has the year, month, day and week that Temporal gives it", () => {
  fc.assert(
    fc.property(nearDays, (day) => {
      const date = plainDate(day);
      expect(yearMonthDay(day)).toEqual({ year: date.year, month: date.month, day: date.day });
      expect(dayOfWeek(day)).toBe(date.dayOfWeek);
      expect(weekOf(day)).toEqual({ weekYear: date.yearOfWeek, week: date.weekOfYear });
      expect(daysInMonth(date.year, date.month)).toBe(date.daysInMonth);
      expect(daysInYear(date.year)).toBe(date.daysInYear);
    }),
    { numRuns: 1_000 },
  );
});

test("months are added as Temporal adds them: to a day that the month lacks, its last", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -1_000_000, max: 1_000_000 }),
      fc.integer({ min: -100_000, max: 100_000 }),
      (day, months) => {
        const { year, month, day: dayOfMonth } = plainDate(day).add({ months });
        expect(yearMonthDay(addMonths(day, months))).toEqual({ year, month, day: dayOfMonth });
      },
    ),
  );
});

test("every day of the calendar has a name of its own", () => {
  fc.assert(
    fc.property(anyDays, (day) => {
      expect(dayNumber(yearMonthDay(day))).toBe(day);
    }),
    { numRuns: 1_000 },
  );
});

test("weeks count from the first Monday of their year to its last", () => {
  fc.assert(
    fc.property(anyDays, (day) => {
      const { weekYear, week } = weekOf(day);
      expect(week).toBeLessThanOrEqual(weeksInYear(weekYear));
      expect(firstMonday(weekYear) + (week - 1) * 7 + dayOfWeek(day) - 1).toBe(day);
    }),
  );
});

describe("a day as text", () => {
  test.each([
    [{ year: 2024, month: 2, day: 29 }, "2024-02-29"],
    [{ year: 28, month: 1, day: 1 }, "0028-01-01"],
    [{ year: 0, month: 3, day: 1 }, "0000-03-01"],
    [{ year: -1, month: 12, day: 31 }, "-0001-12-31"],
    [{ year: 10_000, month: 1, day: 1 }, "+10000-01-01"],
  ])("%o is %s", (date, text) => {
    expect(dayText(dayNumber(date))).toBe(text);
  });

  test("the calendar ends with the years ±999,999,999", () => {
    expect([dayText(DAY_MIN), dayText(DAY_MAX)]).toEqual(["-999999999-01-01", "+999999999-12-31"]);
    for (const day of [DAY_MIN - 1, DAY_MAX + 1, Number.NaN, Infinity]) {
      expect(() => requireDay(day)).toThrow(GeodeError);
    }
    expect(() => addMonths(DAY_MAX, 1)).toThrow(expect.objectContaining({ code: "22003" }));
    expect(() => addMonths(0, -Number.MAX_SAFE_INTEGER)).toThrow(
      expect.objectContaining({ code: "22003" }),
    );
  });
});

test("a quarter has three months", () => {
  const months = Array.from({ length: 12 }, (_, i) => i + 1);
  expect(months.map(quarterOf)).toEqual([1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4]);
});
