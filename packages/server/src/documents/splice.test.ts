import fc from "fast-check";
import { expect, test } from "vitest";
import { spliceOf } from "./splice.ts";

const text = fc
  .array(fc.constantFrom("a", "b", "😀", "😁", "\u{1d49c}"), { maxLength: 8 })
  .map((parts) => parts.join(""));

test("a splice makes the one text of the other, and cuts no character", () => {
  fc.assert(
    fc.property(text, text, (before, after) => {
      const { at, insert, remove } = spliceOf(before, after);
      expect(before.slice(0, at) + insert + before.slice(at + remove)).toBe(after);
      expect(insert.isWellFormed()).toBe(true);
      expect(before.slice(0, at).isWellFormed()).toBe(true);
      expect(before.slice(at + remove).isWellFormed()).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});

test("what stays is not in it", () => {
  const long = "x".repeat(10_000);
  expect(spliceOf(`${long}ab${long}`, `${long}a!b${long}`)).toEqual({
    at: 10_001,
    remove: 0,
    insert: "!",
  });
});
