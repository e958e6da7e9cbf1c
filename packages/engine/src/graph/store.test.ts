import { float, GeodeError } from "@geode/values";
import type { ElementId, Value } from "@geode/values";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type {
  CreateConstraint,
  CreateIndex,
  DocumentFormat,
  Effect,
  ElementKind,
  GraphName,
  Requirement,
} from "./effect.ts";
import type { Graph } from "./graph.ts";
import { violations } from "./invariants.ts";
import { PROPERTY_NESTING_MAX } from "./storable.ts";
import { BLOCK_IDS, Store } from "./store.ts";
import { Undo } from "./undo.ts";

describe("a store", () => {
  test("is empty at first, but for the default graph", () => {
    const store = new Store();
    expect([...store.graphs.keys()]).toEqual(["default"]);
    expect([...store.effects()]).toEqual([]);
    expect(store.catalog).toEqual({ epoch: "", hashKey: "", nextBlock: 0, policy: "" });
  });

  test("gives nodes and edges back as values, properties by name", () => {
    const store = new Store();
    store.apply(node(1, ["Person"], { name: "Ada", born: 1815 }));
    store.apply(node(2, [], {}));
    store.apply(edge(3, "KNOWS", 1, 2, { since: float(2) }));
    const graph = store.graph("default");
    const ada = graph.node(graph.nodes.slot(1));
    expect(ada).toMatchObject({ id: 1, labels: ["Person"] });
    expect([...ada.properties]).toEqual([
      ["born", 1815],
      ["name", "Ada"],
    ]);
    expect(graph.edge(graph.edges.slot(3))).toMatchObject({
      id: 3,
      label: "KNOWS",
      from: 1,
      to: 2,
    });
    expect(graph.edgeProperty(graph.edges.slot(3), "since")).toEqual(float(2));
    expect(graph.nodeProperty(graph.nodes.slot(1), "nickname")).toBe(null);
  });

  test("knows what an id is not: a node is no edge, an edge no node, an absent id neither", () => {
    const store = new Store();
    store.apply(node(1, [], {}));
    store.apply(edge(2, "LIKES", 1, 1, {}));
    const { nodes, edges } = store.graph("default");
    expect([
      nodes.slot(1),
      nodes.slot(2),
      nodes.slot(3),
      nodes.slot(-1),
      nodes.slot(NaN),
      nodes.slot(1.5),
    ]).toEqual([0, -1, -1, -1, -1, -1]);
    expect([edges.slot(1), edges.slot(2), edges.slot(3)]).toEqual([-1, 0, -1]);
  });

  test("counts nodes and edges by label; an unknown label has none", () => {
    const store = new Store();
    store.apply(node(1, ["A"], {}));
    store.apply(node(2, ["A", "B"], {}));
    store.apply(edge(3, "X", 1, 2, {}));
    const graph = store.graph("default");
    const count = (label: string): number => graph.nodeCountOf(graph.labels.id(label));
    expect([graph.nodeCount, count("A"), count("B"), count("C")]).toEqual([2, 2, 1, 0]);
    expect([
      graph.edgeCount,
      graph.edgeCountOf(graph.edgeLabels.id("X")),
      graph.edgeCountOf(graph.edgeLabels.id("Y")),
    ]).toEqual([1, 1, 0]);
  });

  test("lists the edges of a node each once, self-loops too", () => {
    const store = new Store();
    store.apply(node(1, [], {}));
    store.apply(node(2, [], {}));
    store.apply(edge(10, "X", 1, 1, {}));
    store.apply(edge(11, "X", 1, 2, {}));
    store.apply(edge(12, "Y", 2, 1, {}));
    store.apply(edge(13, "Y", 2, 2, {}));
    const graph = store.graph("default");
    const ids = graph.edgesOf(graph.nodes.slot(1)).map((slot) => graph.edges.id(slot));
    expect(ids.sort((left, right) => left - right)).toEqual([10, 11, 12]);
    expect(graph.degree(graph.nodes.slot(1))).toBe(4);
  });

  test("treats names like those of objects as ordinary names", () => {
    const store = new Store();
    const names = ["__proto__", "constructor", "hasOwnProperty", "toString"];
    for (const [i, name] of names.entries()) {
      store.apply({ kind: "createGraph", graph: name });
      store.apply({
        kind: "insertNode",
        graph: name,
        id: i,
        labels: [name],
        properties: new Map([[name, i]]),
      });
      store.apply({
        kind: "insertEdge",
        graph: name,
        id: i + 100,
        label: name,
        from: i,
        to: i,
        properties: new Map([[name, i]]),
      });
      store.apply({ ...index(name, name, name), graph: name });
    }
    for (const [i, name] of names.entries()) {
      const graph = store.graphs.get(name)!;
      expect(graph.node(0).properties.get(name)).toBe(i);
      expect(graph.indexes.get(name)!.seek(i)).toEqual([0]);
    }
    expect(violations(store)).toEqual([]);
  });

  test("changes the labels of a node, and with them where it is found", () => {
    const store = new Store();
    store.apply(index("i", "New", "x"));
    store.apply(node(1, ["Old"], { x: 7 }));
    const graph = store.graph("default");
    const found = graph.indexes.get("i")!;
    expect(found.seek(7)).toEqual([]);
    store.apply({ kind: "updateNode", graph: "default", id: 1, labels: ["New"], set: new Map() });
    expect(graph.nodeLabels(0)).toEqual(["New"]);
    expect(found.seek(7)).toEqual([0]);
    expect(graph.node(0).properties).toEqual(new Map([["x", 7]]));
    store.apply({
      kind: "updateNode",
      graph: "default",
      id: 1,
      labels: [],
      set: new Map([["x", 8]]),
    });
    expect(found.seek(7)).toEqual([]);
    expect(found.seek(8)).toEqual([]);
  });

  test("learns no name from removing a property that nothing ever had", () => {
    const store = small();
    const { keys } = store.graph("default");
    const { size: before } = keys;
    store.apply({ kind: "updateNode", graph: "default", id: 1, set: new Map([["never", null]]) });
    store.apply({ kind: "updateEdge", graph: "default", id: 3, set: new Map([["never", null]]) });
    expect([keys.size, keys.id("never")]).toEqual([before, -1]);
  });

  test("remembers epoch and key, and the end of all leases", () => {
    const store = new Store();
    store.apply({ kind: "beginEpoch", epoch: "e1", hashKey: "k" });
    store.apply({ kind: "lease", firstBlock: 0, count: 2 });
    store.apply({ kind: "lease", firstBlock: 5, count: 1 });
    expect(store.catalog).toEqual({ epoch: "e1", hashKey: "k", nextBlock: 6, policy: "" });
    expect([...store.effects()]).toEqual([
      [
        { kind: "beginEpoch", epoch: "e1", hashKey: "k" },
        { kind: "lease", firstBlock: 0, count: 6 },
      ],
    ]);
  });

  test("leases, in its effects, every block that has elements", () => {
    const store = new Store();
    store.apply(node(3 * BLOCK_IDS, [], {}));
    expect([...store.effects()].flat()[0]).toEqual({ kind: "lease", firstBlock: 0, count: 4 });
  });

  test("gives its state in chunks of at most 1,000 effects, graphs with nothing in them too", () => {
    const store = new Store();
    store.apply({ kind: "createGraph", graph: "nothing in it" });
    for (let id = 0; id < 2_500; id++) store.apply(node(id, ["N"], { id }));
    expect([...store.effects()].map((chunk) => chunk.length)).toEqual([1_000, 1_000, 502]);
    expect([...store.effects()].flat().at(-1)).toEqual({
      kind: "createGraph",
      graph: "nothing in it",
    });
  });

  test("of 10,000 empty graphs takes less than 100 MB", () => {
    const before = bytesInUse();
    const store = new Store();
    for (let i = 0; i < 10_000; i++) store.apply({ kind: "createGraph", graph: `graph ${i}` });
    const took = bytesInUse() - before;
    expect(store.graphs.size).toBe(10_001);
    expect(took).toBeLessThan(100e6);
  });

  test("of 100,000 elements is sound, also after half of them went", () => {
    const store = new Store();
    const nodes = 30_000;
    const edges = 70_000;
    store.apply(index("by-id", "N", "id"));
    store.apply(index("by-city", "N", "city"));
    for (let i = 0; i < nodes; i++)
      store.apply(
        node(i, ["N"], { id: i, name: `node ${i}`, age: i % 90, city: `city ${i % 50}` }),
      );
    // Node 0 is a hub: the start or the end of a tenth of all edges.
    for (let i = 0; i < edges; i++) {
      store.apply(
        edge(
          nodes + i,
          `E${i % 3}`,
          i % 10 === 0 ? 0 : (i * 7919) % nodes,
          i % 20 === 5 ? 0 : (i * 104_729) % nodes,
          { w: i },
        ),
      );
    }
    expect(violations(store)).toEqual([]);
    const before = [...store.effects()].flat();
    expect(before.length).toBe(100_003);
    const undo = new Undo();
    for (let i = 0; i < edges; i += 2)
      store.apply({ kind: "deleteEdge", graph: "default", id: nodes + i }, undo);
    const graph = store.graph("default");
    for (let i = 0; i < nodes; i++) {
      if (graph.degree(graph.nodes.slot(i)) === 0)
        store.apply({ kind: "deleteNode", graph: "default", id: i }, undo);
    }
    expect(graph.edgeCount).toBe(edges / 2);
    expect(violations(store)).toEqual([]);
    store.rollback(undo, 0);
    expect(violations(store)).toEqual([]);
    expect([...store.effects()].flat()).toEqual(before);
  });
});

