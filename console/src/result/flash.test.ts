import { expect, test } from "vitest";
import { changedCells, NO_FLASHES } from "./flash.ts";

test("a row that changed lights up where it did, a new one as a whole, the others not", () => {
  const same = { name: "Ada", age: 36 };
  const before = {
    keys: ["a", "b", "c"],
    rows: [same, { name: "Bob", age: 1 }, { name: "Cleo", age: 5 }],
  };
  const now = {
    keys: ["d", "a", "b", "c"],
    rows: [{ name: "Dan", age: 9 }, same, { name: "Bob", age: 2 }, { name: "Cleo", age: 5 }],
  };
  expect([...changedCells(before, now)]).toEqual([
    ["d", "inserted"],
    ["b", new Set(["age"])],
  ]);
});

test("null and the text null are told apart by nobody, but null and a number are", () => {
  expect([
    ...changedCells({ keys: ["a"], rows: [{ x: null }] }, { keys: ["a"], rows: [{ x: 0 }] }),
  ]).toEqual([["a", new Set(["x"])]]);
});

test("the same rows are no news", () => {
  const rows = [{ x: 1 }];
  expect(changedCells({ keys: ["a"], rows }, { keys: ["a"], rows })).toBe(NO_FLASHES);
});
