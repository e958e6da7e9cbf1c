import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { durations, instants } from "../../test/arbitrary.ts";
import { toDuration, toInstant, type InstantType } from "../index.ts";
import { parseDuration } from "./duration-text.ts";

describe("reading a text", () => {
  test.each<[InstantType, string, string]>([
    ["DATE", "2024-02-29", "2024-02-29"],
    ["DATE", "20240229", "2024-02-29"],
    ["DATE", "2024-02", "2024-02-01"],
    ["DATE", "202402", "2024-02-01"],
    ["DATE", "2024", "2024-01-01"],
    ["DATE", "2020-W53-5", "2021-01-01"],
    ["DATE", "2020W535", "2021-01-01"],
    ["DATE", "2020-w53", "2020-12-28"],
    ["DATE", "2020W53", "2020-12-28"],
    ["DATE", "2024-060", "2024-02-29"],
    ["DATE", "2024366", "2024-12-31"],
    ["DATE", "2024-Q2-91", "2024-06-30"],
    ["DATE", "2024Q3", "2024-07-01"],
    ["DATE", "-0044-03-15", "-0044-03-15"],
    ["DATE", "+12345", "+12345-01-01"],
    ["DATE", "+7-01-01", "0007-01-01"],
    ["LOCAL TIME", "07:05:03.25", "07:05:03.25"],
    ["LOCAL TIME", "070503,25", "07:05:03.25"],
    ["LOCAL TIME", "07", "07:00"],
    ["LOCAL TIME", "23:59:59.999999999", "23:59:59.999999999"],
    ["LOCAL TIME", "00:00:00.000000001", "00:00:00.000000001"],
    ["LOCAL TIME", "07:00:00", "07:00"],
    ["ZONED TIME", "07:05", "07:05Z"],
    ["ZONED TIME", "0705z", "07:05Z"],
    ["ZONED TIME", "07:05-03:30", "07:05-03:30"],
    ["LOCAL DATETIME", "2024-02-29T07:05", "2024-02-29T07:05"],
    ["LOCAL DATETIME", "2024-02-29 07:05", "2024-02-29T07:05"],
    ["LOCAL DATETIME", "20240229t070503", "2024-02-29T07:05:03"],
    ["LOCAL DATETIME", "2024-02-29", "2024-02-29T00:00"],
    ["ZONED DATETIME", "2024-02-29", "2024-02-29T00:00Z"],
    ["ZONED DATETIME", "2024-02-29T07:05", "2024-02-29T07:05Z"],
    ["ZONED DATETIME", "2024-02-29T07:05+0545", "2024-02-29T07:05+05:45"],
    [
      "ZONED DATETIME",
      "2024-07-01T07:05[Asia/Kathmandu]",
      "2024-07-01T07:05+05:45[Asia/Kathmandu]",
    ],
    ["ZONED DATETIME", "2024-07-01T07:05[+02:00]", "2024-07-01T07:05+02:00"],
    [
      "ZONED DATETIME",
      "2024-10-27T02:30+01:00[Europe/Stockholm]",
      "2024-10-27T02:30+01:00[Europe/Stockholm]",
    ],
  ])("%s: %s is %s", (type, text, expected) => {
    expect(String(toInstant(type, text))).toBe(expected);
  });

  test.each<[InstantType, string, string]>([
    ["DATE", "", "the date cannot be read"],
    ["DATE", "2024-2-9", "the date cannot be read"],
    ["DATE", "24-02-09", "the date cannot be read"],
    ["DATE", "2023-02-29", "`day` is 29, but goes from 1 to 28 here"],
    ["DATE", "2024-13-01", "`month` is 13, but goes from 1 to 12 here"],
    ["DATE", "2024-00-01", "`month` is 0, but goes from 1 to 12 here"],
    ["DATE", "2023-366", "`ordinalDay` is 366, but goes from 1 to 365 here"],
    ["DATE", "2024-W53", "`week` is 53, but goes from 1 to 52 here"],
    ["DATE", "2024-W01-8", "`dayOfWeek` is 8, but goes from 1 to 7 here"],
    ["DATE", "2024-Q5", "`quarter` is 5, but goes from 1 to 4 here"],
    ["DATE", "+1000000000-01-01", "the date cannot be read"],
    ["DATE", "2024-02-29T00:00", "the date cannot be read"],
    ["DATE", "２０２４-02-29", "the date cannot be read"],
    ["LOCAL TIME", "24:00", "`hour` is 24, but goes from 0 to 23 here"],
    ["LOCAL TIME", "23:60", "`minute` is 60, but goes from 0 to 59 here"],
    ["LOCAL TIME", "23:59:60", "`second` is 60, but goes from 0 to 59 here"],
    ["LOCAL TIME", "12:00:00.0000000001", "the time cannot be read"],
    ["LOCAL TIME", "12:00Z", "the time cannot be read"],
    ["LOCAL TIME", "12:3000", "the time cannot be read"],
    ["ZONED TIME", "12:00+25:00", "an offset from UTC lies from -18:00 to +18:00"],
    ["ZONED TIME", "12:00+1", "the offset cannot be read"],
    ["ZONED TIME", "12:00[Europe/Stockholm]", "it has an offset only, no zone"],
    ["LOCAL DATETIME", "2024-02-29T", "the time is missing"],
    ["LOCAL DATETIME", "2024-02-29T12:00+01:00", "the time cannot be read"],
    ["ZONED DATETIME", "2024-02-29+01:00", "the date cannot be read"],
    ["ZONED DATETIME", "2024-02-29T12:00[", "the time cannot be read"],
    ["ZONED DATETIME", "2024-02-29T12:00Z]", "the time cannot be read"],
    ["ZONED DATETIME", "2024-02-29T12:00[Nowhere]", 'there is no time zone "Nowhere"'],
    [
      "ZONED DATETIME",
      "2024-07-01T12:00+01:00[Europe/Stockholm]",
      "Europe/Stockholm was not at +01:00 then",
    ],
  ])("%s: refuses %j: %s", (type, text, problem) => {
    expect(() => toInstant(type, text)).toThrow(
      expect.objectContaining({
        code: "22007",
        message: `${JSON.stringify(text)} is no ${type}: ${problem}`,
      }),
    );
  });

  test("refuses what is too long before looking at it, and does not repeat it", () => {
    const text = "2024-".repeat(100_000);
    expect(() => toInstant("DATE", text)).toThrow(
      expect.objectContaining({
        code: "22007",
        message: expect.stringMatching(/^.{0,90}is longer than 160 characters$/),
      }),
    );
  });
});

