import fc from "fast-check";
import { expect, test } from "vitest";
import { BLOCK_IDS } from "../graph/store.ts";
import { LeasedIds } from "./ids.ts";

test("ids come from leased blocks, and no element has the id 0", () => {
  const ids = new LeasedIds(() => 0);
  expect(ids.pendingLease()).toBeNull();
  expect([ids.next(), ids.next()]).toEqual([1, 2]);
  expect(ids.pendingLease()).toEqual({ kind: "lease", firstBlock: 0, count: 1 });
});

test("a confirmed lease is not logged again", () => {
  const ids = new LeasedIds(() => 0);
  ids.next();
  ids.confirm({ kind: "lease", firstBlock: 0, count: 1 });
  ids.next();
  expect(ids.pendingLease()).toBeNull();
});

test("a block that is taken while a lease is being logged is logged after it", () => {
  const ids = new LeasedIds(() => 0);
  ids.next();
  const logged = ids.pendingLease();
  for (let drawn = 0; drawn < BLOCK_IDS; drawn += 1) ids.next();
  ids.confirm(logged!);
  expect(ids.pendingLease()).toEqual({ kind: "lease", firstBlock: 1, count: 1 });
});

test("a run that needs more than a block leases several at once", () => {
  const ids = new LeasedIds(() => 7);
  for (let drawn = 0; drawn <= BLOCK_IDS; drawn += 1) ids.next();
  expect(ids.pendingLease()).toEqual({ kind: "lease", firstBlock: 7, count: 2 });
});

test("ids of a refused entry are not drawn again, even if the block is free again", () => {
  const ids = new LeasedIds(() => 3);
  const refused = ids.next();
  ids.discard();
  expect(ids.next()).toBe(refused + 1);
  expect(ids.pendingLease()).toEqual({ kind: "lease", firstBlock: 3, count: 1 });
});

test("ids of a refused entry are not drawn again when somebody else has the block", () => {
  let nextBlock = 3;
  const ids = new LeasedIds(() => nextBlock);
  ids.next();
  nextBlock = 9;
  ids.discard();
  expect(ids.next()).toBe(9 * BLOCK_IDS);
});

test("whatever is confirmed, refused or taken by others: no id twice, and each in a block that was ours alone", () => {
  const step = fc.oneof(
    fc.record({
      kind: fc.constant("draw" as const),
      count: fc.integer({ min: 1, max: 2.5 * BLOCK_IDS }),
    }),
    fc.record({
      kind: fc.constantFrom("confirm" as const, "discard" as const),
      count: fc.constant(0),
    }),
    fc.record({ kind: fc.constant("overtaken" as const), count: fc.integer({ min: 1, max: 3 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      let nextBlock = 0;
      const ids = new LeasedIds(() => nextBlock);
      let last = 0;
      let ours: readonly (readonly [first: number, end: number])[] = [];
      for (const { kind, count } of steps) {
        switch (kind) {
          case "draw": {
            for (let drawn = 0; drawn < count; drawn += 1) {
              const id = ids.next();
              if (id <= last) throw new Error(`${id} was drawn after ${last}`);
              last = id;
            }
            const lease = ids.pendingLease();
            const leased =
              lease === null
                ? ours
                : [...ours, [lease.firstBlock, lease.firstBlock + lease.count] as const];
            const block = Math.floor(last / BLOCK_IDS);
            expect(leased.some(([first, end]) => block >= first && block < end)).toBe(true);
            break;
          }
          case "confirm": {
            const lease = ids.pendingLease();
            if (lease === null) break;
            expect(lease.firstBlock).toBeGreaterThanOrEqual(nextBlock);
            nextBlock = lease.firstBlock + lease.count;
            ours = [...ours, [lease.firstBlock, nextBlock]];
            ids.confirm(lease);
            break;
          }
          case "overtaken":
            nextBlock += count;
            ids.discard();
            break;
          case "discard":
            ids.discard();
            break;
        }
      }
    }),
    { numRuns: 50 },
  );
});