describe("an effect that does not fit the state is CORRUPT and changes nothing:", () => {
  const cases: [string, Effect][] = [
    ["inserting a node under an id that a node has", node(1, [], {})],
    ["inserting a node under an id that an edge has", node(3, [], {})],
    ["inserting an edge under an id that a node has", edge(1, "X", 1, 2, {})],
    ["inserting an edge under an id that an edge has", edge(3, "X", 1, 2, {})],
    ["a negative id", node(-1, [], {})],
    ["an id with a fraction", node(1.5, [], {})],
    ["an id that is not a number", node(NaN, [], {})],
    ["an id beyond the safe integers", node(2 ** 53, [], {})],
    ["labels that are not sorted", node(9, ["B", "A"], {})],
    ["labels that repeat", node(9, ["A", "A"], {})],
    ["an edge from a missing node", edge(9, "X", 8, 1, {})],
    ["an edge to a missing node", edge(9, "X", 1, 8, {})],
    ["an edge from an edge", edge(9, "X", 3, 1, {})],
    ["an edge in another graph than its nodes", { ...edge(9, "X", 1, 2, {}), graph: "other" }],
    ["updating a missing node", { kind: "updateNode", graph: "default", id: 9, set: new Map() }],
    ["updating an edge as a node", { kind: "updateNode", graph: "default", id: 3, set: new Map() }],
    [
      "relabelling with unsorted labels",
      { kind: "updateNode", graph: "default", id: 1, labels: ["B", "A"], set: new Map([["x", 2]]) },
    ],
    ["updating a missing edge", { kind: "updateEdge", graph: "default", id: 9, set: new Map() }],
    ["updating a node as an edge", { kind: "updateEdge", graph: "default", id: 1, set: new Map() }],
    ["deleting a missing edge", { kind: "deleteEdge", graph: "default", id: 9 }],
    ["deleting a node as an edge", { kind: "deleteEdge", graph: "default", id: 1 }],
    ["deleting a missing node", { kind: "deleteNode", graph: "default", id: 9 }],
    ["deleting a node that has edges", { kind: "deleteNode", graph: "default", id: 1 }],
    ["deleting an edge as a node", { kind: "deleteNode", graph: "default", id: 3 }],
    ["changing a graph that does not exist", { kind: "deleteNode", graph: "missing", id: 1 }],
    ["an index under a name that is taken", index("i", "B", "y")],
    ["a second index on a property", index("j", "A", "x")],
    ["dropping a missing index", { kind: "dropIndex", graph: "default", name: "j" }],
    ["dropping a constraint's index", { kind: "dropIndex", graph: "default", name: "u" }],
    ["dropping a missing constraint", { kind: "dropConstraint", graph: "default", name: "i" }],
    ["a second constraint of a name", constraint("u", "node", "A", "exists", "y")],
    ["a constraint with the name of an index", constraint("i", "node", "A", "exists", "y")],
    ["an index with the name of a constraint", index("u", "B", "y")],
    ["a second index through a constraint", constraint("j", "node", "A", "key", "x")],
    ["a constraint on one property twice", constraint("j", "node", "A", "key", "y", "y")],
    ["an index on no property", index("j", "B")],
    ["creating a graph that exists", { kind: "createGraph", graph: "other" }],
    ["creating the default graph", { kind: "createGraph", graph: "default" }],
    ["dropping a graph that does not exist", { kind: "dropGraph", graph: "missing" }],
    ["dropping the default graph", { kind: "dropGraph", graph: "default" }],
    [
      "inserting into a graph that does not exist",
      { kind: "insertNode", graph: "missing", id: 9, labels: [], properties: new Map() },
    ],
    ["an index in a graph that does not exist", { ...index("j", "B", "y"), graph: "missing" }],
    ["leasing a block twice", { kind: "lease", firstBlock: 1, count: 3 }],
    ["leasing no block", { kind: "lease", firstBlock: 4, count: 0 }],
    ["leasing a fraction of a block", { kind: "lease", firstBlock: 4, count: 0.5 }],
    [
      "leasing blocks whose ids are no safe integers",
      { kind: "lease", firstBlock: 2 ** 37, count: 1 },
    ],
  ];
  test.each(cases)("%s", (_, effect) => {
    const store = small();
    const before = observe(store);
    const undo = new Undo();
    expect(codeOf(() => store.apply(effect, undo))).toBe("CORRUPT");
    expect(undo.mark()).toBe(0);
    expect(observe(store)).toEqual(before);
    expect(violations(store)).toEqual([]);
  });

  test("a property that is an element, at any depth", () => {
    const store = small();
    const before = observe(store);
    const element = store.graph("default").node(0);
    for (const value of [element, [element], new Map([["deep", [1, [element]]]])] as Value[]) {
      expect(codeOf(() => store.apply(node(9, [], { x: value })))).toBe("CORRUPT");
      expect(codeOf(() => store.apply(edge(9, "X", 1, 2, { x: value })))).toBe("CORRUPT");
      expect(
        codeOf(() =>
          store.apply({
            kind: "updateNode",
            graph: "default",
            id: 1,
            labels: [],
            set: new Map([["x", value]]),
          }),
        ),
      ).toBe("CORRUPT");
      expect(
        codeOf(() =>
          store.apply({
            kind: "updateEdge",
            graph: "default",
            id: 3,
            set: new Map([["x", value]]),
          }),
        ),
      ).toBe("CORRUPT");
    }
    expect(observe(store)).toEqual(before);
  });
});