describe("reading a duration", () => {
  test.each([
    ["P1Y2M3W4DT5H6M7.8S", "P1Y2M25DT5H6M7.8S"],
    ["P14M", "P1Y2M"],
    ["PT90M", "PT1H30M"],
    ["P0.5Y", "P6M"],
    ["P0.5M", "P15DT5H14M33S"],
    ["P1,5D", "P1DT12H"],
    ["PT0.000000001S", "PT0.000000001S"],
    ["PT0.1S", "PT0.1S"],
    ["P1DT-1H", "P1DT-1H"],
    ["-P1DT1H", "P-1DT-1H"],
    ["+P1D", "P1D"],
    ["p1dt1h", "P1DT1H"],
    ["P0D", "PT0S"],
    ["P-0D", "PT0S"],
    ["PT-0.5S", "PT-0.5S"],
    ["P0001-02-03T04:05:06.7", "P1Y2M3DT4H5M6.7S"],
    ["P0000-00-01", "P1D"],
  ])("%s is %s", (text, expected) => {
    expect(String(parseDuration(text))).toBe(expected);
  });

  test.each([
    "",
    "P",
    "PT",
    "P1DT",
    "1D",
    "P1",
    "P1H",
    "PT1D",
    "P1D1Y",
    "P1.D",
    "P.5D",
    "P1e5D",
    "P--1D",
    "P1Y ",
    "P2024-1-1",
    "P0001-02-03T25:00",
    "P99999999999999999999D",
    "P9999999999999999999D",
    `P${"1".repeat(1_000_000)}D`,
  ])("refuses %j", (text) => {
    expect(() => parseDuration(text)).toThrow(expect.objectContaining({ code: "22007" }));
  });
});

describe("laws", () => {
  test("every value can be read from its own text", () => {
    fc.assert(
      fc.property(instants, (value) => {
        expect(toInstant(value.type, String(value))).toEqual(value);
      }),
      { numRuns: 1_000 },
    );
    fc.assert(
      fc.property(durations, (value) => {
        expect(toDuration(String(value))).toEqual(value);
      }),
      { numRuns: 1_000 },
    );
  });

  test("whatever the text, the answer is a value or 22007", () => {
    const types = fc.constantFrom<InstantType | "DURATION">(
      "DATE",
      "LOCAL TIME",
      "ZONED TIME",
      "LOCAL DATETIME",
      "ZONED DATETIME",
      "DURATION",
    );
    const texts = fc.oneof(
      fc.string(),
      fc
        .array(fc.constantFrom(..."0123456789-+:.,TWQPZYMDHS[] ", "Europe/Stockholm"), {
          maxLength: 30,
        })
        .map((parts) => parts.join("")),
    );
    fc.assert(
      fc.property(types, texts, (type, text) => {
        try {
          expect((type === "DURATION" ? toDuration(text) : toInstant(type, text))?.type).toBe(type);
        } catch (error) {
          expect(error).toMatchObject({ code: "22007" });
        }
      }),
      { numRuns: 5_000 },
    );
  });
});
