import { expect, test } from "vitest";
import type { Graph } from "./graph.ts";
import { violations } from "./invariants.ts";
import { Store } from "./store.ts";

/** A triangle of nodes with two labels, a property, an index, a constraint for nodes and one for edges, and a slot of each kind that is free again. */
function triangle(): Store {
  const store = new Store();
  const graph = "default";
  const onX = { graph, element: "node", label: "A", properties: ["x"] } as const;
  store.apply({ kind: "createIndex", name: "by-x", ...onX });
  const onW = { graph, element: "edge", label: "X", properties: ["w"] } as const;
  store.apply({ kind: "createConstraint", name: "key-w", ...onW, requirement: "key" });
  store.apply({ kind: "createConstraint", name: "has-x", ...onX, requirement: "exists" });
  for (const id of [1, 2, 3, 4])
    store.apply({
      kind: "insertNode",
      graph,
      id,
      labels: ["A", "B"],
      properties: new Map([["x", id % 2]]),
    });
  for (const [id, from, to] of [
    [10, 1, 2],
    [11, 2, 3],
    [12, 3, 1],
    [13, 1, 3],
  ] as const) {
    store.apply({
      kind: "insertEdge",
      graph,
      id,
      label: "X",
      from,
      to,
      properties: new Map([["w", id]]),
    });
  }
  store.apply({ kind: "deleteNode", graph, id: 4 });
  store.apply({ kind: "deleteEdge", graph, id: 13 });
  return store;
}

test("a sound store has no violations", () => {
  expect(violations(triangle())).toEqual([]);
});

const damages: [string, (graph: Graph) => void, RegExp][] = [
  [
    "an id that the page table lost",
    (graph) => graph.table.remove(1),
    /node 1 is in slot 0, the page table says -1/,
  ],
  [
    "an id that the page table made up",
    (graph) => graph.table.add(99, 0, "node"),
    /page table has a node 99/,
  ],
  [
    "a free slot that is in use",
    (graph) => graph.nodes.slots.release(1),
    /node slot 1 is in use and free/,
  ],
  [
    "a free slot that was lost",
    (graph) => graph.edges.slots.unrelease(),
    /edge slot 3 is neither in use nor free/,
  ],
  ["a slot that is free twice", (graph) => graph.edges.slots.release(3), /edge slot is free twice/],
  [
    "a posting with another node",
    (graph) => (graph.nodes.allSets()[0]!.slots[0] = 2),
    /node 1 is not in the posting/,
  ],
  [
    "a posting with a node too many",
    (graph) => graph.nodes.allSets()[0]!.push(0),
    /3 nodes, but 4 in postings/,
  ],
  [
    "a pair that leads elsewhere",
    (graph) => (graph.edges.out[0]!.pool(0)[graph.edges.out[0]!.offset(0)] = 2),
    /edge 10 is not among the edges out/,
  ],
  ["a pair too many", (graph) => graph.edges.in[0]!.push(0, 1, 2), /3 edges X, but 4 going in/],
  [
    "a value that nobody owns",
    (graph) => graph.nodes.columns.set(3, graph.keys.id("x"), 5),
    /node slot 3 has a property x that nothing owns/,
  ],
  [
    "a key that its element does not know",
    (graph) => {
      const { nodes } = graph;
      const [key, set] = [graph.keys.intern("dense"), nodes.labelSets.intern(["Other"])];
      for (let id = 1_000; id < 1_100; id++) nodes.columns.set(nodes.insert(id, set), key, 1);
      nodes.columns.get(key)!.set(0, 1);
    },
    /node slot 0 has a property dense that its element does not know/,
  ],
  [
    "a value that is not in the index",
    (graph) => graph.nodes.columns.set(0, graph.keys.id("x"), 7),
    /node 1 under another value/,
  ],
  [
    "an index without a node",
    (graph) => graph.indexes.get("by-x")!.remove(0, 1),
    /index by-x has 2 nodes, counted as 2, of 3/,
  ],
  [
    "an index with a node twice",
    (graph) => graph.indexes.get("by-x")!.add(0, 0),
    /node slot 0 twice/,
  ],
  [
    "an index with a free slot",
    (graph) => graph.indexes.get("by-x")!.add(3, 0),
    /node slot 3, which is not in use/,
  ],
  [
    "an index of edges under another value",
    (graph) => graph.edges.columns.set(0, graph.keys.id("w"), 7),
    /edge 10 under another value/,
  ],
  [
    "two edges where only one may be",
    (graph) => graph.indexes.get("key-w")!.add(1, 10),
    /constraint key-w is violated by edges 10, 11/,
  ],
  [
    "an element without what it has to have",
    (graph) => graph.nodes.columns.set(0, graph.keys.id("x"), null),
    /constraint has-x is violated by node 1, which has no x/,
  ],
  [
    "a constraint whose index was lost",
    (graph) => graph.indexes.remove(graph.indexes.get("key-w")!),
    /the index of constraint key-w is not among the indexes/,
  ],
];

test.each(damages)("%s is found", (_, damage, sentence) => {
  const store = triangle();
  damage(store.graph("default"));
  expect(violations(store).join("\n")).toMatch(sentence);
});

test("a hopeless store is described in at most 100 sentences", () => {
  const store = new Store();
  for (let id = 0; id < 500; id++)
    store.apply({ kind: "insertNode", graph: "default", id, labels: [], properties: new Map() });
  for (let id = 0; id < 500; id++) store.graph("default").table.remove(id);
  expect(violations(store).length).toBe(100);
});

test("an element in two graphs is found", () => {
  const store = new Store();
  store.apply({ kind: "createGraph", graph: "other" });
  for (const graph of ["default", "other"])
    store.apply({ kind: "insertNode", graph, id: 7, labels: [], properties: new Map() });
  expect(violations(store)).toEqual(["graph other: node 7 is also in graph default"]);
});
