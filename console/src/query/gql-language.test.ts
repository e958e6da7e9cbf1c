import { describe, expect, test } from "vitest";
import { parametersIn, saysLive, tokenize } from "./gql-language.ts";

/** The tokens of a text as `word:style`, which is how one reads a coloured line. */
function coloured(text: string): string {
  return tokenize(text)
    .filter(({ style }) => style !== "bracket" && style !== "punctuation" && style !== "operator")
    .map(({ text: word, style }) => `${word}:${String(style)}`)
    .join(" ");
}

describe("a query in colour", () => {
  test.each([
    [
      "MATCH (p:Person) RETURN p.name AS who",
      "MATCH:keyword p:variableName Person:typeName RETURN:keyword p:variableName name:propertyName AS:keyword who:variableName",
    ],
    [
      "MATCH (n:A|B&!C)-[e:KNOWS]->()",
      "MATCH:keyword n:variableName A:typeName B:typeName C:typeName e:variableName KNOWS:typeName",
    ],
    [
      "(n {name: other, at: $at})",
      "n:variableName name:variableName other:variableName at:variableName $at:parameter",
    ],
    [
      "SELECT avg(load) FROM metrics",
      "SELECT:keyword avg:function load:variableName FROM:keyword metrics:typeName",
    ],
    ["RETURN count(*), null, TRUE", "RETURN:keyword count:function null:atom TRUE:atom"],
    [
      "RETURN 'it''s', \"two\", `a name`",
      "RETURN:keyword 'it''s':string \"two\":string `a name`:variableName",
    ],
    [
      "RETURN 1, 2.5e3, 0xFF, 1..3",
      "RETURN:keyword 1:number 2.5e3:number 0xFF:number 1:number 3:number",
    ],
    ["RETURN größe", "RETURN:keyword größe:variableName"],
  ])("%s", (text, expected) => {
    expect(coloured(text)).toBe(expected);
  });

  test("`--` is a comment before white space and an edge elsewhere", () => {
    expect(coloured("RETURN a -- why")).toBe("RETURN:keyword a:variableName -- why:comment");
    expect(coloured("MATCH (a)--(b)")).toBe("MATCH:keyword a:variableName b:variableName");
  });

  test("a block comment may span lines", () => {
    expect(coloured("/* one\ntwo */ RETURN 1")).toBe(
      "/* one:comment two */:comment RETURN:keyword 1:number",
    );
  });

  test("whatever is typed is coloured to its end", () => {
    for (const text of [
      "'open",
      '"open',
      "`open",
      "$`open",
      "/* open",
      "}}}]]])))",
      "\u0000\ud800",
      "((((".repeat(10_000),
    ]) {
      expect(
        tokenize(text)
          .map((token) => token.text)
          .join(""),
      ).toBe(text);
    }
  });
});

test("the parameters of a query, each once, none from strings or comments", () => {
  expect(
    parametersIn(
      "MATCH (a {x: $x, y: $x}) // $no\nWHERE a.t = '$no' AND a.z = $`odd name` RETURN $2",
    ),
  ).toEqual(["x", "odd name", "2"]);
});

test.each([
  ["SUBSCRIBE TO users WHERE age > 18", true],
  ["// all\nsubscribe to users", true],
  ["SELECT * FROM metrics EMIT CHANGES", true],
  ["SELECT * FROM metrics EMIT CHANGES; -- yes", true],
  ["MATCH (n) RETURN 'EMIT CHANGES'", false],
  ["MATCH (subscribe) RETURN subscribe", false],
])("%s says that it is live: %s", (text, expected) => {
  expect(saysLive(text)).toBe(expected);
});
