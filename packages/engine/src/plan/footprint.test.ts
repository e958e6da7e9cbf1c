import { describe, expect, test } from "vitest";
import { parse } from "../gql/parser.ts";
import { bind } from "./bind.ts";
import { type Reads, readsHere, readsOf } from "./footprint.ts";

const NOTHING = { nodeLabels: [], edgeLabels: [], nodeKeys: [], edgeKeys: [] };

/** What a text reads, with lists in place of sets. */
function readsIn(text: string): unknown {
  const bound = bind(text, parse(text));
  if (bound.kind !== "query") throw new Error(`${text} is no query`);
  const listed = (names: Reads["nodeLabels"]) => (names === "any" ? "any" : [...names].sort());
  const { nodeLabels, edgeLabels, nodeKeys, edgeKeys } = readsHere(readsOf(bound.query));
  return {
    nodeLabels: listed(nodeLabels),
    edgeLabels: listed(edgeLabels),
    nodeKeys: listed(nodeKeys),
    edgeKeys: listed(edgeKeys),
  };
}

describe("a read looks at", () => {
  test.each([
    ["MATCH (a:A) RETURN a.x AS x", { nodeLabels: ["A"], nodeKeys: ["x"] }],
    ["MATCH (a:A) RETURN count(a) AS n", { nodeLabels: ["A"] }],
    [
      "MATCH (a:A)-[l:L]->(:B) RETURN start_node(l).x AS x",
      { nodeLabels: ["A", "B"], edgeLabels: ["L"], nodeKeys: "any", edgeKeys: "any" },
    ],
  ])("%s", (text, reads) => {
    expect(readsIn(text)).toEqual({ ...NOTHING, ...reads });
  });
});

describe("a write looks at", () => {
  test.each([
    ["INSERT (:A {x: 1})", {}],
    ["MATCH (a:A) INSERT (:B {x: a.y})", { nodeLabels: ["A"], nodeKeys: ["y"] }],
    [
      "MATCH (a:A)-[l:L]->(:B) INSERT (a)-[:M {x: l.y}]->(a)",
      { nodeLabels: ["A", "B"], edgeLabels: ["L"], edgeKeys: ["y"] },
    ],
    // What is set to the value that it has is left out.
    ["MATCH (a:A) SET a.x = 1", { nodeLabels: ["A"], nodeKeys: ["x"] }],
    ["MATCH (a:A) SET a = {x: 1}", { nodeLabels: ["A"], nodeKeys: "any" }],
    ["MATCH (a:A) SET a:B", { nodeLabels: ["A"] }],
    ["MATCH (a:A) REMOVE a.x", { nodeLabels: ["A"], nodeKeys: ["x"] }],
    ["MATCH (a:A) DETACH DELETE a", { nodeLabels: ["A"] }],
    ["MATCH (:A)-[l:L]->(:B) DELETE l", { nodeLabels: ["A", "B"], edgeLabels: ["L"] }],
    [
      "MERGE (a:A {x: 1}) ON CREATE SET a.y = 1 ON MATCH SET a.z = 1",
      { nodeLabels: ["A"], nodeKeys: ["x", "y", "z"] },
    ],
    [
      "FOR a IN $elements SET a.x = 1",
      { nodeLabels: "any", edgeLabels: "any", nodeKeys: "any", edgeKeys: "any" },
    ],
  ])("%s", (text, reads) => {
    expect(readsIn(text)).toEqual({ ...NOTHING, ...reads });
  });
});
