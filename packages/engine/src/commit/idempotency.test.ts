import { expect, test } from "vitest";
import { IdempotencyKeys } from "./idempotency.ts";

const LIMITS = { keptMs: 1000, keysMax: 3 };

function keysOf(
  ...records: [principal: string, key: string, seq: number, timeMs: number][]
): IdempotencyKeys {
  const keys = new IdempotencyKeys(LIMITS);
  for (const [principal, key, seq, timeMs] of records) keys.add({ principal, key, seq, timeMs });
  return keys;
}

test("a key is known for as long as the limit says, and not a moment longer", () => {
  const keys = keysOf(["ann", "k", 5, 100]);
  expect(keys.find("ann", "k", 1099)).toBe(5);
  expect(keys.find("ann", "k", 1100)).toBeUndefined();
});

test("the first write under a key stays", () => {
  expect(keysOf(["ann", "k", 5, 100], ["ann", "k", 6, 200]).find("ann", "k", 300)).toBe(5);
});

test("a key that is due can be used again", () => {
  expect(keysOf(["ann", "k", 5, 100], ["ann", "k", 6, 1100]).find("ann", "k", 1200)).toBe(6);
});

test("what is due is forgotten as later writes come in", () => {
  expect(keysOf(["ann", "a", 1, 0], ["ann", "b", 2, 500], ["ann", "c", 3, 1200]).size).toBe(2);
});

test("beyond the number of keys that are kept, the oldest go", () => {
  const keys = keysOf(
    ["ann", "a", 1, 0],
    ["ann", "b", 2, 1],
    ["ann", "c", 3, 2],
    ["ann", "d", 4, 3],
  );
  expect(keys.size).toBe(3);
  expect(keys.find("ann", "a", 4)).toBeUndefined();
  expect(keys.find("ann", "b", 4)).toBe(2);
});

test("principal and key cannot be shifted into each other", () => {
  expect(keysOf(["a", "bc", 1, 0]).find("ab", "c", 1)).toBeUndefined();
  expect(keysOf(["1:a", "b", 1, 0]).find("1", ":ab", 1)).toBeUndefined();
});

test("records given to a checkpoint make the same table again", () => {
  const keys = keysOf(["ann", "a", 1, 0], ["bob", "__proto__", 2, 1]);
  const again = new IdempotencyKeys(LIMITS);
  for (const record of keys.records()) again.add(record);
  expect([...again.records()]).toEqual([...keys.records()]);
  expect(again.find("bob", "__proto__", 2)).toBe(2);
});
