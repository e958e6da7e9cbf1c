import { describe, expect, test } from "vitest";
import { parse, PARSE_DEFAULTS } from "./parser.ts";

describe("the length of a text", () => {
  test("may be what the option says", () => {
    expect(parse("RETURN 123", { textLengthMax: 10 })).toBeDefined();
  });

  test("may not be one more", () => {
    expect(() => parse("RETURN 1234", { textLengthMax: 10 })).toThrow(
      expect.objectContaining({
        code: "TOO_LARGE",
        message: "The statement has 11 characters; 10 are allowed.",
      }),
    );
  });
});

describe("the height of an expression", () => {
  test("may be what the option says", () => {
    expect(parse("RETURN 1 + 1 + 1", { expressionHeightMax: 4 })).toBeDefined();
  });

  test("may not be one more", () => {
    expect(() => parse("RETURN 1 + 1 + 1 + 1", { expressionHeightMax: 4 })).toThrow(
      expect.objectContaining({
        code: "42001",
        message: "the expression is too long: more than 4 levels",
      }),
    );
  });

  test("is counted across brackets: chains in chains add up, chains side by side do not", () => {
    const chain = "1 + 1 + 1";
    expect(
      parse(`RETURN [${chain}, ${chain}, ${chain}]`, { expressionHeightMax: 6 }),
    ).toBeDefined();
    expect(() => parse(`RETURN ((${chain}) + 1 + 1) + 1`, { expressionHeightMax: 6 })).toThrow(
      "too long",
    );
  });

  test.each([
    ["AND", "RETURN true", " AND true"],
    ["OR", "RETURN true", " OR true"],
    ["comparisons", "RETURN 1", " < 1"],
    ["labels", "MATCH (n:A", "|A"],
    ["clauses", "MATCH (n) ", "MATCH (n) "],
    ["set operators", "RETURN 1 AS a", " UNION RETURN 1 AS a"],
    ["edges", "MATCH (a)", "-->()"],
  ])("does not limit %s, which are a flat list", (_, head, part) => {
    const tail = head.startsWith("MATCH (n:")
      ? ") FINISH"
      : head.startsWith("MATCH")
        ? " FINISH"
        : "";
    expect(parse(head + part.repeat(20_000) + tail)).toBeDefined();
  });
});

describe("nesting", () => {
  const nestings: readonly (readonly [string, string])[] = [
    ["RETURN ", "("],
    ["RETURN ", "["],
    ["RETURN ", "{a: "],
    ["RETURN ", "-"],
    ["RETURN ", "NOT "],
    ["RETURN ", "f("],
    ["RETURN ", "a["],
    ["RETURN ", "list["],
    ["RETURN ", "a {b: "],
    ["RETURN ", "CASE WHEN "],
    ["RETURN ", "1 IN 1 + "],
    ["RETURN ", "[x IN "],
    ["RETURN ", "[(a)-->(b) | "],
    ["RETURN ", "any(x IN "],
    ["RETURN ", "LET x = "],
    ["RETURN ", "EXISTS { MATCH (a) WHERE "],
    ["RETURN ", "VALUE { RETURN "],
    ["RETURN CAST(1 AS ", "LIST<"],
    ["RETURN CAST(1 AS ", "RECORD {a "],
    ["RETURN CAST(1 AS INT", " LIST"],
    ["MATCH (n:", "!"],
    ["MATCH (n:", "("],
    ["MATCH ", "("],
    ["MATCH (n) WHERE ", "(a {x: "],
    ["", "OPTIONAL { "],
    ["", "CALL { "],
    ["", "{ "],
    ["SELECT * FROM ", "{ SELECT * FROM "],
  ];

  test.each(nestings)("%s%s is refused before the stack ends", (head, part) => {
    const text = head + part.repeat(5_000);
    expect(() => parse(text)).toThrow(expect.objectContaining({ code: "42001" }));
  });

  test("of 100 parentheses is fine", () => {
    expect(parse(`RETURN ${"(".repeat(100)}1${")".repeat(100)}`)).toBeDefined();
  });

  test("may be what the option says, and not one more", () => {
    expect(parse("RETURN ((1))", { nestingMax: 3 })).toBeDefined();
    expect(() => parse("RETURN (((1)))", { nestingMax: 3 })).toThrow(
      expect.objectContaining({ code: "42001", message: "nested too deeply: more than 3 levels" }),
    );
  });
});

test("the defaults are what is documented", () => {
  expect(PARSE_DEFAULTS).toEqual({
    textLengthMax: 1_048_576,
    nestingMax: 256,
    expressionHeightMax: 1_000,
  });
});