test("a property is nested as deep as the limit, and no deeper", () => {
  const nested = (levels: number): Value =>
    levels === 0
      ? 1
      : levels % 2 === 0
        ? [nested(levels - 1)]
        : new Map([["f", nested(levels - 1)]]);
  const store = small();
  store.apply(node(9, ["A"], { x: nested(PROPERTY_NESTING_MAX) }));
  expect(codeOf(() => store.apply(node(10, ["A"], { x: nested(PROPERTY_NESTING_MAX + 1) })))).toBe(
    "CORRUPT",
  );
  expect(codeOf(() => store.apply(node(10, ["A"], { x: nested(PROPERTY_NESTING_MAX) })))).toBe(
    undefined,
  );
  expect(store.graph("default").indexes.get("i")!.seek(nested(PROPERTY_NESTING_MAX)).length).toBe(
    2,
  );
});

describe("laws, on random effects", () => {
  test("a store holds what a naive model holds, and contradicts itself nowhere", () => {
    fc.assert(
      fc.property(size, fc.array(step, { maxLength: 120, size: "max" }), (count, steps) => {
        const store = new Store();
        const model = new Model();
        for (const effect of beginning(count)) if (model.apply(effect)) store.apply(effect);
        for (const [i, effect] of interpreted(steps, model)) {
          const refused = codeOf(() => store.apply(effect));
          expect(refused, `step ${i}`).toBe(model.apply(effect) ? undefined : "CORRUPT");
        }
        expect(contradictions(store)).toEqual([]);
        expect(canonical(store)).toEqual(model.effects());
        expectSeeksLikeScans(store);
      }),
      { numRuns: 100 },
    );
  });

  test("rolling back restores everything that can be observed, order and next slots included", () => {
    fc.assert(
      fc.property(
        size,
        fc.array(step, { maxLength: 60, size: "max" }),
        fc.array(step, { maxLength: 60, size: "max" }),
        fc.nat(60),
        (count, setUp, steps, markAt) => {
          const store = new Store();
          const model = new Model();
          for (const effect of beginning(count)) if (model.apply(effect)) store.apply(effect);
          for (const [, effect] of interpreted(setUp, model))
            if (model.apply(effect)) store.apply(effect);
          const before = observe(store);
          const undo = new Undo();
          let mark = 0;
          let atMark = before;
          for (const [i, effect] of interpreted(steps, model)) {
            if (i === markAt) {
              mark = undo.mark();
              atMark = observe(store);
            }
            if (model.apply(effect)) store.apply(effect, undo);
          }
          const after = observe(store);
          store.rollback(undo, mark);
          expect(observe(store)).toEqual(atMark);
          store.rollback(undo, 0);
          expect(observe(store)).toEqual(before);
          expect(contradictions(store)).toEqual([]);
          expect(undo.mark()).toBe(0);
          // And what was undone can be done again, to the same end.
          const again = new Model();
          for (const effect of beginning(count)) again.apply(effect);
          for (const [, effect] of interpreted(setUp, again)) again.apply(effect);
          for (const [, effect] of interpreted(steps, again))
            if (again.apply(effect)) store.apply(effect);
          expect(observe(store)).toEqual(after);
        },
      ),
      { numRuns: 100 },
    );
  });

  test("the effects of a store, applied to an empty one, give a store with the same effects", () => {
    fc.assert(
      fc.property(size, fc.array(step, { maxLength: 100, size: "max" }), (count, steps) => {
        const store = new Store();
        const model = new Model();
        for (const effect of beginning(count)) if (model.apply(effect)) store.apply(effect);
        for (const [, effect] of interpreted(steps, model))
          if (model.apply(effect)) store.apply(effect);
        const copy = new Store();
        for (const chunk of store.effects()) for (const effect of chunk) copy.apply(effect);
        expect(canonical(copy)).toEqual(canonical(store));
        expect(contradictions(copy)).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });
});

// --- effects for short ---

function node(id: ElementId, labels: string[], properties: Record<string, Value>): Effect {
  return {
    kind: "insertNode",
    graph: "default",
    id,
    labels,
    properties: new Map(Object.entries(properties)),
  };
}

function edge(
  id: ElementId,
  label: string,
  from: ElementId,
  to: ElementId,
  properties: Record<string, Value>,
): Effect & { kind: "insertEdge" } {
  return {
    kind: "insertEdge",
    graph: "default",
    id,
    label,
    from,
    to,
    properties: new Map(Object.entries(properties)),
  };
}

function index(name: string, label: string, ...properties: string[]): CreateIndex {
  return { kind: "createIndex", graph: "default", name, element: "node", label, properties };
}

function constraint(
  name: string,
  element: ElementKind,
  label: string,
  requirement: Requirement,
  ...properties: string[]
): CreateConstraint {
  return {
    kind: "createConstraint",
    graph: "default",
    name,
    element,
    label,
    properties,
    requirement,
  };
}

/** Two nodes, an edge between them, an index, a constraint, another graph, two leased blocks. */
function small(): Store {
  const store = new Store();
  store.apply({ kind: "lease", firstBlock: 0, count: 2 });
  store.apply(index("i", "A", "x"));
  store.apply(constraint("u", "edge", "X", "unique", "x"));
  store.apply(node(1, ["A"], { x: 1 }));
  store.apply(node(2, [], {}));
  store.apply(edge(3, "X", 1, 2, { x: 1 }));
  store.apply({ kind: "createGraph", graph: "other" });
  store.apply({ kind: "insertNode", graph: "other", id: 4, labels: [], properties: new Map() });
  return store;
}

function codeOf(run: () => void): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (error instanceof GeodeError) return error.code;
    throw error;
  }
}

function bytesInUse(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

// --- random effects: a tape of numbers, read against what the model holds at the time, so that it shrinks well ---

const value: fc.Arbitrary<Value> = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 4 }) },
  { weight: 6, arbitrary: fc.constantFrom<Value>("a", "b", "", "\0") },
  fc.constantFrom<Value>(2 ** 31 - 1, -(2 ** 31), 2 ** 31, 2 ** 53 - 1, -(2 ** 53 - 1)),
  fc.constantFrom<Value>(1.5, float(1), float(NaN), float(-0), float(Infinity), 1e-300),
  fc.constantFrom<Value>(true, false, 2n ** 60n, -(2n ** 63n)),
  fc.constantFrom<Value>([], [1, null, "x"], new Map([["f", 1]]), new Uint8Array([1, 2])),
);

