import { expect, test } from "vitest";
import type { Effect, Patch } from "../graph/effect.ts";
import { composed } from "./net-patch.ts";

const graph = "default";
const node = (id: number, more: object = {}): Effect => ({
  kind: "insertNode",
  graph,
  id,
  labels: ["A"],
  properties: new Map([["x", 1]]),
  ...more,
});
const edge = (id: number, more: object = {}): Effect => ({
  kind: "insertEdge",
  graph,
  id,
  label: "L",
  from: 1,
  to: 1,
  properties: new Map(),
  ...more,
});
const update = (kind: "updateNode" | "updateEdge", id: number, set: object, more = {}): Effect => ({
  kind,
  graph,
  id,
  set: new Map(Object.entries(set)),
  ...more,
});
const remove = (kind: "deleteNode" | "deleteEdge", id: number): Effect => ({ kind, graph, id });

test.each<readonly [string, Patch, Patch, Patch]>([
  ["nothing before", [], [node(1)], [node(1)]],
  [
    "other elements, in the order of a patch",
    [remove("deleteNode", 9), update("updateNode", 8, { x: 1 })],
    [remove("deleteEdge", 7), edge(2), node(1)],
    [
      node(1),
      edge(2),
      update("updateNode", 8, { x: 1 }),
      remove("deleteEdge", 7),
      remove("deleteNode", 9),
    ],
  ],
  [
    "an update of what was inserted",
    [node(1)],
    [update("updateNode", 1, { x: null, y: 2 }, { labels: ["B"] })],
    [node(1, { labels: ["B"], properties: new Map([["y", 2]]) })],
  ],
  [
    "an update of an inserted edge",
    [edge(2)],
    [update("updateEdge", 2, { w: 1 })],
    [edge(2, { properties: new Map([["w", 1]]) })],
  ],
  [
    "two updates",
    [update("updateNode", 1, { x: 1, y: 1 }, { labels: ["B"] })],
    [update("updateNode", 1, { y: null, z: 3 })],
    [update("updateNode", 1, { x: 1, y: null, z: 3 }, { labels: ["B"] })],
  ],
  [
    "two updates of an edge",
    [update("updateEdge", 2, { w: 1 })],
    [update("updateEdge", 2, { w: 2 })],
    [update("updateEdge", 2, { w: 2 })],
  ],
  [
    "the end of what was updated",
    [update("updateEdge", 2, { w: 1 })],
    [remove("deleteEdge", 2)],
    [remove("deleteEdge", 2)],
  ],
  [
    "the end of what was inserted",
    [node(1), edge(2)],
    [remove("deleteEdge", 2), remove("deleteNode", 1)],
    [],
  ],
])("one patch does what two do: %s", (_, first, second, both) => {
  expect(composed(first, second)).toEqual(both);
});

test.each<readonly [string, Patch, Patch]>([
  ["inserts an element twice", [node(1)], [node(1)]],
  ["updates what is gone", [remove("deleteNode", 1)], [update("updateNode", 1, { x: 1 })]],
  ["changes the catalog", [], [{ kind: "lease", firstBlock: 0, count: 1 }]],
])("a patch that %s is no part of a transaction", (_, first, second) => {
  expect(() => composed(first, second)).toThrow();
});
