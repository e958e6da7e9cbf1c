import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Adjacency } from "./adjacency.ts";

function pairsOf(adjacency: Adjacency, node: number): [number, number][] {
  const pool = adjacency.pool(node);
  const start = adjacency.offset(node);
  return Array.from({ length: adjacency.degree(node) }, (_, i) => [
    pool[start + 2 * i]!,
    pool[start + 2 * i + 1]!,
  ]);
}

describe("adjacency", () => {
  test("of a node that never had an edge is empty, whatever the slot", () => {
    const adjacency = new Adjacency();
    adjacency.push(5, 1, 2);
    for (const node of [0, 4, 6, 1_023, 1_024, 10_000_000]) {
      expect([adjacency.degree(node), adjacency.pool(node).length, adjacency.offset(node)]).toEqual(
        [0, 0, 0],
      );
    }
  });

  test("moves the last pair into the place of one that is taken out, and back again", () => {
    const adjacency = new Adjacency();
    for (let i = 0; i < 5; i++) expect(adjacency.push(0, 10 + i, 20 + i)).toBe(i);
    const before = pairsOf(adjacency, 0);
    expect(adjacency.removeAt(0, 1)).toBe(24);
    expect(pairsOf(adjacency, 0)).toEqual([before[0], before[4], before[2], before[3]]);
    expect(adjacency.insertAt(0, 1, 11, 21)).toBe(24);
    expect(pairsOf(adjacency, 0)).toEqual(before);
    expect(adjacency.removeAt(0, 4)).toBe(-1);
    expect(adjacency.insertAt(0, 4, 14, 24)).toBe(-1);
    expect(pairsOf(adjacency, 0)).toEqual(before);
  });

  test("keeps a hub whose edges take more than a chunk of the pool", () => {
    const adjacency = new Adjacency();
    const degree = 600_000;
    adjacency.push(1, 7, 7);
    for (let i = 0; i < degree; i++) adjacency.push(0, i, i + 1);
    adjacency.push(2, 8, 8);
    expect(adjacency.degree(0)).toBe(degree);
    const pairs = pairsOf(adjacency, 0);
    expect(pairs.every(([neighbour, edge], i) => neighbour === i && edge === i + 1)).toBe(true);
    expect([pairsOf(adjacency, 1), pairsOf(adjacency, 2)]).toEqual([[[7, 7]], [[8, 8]]]);
    for (let i = degree - 1; i >= 0; i--) adjacency.removeAt(0, 0);
    expect(adjacency.degree(0)).toBe(0);
    expect(adjacency.count).toBe(2);
  });

  test("gives memory back: adding and removing over and over does not grow it", () => {
    const adjacency = new Adjacency();
    const fill = (): void => {
      for (let i = 0; i < 50; i++)
        for (let node = 0; node < 200; node++) adjacency.push(node, i, i);
    };
    const empty = (): void => {
      for (let node = 0; node < 200; node++)
        while (adjacency.degree(node) > 0) adjacency.removeAt(node, 0);
    };
    fill();
    empty();
    const { bytes } = adjacency;
    for (let round = 0; round < 20; round++) {
      fill();
      empty();
    }
    // A pool that grows doubles; what remains free may be of other sizes the second time.
    expect(adjacency.bytes).toBeLessThanOrEqual(bytes * 2);
    expect(adjacency.count).toBe(0);
  });

  test("gives back most of a hub's memory when most of its edges go, so that another hub can have it", () => {
    const adjacency = new Adjacency();
    for (let i = 0; i < 1_000; i++) adjacency.push(0, i, i);
    while (adjacency.degree(0) > 10) adjacency.removeAt(0, 0);
    const { bytes } = adjacency;
    for (let i = 0; i < 1_000; i++) adjacency.push(1, i, i);
    expect(adjacency.bytes).toBe(bytes);
    expect(adjacency.degree(0)).toBe(10);
  });

  test("takes little for a label that few nodes use", () => {
    const adjacency = new Adjacency();
    adjacency.push(5_000_000, 1, 1);
    expect(adjacency.bytes).toBeLessThan(10_000);
  });

  test("holds what a naive model holds, in the same order", () => {
    const node = fc.oneof(fc.nat(3), fc.constantFrom(15, 16, 1_023, 1_024, 5_000));
    const step = fc.oneof(
      {
        weight: 3,
        arbitrary: fc.record({
          op: fc.constant("push" as const),
          node,
          times: fc.integer({ min: 1, max: 40 }),
        }),
      },
      {
        weight: 2,
        arbitrary: fc.record({
          op: fc.constant("remove" as const),
          node,
          times: fc.integer({ min: 1, max: 60 }),
        }),
      },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: "max" }), fc.nat(), (steps, seed) => {
        const adjacency = new Adjacency();
        const model = new Map<number, [number, number][]>();
        let next = 1;
        for (const { op, node: at, times } of steps) {
          const pairs = model.get(at) ?? [];
          model.set(at, pairs);
          for (let i = 0; i < times; i++) {
            if (op === "push") {
              pairs.push([next, next * 3]);
              adjacency.push(at, next, next * 3);
              next++;
            } else if (pairs.length > 0) {
              const position = (seed + i * 7) % pairs.length;
              const last = pairs.pop()!;
              if (position < pairs.length) pairs[position] = last;
              expect(adjacency.removeAt(at, position)).toBe(position < pairs.length ? last[1] : -1);
            }
          }
        }
        for (const [at, pairs] of model) expect(pairsOf(adjacency, at)).toEqual(pairs);
        expect(adjacency.count).toBe(
          [...model.values()].reduce((sum, pairs) => sum + pairs.length, 0),
        );
      }),
    );
  });
});