/** How many elements there are at the beginning: none, almost enough for dense columns, and enough. */
const size = fc.constantFrom(0, 60, 70);

interface Step {
  readonly op: number;
  readonly pick: number;
  readonly other: number;
  readonly labels: readonly string[];
  readonly properties: readonly (readonly [string, Value])[];
}

const step: fc.Arbitrary<Step> = fc.record({
  op: fc.nat(27),
  pick: fc.nat(1_000),
  other: fc.nat(1_000),
  labels: fc.subarray(["A", "B", "C"]),
  properties: fc.array(
    fc.tuple(
      fc.constantFrom("x", "y", "z"),
      fc.oneof({ weight: 5, arbitrary: value }, fc.constant(null)),
    ),
    { maxLength: 3 },
  ),
});

/** Elements with all properties: these are in sparse columns, near to becoming dense, or dense, which few effects reach from nothing. */
function beginning(count: number): Effect[] {
  const properties = new Map<string, Value>([
    ["x", 1],
    ["y", "a"],
    ["z", 1.5],
  ]);
  const nodes = Array.from({ length: count }, (_, i): Effect => {
    return {
      kind: "insertNode",
      graph: "default",
      id: 1_000_000 + i,
      labels: i % 2 === 0 ? ["A"] : [],
      properties,
    };
  });
  const edges = Array.from({ length: count }, (_, i): Effect => {
    return {
      kind: "insertEdge",
      graph: "default",
      id: 2_000_000 + i,
      label: "X",
      from: 1_000_000 + i,
      to: 1_000_000 + (i % 5),
      properties,
    };
  });
  return [...nodes, ...edges];
}

