import { float } from "@geode/values";
import type { Value } from "@geode/values";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CHUNK } from "./column.ts";
import { Columns } from "./columns.ts";

const KEY = 3;

/** A column of these values from slot 0 on. */
function columnOf(values: readonly Value[]): Columns {
  const columns = new Columns();
  for (const [slot, value] of values.entries()) columns.set(slot, KEY, value);
  return columns;
}

function kindOf(values: readonly Value[]): string | undefined {
  return columnOf(values).get(KEY)?.kind;
}

describe("columns", () => {
  test("do not exist before their first value", () => {
    const columns = new Columns();
    columns.set(5, KEY, null);
    expect(columns.get(KEY)).toBe(undefined);
    expect(columns.get(-1)).toBe(undefined);
    expect(columns.value(5, KEY)).toBe(null);
    expect(columns.value(5, -1)).toBe(null);
  });

  test.each<[string, Value[], string]>([
    ["small integers", [1, -1, 0, 2 ** 31 - 1], "int32"],
    ["the int32 that stands for null", [1, -(2 ** 31)], "int53"],
    ["large integers", [2 ** 31, -(2 ** 53 - 1)], "int53"],
    ["large integers after small ones", [7, 2 ** 40], "int53"],
    ["integers beyond the safe ones", [1, 2n ** 60n], "any"],
    ["floats, also those without a fraction", [0.5, float(2), float(-0), float(Infinity)], "float"],
    ["NaN, which stands for null elsewhere", [0.5, float(NaN)], "any"],
    ["integers and floats", [2, 2.5], "any"],
    ["floats and integers", [2.5, 2], "any"],
    ["an integer and the float that equals it", [2, float(2)], "any"],
    ["strings", ["a", "", "a"], "dictionary"],
    ["strings and something else", ["a", 1], "any"],
    ["booleans", [true, false], "any"],
    ["lists, records, bytes", [[1], new Map([["f", 1]]), new Uint8Array([1])], "any"],
  ])("hold %s", (_, values, kind) => {
    const columns = columnOf(values);
    expect(columns.get(KEY)!.kind).toBe(kind);
    expect(values.map((__, slot) => columns.value(slot, KEY))).toStrictEqual(values);
  });

  test("take a plain -0, which arithmetic on integers can leave, as the integer 0", () => {
    for (const others of [[1], [2 ** 40], [true]]) {
      const columns = columnOf([...others, -0]);
      expect(Object.is(columns.value(1, KEY), 0)).toBe(true);
    }
  });

  test("keep a dictionary while strings repeat, and give it up when they do not", () => {
    const names = Array.from({ length: 10_000 }, (_, i) => `name ${i}`);
    const cities = Array.from({ length: 100_000 }, (_, i) => `city ${i % 5_000}`);
    expect(kindOf(names.slice(0, 4_096))).toBe("dictionary");
    expect(kindOf(names)).toBe("any");
    expect(kindOf([...cities.map((city) => city.slice(0, 7)), ...cities])).toBe("dictionary");
    const columns = columnOf(names);
    expect(names.every((name, slot) => columns.value(slot, KEY) === name)).toBe(true);
  });

  test("weigh a dictionary against the values there are, not against those there were", () => {
    const overwritten = new Columns();
    for (let i = 0; i < 50_000; i++) overwritten.set(0, KEY, "again");
    const emptied = columnOf(Array.from({ length: 50_000 }, () => "soon gone"));
    for (let slot = 0; slot < 50_000; slot++) emptied.set(slot, KEY, null);
    for (const columns of [overwritten, emptied]) {
      for (let i = 0; i < 4_095; i++) columns.set(0, KEY, `name ${i}`);
      expect(columns.get(KEY)!.kind).toBe("dictionary");
      columns.set(0, KEY, "one more");
      expect([columns.get(KEY)!.kind, columns.value(0, KEY)]).toEqual(["any", "one more"]);
    }
  });

  test("offer dictionary codes that are equal exactly when the strings are", () => {
    const column = columnOf(["a", "b", "a", null]).get(KEY)!;
    if (column.kind !== "dictionary") throw new Error(column.kind);
    expect(column.code(0)).toBe(column.code(2));
    expect(column.code(0)).not.toBe(column.code(1));
    expect([column.code(3), column.code(99_999)]).toEqual([0, 0]);
    expect([column.codeOf("b"), column.codeOf("c")]).toEqual([column.code(1), -1]);
    expect(column.codeOf("")).toBe(-1);
  });

  test.each<[string, Value]>([
    ["int32", 1],
    ["int53", 2 ** 40],
    ["float", 1.5],
    ["dictionary", "a"],
    ["any", true],
  ])("of kind %s take memory only for chunks of slots that have values", (kind, value) => {
    const columns = new Columns();
    columns.set(1_000_000, KEY, value);
    expect(columns.get(KEY)!.kind).toBe(kind);
    expect(columns.bytes).toBeLessThanOrEqual(CHUNK * 8);
    expect([
      columns.value(1_000_000, KEY),
      columns.value(999_999, KEY),
      columns.value(0, KEY),
      columns.value(2_000_000, KEY),
    ]).toEqual([value, null, null, null]);
    columns.set(0, KEY, value);
    expect(columns.bytes).toBeLessThanOrEqual(CHUNK * 8 + 16 * 8);
  });

  test("hold what a Map would, across chunks, growth, removal and promotion", () => {
    const slot = fc.oneof(
      fc.nat(40),
      fc.nat(3 * CHUNK),
      fc.constantFrom(CHUNK - 1, CHUNK, 2 * CHUNK - 1),
    );
    const ofOneKind = fc.constantFrom<fc.Arbitrary<Value>>(
      fc.integer(),
      fc.maxSafeInteger(),
      fc.double({ noNaN: false }).map(float),
      fc.constantFrom("a", "b", "c"),
      fc.boolean(),
    );
    const mixed = fc.oneof(
      fc.integer(),
      fc.maxSafeInteger(),
      fc.double().map(float),
      fc.string(),
      fc.boolean(),
      fc.constant([1]),
    );
    const tape = ofOneKind.chain((kind) =>
      fc.array(
        fc.tuple(
          slot,
          fc.oneof(
            { weight: 20, arbitrary: kind },
            { weight: 1, arbitrary: mixed },
            { weight: 4, arbitrary: fc.constant(null) },
          ),
        ),
        {
          maxLength: 80,
          size: "max",
        },
      ),
    );
    fc.assert(
      fc.property(tape, (steps) => {
        const columns = new Columns();
        const model = new Map<number, Value>();
        for (const [at, value] of steps) {
          columns.set(at, KEY, value);
          model.set(at, value);
        }
        for (const [at, value] of model) expect(columns.value(at, KEY)).toStrictEqual(value);
        for (let at = 0; at < 60; at++)
          expect(columns.value(at, KEY)).toStrictEqual(model.get(at) ?? null);
      }),
    );
  });
});
