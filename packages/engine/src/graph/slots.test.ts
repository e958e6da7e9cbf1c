import fc from "fast-check";
import { expect, test } from "vitest";
import { IdChunks, NO_NUMBER, SmallChunks, Uint32Chunks } from "./chunks.ts";
import { Slots } from "./slots.ts";

test("a released slot is taken again before a new one", () => {
  const slots = new Slots();
  expect([slots.take(), slots.take(), slots.take()]).toEqual([0, 1, 2]);
  slots.release(0);
  slots.release(2);
  expect([slots.used, slots.end, slots.next, slots.nextIsReused]).toEqual([1, 3, 2, true]);
  expect([slots.take(), slots.take(), slots.take()]).toEqual([2, 0, 3]);
});

test("slots run out at their number, and not before", () => {
  const slots = new Slots(2);
  slots.take();
  slots.take();
  expect(() => slots.take()).toThrow(expect.objectContaining({ code: "LIMIT" }));
  expect([slots.used, slots.end]).toEqual([2, 2]);
  slots.release(0);
  expect(slots.take()).toBe(0);
});

test("taking and releasing, undone in reverse order, leave the same slots to come", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(9)), fc.array(fc.nat(9)), (setUp, steps) => {
      const slots = new Slots();
      const used: number[] = [];
      const undo: (() => void)[] = [];
      const run = (pick: number): void => {
        if (pick > 5 && used.length > 0) {
          slots.release(used.splice(pick % used.length, 1)[0]!);
          undo.push(() => slots.unrelease());
          return;
        }
        const reused = slots.nextIsReused;
        const slot = slots.take();
        used.push(slot);
        undo.push(() => slots.untake(slot, reused));
      };
      setUp.forEach(run);
      const before = [slots.end, slots.used, [...slots.free()]];
      undo.length = 0;
      steps.forEach(run);
      for (const step of undo.toReversed()) step();
      expect([slots.end, slots.used, [...slots.free()]]).toEqual(before);
    }),
  );
});

test.each([
  ["uint32", () => new Uint32Chunks(), 0, 0xffffffff],
  ["ids of 32 bits", () => new IdChunks(), 0, 0xffffffff],
  ["ids of 53 bits", () => new IdChunks(), 0, Number.MAX_SAFE_INTEGER],
  ["small numbers that are not", () => new SmallChunks(), NO_NUMBER, 0xfffffffe],
] as const)(
  "an array in chunks of %s keeps its elements as it grows, small at first and by chunks later",
  (_, make, empty, largest) => {
    const array = make();
    expect(array.bytes).toBe(0);
    const indexes = [0, 1, 15, 16, 17, 1_000, 65_535, 65_536, 65_537, 131_071, 131_072, 500_000];
    for (const index of indexes) {
      array.reserve(index + 1);
      expect(array.get(index)).toBe(empty);
      array.set(index, largest - index);
      for (const earlier of indexes.filter((other) => other <= index))
        expect(array.get(earlier)).toBe(largest - earlier);
    }
    const { bytes } = array;
    array.reserve(1);
    expect(array.bytes).toBe(bytes);
    expect(bytes).toBeLessThanOrEqual((500_000 + 65_536) * 8);
    const small = make();
    small.reserve(1);
    expect(small.bytes).toBeLessThanOrEqual(16 * 8);
  },
);

test("a chunk of ids takes 4 bytes for each until one needs more, and keeps the others", () => {
  const ids = new IdChunks();
  ids.reserve(65_536 * 2);
  ids.set(1, 0xffffffff);
  expect(ids.bytes).toBe(65_536 * 2 * 4);
  ids.set(2, 2 ** 32);
  expect([ids.get(0), ids.get(1), ids.get(2)]).toEqual([0, 0xffffffff, 2 ** 32]);
  expect(ids.bytes).toBe(65_536 * (8 + 4));
  expect(ids.length).toBe(65_536 * 2);
});

test("a chunk of small numbers takes a byte for each until one needs more, and keeps the others", () => {
  const numbers = new SmallChunks();
  numbers.reserve(65_536 * 2);
  numbers.set(1, 254);
  expect(numbers.bytes).toBe(65_536 * 2);
  numbers.set(2, 255);
  expect([0, 1, 2].map((index) => numbers.get(index))).toEqual([NO_NUMBER, 254, 255]);
  numbers.set(1, NO_NUMBER);
  expect(numbers.get(1)).toBe(NO_NUMBER);
  expect(numbers.bytes).toBe(65_536 * (4 + 1));
});
