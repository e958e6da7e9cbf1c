import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { instants } from "../../test/arbitrary.ts";
import { compare, toInstant, truncate, type InstantType, type Value } from "../index.ts";

const zoned = toInstant("ZONED DATETIME", "2024-08-15T13:14:15.123456789+02:00[Europe/Stockholm]");
const record = (fields: Record<string, Value>) => new Map(Object.entries(fields));
const NO_CHANGES = record({});

describe("truncating to a unit", () => {
  test.each([
    ["millennium", "2000-01-01T00:00+01:00"],
    ["century", "2000-01-01T00:00+01:00"],
    ["decade", "2020-01-01T00:00+01:00"],
    ["year", "2024-01-01T00:00+01:00"],
    ["weekYear", "2024-01-01T00:00+01:00"],
    ["quarter", "2024-07-01T00:00+02:00"],
    ["month", "2024-08-01T00:00+02:00"],
    ["week", "2024-08-12T00:00+02:00"],
    ["day", "2024-08-15T00:00+02:00"],
    ["hour", "2024-08-15T13:00+02:00"],
    ["minute", "2024-08-15T13:14+02:00"],
    ["second", "2024-08-15T13:14:15+02:00"],
    ["millisecond", "2024-08-15T13:14:15.123+02:00"],
    ["microsecond", "2024-08-15T13:14:15.123456+02:00"],
  ])("%s gives its beginning", (unit, expected) => {
    expect(String(truncate("ZONED DATETIME", unit, zoned, NO_CHANGES))).toBe(
      `${expected}[Europe/Stockholm]`,
    );
  });

  test("before the year 0, decades begin with the year that is a multiple of ten", () => {
    const date = toInstant("DATE", "-0001-06-01");
    expect(String(truncate("DATE", "decade", date, NO_CHANGES))).toBe("-0010-01-01");
  });

  test.each<[InstantType, string, Record<string, Value>, string]>([
    ["DATE", "month", { day: 15 }, "2024-08-15"],
    ["DATE", "week", { dayOfWeek: 7 }, "2024-08-18"],
    ["LOCAL TIME", "hour", { minute: 30 }, "13:30"],
    ["LOCAL TIME", "millisecond", { nanosecond: 7 }, "13:14:15.123000007"],
    ["LOCAL TIME", "microsecond", { nanosecond: 7 }, "13:14:15.123456007"],
    ["LOCAL TIME", "second", { nanosecond: 7 }, "13:14:15.000000007"],
    ["ZONED TIME", "hour", { timezone: "+05:00" }, "13:00+05:00"],
    ["ZONED DATETIME", "year", { timezone: "Asia/Tokyo" }, "2024-01-01T00:00+09:00[Asia/Tokyo]"],
  ])("%s, to the %s, with %o, is %s", (type, unit, changes, expected) => {
    expect(String(truncate(type, unit, zoned, record(changes)))).toBe(expected);
  });

  test("the beginning is not later, has no earlier one, and its own beginning is itself", () => {
    const units = fc.constantFrom("year", "quarter", "month", "week", "day", "hour", "second");
    fc.assert(
      fc.property(instants, units, (value, unit) => {
        let beginning: Value;
        try {
          beginning = truncate(value.type, unit, value, NO_CHANGES);
        } catch (error) {
          expect(error).toMatchObject({ code: expect.stringMatching("22007|22003") });
          return;
        }
        expect(compare(beginning, value)).toBeLessThanOrEqual(0);
        expect(truncate(value.type, unit, beginning, NO_CHANGES)).toEqual(beginning);
      }),
    );
  });
});

test.each([
  [null, zoned, NO_CHANGES],
  ["day", null, NO_CHANGES],
  ["day", zoned, null],
  ["day", zoned, record({ hour: null })],
])("NULL in, NULL out: %o of %o with %o", (unit, value, changes) => {
  expect(truncate("ZONED DATETIME", unit, value, changes)).toBeNull();
});

test.each<[string, InstantType, Value, Value, Value, string]>([
  ["an unknown unit", "DATE", "fortnight", zoned, NO_CHANGES, "22007"],
  ["a unit in capitals", "DATE", "DAY", zoned, NO_CHANGES, "22007"],
  ["a unit that is no string", "DATE", 1, zoned, NO_CHANGES, "22G03"],
  ["a value that is no instant", "DATE", "day", "2024-08-15", NO_CHANGES, "22G03"],
  ["changes that are no record", "DATE", "day", zoned, "x", "22G03"],
  ["a date by the hour", "DATE", "hour", zoned, NO_CHANGES, "22007"],
  ["a time by the month", "LOCAL TIME", "month", zoned, NO_CHANGES, "22007"],
  [
    "a date for a time",
    "ZONED DATETIME",
    "day",
    toInstant("LOCAL TIME", "12"),
    NO_CHANGES,
    "22007",
  ],
  ["a field out of range", "DATE", "month", zoned, record({ day: 32 }), "22003"],
  ["a source among the changes", "DATE", "month", zoned, record({ date: zoned }), "22007"],
])("refuses %s", (_, type, unit, value, changes, code) => {
  expect(() => truncate(type, unit, value, changes)).toThrow(expect.objectContaining({ code }));
});
