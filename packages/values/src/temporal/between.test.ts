import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { instants, localDates, localDatetimes, zonedDatetimes } from "../../test/arbitrary.ts";
import {
  add,
  compare,
  daysBetween,
  dayTimeBetween,
  durationBetween,
  monthsBetween,
  secondsBetween,
  toInstant,
  type Duration,
  type TemporalInstant,
} from "../index.ts";

const date = (text: string) => toInstant("DATE", text) as TemporalInstant;
const local = (text: string) => toInstant("LOCAL DATETIME", text) as TemporalInstant;
const zoned = (text: string) => toInstant("ZONED DATETIME", text) as TemporalInstant;
const localTime = (text: string) => toInstant("LOCAL TIME", text) as TemporalInstant;
const zonedTime = (text: string) => toInstant("ZONED TIME", text) as TemporalInstant;

type Measure = (start: TemporalInstant, end: TemporalInstant) => Duration;

describe("the duration between", () => {
  test.each<[string, TemporalInstant, TemporalInstant, string]>([
    ["days of different months", date("2024-01-31"), date("2024-03-01"), "P1M1D"],
    ["the same, backwards", date("2024-03-01"), date("2024-01-31"), "P-1M-1D"],
    ["leap days", date("2020-02-29"), date("2024-02-29"), "P4Y"],
    ["less than a day", local("2024-02-28T12:00"), local("2024-02-29T11:00"), "PT23H"],
    ["a date and a time on it", date("2024-02-29"), localTime("12:00"), "PT12H"],
    ["a time and a date", localTime("12:00"), local("2024-02-29T11:00"), "PT-1H"],
    ["times of two offsets", zonedTime("12:00Z"), zonedTime("12:00+01:00"), "PT-1H"],
    [
      "what is local and what is not",
      local("2024-07-01T12:00"),
      zoned("2024-07-02T12:00+05:00"),
      "P1D",
    ],
    [
      "two zones, on the clock of the first",
      zoned("2024-07-01T00:00+02:00"),
      zoned("2024-08-01T00:00Z"),
      "P1MT2H",
    ],
    [
      "midnights around a day of 25 hours",
      zoned("2024-10-27T00:00[Europe/Stockholm]"),
      zoned("2024-10-28T00:00[Europe/Stockholm]"),
      "P1D",
    ],
    [
      "the ends of an hour that came twice",
      zoned("2024-10-27T02:00+02:00[Europe/Stockholm]"),
      zoned("2024-10-27T03:00[Europe/Stockholm]"),
      "PT2H",
    ],
  ])("%s", (_, start, end, expected) => {
    expect(String(durationBetween(start, end))).toBe(expected);
  });

  test.each<[string, Measure, string]>([
    ["months alone", monthsBetween, "P1M"],
    ["days alone", daysBetween, "P40D"],
    ["days and time", dayTimeBetween, "P40DT12H"],
    ["time alone", secondsBetween, "PT973H"],
  ])("in %s", (_, measure, expected) => {
    const [start, end] = [
      zoned("2024-10-01T00:00[Europe/Stockholm]"),
      zoned("2024-11-10T12:00[Europe/Stockholm]"),
    ] as const;
    expect(String(measure(start, end))).toBe(expected);
  });

  test("the ends of the calendar", () => {
    const [start, end] = [date("-999999999-01-01"), date("+999999999-12-31")];
    expect(String(durationBetween(start, end))).toBe("P1999999998Y11M30D");
    expect(String(secondsBetween(end, start))).toBe("PT-17531639991192H");
  });
});

describe("laws", () => {
  const pairs = fc.oneof(
    fc.tuple(localDates, localDates),
    fc.tuple(localDatetimes, localDatetimes),
    fc.tuple(zonedDatetimes, zonedDatetimes),
  );

  test("the start and what lies between give the end", () => {
    fc.assert(
      fc.property(pairs, ([start, end]) => {
        for (const measure of [durationBetween, dayTimeBetween]) {
          expect(compare(add(start, measure(start, end)), end)).toBe(0);
        }
        if (start.type !== "DATE") {
          expect(compare(add(start, secondsBetween(start, end)), end)).toBe(0);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  test("nothing lies between a value and itself", () => {
    fc.assert(
      fc.property(instants, (value) => {
        for (const measure of [durationBetween, monthsBetween, daysBetween, secondsBetween]) {
          expect(String(measure(value, value))).toBe("PT0S");
        }
      }),
    );
  });
});