/** One generator of ids per tape: blocks apart, never used twice. */
function* interpreted(steps: readonly Step[], model: Model): Generator<[number, Effect]> {
  if (steps.length % 2 === 0) yield [0, { kind: "createGraph", graph: "other" }];
  for (const [i, { op, pick, other, labels, properties }] of steps.entries()) {
    const graph = pick % 7 === 0 ? "other" : "default";
    const set = new Map(properties);
    const nodes = [...model.nodes].filter(([, found]) => found.graph === graph).map(([id]) => id);
    const edges = [...model.edges].filter(([, found]) => found.graph === graph).map(([id]) => id);
    const nodeId = nodes[pick % nodes.length] ?? 77;
    const otherNodeId = nodes[other % nodes.length] ?? 77;
    const edgeId = edges[pick % edges.length] ?? 77;
    const label = other % 2 === 0 ? "X" : "Y";
    if (op < 5)
      yield [
        i,
        {
          kind: "insertNode",
          graph,
          id: model.newId(other),
          labels,
          properties: withoutNulls(set),
        },
      ];
    else if (op < 9) {
      yield [
        i,
        {
          kind: "insertEdge",
          graph,
          id: model.newId(other),
          label,
          from: nodeId,
          to: otherNodeId,
          properties: withoutNulls(set),
        },
      ];
    } else if (op < 11) yield [i, { kind: "updateNode", graph, id: nodeId, set }];
    else if (op < 12) yield [i, { kind: "updateNode", graph, id: nodeId, labels, set }];
    else if (op < 13) yield [i, { kind: "updateEdge", graph, id: edgeId, set }];
    else if (op < 15) yield [i, { kind: "deleteEdge", graph, id: edgeId }];
    else if (op < 17) yield [i, { kind: "deleteNode", graph, id: nodeId }];
    else if (op < 21) {
      const element = other % 3 === 0 ? "edge" : "node";
      const place = {
        graph,
        name: `i${pick % 4}`,
        element,
        label: element === "edge" ? label : (labels[0] ?? "A"),
        properties: [["x"], ["y"], ["x", "y"], ["y", "z", "x"]][other % 4]!,
      } as const;
      const requirement = (["unique", "exists", "key"] as const)[pick % 3]!;
      if (op < 19) yield [i, { kind: "createIndex", ...place }];
      else yield [i, { kind: "createConstraint", ...place, requirement }];
    } else if (op < 22) yield [i, { kind: "dropIndex", graph, name: `i${pick % 4}` }];
    else if (op < 23) yield [i, { kind: "dropConstraint", graph, name: `i${pick % 4}` }];
    else if (op > 25) yield [i, spliceEffect(model, graph, nodeId, [pick, other])];
    else if (op > 23) yield [i, documentEffect(model, pick, other)];
    else if (pick % 4 === 0)
      yield [i, { kind: other % 2 === 0 ? "createGraph" : "dropGraph", graph: "other" }];
    else if (pick % 2 === 0)
      yield [i, { kind: "lease", firstBlock: other % 9, count: 1 + (pick % 3) }];
    else if (pick % 3 === 0)
      yield [i, { kind: "setPolicy", policy: other % 3 === 0 ? "" : `p${other}` }];
    else yield [i, { kind: "beginEpoch", epoch: `e${pick}`, hashKey: `k${other}` }];
  }
}

