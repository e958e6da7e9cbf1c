import { beforeEach, describe, expect, test } from "vitest";
import type { Footprint } from "../execute/statement.ts";
import type { Effect } from "../graph/effect.ts";
import { Store } from "../graph/store.ts";
import { type Routed, Routes } from "./routes.ts";

const graph = "default";
const NOTHING: Footprint = {
  nodeLabels: new Set(),
  edgeLabels: new Set(),
  nodeKeys: new Set(),
  edgeKeys: new Set(),
};

function reader(footprint: Partial<Footprint>, graphName = graph): Routed {
  return { graphName, footprint: { ...NOTHING, ...footprint } };
}

let store: Store;
let routes: Routes<Routed>;

/** Whether the effect, about to be applied, is brought to the reader's attention. */
function reaches(effect: Effect, routed: Routed): boolean {
  routes.add(routed);
  const found = new Set<Routed>();
  routes.collect(effect, found);
  return found.has(routed);
}

beforeEach(() => {
  store = new Store();
  routes = new Routes(store);
  store.apply({
    kind: "insertNode",
    graph,
    id: 1,
    labels: ["User"],
    properties: new Map([["name", "Ann"]]),
  });
  store.apply({ kind: "insertNode", graph, id: 2, labels: ["Team"], properties: new Map() });
  store.apply({
    kind: "insertEdge",
    graph,
    id: 3,
    label: "MEMBER_OF",
    from: 1,
    to: 2,
    properties: new Map(),
  });
});

const users = new Set(["User"]);
const members = new Set(["MEMBER_OF"]);
const set = (...keys: string[]): ReadonlyMap<string, string> =>
  new Map(keys.map((key) => [key, "x"]));

describe("a reader of nodes with a label", () => {
  const insert = (labels: string[]): Effect => ({
    kind: "insertNode",
    graph,
    id: 9,
    labels,
    properties: new Map(),
  });

  test("hears of a node that comes with the label", () => {
    expect(reaches(insert(["Admin", "User"]), reader({ nodeLabels: users }))).toBe(true);
  });

  test("does not hear of a node without it", () => {
    expect(reaches(insert(["Team"]), reader({ nodeLabels: users }))).toBe(false);
    expect(reaches(insert([]), reader({ nodeLabels: users }))).toBe(false);
  });

  test("hears of a node that goes", () => {
    expect(reaches({ kind: "deleteNode", graph, id: 1 }, reader({ nodeLabels: users }))).toBe(true);
    expect(reaches({ kind: "deleteNode", graph, id: 2 }, reader({ nodeLabels: users }))).toBe(
      false,
    );
  });

  test("hears of a node that loses the label, and of one that gains it", () => {
    const lose: Effect = { kind: "updateNode", graph, id: 1, labels: ["Former"], set: new Map() };
    const gain: Effect = {
      kind: "updateNode",
      graph,
      id: 2,
      labels: ["Team", "User"],
      set: new Map(),
    };
    expect(reaches(lose, reader({ nodeLabels: users }))).toBe(true);
    expect(reaches(gain, reader({ nodeLabels: users }))).toBe(true);
  });

  test("hears of a property that it reads, and of no other", () => {
    const routed = reader({ nodeLabels: users, nodeKeys: new Set(["name"]) });
    expect(reaches({ kind: "updateNode", graph, id: 1, set: set("age", "name") }, routed)).toBe(
      true,
    );
    expect(reaches({ kind: "updateNode", graph, id: 1, set: set("age") }, routed)).toBe(false);
    expect(reaches({ kind: "updateNode", graph, id: 2, set: set("name") }, routed)).toBe(false);
  });

  test("hears of every property when it reads whole nodes", () => {
    const routed = reader({ nodeLabels: users, nodeKeys: "any" });
    expect(reaches({ kind: "updateNode", graph, id: 1, set: set("anything") }, routed)).toBe(true);
  });

  test("does not hear of edges", () => {
    expect(
      reaches({ kind: "deleteEdge", graph, id: 3 }, reader({ nodeLabels: "any", nodeKeys: "any" })),
    ).toBe(false);
  });
});

describe("a reader of edges with a label", () => {
  test("hears of one that comes and of one that goes", () => {
    const insert: Effect = {
      kind: "insertEdge",
      graph,
      id: 9,
      label: "MEMBER_OF",
      from: 1,
      to: 2,
      properties: new Map(),
    };
    expect(reaches(insert, reader({ edgeLabels: members }))).toBe(true);
    expect(reaches({ ...insert, label: "OWNS" }, reader({ edgeLabels: members }))).toBe(false);
    expect(reaches({ kind: "deleteEdge", graph, id: 3 }, reader({ edgeLabels: members }))).toBe(
      true,
    );
    expect(
      reaches({ kind: "deleteEdge", graph, id: 3 }, reader({ edgeLabels: new Set(["OWNS"]) })),
    ).toBe(false);
  });

  test("hears of a property that it reads, and of no other", () => {
    const routed = reader({ edgeLabels: members, edgeKeys: new Set(["since"]) });
    expect(reaches({ kind: "updateEdge", graph, id: 3, set: set("since") }, routed)).toBe(true);
    expect(reaches({ kind: "updateEdge", graph, id: 3, set: set("role") }, routed)).toBe(false);
  });
});

test("a reader of everything hears of every change in its graph and of none in another", () => {
  const all = { nodeLabels: "any", edgeLabels: "any", nodeKeys: "any", edgeKeys: "any" } as const;
  const effect: Effect = { kind: "updateEdge", graph, id: 3, set: set("x") };
  expect(reaches(effect, reader(all))).toBe(true);
  expect(reaches({ kind: "deleteNode", graph, id: 1 }, reader(all))).toBe(true);
  expect(reaches(effect, reader(all, "elsewhere"))).toBe(false);
});

test.each(["createIndex", "createConstraint"] as const)(
  "%s concerns only who reads all that there is",
  (kind) => {
    const all = { nodeLabels: "any", edgeLabels: "any", nodeKeys: "any", edgeKeys: "any" } as const;
    const effect: Effect = {
      kind,
      graph,
      name: "i",
      element: "node",
      label: "User",
      properties: ["name"],
      requirement: "key",
    };
    expect(reaches(effect, reader(all))).toBe(true);
    expect(reaches(effect, reader({ ...all, nodeKeys: new Set(["name"]) }))).toBe(false);
  },
);

test("a label or property named like a member of Object.prototype is a name like any other", () => {
  const routed = reader({ nodeLabels: new Set(["constructor"]), nodeKeys: new Set(["__proto__"]) });
  expect(
    reaches(
      { kind: "insertNode", graph, id: 9, labels: ["toString"], properties: new Map() },
      routed,
    ),
  ).toBe(false);
  expect(
    reaches(
      { kind: "insertNode", graph, id: 9, labels: ["constructor"], properties: new Map() },
      routed,
    ),
  ).toBe(true);
});

test("a reader that was removed hears nothing", () => {
  const routed = reader({ nodeLabels: users });
  routes.add(routed);
  routes.remove(routed);
  const found = new Set<Routed>();
  routes.collect({ kind: "deleteNode", graph, id: 1 }, found);
  expect(found.size).toBe(0);
});
