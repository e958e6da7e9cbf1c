import { describe, expect, test } from "vitest";
import { compile } from "../execute/compile.ts";

const repeated = (count: number, part: (index: number) => string, between: string): string =>
  Array.from({ length: count }, (_, index) => part(index)).join(between);

describe("a statement has", () => {
  const lets = (count: number): string => repeated(count, (index) => `LET x${index} = 1`, " ");

  test("at most 1000 clauses", () => {
    expect(compile(`${lets(999)} RETURN x0`).access).toBe("read");
    expect(() => compile(`${lets(1000)} RETURN x0`)).toThrow("at most 1000 clauses");
  });

  test("at most 1000 clauses, what LET defines counted one by one", () => {
    const items = repeated(1000, (index) => `x${index} = 1`, ", ");
    expect(() => compile(`LET ${items} RETURN x0`)).toThrow("at most 1000 clauses");
  });
});

describe("ALL_DIFFERENT takes", () => {
  const different = (count: number): string =>
    `MATCH (n) RETURN ALL_DIFFERENT(${repeated(count, () => "n", ", ")}) AS x`;

  test("at most 64 elements", () => {
    expect(compile(different(64)).access).toBe("read");
    expect(() => compile(different(65))).toThrow("at most 64 elements");
  });
});
