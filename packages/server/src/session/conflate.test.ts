import type { CommitChanges, RowChange } from "@geode/protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { conflate } from "./conflate.ts";

const insert = (key: string, data: string): RowChange => ({ op: "insert", key, data });
const update = (key: string, data: string, before?: string): RowChange => ({
  op: "update",
  key,
  data,
  ...(before === undefined ? {} : { before }),
});
const remove = (key: string, data: string): RowChange => ({ op: "delete", key, data });

/** Commits 1, 2, 3 … with these changes. */
const commits = (...all: RowChange[][]): CommitChanges[] =>
  all.map((changes, place) => ({
    seq: place + 1,
    prevSeq: place,
    digest: `d${place + 1}`,
    changes,
  }));
const net = (...all: RowChange[][]) => conflate(commits(...all))?.changes;

test("several commits become one that follows what came before the first and ends with the last", () => {
  expect(conflate(commits([insert("a", "1")], [update("a", "2")], [insert("b", "1")]))).toEqual({
    seq: 3,
    prevSeq: 0,
    digest: "d3",
    changes: [insert("a", "2"), insert("b", "1")],
  });
});

describe("of one row remains", () => {
  test.each([
    ["insert, update", [[insert("a", "1")], [update("a", "2")]], [insert("a", "2")]],
    ["insert, delete", [[insert("a", "1")], [remove("a", "1")]], []],
    ["update, update", [[update("a", "2")], [update("a", "3")]], [update("a", "3")]],
    ["update, delete", [[update("a", "2")], [remove("a", "2")]], [remove("a", "2")]],
    [
      "update, delete, insert of what it was between",
      [[update("a", "2")], [remove("a", "2")], [insert("a", "2")]],
      [update("a", "2")],
    ],
    ["update there and back", [[update("a", "2", "1")], [update("a", "1", "2")]], []],
    ["delete, insert of the same", [[remove("a", "1")], [insert("a", "1")]], []],
  ])("%s", (_, all, expected) => {
    expect(net(...all)).toEqual(expected);
  });

  test("delete, insert of another: an update that knows the row before", () => {
    expect(net([remove("a", "1")], [insert("a", "2")])).toEqual([update("a", "2", "1")]);
  });

  test("with the row before each update: the row before the first", () => {
    expect(net([update("a", "2", "1")], [update("a", "3", "2")])).toEqual([update("a", "3", "1")]);
  });
});

test("deletes come first, then updates, then inserts", () => {
  expect(
    net([insert("n", "1")], [update("u", "2")], [remove("d", "1")])?.map(({ op }) => op),
  ).toEqual(["delete", "update", "insert"]);
});

test("rows with positions are not merged", () => {
  const placed: RowChange = { op: "insert", key: "a", data: "1", index: 0 };
  expect(conflate(commits([insert("b", "1")], [placed]))).toBeNull();
});

test("whatever happened, a copy that applies the net changes is the copy that applied them all", () => {
  const states = fc.array(
    fc.dictionary(fc.constantFrom("a", "b", "c", "__proto__", "d"), fc.constantFrom("1", "2", "3")),
    { minLength: 2, maxLength: 8 },
  );
  fc.assert(
    fc.property(states, fc.boolean(), (raw, withBefore) => {
      const all = raw.map((state) => new Map(Object.entries(state)));
      const steps = all.slice(1).map((now, place) => changesBetween(all[place]!, now, withBefore));
      const conflated = conflate(commits(...steps))!;
      expect(apply(all[0]!, conflated.changes)).toEqual(all.at(-1));
      expect(new Set(conflated.changes.map(({ key }) => key)).size).toBe(conflated.changes.length);
      if (withBefore) {
        for (const { before, key, op } of conflated.changes)
          if (op === "update") expect(before).toBe(all[0]!.get(key));
      }
    }),
    { numRuns: 1000 },
  );
});

type Rows = ReadonlyMap<string, string>;

function changesBetween(old: Rows, now: Rows, withBefore: boolean): RowChange[] {
  const changes: RowChange[] = [];
  for (const [key, data] of old) if (!now.has(key)) changes.push(remove(key, data));
  for (const [key, data] of now) {
    const before = old.get(key);
    if (before === undefined) changes.push(insert(key, data));
    else if (before !== data) changes.push(update(key, data, withBefore ? before : undefined));
  }
  return changes;
}

/** Strict: an insert of what is there, or an update of what is not, is a mistake. */
function apply(rows: Rows, changes: readonly RowChange[]): Rows {
  const copy = new Map(rows);
  for (const { op, key, data } of changes) {
    expect(copy.has(key)).toBe(op !== "insert");
    if (op === "delete") copy.delete(key);
    else copy.set(key, data);
  }
  return copy;
}
