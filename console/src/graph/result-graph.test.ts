import { GraphEdge, GraphNode, GraphPath } from "@geode/client";
import { describe, expect, test } from "vitest";
import { captionOf, graphDifference, graphOf } from "./result-graph.ts";

const ada = new GraphNode("1", ["Person"], { name: "Ada" });
const bob = new GraphNode("2", ["Person"], { name: "Bob" });
const knows = new GraphEdge({ id: "9", from: "1", to: "2" }, "KNOWS", { since: 1842 });

describe("the graph in a result", () => {
  test("has every element once, wherever it stands", () => {
    const graph = graphOf([
      { a: ada, more: [{ deep: bob }], e: knows },
      { a: ada, more: null, e: new GraphPath([ada, knows, bob]) },
    ]);
    expect([...graph.nodes.keys()]).toEqual(["1", "2"]);
    expect([...graph.edges.values()]).toEqual([
      { id: "9", label: "KNOWS", from: "1", to: "2", properties: { since: 1842 } },
    ]);
    expect(graph.total).toBe(3);
  });

  test("draws the ends of an edge that the result does not have as missing", () => {
    const graph = graphOf([{ e: knows, a: ada }]);
    expect(graph.nodes.get("1")?.missing).toBe(false);
    expect(graph.nodes.get("2")).toMatchObject({ missing: true, caption: "#2", labels: [] });
  });

  test("keeps to the limit, without edges that lead nowhere", () => {
    const rows = Array.from({ length: 50 }, (_unused, i) => ({
      n: new GraphNode(String(i), [], {}),
      e: new GraphEdge({ id: `e${i}`, from: String(i), to: String((i + 1) % 50) }, "NEXT", {}),
    }));
    for (const limit of [0, 1, 10, 50, 60, 100]) {
      const { nodes, edges, total } = graphOf(rows, limit);
      expect(nodes.size + edges.size).toBeLessThanOrEqual(limit);
      for (const { from, to } of edges.values())
        expect(nodes.has(from) && nodes.has(to)).toBe(true);
      expect(total).toBe(100);
    }
    expect(graphOf(rows, 100).edges.size).toBe(50);
  });

  test("is empty where there is only data", () => {
    expect(graphOf([{ n: 1, text: "x", list: [1, null], bytes: new Uint8Array(3) }]).total).toBe(0);
  });
});

test.each([
  [{ id: 7, title: "Manager", name: "Ada" }, "Ada"],
  [{ id: 7, title: "Manager" }, "Manager"],
  [{ colour: "red" }, "red"],
  [{ id: 7 }, "7"],
  [{ weight: 3 }, "Thing#5"],
  [{ name: "x".repeat(100) }, `${"x".repeat(39)}…`],
  [{ name: null, title: "Manager" }, "Manager"],
])("a node with %o is called %s", (properties, caption) => {
  expect(captionOf(new GraphNode("5", ["Thing"], properties))).toBe(caption);
});

test("from one drawing to the next only what differs changes", () => {
  const before = graphOf([{ ada, bob, knows }]);
  const renamed = new GraphNode("1", ["Person"], { name: "Ada King" });
  const cleo = new GraphNode("3", ["Person"], { name: "Cleo" });
  const now = graphOf([{ renamed, cleo }]);
  const { added, updated, removed } = graphDifference(before, now);
  expect(added.nodes.map(({ id }) => id)).toEqual(["3"]);
  expect(updated.nodes.map(({ id, caption }) => [id, caption])).toEqual([["1", "Ada King"]]);
  expect(removed).toEqual(["9", "2"]);
  expect(graphDifference(now, now)).toEqual({
    added: { nodes: [], edges: [] },
    updated: { nodes: [], edges: [] },
    removed: [],
  });
});
