import { expect, test } from "vitest";
import { forgetQuery, keepQuery, ownQueries, readQueries, titleOf } from "./own-queries.ts";

test.each([
  ["// People of Bern\nMATCH (n) RETURN n", "People of Bern"],
  ["-- as SQL says it\nSELECT * FROM x", "as SQL says it"],
  ["MATCH (n)\n  RETURN n", "MATCH (n) RETURN n"],
  ["  ", ""],
  ["x".repeat(100), `${"x".repeat(59)}…`],
])("%j is called %j", (text, title) => {
  expect(titleOf(text)).toBe(title);
});

test("a query is kept once, the latest first, until it is forgotten", () => {
  const draft = (text: string) => ({ text, inputs: new Map([["x", "1"]]), live: true });
  keepQuery(draft("RETURN 1"), "table");
  keepQuery(draft("RETURN 2"), "graph");
  keepQuery(draft("RETURN 1"), "graph");
  keepQuery(draft("   "), "graph");
  expect(ownQueries.get().map(({ text, view }) => [text, view])).toEqual([
    ["RETURN 1", "graph"],
    ["RETURN 2", "graph"],
  ]);
  forgetQuery("RETURN 1");
  expect(ownQueries.get().map(({ text }) => text)).toEqual(["RETURN 2"]);
});

test("what was stored is read back, and what is not ours is left out", () => {
  const query = {
    title: "t",
    description: "d",
    text: "RETURN 1",
    parameters: { x: "1" },
    live: false,
    view: "table",
  };
  const stored = JSON.stringify([
    query,
    null,
    5,
    { ...query, text: 7 },
    { ...query, parameters: null },
    { ...query, view: "map" },
  ]);
  expect(readQueries(stored)).toEqual([query]);
  for (const broken of [null, "{}", "[", "null"]) expect(readQueries(broken)).toEqual([]);
});
