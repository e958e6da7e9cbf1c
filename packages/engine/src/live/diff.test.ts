import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { diff } from "./diff.ts";
import { type Copy, fold } from "../../test/fold.ts";
import type { RowSet } from "./row-set.ts";

/** A result whose rows are given as key → text. */
function rowSet(rows: readonly (readonly [key: string, text: string])[]): RowSet {
  return {
    keys: rows.map(([key]) => key),
    texts: rows.map(([, text]) => text),
    rows: rows.map(([, text]) => [text]),
    positions: new Map(rows.map(([key], position) => [key, position])),
  };
}

const copyOf = ({ keys, texts }: RowSet): Copy => ({ keys, texts });
const ORDERED = { ordered: true, before: false };
const UNORDERED = { ordered: false, before: false };

/** Results over few keys and texts, so that rows meet each other often. */
const anyRows = fc
  .uniqueArray(
    fc.tuple(
      fc.constantFrom("a", "b", "c", "d", "e", "f", "g", "h", "i", "j"),
      fc.constantFrom("1", "2", "3"),
    ),
    {
      selector: ([key]) => key,
    },
  )
  .map(rowSet);

describe("the changes between two states of a result", () => {
  test("bring a copy of an ordered result exactly to the new state, order included", () => {
    fc.assert(
      fc.property(anyRows, anyRows, (old, now) => {
        expect(fold(copyOf(old), diff(old, now, ORDERED))).toEqual(copyOf(now));
      }),
      { numRuns: 2000 },
    );
  });

  test("bring a copy of an unordered result to the same rows", () => {
    fc.assert(
      fc.property(anyRows, anyRows, (old, now) => {
        const folded = fold(copyOf(old), diff(old, now, UNORDERED));
        const pairs = ({ keys, texts }: Copy): string[] =>
          keys.map((key, place) => `${key}=${texts[place]}`).sort();
        expect(pairs(folded)).toEqual(pairs(copyOf(now)));
      }),
    );
  });

  test("are none when nothing changed", () => {
    fc.assert(
      fc.property(anyRows, (rows) => {
        expect(diff(rows, rows, ORDERED)).toEqual([]);
      }),
    );
  });

  test("name each row once", () => {
    fc.assert(
      fc.property(anyRows, anyRows, (old, now) => {
        const keys = diff(old, now, ORDERED).map((change) => change.key);
        expect(new Set(keys).size).toBe(keys.length);
      }),
    );
  });

  test("come as deletes by descending place, updates in place, then rows by ascending place", () => {
    fc.assert(
      fc.property(anyRows, anyRows, (old, now) => {
        const changes = diff(old, now, ORDERED);
        const stage = (op: string, index: number | undefined): number =>
          op === "delete" ? 0 : index === undefined ? 1 : 2;
        const stages = changes.map(({ op, index }) => stage(op, index));
        expect(stages).toEqual(stages.toSorted((a, b) => a - b));
        const froms = changes.flatMap(({ op, from }) =>
          op === "delete" && from !== undefined ? [from] : [],
        );
        expect(froms).toEqual(froms.toSorted((a, b) => b - a));
        const indexes = changes.flatMap(({ index }) => (index === undefined ? [] : [index]));
        expect(indexes).toEqual(indexes.toSorted((a, b) => a - b));
      }),
    );
  });

  test("move as few rows as possible: one row that jumps to the front is one change", () => {
    const old = rowSet("abcdef".split("").map((key) => [key, "1"] as const));
    const now = rowSet("fabcde".split("").map((key) => [key, "1"] as const));
    expect(diff(old, now, ORDERED)).toEqual([
      { op: "update", key: "f", data: "1", row: ["1"], index: 0, from: 5 },
    ]);
  });

  test("say nothing of rows that only shift because others came or went", () => {
    const old = rowSet([
      ["a", "1"],
      ["b", "1"],
      ["c", "1"],
    ]);
    const now = rowSet([
      ["b", "1"],
      ["x", "1"],
      ["c", "1"],
    ]);
    expect(diff(old, now, ORDERED)).toEqual([
      { op: "delete", key: "a", data: "1", row: ["1"], from: 0 },
      { op: "insert", key: "x", data: "1", row: ["1"], index: 1 },
    ]);
  });

  test("carry the row before an update when that was asked for", () => {
    const changes = diff(rowSet([["a", "1"]]), rowSet([["a", "2"]]), {
      ordered: false,
      before: true,
    });
    expect(changes).toEqual([{ op: "update", key: "a", data: "2", row: ["2"], before: "1" }]);
  });

  test("say nothing of positions when the statement has no order", () => {
    const old = rowSet([
      ["a", "1"],
      ["b", "1"],
    ]);
    const now = rowSet([
      ["b", "2"],
      ["c", "1"],
      ["a", "1"],
    ]);
    for (const change of diff(old, now, UNORDERED)) {
      expect(change).not.toHaveProperty("index");
      expect(change).not.toHaveProperty("from");
    }
  });
});

describe("a copy", () => {
  const copy: Copy = { keys: ["a"], texts: ["1"] };

  test.each([
    ["an insert of a row that it has", { op: "insert", key: "a", data: "1", row: [] }],
    ["an update of a row that it lacks", { op: "update", key: "x", data: "1", row: [] }],
    ["a delete of a row that it lacks", { op: "delete", key: "x", data: "1", row: [] }],
    ["a row from another place", { op: "delete", key: "a", data: "1", row: [], from: 1 }],
  ] as const)("refuses %s", (_, change) => {
    expect(() => fold(copy, [change])).toThrow();
  });
});
