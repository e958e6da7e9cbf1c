import fc from "fast-check";
import { expect, test } from "vitest";
import { SlabPool } from "./slab-pool.ts";

test("slabs in use never overlap, and keep their contents while the pool grows", () => {
  const step = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        op: fc.constant("allocate" as const),
        sizeClass: fc.nat(6),
        pick: fc.constant(0),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        op: fc.constant("release" as const),
        sizeClass: fc.constant(0),
        pick: fc.nat(),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        op: fc.constant("extend" as const),
        sizeClass: fc.constant(0),
        pick: fc.nat(),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        op: fc.constant("allocate" as const),
        sizeClass: fc.integer({ min: 17, max: 20 }),
        pick: fc.constant(0),
      }),
    },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: "max" }), (steps) => {
      const pool = new SlabPool();
      const slabs: { offset: number; sizeClass: number; mark: number }[] = [];
      const ends = (offset: number, sizeClass: number): [number, number] => [
        pool.word(offset),
        pool.word(offset) + (2 << sizeClass) - 1,
      ];
      const write = (offset: number, sizeClass: number, mark: number): void => {
        for (const word of ends(offset, sizeClass)) pool.chunk(offset)[word] = mark;
      };
      for (const [i, { op, sizeClass, pick }] of steps.entries()) {
        const at = slabs.length === 0 ? -1 : pick % slabs.length;
        if (op === "allocate") {
          const offset = pool.allocate(sizeClass);
          slabs.push({ offset, sizeClass, mark: i });
          write(offset, sizeClass, i);
        } else if (op === "release" && at >= 0) {
          const [slab] = slabs.splice(at, 1);
          pool.release(slab!.offset, slab!.sizeClass);
        } else if (op === "extend") {
          // Only the slab that was cut last can be extended; try it on all.
          for (const slab of slabs) {
            if (!pool.extend(slab.offset, slab.sizeClass)) continue;
            slab.sizeClass++;
            write(slab.offset, slab.sizeClass, slab.mark);
          }
        }
        for (const { offset, sizeClass: size, mark } of slabs) {
          for (const word of ends(offset, size))
            if (pool.chunk(offset)[word] !== mark)
              throw new Error(`slab of step ${mark} was overwritten`);
        }
      }
      for (const a of slabs) {
        for (const b of slabs) {
          if (a === b || pool.chunk(a.offset) !== pool.chunk(b.offset)) continue;
          const [startA, endA] = ends(a.offset, a.sizeClass);
          const [startB, endB] = ends(b.offset, b.sizeClass);
          expect(endA < startB || endB < startA).toBe(true);
        }
      }
    }),
    { numRuns: 50 },
  );
});

test("a slab that was released is the next of its size", () => {
  const pool = new SlabPool();
  const [a, b, c] = [pool.allocate(2), pool.allocate(2), pool.allocate(2)];
  pool.release(a, 2);
  pool.release(c, 2);
  expect([pool.allocate(2), pool.allocate(2)]).toEqual([c, a]);
  expect(pool.allocate(2)).toBeGreaterThan(b);
});

test("a slab grows in place when it was cut last, and not otherwise", () => {
  const pool = new SlabPool();
  const first = pool.allocate(0);
  const last = pool.allocate(0);
  expect(pool.extend(first, 0)).toBe(false);
  expect(pool.extend(last, 0)).toBe(true);
  expect(pool.extend(last, 1)).toBe(true);
  pool.allocate(0);
  expect(pool.extend(last, 2)).toBe(false);
});

test("a slab does not grow in place while a free one of the size wanted is there", () => {
  const pool = new SlabPool();
  pool.release(pool.allocate(3), 3);
  const last = pool.allocate(2);
  expect(pool.extend(last, 2)).toBe(false);
  pool.allocate(3);
  expect(pool.extend(pool.allocate(2), 2)).toBe(true);
});

test("what is left of a chunk when a larger slab needs another one is used later", () => {
  const pool = new SlabPool();
  pool.allocate(18);
  pool.allocate(0);
  pool.allocate(19);
  const { bytes } = pool;
  for (let sizeClass = 17; sizeClass >= 0; sizeClass--) pool.allocate(sizeClass);
  expect(pool.bytes).toBe(bytes);
});

test("a new pool takes little memory", () => {
  const pool = new SlabPool();
  expect(pool.bytes).toBe(0);
  pool.allocate(0);
  expect(pool.bytes).toBeLessThan(200);
});
