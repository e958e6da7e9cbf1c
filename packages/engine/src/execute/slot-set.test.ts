import fc from "fast-check";
import { expect, test } from "vitest";
import { SlotSet } from "./slot-set.ts";

const slots = fc.array(
  fc.oneof(fc.nat(50), fc.nat(100_000), fc.integer({ min: 2 ** 26 - 3, max: 2 ** 32 - 1 })),
  { maxLength: 200 },
);

test("a set of slots holds what a Set does, one use after the other", () => {
  fc.assert(
    fc.property(fc.array(slots, { minLength: 1, maxLength: 4 }), (uses) => {
      for (const use of uses) {
        const [set, expected] = [SlotSet.take(), new Set<number>()];
        for (const slot of use) {
          expect(set.has(slot)).toBe(expected.has(slot));
          if (!expected.has(slot)) set.add(slot);
          expected.add(slot);
        }
        expect(set.release()).toBe(expected.size);
      }
    }),
  );
});

test("one that is in use is nobody else's, and a very large one is not kept", () => {
  const [first, second] = [SlotSet.take(), SlotSet.take()];
  for (let slot = 0; slot <= 100_000; slot++) first.add(slot);
  expect(second.has(5)).toBe(false);
  expect(second.release()).toBe(0);
  expect(SlotSet.take()).toBe(second);
  expect(first.release()).toBe(100_001);
  expect(SlotSet.take()).not.toBe(first);
});
