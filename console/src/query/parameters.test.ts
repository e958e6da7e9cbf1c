import { Float } from "@geode/client";
import { expect, test } from "vitest";
import { parameterValues, parseParameter } from "./parameters.ts";

test.each([
  ["lmdb", "lmdb", "STRING"],
  ["two words", "two words", "STRING"],
  ['"42"', "42", "STRING"],
  ["42", 42, "INTEGER"],
  ["-7", -7, "INTEGER"],
  ["9007199254740993", 9_007_199_254_740_993n, "INTEGER"],
  ["2.0", new Float(2), "FLOAT"],
  ["1e3", new Float(1_000), "FLOAT"],
  ["true", true, "BOOLEAN"],
  ["null", null, "NULL"],
  ["[1, 2]", [1, 2], "LIST"],
  ['{"a": 1}', { a: 1 }, "RECORD"],
  ["[1,", "[1,", "STRING"],
])("%s is the %s", (input, value, type) => {
  expect(parseParameter(input)).toEqual({ value, type });
});

test("a parameter without input is null, and names may be those of Object.prototype", () => {
  const values = parameterValues(
    ["name", "__proto__", "limit"],
    new Map([
      ["__proto__", "x"],
      ["limit", " 5 "],
    ]),
  );
  expect([...values]).toEqual([
    ["name", null],
    ["__proto__", "x"],
    ["limit", 5],
  ]);
});
