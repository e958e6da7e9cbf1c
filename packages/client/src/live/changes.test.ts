import fc from "fast-check";
import { expect, test } from "vitest";
import { ChangeBuffer, mergeCommits } from "./changes.ts";
import type { Commit } from "./changes.ts";

type Model = Map<string, number>;

function fold(model: Model, commit: Commit<number>): void {
  for (const { op, key, row } of commit.changes) {
    if (op === "delete") {
      if (!model.delete(key)) throw new Error(`deleted ${key}, which is not there`);
    } else {
      if (model.has(key) !== (op === "update")) throw new Error(`${op} of ${key}`);
      model.set(key, row);
    }
  }
}

/** Valid commits: each change is possible after those before it. */
function commits(choices: readonly (readonly [key: string, value: number])[][]): Commit<number>[] {
  const model: Model = new Map();
  return choices.map((rows, seq) => {
    const changes = [...new Map(rows)].map(([key, row]) => {
      const op = !model.has(key)
        ? ("insert" as const)
        : row === 0
          ? ("delete" as const)
          : ("update" as const);
      if (op === "delete") model.delete(key);
      else model.set(key, row);
      return { op, key, row };
    });
    return { seq: seq + 1, changes };
  });
}

const choices = fc.array(
  fc.array(fc.tuple(fc.constantFrom("a", "b", "c"), fc.integer({ min: 0, max: 5 })), {
    maxLength: 3,
  }),
  { minLength: 1 },
);

test("merged commits do what the single ones do", () => {
  fc.assert(
    fc.property(choices, fc.nat(10), (rows, cut) => {
      const all = commits(rows);
      const one: Model = new Map();
      const each: Model = new Map();
      for (const commit of all) fold(each, commit);
      const at = Math.min(cut, all.length);
      if (at > 0) fold(one, mergeCommits(all.slice(0, at)));
      if (at < all.length) fold(one, mergeCommits(all.slice(at)));
      expect(one).toEqual(each);
    }),
  );
});

test("a consumer that never comes costs no more than the rows that changed", () => {
  const buffer = new ChangeBuffer<number>();
  buffer.push({ seq: 1, changes: [{ op: "insert", key: "a", row: 0 }] });
  for (let seq = 2; seq <= 10_000; seq += 1)
    buffer.push({ seq, changes: [{ op: "update", key: "a", row: seq }] });
  let waiting = 0;
  for (let commit = buffer.shift(); commit !== undefined; commit = buffer.shift())
    waiting += commit.changes.length;
  expect(waiting).toBeLessThanOrEqual(1_024);
});
