import { float } from "@geode/values";
import type { Value } from "@geode/values";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BigMap } from "./big-map.ts";
import { HashIndex } from "./indexes.ts";

const PLACE = { element: "node", label: 0, keys: [0] } as const;

describe("a hash index", () => {
  test("finds by equivalence: 1 like 1.0, 0 like -0, NaN like itself, lists by contents", () => {
    const index = new HashIndex("i", PLACE);
    const values: Value[] = [
      1,
      float(1),
      0,
      float(-0),
      float(NaN),
      float(NaN),
      [1, "a"],
      [float(1), "a"],
      "1",
      true,
    ];
    for (const [slot, value] of values.entries()) index.add(slot, value);
    expect(index.seek(float(1))).toEqual([0, 1]);
    expect(index.seek(0)).toEqual([2, 3]);
    expect(index.seek(float(NaN))).toEqual([4, 5]);
    expect(index.seek([1, "a"])).toEqual([6, 7]);
    expect(index.seek("1")).toEqual([8]);
    expect(index.seek(true)).toEqual([9]);
    expect([index.count, index.distinct]).toEqual([10, 6]);
  });

  test("finds nothing for null and for a value that nobody has", () => {
    const index = new HashIndex("i", PLACE);
    index.add(0, "null");
    expect(index.seek(null)).toEqual([]);
    expect(index.seek("nobody")).toEqual([]);
  });

  test("forgets a value when its last node goes", () => {
    const index = new HashIndex("i", PLACE);
    index.add(1, "x");
    index.add(2, "x");
    index.remove(1, "x");
    index.remove(2, "x");
    expect([index.count, index.distinct, index.seek("x")]).toEqual([0, 0, []]);
    expect(() => index.remove(2, "x")).toThrow(RangeError);
  });

  test("restores what it removed, to the same place, in reverse order", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom<Value>("a", "b", 1), { minLength: 1, maxLength: 30 }),
        fc.array(fc.nat(29)),
        (values, removals) => {
          const index = new HashIndex("i", PLACE);
          for (const [slot, value] of values.entries()) index.add(slot, value);
          const observed = (): unknown =>
            new Map([...index.entries()].map(([key, slots]) => [key, [...slots]]));
          const before = observed();
          // Twice, because the second time stands on what the first restored.
          for (let round = 0; round < 2; round++) {
            const removed: [number, number][] = [];
            for (const slot of new Set(removals))
              if (slot < values.length) removed.push([slot, index.remove(slot, values[slot]!)]);
            expect(index.count).toBe(values.length - removed.length);
            for (const [slot, position] of removed.toReversed())
              index.restore(slot, values[slot]!, position);
          }
          expect(observed()).toEqual(before);
        },
      ),
    );
  });
});

describe("an index over several properties", () => {
  const index = new HashIndex("i", { ...PLACE, keys: [4, 7] });
  const valueOf = (properties: Readonly<Record<number, Value>>): Value =>
    index.valueOf((key) => properties[key] ?? null);

  test("stands for the list of their values, in its own order", () => {
    expect(valueOf({ 7: "b", 4: "a" })).toEqual(["a", "b"]);
  });

  test("leaves out what lacks one of them", () => {
    expect([valueOf({ 4: "a" }), valueOf({ 7: "b" }), valueOf({})]).toEqual([null, null, null]);
  });

  test("finds by all of them, and nothing where one is NULL", () => {
    index.add(3, ["a", 1]);
    index.add(5, ["a", 2]);
    expect(index.seekAll(["a", float(1)])).toEqual([3]);
    expect(index.seekAll(["a", null])).toEqual([]);
  });

  test("knows whether two are under one value", () => {
    expect(index.isDistinct).toBe(true);
    index.add(6, ["a", 2]);
    expect(index.isDistinct).toBe(false);
    index.remove(5, ["a", 2]);
    expect(index.isDistinct).toBe(true);
  });
});

describe("a map beyond the bound of one Map", () => {
  test("holds what one Map would", () => {
    const step = fc.tuple(fc.nat(20), fc.option(fc.nat(), { nil: undefined }));
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 100, size: "max" }),
        fc.integer({ min: 1, max: 5 }),
        (steps, entriesMax) => {
          const map = new BigMap<number, number>(entriesMax);
          const model = new Map<number, number>();
          for (const [key, value] of steps) {
            if (value === undefined) {
              map.delete(key);
              model.delete(key);
            } else {
              map.set(key, value);
              model.set(key, value);
            }
            expect(map.size).toBe(model.size);
          }
          expect(new Map(map)).toEqual(model);
          for (let key = 0; key <= 20; key++) expect(map.get(key)).toBe(model.get(key));
        },
      ),
    );
  });
});
