import { expect, test } from "vitest";
import { accessOf } from "./access.ts";

test.each([
  ["MATCH (n) RETURN n", "read"],
  ["SELECT * FROM settings", "read"],
  ["SUBSCRIBE TO users WHERE age > 18", "read"],
  ["MATCH (n) WHERE n.preset = 'x' RETURN n", "read"],
  ["INSERT (:A)", "unknown"],
  ["match (n)set n.x = 1", "unknown"],
  ["MATCH (n) DETACH DELETE n", "unknown"],
  ["MATCH (n) REMOVE/**/n.x", "unknown"],
  ["MATCH (n) WHERE n.verb = 'delete' RETURN n", "unknown"],
] as const)("%s: %s", (text, access) => {
  expect(accessOf(text, {})).toBe(access);
});

test("what the database knows, counts", () => {
  expect(accessOf("MATCH (n) WHERE n.verb = 'set' RETURN n", { access: () => "read" })).toBe(
    "read",
  );
});
