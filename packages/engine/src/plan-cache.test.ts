import { GeodeError } from "@geode/values";
import { expect, test } from "vitest";
import { statementOf } from "../test/statements.ts";
import { PlanCache } from "./plan-cache.ts";

/** A cache and the texts that it had to compile. */
function cacheOf(size: number): { cache: PlanCache; compiled: string[] } {
  const compiled: string[] = [];
  const compile = (text: string): ReturnType<typeof statementOf> => {
    compiled.push(text);
    if (text === "wrong") throw new GeodeError("42001", "no GQL");
    return { ...statementOf(() => {}), text };
  };
  return { cache: new PlanCache(compile, size), compiled };
}

test("a text is compiled once", () => {
  const { cache, compiled } = cacheOf(2);
  expect(cache.get("a")).toBe(cache.get("a"));
  expect(compiled).toEqual(["a"]);
});

test("what was used longest ago goes first", () => {
  const { cache, compiled } = cacheOf(2);
  for (const text of ["a", "b", "a", "c", "a", "b"]) cache.get(text);
  expect(compiled).toEqual(["a", "b", "c", "b"]);
});

test("a text with an error is not kept", () => {
  const { cache, compiled } = cacheOf(2);
  cache.get("a");
  for (const _ of [1, 2, 3]) expect(() => cache.get("wrong")).toThrow("no GQL");
  cache.get("a");
  expect(compiled).toEqual(["a", "wrong", "wrong", "wrong"]);
});

test("a huge text does not push out others", () => {
  const { cache, compiled } = cacheOf(1);
  const huge = "x".repeat(64 * 1024 + 1);
  for (const text of ["a", huge, "a"]) cache.get(text);
  expect(compiled).toEqual(["a", huge]);
});

test("with no room nothing is kept", () => {
  const { cache, compiled } = cacheOf(0);
  cache.get("a");
  cache.get("a");
  expect(compiled).toEqual(["a", "a"]);
});
