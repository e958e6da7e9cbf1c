import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { instants, values } from "../../test/arbitrary.ts";
import {
  float,
  GeodeError,
  toDuration,
  toInstant,
  type InstantType,
  type Value,
} from "../index.ts";
import { DATE_FIELDS } from "./date-fields.ts";
import { TIME_FIELDS } from "./time-fields.ts";

const record = (fields: Record<string, Value>) => new Map(Object.entries(fields));
const date = (text: string) => toInstant("DATE", text);
const zoned = (text: string) => toInstant("ZONED DATETIME", text);

describe("from a record", () => {
  test.each<[InstantType, Record<string, Value>, string]>([
    ["DATE", { year: 2024 }, "2024-01-01"],
    ["DATE", { year: 2024, month: 2, day: 29 }, "2024-02-29"],
    ["DATE", { year: 2020, week: 53, dayOfWeek: 5 }, "2021-01-01"],
    ["DATE", { year: 2024, ordinalDay: 366 }, "2024-12-31"],
    ["DATE", { year: 2024, quarter: 4, dayOfQuarter: 92 }, "2024-12-31"],
    ["DATE", { date: date("2024-03-31"), year: 2023 }, "2023-03-31"],
    ["DATE", { date: date("2024-12-30"), dayOfWeek: 7 }, "2025-01-05"],
    ["DATE", { datetime: zoned("2024-03-31T23:00-05:00"), day: 1 }, "2024-03-01"],
    ["LOCAL TIME", { hour: 7 }, "07:00"],
    ["LOCAL TIME", { hour: 7, minute: 5, second: 3, millisecond: 250 }, "07:05:03.25"],
    [
      "LOCAL TIME",
      { hour: 7, minute: 5, second: 3, millisecond: 2, nanosecond: 999_999 },
      "07:05:03.002999999",
    ],
    ["LOCAL TIME", { time: zoned("2024-03-31T23:00:01.5-05:00"), minute: 9 }, "23:09:01.5"],
    ["ZONED TIME", { hour: 7, timezone: "+02:00" }, "07:00+02:00"],
    ["ZONED TIME", { time: zoned("2024-07-01T23:30-05:00"), timezone: "Z" }, "04:30Z"],
    ["LOCAL DATETIME", { year: 2024, hour: 7 }, "2024-01-01T07:00"],
    [
      "LOCAL DATETIME",
      { date: date("2024-02-29"), time: toInstant("LOCAL TIME", "07:05") },
      "2024-02-29T07:05",
    ],
    [
      "ZONED DATETIME",
      { year: 2024, month: 7, timezone: "Europe/Stockholm" },
      "2024-07-01T00:00+02:00[Europe/Stockholm]",
    ],
    [
      "ZONED DATETIME",
      { datetime: zoned("2024-07-01T12:00Z"), timezone: "Asia/Tokyo" },
      "2024-07-01T21:00+09:00[Asia/Tokyo]",
    ],
    [
      "ZONED DATETIME",
      { datetime: zoned("2024-07-01T12:00[Europe/Stockholm]"), month: 1 },
      "2024-01-01T12:00+01:00[Europe/Stockholm]",
    ],
    [
      "ZONED DATETIME",
      { year: 2024, month: 3, day: 31, hour: 2, timezone: "Europe/Stockholm" },
      "2024-03-31T03:00+02:00[Europe/Stockholm]",
    ],
  ])("%s %o is %s", (type, fields, expected) => {
    expect(String(toInstant(type, record(fields)))).toBe(expected);
  });

  test.each<[InstantType, Record<string, Value>]>([
    ["DATE", { year: 2024, month: null }],
    ["LOCAL TIME", { hour: null }],
    ["ZONED DATETIME", { year: 2024, timezone: null }],
    ["ZONED DATETIME", { datetime: null }],
  ])("%s %o is NULL: a field is", (type, fields) => {
    expect(toInstant(type, record(fields))).toBeNull();
  });

  test.each<[InstantType, Record<string, Value>, string, string]>([
    ["DATE", {}, "22007", "the year of the date is missing"],
    ["DATE", { month: 2 }, "22007", "the year of the date is missing"],
    ["DATE", { year: 2024, day: 2 }, "22007", "a date with day needs month, too"],
    ["DATE", { year: 2024, dayOfWeek: 2 }, "22007", "a date with dayOfWeek needs week, too"],
    [
      "DATE",
      { year: 2024, month: 1, week: 2 },
      "22007",
      "a date has either month or week, not both",
    ],
    ["DATE", { year: 2024, hour: 1 }, "22007", 'a DATE has no field "hour"'],
    ["DATE", { year: 2024, __proto: 1 }, "22007", 'a DATE has no field "__proto"'],
    ["DATE", { year: 2023, month: 2, day: 29 }, "22003", "`day` is 29, but goes from 1 to 28 here"],
    ["DATE", { year: 1_000_000_000 }, "22003", "years go from -999999999 to 999999999"],
    ["DATE", { year: 2n ** 60n }, "22003", "years go from -999999999 to 999999999"],
    ["DATE", { year: float(2024) }, "22G03", "`year` takes an INTEGER, not a FLOAT"],
    ["DATE", { year: "2024" }, "22G03", "`year` takes an INTEGER, not a STRING"],
    ["DATE", { date: "2024-01-01" }, "22G03", "a STRING cannot be made a date"],
    ["DATE", { date: toDuration("P1D") }, "22G03", "a DURATION cannot be made a date"],
    [
      "DATE",
      { date: toInstant("LOCAL TIME", "12") },
      "22G03",
      "a LOCAL TIME cannot be made a DATE",
    ],
    ["LOCAL TIME", {}, "22007", "a LOCAL TIME has at least an hour"],
    ["LOCAL TIME", { minute: 5 }, "22007", "a time with minute needs hour, too"],
    [
      "LOCAL TIME",
      { hour: 1, minute: 5, nanosecond: 5 },
      "22007",
      "a time with nanosecond needs second, too",
    ],
    ["LOCAL TIME", { hour: 24 }, "22003", "`hour` is 24, but goes from 0 to 23 here"],
    [
      "LOCAL TIME",
      { hour: 1, minute: 1, second: 1, millisecond: 1, microsecond: 1_000 },
      "22003",
      "`microsecond` is 1000, but goes from 0 to 999 here",
    ],
    ["LOCAL TIME", { time: date("2024-01-01") }, "22G03", "a DATE cannot be made a LOCAL TIME"],
    [
      "ZONED TIME",
      { hour: 1, timezone: "Asia/Tokyo" },
      "22007",
      "a ZONED TIME has an offset, not a zone like Asia/Tokyo",
    ],
    ["ZONED TIME", { hour: 1, timezone: 9 }, "22G03", "a time zone is a STRING, not an INTEGER"],
    [
      "ZONED DATETIME",
      { datetime: zoned("2024-01-01"), date: date("2024-01-01") },
      "22007",
      "`datetime` stands for `date` and `time`: give it or them, not both",
    ],
    ["ZONED DATETIME", { year: 2024, timezone: "Mars" }, "22007", 'there is no time zone "Mars"'],
  ])("%s refuses %o: %s, %s", (type, fields, code, message) => {
    expect(() => toInstant(type, record(fields))).toThrow(
      expect.objectContaining({ code, message }),
    );
  });
});

