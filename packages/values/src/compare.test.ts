import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { values } from "../test/arbitrary.ts";
import {
  compare,
  Edge,
  equals,
  equivalenceKey,
  equivalent,
  float,
  lessThan,
  lessThanOrEqual,
  Node,
  Path,
  toDuration,
  toInstant,
  type Value,
} from "./index.ts";

const NaN_ = float(Number.NaN);
const node = (id: number, properties: Record<string, Value> = {}) =>
  new Node(id, [], new Map(Object.entries(properties)));
const edge = (id: number) => new Edge(id, "KNOWS", 1, 2, new Map());
const date = (text: string) => toInstant("DATE", text);
const time = (text: string) => toInstant("ZONED TIME", text);
const local = (text: string) => toInstant("LOCAL DATETIME", text);
const zoned = (text: string) => toInstant("ZONED DATETIME", text);
const duration = (text: string) => toDuration(text);
const record = (fields: Record<string, Value>) => new Map(Object.entries(fields));

describe("equality", () => {
  test.each<[Value, Value, boolean | null]>([
    [1, 1, true],
    [1, float(1), true],
    [2n ** 60n, float(2 ** 60), true],
    [2n ** 60n + 1n, float(2 ** 60), false],
    [float(-0), 0, true],
    [NaN_, NaN_, false],
    [NaN_, "a", false],
    [1, "1", false],
    [1, true, false],
    [null, null, null],
    [null, 1, null],
    ["a", "a", true],
    [new Uint8Array([1]), new Uint8Array([1]), true],
    [new Uint8Array([1]), new Uint8Array([2]), false],
    [[], [], true],
    [[1], [1, null], false],
    [[1, 2], [null, "foo"], false],
    [[1, null], [1, 2], null],
    [[[null]], [[1]], null],
    [record({}), record({ k: null }), false],
    [record({ k: null }), record({ k: null }), null],
    [record({ k: 1, l: null }), record({ l: null, k: 2 }), false],
    [record({ k: null, l: 1 }), record({ l: 1 }), false],
    [node(1, { a: 1 }), node(1, { a: 2 }), true],
    [node(1), node(2), false],
    [node(1), edge(1), false],
    [new Path([node(1), edge(5), node(2)]), new Path([node(1), edge(5), node(2)]), true],
    [new Path([node(1)]), new Path([node(1), edge(5), node(2)]), false],
    [date("2024-02-29"), date("20240229"), true],
    [date("2024-02-29"), local("2024-02-29"), false],
    [date("2024-02-29"), "2024-02-29", false],
    [zoned("2024-07-01T12:00Z"), zoned("2024-07-01T14:00+02:00[Europe/Stockholm]"), true],
    [zoned("2024-07-01T12:00Z"), local("2024-07-01T12:00"), false],
    [time("12:00Z"), time("14:00+02:00"), true],
    [duration("P14M"), duration("P1Y2M"), true],
    [duration("P1D"), duration("PT24H"), false],
    [duration("P1M"), duration("P30D"), false],
  ])("%o = %o is %o", (a, b, expected) => {
    expect(equals(a, b)).toBe(expected);
    expect(equals(b, a)).toBe(expected);
  });
});

describe("less than", () => {
  test.each<[Value, Value, boolean | null, boolean | null]>([
    [1, 2, true, true],
    [2, 1, false, false],
    [1, float(1), false, true],
    [2n ** 53n, float(2 ** 53), false, true],
    [1, 2n ** 53n, true, true],
    [NaN_, 1, false, false],
    [1, NaN_, false, false],
    [NaN_, NaN_, false, false],
    [NaN_, "a", null, null],
    ["a", "b", true, true],
    ["a", 1, null, null],
    [false, true, true, true],
    [null, 1, null, null],
    [null, null, null, null],
    [[1], [1, 0], true, true],
    [[1], [1, null], true, true],
    [[1, null], [1, 2], null, null],
    [[1, "a"], [1, null], null, null],
    [[1, 2], [3, null], true, true],
    [[NaN_, 1], [NaN_, 2], false, false],
    [record({}), record({}), null, null],
    [node(1), node(2), null, null],
    [date("2024-02-29"), date("2024-03-01"), true, true],
    [date("-0001-12-31"), date("0000-01-01"), true, true],
    [date("2024-02-29"), local("2024-03-01"), null, null],
    [zoned("2024-07-01T12:00+02:00"), zoned("2024-07-01T11:00Z"), true, true],
    [zoned("2024-07-01T12:00Z"), zoned("2024-07-01T14:00+02:00"), false, true],
    [time("23:00-02:00"), time("00:30Z"), false, false],
    [duration("P1Y"), duration("P13M"), true, true],
    [duration("PT25H"), duration("P1D"), false, false],
    [duration("P1D"), duration("PT24H"), false, false],
    [duration("P1M"), duration("P30D"), null, null],
    [duration("P1M"), duration("P2M1D"), true, true],
    [duration("P1M1D"), duration("P2M"), null, null],
  ])("%o < %o is %o, and <= is %o", (a, b, less, lessOrEqual) => {
    expect(lessThan(a, b)).toBe(less);
    expect(lessThanOrEqual(a, b)).toBe(lessOrEqual);
  });
});

