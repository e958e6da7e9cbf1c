import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ElementTable } from "./element-table.ts";

describe("the page table", () => {
  test("keeps nodes and edges apart", () => {
    const table = new ElementTable();
    table.add(7, 0, "node");
    table.add(8, 0, "edge");
    expect([table.node(7), table.edge(7), table.has(7)]).toEqual([0, -1, true]);
    expect([table.node(8), table.edge(8), table.has(8)]).toEqual([-1, 0, true]);
    expect([table.node(9), table.edge(9), table.has(9)]).toEqual([-1, -1, false]);
  });

  test.each([-1, -1024, 0.5, NaN, Infinity, -Infinity, 2 ** 53])(
    "says of %d, which is no id, that it has no element",
    (id) => {
      const table = new ElementTable();
      for (const absent of [false, true]) {
        expect([table.node(id), table.edge(id), table.has(id)], String(absent)).toEqual([
          -1,
          -1,
          false,
        ]);
        if (!table.has(0)) table.add(0, 3, "node");
      }
    },
  );

  test("takes the largest ids and slots there can be", () => {
    const table = new ElementTable();
    table.add(Number.MAX_SAFE_INTEGER, 2 ** 31 - 2, "node");
    table.add(Number.MAX_SAFE_INTEGER - 1, 2 ** 31 - 2, "edge");
    expect(table.node(Number.MAX_SAFE_INTEGER)).toBe(2 ** 31 - 2);
    expect(table.edge(Number.MAX_SAFE_INTEGER - 1)).toBe(2 ** 31 - 2);
  });

  test("refuses to remove what it does not have", () => {
    const table = new ElementTable();
    table.add(1, 0, "node");
    expect(() => table.remove(2)).toThrow(RangeError);
    expect(() => table.remove(100_000)).toThrow(RangeError);
  });

  test("takes no memory for ids that came and went", () => {
    const table = new ElementTable();
    for (let id = 0; id < 100_000; id++) {
      table.add(id, 0, "node");
      if (id >= 10) table.remove(id - 10);
    }
    expect(table.bytes).toBeLessThanOrEqual(2 * 4096);
    expect([...table.ids("node")]).toEqual([
      99_990, 99_991, 99_992, 99_993, 99_994, 99_995, 99_996, 99_997, 99_998, 99_999,
    ]);
  });

  test("holds what a Map would, and lists ids in ascending order", () => {
    const id = fc.oneof(
      fc.nat(3_000),
      fc.maxSafeInteger().map(Math.abs),
      fc.constantFrom(63, 64, 1_023, 1_024, 65_535, 65_536),
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(id, fc.nat(1e6), fc.boolean()), { maxLength: 100, size: "max" }),
        (steps) => {
          const table = new ElementTable();
          const model = new Map<number, { slot: number; kind: "node" | "edge" }>();
          for (const [at, slot, isNode] of steps) {
            const kind = isNode ? "node" : "edge";
            if (model.delete(at)) {
              table.remove(at);
              continue;
            }
            model.set(at, { slot, kind });
            table.add(at, slot, kind);
          }
          for (const [at] of steps) {
            const found = model.get(at);
            expect(table.node(at)).toBe(found?.kind === "node" ? found.slot : -1);
            expect(table.edge(at)).toBe(found?.kind === "edge" ? found.slot : -1);
          }
          for (const kind of ["node", "edge"] as const) {
            const ids = [...model].filter(([, found]) => found.kind === kind).map(([at]) => at);
            expect([...table.ids(kind)]).toEqual(ids.sort((a, b) => a - b));
          }
          for (const at of model.keys()) expect(table.idsEnd).toBeGreaterThan(at);
        },
      ),
    );
  });
});