/** Of the text `y`, where there is one; some do not fit. */
function spliceEffect(
  model: Model,
  graph: GraphName,
  id: ElementId,
  [pick, other]: readonly [number, number],
): Effect {
  const text = model.nodes.get(id)?.properties.get("y");
  const length = typeof text === "string" ? text.length : 1;
  const at = pick % (length + 1);
  return {
    kind: "spliceText",
    graph,
    id,
    property: "y",
    length: other % 8 === 0 ? length + 1 : length,
    at,
    remove: other % 2 === 0 ? 0 : length - at,
    insert: `s${other}`,
    set: new Map(pick % 2 === 0 ? [["x", other]] : []),
  };
}

/** One in eight does not fit. */
function documentEffect(model: Model, pick: number, other: number): Effect {
  const document = `d${pick % 3}`;
  const known = model.documents.get(document);
  const last = known?.edits.at(-1)?.[0] ?? 0;
  const format = other % 8 === 0 ? "yjs" : "json";
  const bytes = Uint8Array.from({ length: other % 300 }, (_, at) => at + pick);
  const misses = pick % 8 === 0 ? 1 : 0;
  if (known !== undefined && other % 3 === 0) {
    const [first] = known.edits[other % known.edits.length]!;
    return { kind: "compactDocument", document, format, version: first + misses * 1_000, bytes };
  }
  const whole = other % 5 === 0;
  return { kind: "appendEdit", document, format, version: last + 1 + misses, whole, bytes };
}

function withoutNulls(properties: ReadonlyMap<string, Value>): Map<string, Value> {
  return new Map([...properties].filter(([, found]) => found !== null));
}

// --- the model: what effects mean, as plainly as possible ---

interface ModelElement {
  readonly graph: GraphName;
  labels: readonly string[];
  readonly ends: readonly [ElementId, ElementId] | undefined;
  readonly properties: Map<string, Value>;
}

interface ModelDocument {
  readonly format: DocumentFormat;
  /** Versions and contents. */
  edits: (readonly [number, Uint8Array])[];
}

class Model {
  readonly nodes = new Map<ElementId, ModelElement>();
  readonly edges = new Map<ElementId, ModelElement>();
  /** And constraints: they share their names. */
  readonly indexes = new Map<string, CreateIndex | CreateConstraint>();
  hasOther = false;
  epoch: Effect | undefined = undefined;
  nextBlock = 0;
  policy = "";
  readonly documents = new Map<string, ModelDocument>();
  #ids = 0;

  newId(block: number): ElementId {
    return (block % 5) * BLOCK_IDS + this.#ids++ * 100;
  }

