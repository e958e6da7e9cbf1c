import fc from "fast-check";
import { Temporal } from "temporal-polyfill";
import { describe, expect, test } from "vitest";
import { DAYS_PER_CYCLE } from "./calendar.ts";
import { instantOf, localTimeAt, parseZone, resolve, zoneName, zoneText } from "./zone.ts";
import { ZonedDatetime } from "./zoned-datetime.ts";
import { parseLocalDatetime } from "./text.ts";

const zones = fc.constantFrom(
  "Europe/Stockholm",
  "America/New_York",
  "Australia/Lord_Howe",
  "Asia/Kathmandu",
  "Pacific/Apia",
  "Africa/Monrovia",
);
const dayAndTime = fc.record({
  day: fc.integer({ min: -70_000, max: 70_000 }),
  nanoseconds: fc.integer({ min: 0, max: 86_399_999_999_999 }),
});

describe("reading a zone", () => {
  test.each([
    ["Z", 0],
    ["z", 0],
    ["+02", 7_200],
    ["-0330", -12_600],
    ["+05:45", 20_700],
    ["+00:53:28", 3_208],
    ["-00:00", 0],
    ["Europe/Stockholm", "Europe/Stockholm"],
    ["europe/stockholm", "Europe/Stockholm"],
    ["Asia/Kolkata", "Asia/Kolkata"],
    ["Etc/GMT+5", "Etc/GMT+5"],
    ["UTC", "UTC"],
  ])("%s", (text, zone) => {
    expect(parseZone(text)).toBe(zone);
    expect(parseZone(zoneText(parseZone(text)))).toBe(zone);
  });

  test.each([
    ["", "nothing"],
    ["Europe/Atlantis", "a place that does not exist"],
    ["+2", "a single digit"],
    ["+02:60", "60 minutes"],
    ["+02:", "a colon without minutes"],
    ["../../etc/passwd", "a path"],
    ["2024-01-01T00:00[Europe/Stockholm]", "a date with a zone"],
    ["Europe/Stockholm\n", "a line break"],
    [`A${"/a".repeat(10_000)}`, "a name without end"],
  ])("refuses %j: %s", (text) => {
    expect(() => parseZone(text)).toThrow(expect.objectContaining({ code: "22007" }));
  });

  test("refuses offsets that nobody has", () => {
    expect(parseZone("+18:00")).toBe(64_800);
    expect(() => parseZone("+18:00:01")).toThrow(expect.objectContaining({ code: "22003" }));
  });
});

describe("a local time in a zone", () => {
  test("is what Temporal makes of it, gaps and repetitions included", () => {
    fc.assert(
      fc.property(dayAndTime, zones, (local, zone) => {
        const expected = new Temporal.PlainDate(1970, 1, 1)
          .add({ days: local.day })
          .toPlainDateTime()
          .add({ nanoseconds: local.nanoseconds })
          .toZonedDateTime(zone);
        const { day, nanoseconds } = instantOf(resolve(local, zone));
        expect(BigInt(day) * 86_400_000_000_000n + BigInt(nanoseconds)).toBe(
          expected.epochNanoseconds,
        );
      }),
      { numRuns: 1_000 },
    );
  });

  test("comes back from its instant", () => {
    fc.assert(
      fc.property(dayAndTime, fc.oneof(zones, fc.constantFrom(-3_600, 20_700)), (instant, zone) => {
        expect(instantOf(localTimeAt(instant, zone))).toEqual(instant);
      }),
    );
  });

  test.each([
    ["2024-03-31T02:30", "2024-03-31T03:30+02:00", "never came: moved forward as clocks were"],
    ["2024-10-27T02:30", "2024-10-27T02:30+02:00", "came twice: the first"],
    ["2024-10-27T03:00", "2024-10-27T03:00+01:00", "after the repetition"],
    ["1800-01-01T00:00", "1800-01-01T00:00+00:53:28", "before there were time zones"],
  ])("%s is %s: %s", (local, expected) => {
    const datetime = ZonedDatetime.resolved(parseLocalDatetime(local), "Europe/Stockholm");
    expect(String(datetime)).toBe(`${expected}[Europe/Stockholm]`);
  });

  test("that came twice is the second one if that is its offset", () => {
    const local = parseLocalDatetime("2024-10-27T02:30");
    expect(resolve(local, "Europe/Stockholm", 3_600).offsetSeconds).toBe(3_600);
    expect(resolve(local, "Europe/Stockholm", 0).offsetSeconds).toBe(7_200);
  });

  test("follows the same rules in all cycles to come, and none before there were any", () => {
    const [summer, winter] = ["2024-07-01T00:00", "2024-01-01T00:00"].map(parseLocalDatetime);
    for (const cycles of [1, 100, 2_000_000]) {
      for (const [local, offset] of [
        [summer, 7_200],
        [winter, 3_600],
      ] as const) {
        const day = (local?.day ?? 0) + cycles * DAYS_PER_CYCLE;
        const later = { day, nanoseconds: 0 };
        expect(resolve(later, "Europe/Stockholm").offsetSeconds).toBe(offset);
      }
      const earlier = { day: -cycles * DAYS_PER_CYCLE, nanoseconds: 0 };
      expect(resolve(earlier, "Europe/Stockholm").offsetSeconds).toBe(3_208);
    }
  });
});

test("a value in a zone that is not known here keeps what it says, but cannot be moved", () => {
  const value = new ZonedDatetime({ day: 0, nanoseconds: 0, offsetSeconds: 3_600 }, "Moon/Tycho");
  expect(String(value)).toBe("1970-01-01T00:00+01:00[Moon/Tycho]");
  expect(() => ZonedDatetime.at(value, "Moon/Tycho")).toThrow(
    expect.objectContaining({ code: "22007" }),
  );
});

test("a zone keeps the name that it was given, spelt as it should be", () => {
  expect(zoneName("ASIA/CALCUTTA")).toBe("Asia/Calcutta");
});
