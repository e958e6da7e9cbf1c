import { expect, test } from "vitest";
import { flashesOf, NO_FLASHES } from "./flash.ts";

const now = { turn: 2, atMs: 1_000 };

test("a row that changed lights up where it did, a new one as a whole, the others not", () => {
  const same = { name: "Ada", age: 36 };
  const before = {
    keys: ["a", "b", "c"],
    rows: [same, { name: "Bob", age: 1 }, { name: "Cleo", age: 5 }],
    flashes: NO_FLASHES,
  };
  const after = {
    keys: ["d", "a", "b", "c"],
    rows: [{ name: "Dan", age: 9 }, same, { name: "Bob", age: 2 }, { name: "Cleo", age: 5 }],
  };
  expect([...flashesOf(before, after, now)]).toEqual([
    ["d", { cells: "inserted", ...now }],
    ["b", { cells: new Set(["age"]), ...now }],
  ]);
});

test("null is told apart from a value", () => {
  const before = { keys: ["a"], rows: [{ x: null }], flashes: NO_FLASHES };
  const flashes = flashesOf(before, { keys: ["a"], rows: [{ x: 0 }] }, now);
  expect(flashes.get("a")?.cells).toEqual(new Set(["x"]));
});

test("what lights up is left to fade, as the same object, and then forgotten", () => {
  const rows = { keys: ["a", "b"], rows: [{ x: 1 }, { x: 1 }] };
  const changed = { keys: ["a", "b"], rows: [{ x: 2 }, rows.rows[1] as object as { x: number }] };
  const first = flashesOf({ ...rows, flashes: NO_FLASHES }, changed, now);
  const next = { keys: ["a", "b"], rows: [changed.rows[0] as { x: number }, { x: 2 }] };
  const second = flashesOf({ ...changed, flashes: first }, next, { turn: 3, atMs: 1_500 });
  expect([...second.keys()]).toEqual(["a", "b"]);
  expect(second.get("a")).toBe(first.get("a"));
  const third = flashesOf({ ...next, flashes: second }, next, { turn: 4, atMs: 2_600 });
  expect([...third.keys()]).toEqual(["b"]);
});