  /** Whether the effect fits; if not, nothing happens. */
  apply(effect: Effect): boolean {
    if ("graph" in effect && effect.kind !== "createGraph")
      if (effect.graph === "other" && !this.hasOther) return false;
    switch (effect.kind) {
      case "createGraph":
        if (this.hasOther || effect.graph !== "other") return false;
        return (this.hasOther = true);
      case "dropGraph":
        for (const elements of [this.nodes, this.edges, this.indexes])
          for (const [id, { graph }] of elements)
            if (graph === effect.graph) (elements as Map<unknown, unknown>).delete(id);
        this.hasOther = false;
        return true;
      case "insertNode":
        this.nodes.set(effect.id, {
          graph: effect.graph,
          labels: effect.labels,
          ends: undefined,
          properties: new Map(effect.properties),
        });
        return true;
      case "insertEdge": {
        if (
          !this.#has(this.nodes, effect.graph, effect.from) ||
          !this.#has(this.nodes, effect.graph, effect.to)
        )
          return false;
        const { graph, label, from, to } = effect;
        this.edges.set(effect.id, {
          graph,
          labels: [label],
          ends: [from, to],
          properties: new Map(effect.properties),
        });
        return true;
      }
      case "updateNode":
      case "updateEdge": {
        const element = (effect.kind === "updateNode" ? this.nodes : this.edges).get(effect.id);
        if (element?.graph !== effect.graph) return false;
        if (effect.kind === "updateNode" && effect.labels !== undefined)
          element.labels = effect.labels;
        for (const [name, set] of effect.set) {
          if (set === null) element.properties.delete(name);
          else element.properties.set(name, set);
        }
        return true;
      }
      case "spliceText": {
        const node = this.nodes.get(effect.id);
        const text = node?.properties.get(effect.property);
        if (node?.graph !== effect.graph || typeof text !== "string") return false;
        if (text.length !== effect.length) return false;
        for (const [name, set] of effect.set) node.properties.set(name, set);
        const { at, insert, remove } = effect;
        node.properties.set(effect.property, text.slice(0, at) + insert + text.slice(at + remove));
        return true;
      }
      case "deleteEdge":
        return this.#has(this.edges, effect.graph, effect.id) && this.edges.delete(effect.id);
      case "deleteNode":
        if ([...this.edges.values()].some(({ ends }) => ends!.includes(effect.id))) return false;
        return this.#has(this.nodes, effect.graph, effect.id) && this.nodes.delete(effect.id);
      case "beginEpoch":
        this.epoch = effect;
        return true;
      case "lease":
        if (effect.firstBlock < this.nextBlock) return false;
        this.nextBlock = effect.firstBlock + effect.count;
        return true;
      case "setPolicy":
        this.policy = effect.policy;
        return true;
      case "createIndex":
      case "createConstraint": {
        const { element, graph, label, properties } = effect;
        const place = JSON.stringify([graph, element, label, properties]);
        for (const other of this.indexes.values()) {
          const { element: at, label: on, properties: of } = other;
          if (
            hasIndex(other) &&
            hasIndex(effect) &&
            place === JSON.stringify([other.graph, at, on, of])
          )
            return false;
        }
        if (this.indexes.has(indexKey(effect))) return false;
        this.indexes.set(indexKey(effect), effect);
        return true;
      }
      case "dropIndex":
      case "dropConstraint": {
        const created = effect.kind === "dropIndex" ? "createIndex" : "createConstraint";
        if (this.indexes.get(indexKey(effect))?.kind !== created) return false;
        return this.indexes.delete(indexKey(effect));
      }
      case "appendEdit":
      case "compactDocument": {
        const { bytes, document, format, version } = effect;
        const known = this.documents.get(document) ?? { format, edits: [] };
        const last = known.edits.at(-1)?.[0] ?? 0;
        if (known.format !== format) return false;
        if (effect.kind === "appendEdit") {
          if (version !== last + 1) return false;
          if (effect.whole) known.edits = [];
          known.edits.push([version, bytes]);
        } else {
          if (!known.edits.some(([at]) => at === version)) return false;
          const rest = known.edits.filter(([at]) => at > version);
          known.edits = [[version, bytes], ...rest];
        }
        this.documents.set(document, known);
        return true;
      }
    }
  }

  /** In the form of {@link canonical}. */
  effects(): unknown[] {
    const ids = [...this.nodes.keys(), ...this.edges.keys()];
    const blocks = Math.max(this.nextBlock, ...ids.map((id) => Math.floor(id / BLOCK_IDS) + 1));
    const effects: unknown[] = [];
    if (this.epoch !== undefined) effects.push(this.epoch);
    if (blocks > 0) effects.push({ kind: "lease", firstBlock: 0, count: blocks });
    if (this.policy !== "") effects.push({ kind: "setPolicy", policy: this.policy });
    const byId = (
      elements: Map<ElementId, ModelElement>,
      graph: GraphName,
    ): [ElementId, ModelElement][] =>
      [...elements].filter(([, element]) => element.graph === graph).sort(([a], [b]) => a - b);
    for (const graph of ["default", ...(this.hasOther ? ["other"] : [])]) {
      if (graph === "other") effects.push({ kind: "createGraph", graph });
      const indexes = [...this.indexes.values()].filter((index) => index.graph === graph);
      indexes.sort((a, b) => (a.name < b.name ? -1 : 1));
      for (const kind of ["createIndex", "createConstraint"])
        effects.push(...indexes.filter((effect) => effect.kind === kind));
      for (const [id, { labels, properties }] of byId(this.nodes, graph)) {
        effects.push({ kind: "insertNode", graph, id, labels, properties: byName(properties) });
      }
      for (const [id, { labels, ends, properties }] of byId(this.edges, graph)) {
        effects.push({
          kind: "insertEdge",
          graph,
          id,
          label: labels[0],
          from: ends![0],
          to: ends![1],
          properties: byName(properties),
        });
      }
    }
    for (const [document, { edits, format }] of [...this.documents].sort(([a], [b]) =>
      a < b ? -1 : 1,
    )) {
      for (const [at, [version, bytes]] of edits.entries())
        effects.push(
          at === 0
            ? { kind: "compactDocument", document, format, version, bytes }
            : { kind: "appendEdit", document, format, version, bytes, whole: false },
        );
    }
    return effects;
  }