test("ORDER BY puts the types in openCypher's order, numbers by value, NaN last among them, NULL last of all", () => {
  const ordered: Value[] = [
    record({}),
    record({ a: "map" }),
    node(1),
    node(2),
    edge(1),
    [],
    ["list"],
    ["list", null],
    [null],
    new Path([node(1)]),
    zoned("2024-07-01T12:00+02:00"),
    zoned("2024-07-01T11:00Z"),
    local("2024-07-01T11:00"),
    date("2024-07-01"),
    time("12:00+02:00"),
    time("11:00Z"),
    toInstant("LOCAL TIME", "11:00"),
    duration("P-1Y"),
    duration("PT0S"),
    duration("P30D"),
    duration("P1M"),
    "",
    "text",
    new Uint8Array([0]),
    false,
    true,
    float(-Infinity),
    -(2n ** 63n),
    1.5,
    2 ** 53 - 1,
    2n ** 53n,
    2n ** 53n + 1n,
    float(2 ** 54),
    float(Infinity),
    NaN_,
    null,
  ];
  fc.assert(
    fc.property(fc.shuffledSubarray(ordered, { minLength: ordered.length }), (shuffled) => {
      expect(shuffled.sort(compare)).toEqual(ordered);
    }),
  );
});

describe("laws", () => {
  const pair = fc.tuple(values, values);

  test("the order is antisymmetric and total", () => {
    fc.assert(
      fc.property(pair, ([a, b]) => Math.sign(compare(a, b)) === -Math.sign(compare(b, a))),
    );
  });

  test("the order is transitive", () => {
    fc.assert(
      fc.property(values, values, values, (...three) => {
        const [a, b, c] = three.sort(compare) as [Value, Value, Value];
        expect(compare(a, b)).toBeLessThanOrEqual(0);
        expect(compare(b, c)).toBeLessThanOrEqual(0);
        expect(compare(a, c)).toBeLessThanOrEqual(0);
      }),
    );
  });

  test("every value is equivalent to itself", () => {
    fc.assert(
      fc.property(
        values,
        (a) => equivalent(a, a) && compare(a, a) === 0 && equivalenceKey(a) === equivalenceKey(a),
      ),
    );
  });

  test("equivalent, of the same place in the order, and of the same key are the same", () => {
    fc.assert(
      fc.property(pair, ([a, b]) => {
        expect(compare(a, b) === 0).toBe(equivalent(a, b));
        expect(equivalenceKey(a) === equivalenceKey(b)).toBe(equivalent(a, b));
      }),
      { numRuns: 2_000 },
    );
  });

  test("equal values are equivalent; unequal ones are not, but for NaN", () => {
    fc.assert(
      fc.property(pair, ([a, b]) => {
        const equal = equals(a, b);
        if (equal === true) {
          expect(equivalent(a, b)).toBe(true);
        }
        if (equal === false && !holdsNaN(a)) {
          expect(equivalent(a, b)).toBe(false);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test("where < knows an answer, the order agrees with it", () => {
    fc.assert(
      fc.property(pair, ([a, b]) => {
        if (lessThan(a, b) === true) {
          expect(compare(a, b)).toBeLessThan(0);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("equivalence keys", () => {
  test("numbers, booleans, NULL and ordinary strings are their own keys", () => {
    for (const value of [0, -7, 1.5, "", "Alice", true, false, null]) {
      expect(equivalenceKey(value)).toBe(value);
    }
  });

  test.each<[string, Value, Value]>([
    ["1 and 1.0", 1, float(1)],
    ["0 and -0.0", 0, float(-0)],
    ["NaN and NaN", NaN_, float(Number.NaN)],
    ["a big integer and the float of the same value", 2n ** 60n, float(2 ** 60)],
    ["lists of such", [[1, NaN_], 2n ** 60n], [[float(1), NaN_], float(2 ** 60)]],
    [
      "records whatever the order of their fields",
      new Map([
        ["a", 1],
        ["b", 2],
      ]),
      new Map([
        ["b", 2],
        ["a", 1],
      ]),
    ],
  ])("are the same for %s", (_, a, b) => {
    expect(equivalenceKey(a)).toBe(equivalenceKey(b));
  });

  test("a string cannot be made to look like the key of something else", () => {
    for (const value of [NaN_, [1], record({ a: 1 }), node(1), edge(1), new Uint8Array([1])]) {
      const forged = String(equivalenceKey(value));
      expect(equivalenceKey(forged)).not.toBe(equivalenceKey(value));
    }
    expect(equivalenceKey("\0x")).not.toBe(equivalenceKey("\0s\0x"));
    expect(equivalenceKey(["a", "b"])).not.toBe(equivalenceKey(["a1:b"]));
    expect(equivalenceKey([1_152_921_504_606_847_000n])).not.toBe(equivalenceKey([float(2 ** 60)]));
  });
});

function holdsNaN(value: Value): boolean {
  if (value instanceof Map) {
    return [...(value.values() as Iterable<Value>)].some(holdsNaN);
  }
  return Array.isArray(value) ? value.some(holdsNaN) : compare(value, NaN_) === 0;
}
