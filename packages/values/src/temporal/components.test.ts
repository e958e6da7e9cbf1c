import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { durations, zonedDatetimes } from "../../test/arbitrary.ts";
import {
  componentOf,
  toDuration,
  toInstant,
  typeName,
  type Temporal,
  type Value,
} from "../index.ts";

const zoned = toInstant(
  "ZONED DATETIME",
  "2021-01-01T13:14:15.123456789+01:00[Europe/Stockholm]",
) as Temporal;
const duration = (text: string) => toDuration(text) as Temporal;

describe("components of what stands in time", () => {
  test.each<[string, Value]>([
    ["year", 2021],
    ["quarter", 1],
    ["month", 1],
    ["week", 53],
    ["weekYear", 2020],
    ["day", 1],
    ["ordinalDay", 1],
    ["weekDay", 5],
    ["dayOfWeek", 5],
    ["dayOfQuarter", 1],
    ["hour", 13],
    ["minute", 14],
    ["second", 15],
    ["millisecond", 123],
    ["microsecond", 123_456],
    ["nanosecond", 123_456_789],
    ["timezone", "Europe/Stockholm"],
    ["offset", "+01:00"],
    ["offsetMinutes", 60],
    ["offsetSeconds", 3_600],
    ["epochSeconds", 1_609_503_255],
    ["epochMillis", 1_609_503_255_123],
  ])("%s is %o", (name, expected) => {
    expect(componentOf(zoned, name)).toBe(expected);
  });

  test("are whole before 1970, too", () => {
    const before = toInstant("ZONED DATETIME", "1969-12-31T23:59:59.5Z") as Temporal;
    expect(componentOf(before, "epochSeconds")).toBe(-1);
    expect(componentOf(before, "epochMillis")).toBe(-500);
    expect(componentOf(before, "nanosecond")).toBe(500_000_000);
  });
});

describe("components of a duration", () => {
  test.each<[string, string, Value]>([
    ["P-14M", "years", -1],
    ["P-14M", "monthsOfYear", -2],
    ["P1M", "monthsOfYear", 1],
    ["P-11D", "weeks", -1],
    ["P-11D", "daysOfWeek", -4],
    ["PT-90M", "hours", -1],
    ["PT-90M", "minutesOfHour", -30],
    ["PT-1.5S", "seconds", -2],
    ["PT-1.5S", "nanosecondsOfSecond", 500_000_000],
    ["PT-1.5S", "milliseconds", -1_500],
    ["PT0S", "years", 0],
    ["PT-0.5S", "minutes", 0],
    ["PT2562047788015215H", "seconds", 9_223_372_036_854_774_000n],
  ])("%s has %s %o", (text, name, expected) => {
    expect(componentOf(duration(text), name)).toBe(expected);
  });

  test("that do not fit an INTEGER fail", () => {
    expect(() => componentOf(duration("PT2562047788015215H"), "nanoseconds")).toThrow(
      expect.objectContaining({ code: "22003" }),
    );
  });

  test("seconds and their nanoseconds make up the time, and neither is -0", () => {
    fc.assert(
      fc.property(durations, (value) => {
        const [seconds, rest] = ["seconds", "nanosecondsOfSecond"].map((name) =>
          BigInt(componentOf(value, name) as number | bigint),
        ) as [bigint, bigint];
        expect(seconds * 1_000_000_000n + rest).toBe(value.nanoseconds);
        for (const name of ["years", "weeks", "hours", "daysOfWeek", "monthsOfQuarter"]) {
          expect(Object.is(componentOf(value, name), -0)).toBe(false);
        }
      }),
    );
  });
});

test("a name that the type does not know fails, and the types are told apart", () => {
  const wrong: readonly (readonly [Temporal, string])[] = [
    [toInstant("DATE", "2024-01-01") as Temporal, "hour"],
    [toInstant("LOCAL TIME", "12:00") as Temporal, "offset"],
    [toInstant("LOCAL DATETIME", "2024-01-01") as Temporal, "epochSeconds"],
    [toInstant("ZONED TIME", "12:00Z") as Temporal, "year"],
    [duration("P1D"), "day"],
    [zoned, "constructor"],
    [zoned, "__proto__"],
  ];
  for (const [value, name] of wrong) {
    expect(() => componentOf(value, name)).toThrow(
      expect.objectContaining({
        code: "42002",
        message: `a ${typeName(value)} has no component "${name}"`,
      }),
    );
  }
});

test("the seconds since 1970 are the same wherever one looks from", () => {
  fc.assert(
    fc.property(zonedDatetimes, (value) => {
      const there = toInstant(
        "ZONED DATETIME",
        new Map<string, Value>([
          ["datetime", value],
          ["timezone", "Asia/Tokyo"],
        ]),
      );
      expect(componentOf(there as Temporal, "epochSeconds")).toBe(
        componentOf(value, "epochSeconds"),
      );
    }),
  );
});
