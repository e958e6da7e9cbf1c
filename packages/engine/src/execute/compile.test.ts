import { describe, expect, test } from "vitest";
import { compile } from "./compile.ts";

describe("a statement reads the clock or chance", () => {
  test.each([
    "RETURN current_timestamp AS x",
    "RETURN datetime() AS x",
    "RETURN `datetime`() AS x",
    "RETURN date/**/() AS x",
    "RETURN date.statement() AS x",
    "RETURN date.truncate('week') AS x",
    "MATCH (n) WHERE EXISTS { MATCH (m) WHERE m.until > local_datetime() } RETURN n",
    "FOR x IN [rand()] RETURN x",
  ])("%s", (text) => {
    expect(compile(text).volatile).toBe(true);
  });

  test.each([
    "RETURN 'current_timestamp()' AS x",
    "RETURN date('2024-02-29') AS x",
    "RETURN date.truncate('week', $day) AS x",
    "MATCH (n:datetime) RETURN n.rand AS date",
  ])("not: %s", (text) => {
    expect(compile(text).volatile).toBe(false);
  });
});
