import { compare, equivalenceKey, float, type Value } from "@geode/values";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ValueOrder } from "./value-order.ts";

const value: fc.Arbitrary<Value> = fc.oneof(
  fc.integer({ min: -20, max: 20 }),
  fc.double().map(float),
  fc
    .bigInt({ min: -(2n ** 70n), max: 2n ** 70n })
    .filter((big) => !Number.isSafeInteger(Number(big))),
  fc.string({ maxLength: 3 }),
  fc.boolean(),
  fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 2 }),
);

function distinct(values: readonly Value[]): Value[] {
  return [...new Map(values.map((item) => [equivalenceKey(item), item])).values()];
}

test("values that come and go are told in order, from any of them on", () => {
  fc.assert(
    fc.property(fc.array(value, { maxLength: 60 }), fc.array(value), value, (all, gone, lower) => {
      const order = new ValueOrder();
      const values = distinct(all);
      for (const item of values) order.add(item, equivalenceKey(item));
      const leaving = new Set(gone.map((item) => equivalenceKey(item)));
      for (const item of values)
        if (leaving.has(equivalenceKey(item))) order.remove(item, equivalenceKey(item));
      const left = values.filter((item) => !leaving.has(equivalenceKey(item))).sort(compare);
      expect(order.size).toBe(left.length);
      expect([...order.from(null)].map((entry) => entry.key)).toEqual(left.map(equivalenceKey));
      expect([...order.from(lower)].map((entry) => entry.key)).toEqual(
        left.filter((item) => compare(item, lower) >= 0).map(equivalenceKey),
      );
    }),
  );
});

test("many values stand in many blocks", () => {
  const order = new ValueOrder();
  for (let n = 0; n < 5000; n++) order.add((n * 7919) % 5000, (n * 7919) % 5000);
  expect([...order.from(4990)].map((entry) => entry.value)).toEqual([
    4990, 4991, 4992, 4993, 4994, 4995, 4996, 4997, 4998, 4999,
  ]);
  for (let n = 0; n < 5000; n++) if (n !== 2500) order.remove(n, n);
  expect([...order.from(null)].map((entry) => entry.value)).toEqual([2500]);
});

test("a value that is not in it cannot be taken out", () => {
  const order = new ValueOrder();
  expect(() => order.remove(1, 1)).toThrow(RangeError);
});