describe("from another value", () => {
  const noon = zoned("2024-07-01T12:00+02:00[Europe/Stockholm]");

  test.each<[InstantType, Value, string]>([
    ["DATE", noon, "2024-07-01"],
    ["LOCAL TIME", noon, "12:00"],
    ["ZONED TIME", noon, "12:00+02:00"],
    ["LOCAL DATETIME", noon, "2024-07-01T12:00"],
    ["ZONED DATETIME", toInstant("LOCAL DATETIME", "2024-07-01T12:00"), "2024-07-01T12:00Z"],
    ["ZONED DATETIME", date("2024-07-01"), "2024-07-01T00:00Z"],
    ["LOCAL DATETIME", date("2024-07-01"), "2024-07-01T00:00"],
    ["ZONED TIME", toInstant("LOCAL TIME", "12:00"), "12:00Z"],
  ])("%s of %s is %s", (type, value, expected) => {
    expect(String(toInstant(type, value))).toBe(expected);
  });

  test.each<[InstantType, Value]>([
    ["DATE", toInstant("LOCAL TIME", "12:00")],
    ["LOCAL TIME", date("2024-07-01")],
    ["ZONED TIME", date("2024-07-01")],
    ["ZONED DATETIME", toInstant("ZONED TIME", "12:00Z")],
  ])("%s of %s does not exist", (type, value) => {
    expect(() => toInstant(type, value)).toThrow(GeodeError);
  });

  test.each<[Value, string]>([
    [1, "an INTEGER cannot be made a DATE"],
    [true, "a BOOLEAN cannot be made a DATE"],
    [["2024"], "a LIST cannot be made a DATE"],
    [toDuration("P1D"), "a DURATION cannot be made a DATE"],
  ])("there is no DATE of %o", (value, message) => {
    expect(() => toInstant("DATE", value)).toThrow(
      expect.objectContaining({ code: "22G03", message }),
    );
  });

  test("a value of the type is itself, and NULL is NULL", () => {
    fc.assert(
      fc.property(instants, (value) => {
        expect(toInstant(value.type, value)).toBe(value);
        expect(toInstant(value.type, null)).toBeNull();
      }),
    );
  });
});

test("whatever it is made from, the answer is a value or a GeodeError", () => {
  const fields = fc.dictionary(
    fc.constantFrom(
      ...DATE_FIELDS,
      ...TIME_FIELDS,
      "timezone",
      "date",
      "time",
      "datetime",
      "days",
      "months",
    ),
    fc.oneof(fc.integer({ min: -1, max: 60 }), values, instants, fc.constant("Europe/Stockholm")),
    { maxKeys: 5 },
  );
  const types = fc.constantFrom<InstantType>(
    "DATE",
    "LOCAL TIME",
    "ZONED TIME",
    "LOCAL DATETIME",
    "ZONED DATETIME",
  );
  fc.assert(
    fc.property(types, fields, (type, map) => {
      for (const make of [() => toInstant(type, record(map)), () => toDuration(record(map))]) {
        try {
          make();
        } catch (error) {
          expect(error).toBeInstanceOf(GeodeError);
        }
      }
    }),
    { numRuns: 5_000 },
  );
});