  #has(elements: Map<ElementId, ModelElement>, graph: GraphName, id: ElementId): boolean {
    return elements.get(id)?.graph === graph;
  }
}

function hasIndex(effect: CreateIndex | CreateConstraint): boolean {
  return effect.kind === "createIndex" || effect.requirement !== "exists";
}

function indexKey(effect: { readonly graph: GraphName; readonly name: string }): string {
  return `${effect.graph}/${effect.name}`;
}

function byName(properties: ReadonlyMap<string, Value>): [string, Value][] {
  return [...properties].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** The state of a store as effects, with properties in the order in which they come. */
function canonical(store: Store): unknown[] {
  return [...store.effects()]
    .flat()
    .map((effect) =>
      "properties" in effect ? { ...effect, properties: [...effect.properties] } : effect,
    );
}

/** Of single effects nobody asks that they keep the constraints. */
function contradictions(store: Store): string[] {
  return violations(store).filter((sentence) => !/: constraint .* is violated by /.test(sentence));
}

// --- what a reader can tell ---

/** Everything that a reader can observe of a store, order and free slots included. */
function observe(store: Store): unknown {
  const graphs = [...store.graphs.values()];
  return {
    catalog: store.catalog,
    documents: [...store.documents.effects()],
    graphs: graphs.sort((a, b) => (a.name < b.name ? -1 : 1)).map(observeGraph),
  };
}

function observeGraph(graph: Graph): unknown {
  const { nodes, edges } = graph;
  const slotsIn = (table: Iterable<ElementId>, slot: (id: ElementId) => number): number[] =>
    [...table].map(slot).sort((a, b) => a - b);
  const nodeSlots = slotsIn(graph.table.ids("node"), (id) => nodes.slot(id));
  const edgeSlots = slotsIn(graph.table.ids("edge"), (id) => edges.slot(id));
  const pairs = (direction: "out" | "in", label: number, slot: number): number[] => {
    const adjacency = edges[direction][label];
    const degree = adjacency?.degree(slot) ?? 0;
    const start = adjacency?.offset(slot) ?? 0;
    return degree === 0 ? [] : [...adjacency!.pool(slot).subarray(start, start + 2 * degree)];
  };
  return {
    name: graph.name,
    counts: [graph.nodeCount, graph.edgeCount],
    nodes: nodeSlots.map((slot) => [slot, graph.node(slot)]),
    edges: edgeSlots.map((slot) => [slot, graph.edge(slot)]),
    slots: {
      nodesEnd: nodes.slots.end,
      nodesFree: [...nodes.slots.free()],
      edgesEnd: edges.slots.end,
      edgesFree: [...edges.slots.free()],
    },
    postings: nodes
      .allSets()
      .filter((set) => set.count > 0)
      .map((set) => [set.names.join(), [...set.slots.subarray(0, set.count)]])
      .sort((left, right) => (String(left[0]) < String(right[0]) ? -1 : 1)),
    adjacency: graph.edgeLabels
      .all()
      .map((name, label) => [
        name,
        edges.countOf(label),
        nodeSlots.map((slot) => [pairs("out", label, slot), pairs("in", label, slot)]),
      ])
      .filter(([, count]) => count !== 0),
    indexes: [...graph.indexes.all()]
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map((index) => [
        index.name,
        index.element,
        index.label,
        index.keys,
        index.isUnique,
        index.count,
        index.distinct,
        new Map([...index.entries()].map(([key, slots]) => [key, [...slots]])),
      ]),
    constraints: [...graph.constraints.all()]
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map(({ index, ...constraint }) => [constraint, index?.name]),
    byLabel: [0, 1, 2].flatMap((label) =>
      (["node", "edge"] as const).map((element) => [
        graph.indexes.of(element, label).map(({ name }) => name),
        graph.constraints.of(element, label).map(({ name }) => name),
      ]),
    ),
  };
}

function expectSeeksLikeScans(store: Store): void {
  for (const graph of store.graphs.values()) {
    for (const index of graph.indexes.all()) {
      const byValue = new Map<Value, number[]>();
      for (const slot of graph.slotsWith(index.element, index.label)) {
        const found = index.valueIn(graph.columnsOf(index.element), slot);
        if (found !== null) expect(index.seek(found)).toContain(slot);
        if (typeof found === "string") byValue.set(found, [...(byValue.get(found) ?? []), slot]);
      }
      for (const [text, slots] of byValue)
        expect(new Set(index.seek(text))).toEqual(new Set(slots));
    }
  }
}
