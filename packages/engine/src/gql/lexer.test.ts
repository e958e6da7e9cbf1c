import { Float, GeodeError } from "@geode/values";
import { describe, expect, test } from "vitest";
import { tokenize } from "./lexer.ts";

/** The tokens of a text without the end, each as its kind and what it says. */
function tokens(text: string): string[] {
  return tokenize(text)
    .slice(0, -1)
    .map(({ kind, text: said }) =>
      kind === "symbol" || kind === "word" ? said : `${kind} ${said}`,
    );
}

function failure(text: string): GeodeError {
  try {
    tokenize(text);
  } catch (error) {
    return error as GeodeError;
  }
  throw new Error(`no error in ${text}`);
}

describe("words and symbols", () => {
  test.each([
    ["MATCH (n)", ["MATCH", "(", "n", ")"]],
    ["a<-1", ["a", "<", "-", "number 1"]],
    ["(a)-->(b)", ["(", "a", ")", "-", "-", ">", "(", "b", ")"]],
    ["a<=b>=c<>d!=e=~f", ["a", "<=", "b", ">=", "c", "<>", "d", "!=", "e", "=~", "f"]],
    ["a||b|+|c+=d::e..f", ["a", "||", "b", "|", "+", "|", "c", "+=", "d", "::", "e", "..", "f"]],
    ["grüße_1 名前", ["grüße_1", "名前"]],
    ['`a ``b` "c"', ["accentQuoted a `b", "doubleQuoted c"]],
    ['$p $1 $`x y` $"z"', ["parameter p", "parameter 1", "parameter x y", "parameter z"]],
    ["\u00a0a\u2003b\ufeff", ["a", "b"]],
  ])("%s", (text, expected) => {
    expect(tokens(text)).toEqual(expected);
  });

  test("a keyword is recognised in any case, but only in ASCII", () => {
    expect(tokenize("mAtCh")[0]!.keyword).toBe("MATCH");
    expect(tokenize("ſet")[0]!.keyword).toBe("");
  });

  test("every token knows its offsets, in UTF-16 units", () => {
    const [, second] = tokenize("'😀' x");
    expect([second!.start, second!.end]).toEqual([5, 6]);
  });
});

describe("comments", () => {
  test.each([
    ["a // b\nc", ["a", "c"]],
    ["a /* b\n * c */ d", ["a", "d"]],
    ["a -- b\nc", ["a", "c"]],
    ["a --\nc", ["a", "c"]],
    ["a --", ["a"]],
    ["-- only a comment", []],
    ["'-- no' comment", ["string -- no", "comment"]],
  ])("%j", (text, expected) => {
    expect(tokens(text)).toEqual(expected);
  });

  test.each([
    ["1--2", ["number 1", "-", "-", "number 2"]],
    ["(a)--(b)", ["(", "a", ")", "-", "-", "(", "b", ")"]],
    ["(a) -- (b)", ["(", "a", ")", "-", "-", "(", "b", ")"]],
    ["(a)<-- (b)", ["(", "a", ")", "<", "-", "-", "(", "b", ")"]],
    ["(a)\n  -- (b)", ["(", "a", ")", "-", "-", "(", "b", ")"]],
    ["(a)\n--\n(b)", ["(", "a", ")", "-", "-", "(", "b", ")"]],
  ])("%j has an edge, not a comment", (text, expected) => {
    expect(tokens(text)).toEqual(expected);
  });

  test("after a node, a line of its own that does not go on with a node is a comment", () => {
    expect(tokens("(a)\n-- only adults\n-- (really)\nWHERE")).toEqual([
      "(",
      "a",
      ")",
      "-",
      "-",
      "(",
      "really",
      ")",
      "WHERE",
    ]);
    expect(tokens("(a)\n-- only adults\nWHERE")).toEqual(["(", "a", ")", "WHERE"]);
  });
});

