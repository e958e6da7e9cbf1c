import { float } from "@geode/values";
import type { Value } from "@geode/values";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Columns } from "./columns.ts";
import { KeySet } from "./key-set.ts";
import { Names } from "./names.ts";

const names = new Names();
const [KEY, OTHER_KEY] = [names.intern("property"), names.intern("other")];
/** Slots per chunk of a dense column. */
const CHUNK = 4_096;

function empty(): Columns {
  const keys = new KeySet(names);
  return new Columns(names, () => keys);
}

/** A column of these values from slot 0 on. */
function columnOf(values: readonly Value[]): Columns {
  const columns = empty();
  for (const [slot, value] of values.entries()) columns.set(slot, KEY, value);
  return columns;
}

/** The values over and over again, often enough to be worth a dense column. */
function often(values: readonly Value[]): Value[] {
  return Array.from({ length: 200 }, (_, i) => values[i % values.length]!);
}

describe("columns", () => {
  test("do not exist before their first value", () => {
    const columns = empty();
    columns.set(5, KEY, null);
    expect(columns.get(KEY)).toBe(undefined);
    expect(columns.get(-1)).toBe(undefined);
    expect(columns.value(5, KEY)).toBe(null);
    expect(columns.value(5, -1)).toBe(null);
  });

  test("are sparse while values are few or far apart, and dense from then on", () => {
    const columns = empty();
    for (let i = 0; i < 63; i++) columns.set(i, KEY, i);
    for (let i = 0; i < 1_000; i++) columns.set(i * 100, OTHER_KEY, i);
    expect([columns.get(KEY)!.kind, columns.get(OTHER_KEY)!.kind]).toEqual(["sparse", "sparse"]);
    columns.set(63, KEY, 63);
    for (let i = 0; i < 1_000; i++) columns.set(i * 100 + 1, OTHER_KEY, i);
    expect([columns.get(KEY)!.kind, columns.get(OTHER_KEY)!.kind]).toEqual(["int32", "int32"]);
    expect(columns.of(0)).toEqual([
      [OTHER_KEY, 0],
      [KEY, 0],
    ]);
    for (let i = 0; i < 64; i++) expect(columns.value(i, KEY)).toBe(i);
    for (let i = 0; i < 1_000; i++)
      expect([columns.value(i * 100, OTHER_KEY), columns.value(i * 100 + 1, OTHER_KEY)]).toEqual([
        i,
        i,
      ]);
  });

  test("cost what their values cost, also when every element makes up keys of its own", () => {
    const many = new Names();
    const keys = new KeySet(many);
    const columns = new Columns(many, () => keys);
    for (let i = 0; i < 20_000; i++) columns.set(i, many.intern(`key ${i}`), i);
    expect(columns.bytes).toBeLessThan(20_000 * 200);
    expect(keys.sorted()).toEqual([]);
    expect(columns.of(12_345)).toEqual([[12_345, 12_345]]);
    columns.clear(12_345);
    expect(columns.of(12_345)).toEqual([]);
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
    const columns = columnOf(often(values));
    expect(columns.get(KEY)!.kind).toBe(kind);
    expect(often(values).map((__, slot) => columns.value(slot, KEY))).toStrictEqual(often(values));
  });

  test("take a plain -0, which arithmetic on integers can leave, as the integer 0", () => {
    for (const others of [[1], often([1]), often([2 ** 40]), often([true])]) {
      const columns = columnOf([...others, -0]);
      expect(Object.is(columns.value(others.length, KEY), 0)).toBe(true);
    }
  });

  test("keep a dictionary while strings repeat, and give it up when they do not", () => {
    const kindOf = (values: readonly Value[]): string => columnOf(values).get(KEY)!.kind;
    const people = Array.from({ length: 10_000 }, (_, i) => `name ${i}`);
    const cities = Array.from({ length: 100_000 }, (_, i) => `city ${i % 5_000}`);
    expect(kindOf(people.slice(0, 4_096))).toBe("dictionary");
    expect(kindOf(people)).toBe("any");
    expect(kindOf([...cities.map((city) => city.slice(0, 7)), ...cities])).toBe("dictionary");
    const columns = columnOf(people);
    expect(people.every((name, slot) => columns.value(slot, KEY) === name)).toBe(true);
  });

  test("weigh a dictionary against the values there are, not against those there were", () => {
    const overwritten = columnOf(often(["a"]));
    for (let slot = 1; slot < 200; slot++) overwritten.set(slot, KEY, null);
    for (let i = 0; i < 50_000; i++) overwritten.set(0, KEY, "again");
    const emptied = columnOf(Array.from({ length: 50_000 }, () => "soon gone"));
    for (let slot = 0; slot < 50_000; slot++) emptied.set(slot, KEY, null);
    for (const columns of [overwritten, emptied]) {
      for (let i = 0; i < 4_000; i++) columns.set(0, KEY, `name ${i}`);
      expect(columns.get(KEY)!.kind).toBe("dictionary");
      for (let i = 4_000; i < 4_100; i++) columns.set(0, KEY, `name ${i}`);
      expect([columns.get(KEY)!.kind, columns.value(0, KEY)]).toEqual(["any", "name 4099"]);
    }
  });

  test("offer dictionary codes that are equal exactly when the strings are", () => {
    const column = columnOf([...often(["a", "b"]), null]).get(KEY)!;
    if (column.kind !== "dictionary") throw new Error(column.kind);
    expect(column.code(0)).toBe(column.code(2));
    expect(column.code(0)).not.toBe(column.code(1));
    expect([column.code(200), column.code(99_999)]).toEqual([0, 0]);
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
    const columns = columnOf(often([value]));
    expect(columns.get(KEY)!.kind).toBe(kind);
    const little = columns.bytes;
    expect(little).toBeLessThanOrEqual(256 * 8);
    columns.set(1_000_000, KEY, value);
    expect(columns.bytes).toBeLessThanOrEqual(little + CHUNK * 8);
    for (const slot of [200, 255, 256, CHUNK, 999_999, 1_000_001, 2_000_000])
      expect(columns.value(slot, KEY)).toBe(null);
    expect([columns.value(199, KEY), columns.value(1_000_000, KEY)]).toEqual([value, value]);
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
      fc.property(tape, fc.boolean(), (steps, dense) => {
        const first = dense ? often([steps.find(([, value]) => value !== null)?.[1] ?? 1]) : [];
        const columns = columnOf(first);
        const model = new Map<number, Value>(first.entries());
        for (const [at, value] of steps) {
          columns.set(at, KEY, value);
          model.set(at, value);
          expect(columns.of(at)).toStrictEqual(value === null ? [] : [[KEY, value]]);
        }
        for (const [at, value] of model) expect(columns.value(at, KEY)).toStrictEqual(value);
        for (let at = 0; at < 220; at++)
          expect(columns.value(at, KEY)).toStrictEqual(model.get(at) ?? null);
      }),
    );
  });
});
