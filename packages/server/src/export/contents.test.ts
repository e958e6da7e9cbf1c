import type { Checkpoint } from "@geode/engine";
import { expect, test } from "vitest";
import { contentsOf } from "./contents.ts";

const node = (id: number, labels: readonly string[], graph = "default") => ({
  kind: "insertNode",
  graph,
  id,
  labels,
  properties: new Map(),
});
const edge = (id: number, label: string, from: number, to: number, graph = "default") => ({
  kind: "insertEdge",
  graph,
  id,
  label,
  from,
  to,
  properties: new Map(),
});
const index = (name: string, label: string, graph = "default") => ({
  kind: "createIndex",
  graph,
  name,
  element: "node",
  label,
  properties: ["p"],
});
const constraint = (name: string, label: string, graph = "default") => ({
  ...index(name, label, graph),
  kind: "createConstraint",
  requirement: "key",
});
const contents = (graph: string, ...effects: readonly object[]) =>
  contentsOf({ header: { seq: 9 }, chunks: [effects] } as unknown as Checkpoint, graph);

test("one graph is taken from the copy, with its indexes and constraints, nodes before edges", () => {
  const found = contents(
    "a",
    { kind: "beginEpoch", epoch: "e", hashKey: "k" },
    { kind: "lease", firstBlock: 0, count: 1 },
    { kind: "createGraph", graph: "a" },
    index("i", "L", "a"),
    index("j", "L", "b"),
    constraint("k", "L", "a"),
    constraint("l", "L", "b"),
    node(1, ["L"], "a"),
    node(2, ["L"], "b"),
    edge(3, "E", 1, 1, "a"),
    edge(4, "E", 2, 2, "b"),
  );
  expect(found).toMatchObject({
    seq: 9,
    exists: true,
    nodeCount: 1,
    edgeCount: 1,
    reservedCount: 0,
  });
  expect(found.catalog.map(({ name, requirement }) => [name, requirement])).toEqual([
    ["i", null],
    ["k", "key"],
  ]);
  expect([...found.elements()].map(({ id }) => id)).toEqual([1, 3]);
});

test("what belongs to the server is left out and counted, with the edges that lead there", () => {
  const found = contents(
    "default",
    index("i", "GeodeRoom"),
    constraint("k", "GeodeRoom"),
    node(1, ["GeodeRoom"]),
    node(2, ["A", "GeodePresence"]),
    node(3, ["A"]),
    edge(4, "IN", 2, 1),
    edge(5, "IN", 3, 1),
    edge(6, "GeodeLink", 3, 3),
    edge(7, "E", 3, 3),
  );
  expect(found).toMatchObject({
    nodeCount: 1,
    edgeCount: 1,
    reservedCount: 5,
    catalog: [],
  });
  expect([...found.elements()].map(({ id }) => id)).toEqual([3, 7]);
});

test("a graph without contents is there all the same; another one is not", () => {
  const created = { kind: "createGraph", graph: "a" };
  expect(contents("a", created)).toMatchObject({ exists: true, nodeCount: 0 });
  expect(contents("b", created)).toMatchObject({ exists: false });
  expect(contents("default")).toMatchObject({ exists: true });
});