describe("numbers", () => {
  test.each([
    ["0", 0],
    ["007", 7],
    ["1_000_000", 1_000_000],
    ["0xFF", 255],
    ["0Xff_ff", 65_535],
    ["0o17", 15],
    ["0b1_01", 5],
    ["9007199254740991", 9007199254740991],
    ["9007199254740992", 9007199254740992n],
    ["9223372036854775807", 9223372036854775807n],
    ["0x7FFFFFFFFFFFFFFF", 9223372036854775807n],
    ["5m", 5],
    ["1.5", 1.5],
    [".5", 0.5],
    ["1e-3", 0.001],
    ["1_0.2_5E+1", 102.5],
    ["1.0", new Float(1)],
    ["1.", new Float(1)],
    ["1e3", new Float(1000)],
    ["2f", new Float(2)],
    ["2.5d", 2.5],
    ["1e-999", new Float(0)],
  ])("%s", (text, expected) => {
    expect(tokenize(text)[0]!.value).toEqual(expected);
  });

  test("`1..3` is a range, not two fractions", () => {
    expect(tokens("1..3")).toEqual(["number 1", "..", "number 3"]);
    expect(tokens("..5")).toEqual(["..", "number 5"]);
  });

  test.each([
    ["0x", "`0x` is not a number"],
    ["12ab", "`12ab` is not a number"],
    ["0x1g", "`0x1g` is not a number"],
    ["1__0", "`1__0` is not a number"],
    ["1_", "`1_` is not a number"],
    ["1e", "`1e` is not a number"],
    ["9223372036854775809", "the integer `9223372036854775809` does not fit in 64 bits"],
    ["1e309", "the number `1e309` is too large for a FLOAT"],
    ["1.5m", "exact fractions such as `1.5m` are not supported"],
  ])("%s is refused", (text, message) => {
    expect(failure(text)).toMatchObject({ code: "42001", message });
  });
});

describe("strings", () => {
  test.each([
    [String.raw`'it''s'`, "it's"],
    [String.raw`'it\'s'`, "it's"],
    [String.raw`"a""b"`, 'a"b'],
    [String.raw`'\t\b\n\r\f\\\"\/'`, '\t\b\n\r\f\\"/'],
    [String.raw`'\u00e9\U01F600'`, "é😀"],
    [String.raw`'\uD83D\uDE00'`, "😀"],
    [String.raw`@'C:\new'`, String.raw`C:\new`],
    [String.raw`@'it''s'`, "it's"],
    ["'two\nlines'", "two\nlines"],
    ["''", ""],
  ])("%s", (text, expected) => {
    expect(tokenize(text)[0]!.text).toBe(expected);
  });

  test("X'…' is a byte string", () => {
    expect(tokenize("X'CA fe'")[0]!.value).toEqual(new Uint8Array([0xca, 0xfe]));
  });

  test.each([
    ["'abc", "the string that opens here is never closed: expected another `'`"],
    ["`abc", "the name that opens here is never closed: expected another accent"],
    ["@'abc", "the string that opens here is never closed: expected another `'`"],
    ["/* abc", "the comment that opens here is never closed: expected `*/`"],
    [String.raw`'\q'`, "unknown escape `\\q` in a string"],
    [String.raw`'\uH'`, "`\\u` needs 4 hexadecimal digits after it"],
    [String.raw`'\uD83D'`, "`\\uD83D` is half of a surrogate pair"],
    [String.raw`'\U110000'`, "`\\U110000` is not a Unicode character"],
    ["X'ABC'", "a byte string holds pairs of hexadecimal digits, as in X'CAFE'"],
    ["X'AB", "the string that opens here is never closed: expected another `'`"],
    ["$ x", "expected the name of a parameter after `$`"],
    ["$$x", "substituted parameters (`$$name`) are not supported"],
  ])("%s is refused", (text, message) => {
    expect(failure(text)).toMatchObject({ code: "42001", message });
  });
});

test("an unexpected character is named, with the one that was probably meant", () => {
  expect(failure("a — b")).toMatchObject({
    message: "unexpected character `—` (U+2014)",
    hint: "did you mean `-`?",
    position: { line: 1, column: 3, offset: 2 },
  });
  expect(failure("a\u0000")).toMatchObject({ message: "unexpected character U+0000" });
});
