import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { durations } from "../../test/arbitrary.ts";
import {
  add,
  divide,
  Duration,
  float,
  multiply,
  negate,
  subtract,
  toDuration,
  type Value,
} from "../index.ts";

const duration = (text: string): Duration => toDuration(text) as Duration;
const short = fc
  .record({
    months: fc.integer({ min: -1_000_000, max: 1_000_000 }),
    days: fc.integer({ min: -1_000_000, max: 1_000_000 }),
    nanoseconds: fc.bigInt({ min: -(2n ** 60n), max: 2n ** 60n }),
  })
  .map((parts) => new Duration(parts));

describe("as text", () => {
  test.each([
    [{ months: 0, days: 0, nanoseconds: 0n }, "PT0S"],
    [{ months: -14, days: 15, nanoseconds: 0n }, "P-1Y-2M15D"],
    [{ months: 12, days: 0, nanoseconds: 3_600_000_000_000n }, "P1YT1H"],
    [{ months: 0, days: -1, nanoseconds: 90_500_000_000n }, "P-1DT1M30.5S"],
    [{ months: 0, days: 0, nanoseconds: -500_000_000n }, "PT-0.5S"],
    [{ months: 0, days: 0, nanoseconds: 2n ** 80n }, "PT335812727670H43M49.174706176S"],
  ])("%o is %s", (parts, text) => {
    expect(String(new Duration(parts))).toBe(text);
  });
});

describe("made of lengths of units", () => {
  const record = (lengths: Record<string, Value>) => new Map(Object.entries(lengths));

  test.each<[Record<string, Value>, string]>([
    [{ years: 1, quarters: 1, months: 1, weeks: 1, days: 1 }, "P1Y4M8D"],
    [{ hours: 25, minutes: -1 }, "PT24H59M"],
    [{ seconds: 1, milliseconds: 1, microseconds: 1, nanoseconds: 1 }, "PT1.001001001S"],
    [{ seconds: 0.3 }, "PT0.3S"],
    [{ hours: 0.1 }, "PT6M"],
    [{ months: 0.5, days: 0.5 }, "P15DT17H14M33S"],
    [{ months: -0.5 }, "P-15DT-5H-14M-33S"],
    [{ days: 1e-14 }, "PT0S"],
    [{ days: float(1e15) }, "P1000000000000000D"],
    [{ nanoseconds: 2n ** 62n }, "PT1281023H53M38.427387904S"],
    [{ days: 1, hours: -24 }, "P1DT-24H"],
  ])("%o is %s", (lengths, text) => {
    expect(String(toDuration(record(lengths)))).toBe(text);
  });

  test("a length of NULL makes it NULL", () => {
    expect(toDuration(record({ days: 1, hours: null }))).toBeNull();
  });

  test.each<[Record<string, Value>, string, string]>([
    [{}, "22007", "a DURATION has at least one unit"],
    [{ day: 1 }, "22007", 'a DURATION has no field "day"'],
    [{ constructor: 1 }, "22007", 'a DURATION has no field "constructor"'],
    [{ days: "1" }, "22G03", "`days` takes a number, not a STRING"],
    [{ days: float(Number.NaN) }, "22003", "NaN is no length of time"],
    [{ days: float(-Infinity) }, "22003", "-Infinity is no length of time"],
    [{ days: float(1e308) }, "22003", "the duration is too long to count"],
    [{ hours: 2n ** 62n }, "22003", "the duration is too long to count"],
  ])("refuses %o: %s, %s", (lengths, code, message) => {
    expect(() => toDuration(record(lengths))).toThrow(expect.objectContaining({ code, message }));
  });
});

describe("arithmetic", () => {
  test.each<[Value, string, number | bigint | ReturnType<typeof float>, string]>([
    [duration("P1Y2M3DT4H"), "*", 2, "P2Y4M6DT8H"],
    [duration("P1M"), "*", 0.5, "P15DT5H14M33S"],
    [duration("P1D"), "*", -0.25, "PT-6H"],
    [duration("P1D"), "*", 0, "PT0S"],
    [duration("PT1S"), "/", 3, "PT0.333333333S"],
    [duration("PT-1S"), "/", 3, "PT-0.333333333S"],
    [duration("P1D"), "/", -0.5, "P-2D"],
    [duration("P7D"), "/", 2, "P3DT12H"],
    [duration("P1M"), "/", 2, "P15DT5H14M33S"],
  ])("%s %s %s is %s", (left, operator, right, expected) => {
    const operate = operator === "*" ? multiply : divide;
    expect(String(operate(left, right))).toBe(expected);
    if (operator === "*") {
      expect(String(multiply(right, left))).toBe(expected);
    }
  });

  test("dividing by zero fails, whatever the type of the zero", () => {
    for (const zero of [0, float(0), float(-0)]) {
      expect(() => divide(duration("P1D"), zero)).toThrow(
        expect.objectContaining({ code: "22012" }),
      );
    }
  });

  test("what gets too long fails", () => {
    for (const run of [
      () => multiply(duration("P1D"), float(1e308)),
      () => add(duration("P9007199254740991D"), duration("P1D")),
      () => multiply(duration("PT1H"), 2n ** 63n - 1n),
      () => divide(duration("P1D"), float(5e-324)),
    ]) {
      expect(run).toThrow(expect.objectContaining({ code: "22003" }));
    }
  });

  test.each<[string, () => Value]>([
    ["DURATION * DURATION", () => multiply(duration("P1D"), duration("P1D"))],
    ["number / DURATION", () => divide(1, duration("P1D"))],
    ["DURATION + number", () => add(duration("P1D"), 1)],
    ["DURATION + STRING", () => add(duration("P1D"), "P1D")],
  ])("%s is no operation", (_, run) => {
    expect(run).toThrow(expect.objectContaining({ code: "22G03" }));
  });

  test("adding is undone by subtracting, and multiplying by dividing", () => {
    fc.assert(
      fc.property(short, short, fc.integer({ min: 1, max: 1_000 }), (a, b, n) => {
        expect(subtract(add(a, b), b)).toEqual(a);
        expect(divide(multiply(a, n), n)).toEqual(a);
        expect(multiply(a, 2)).toEqual(add(a, a));
        expect(negate(a)).toEqual(multiply(a, -1));
      }),
    );
  });

  test("the negative of the negative is the same, however long", () => {
    fc.assert(
      fc.property(durations, (value) => {
        expect(negate(negate(value))).toEqual(value);
      }),
    );
  });
});
