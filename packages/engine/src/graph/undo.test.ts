import { expect, test } from "vitest";
import { DEFAULT_GRAPH, type Effect } from "./effect.ts";
import { violations } from "./invariants.ts";
import { Store } from "./store.ts";
import { Undo } from "./undo.ts";

const NONE = new Map();

function loop(id: number): Effect {
  return {
    kind: "insertEdge",
    graph: DEFAULT_GRAPH,
    id,
    label: "X",
    from: 1,
    to: 1,
    properties: NONE,
  };
}

test("a mark in the middle of a run of new edges is a place to roll back to", () => {
  const store = new Store();
  const undo = new Undo();
  store.apply({ kind: "insertNode", graph: DEFAULT_GRAPH, id: 1, labels: [], properties: NONE });
  const states: unknown[] = [];
  const marks = [2, 4, 6].map((first) => {
    const mark = undo.mark();
    states.push([...store.effects()]);
    store.apply(loop(first), undo);
    store.apply(loop(first + 1), undo);
    return mark;
  });
  for (const mark of marks.toReversed()) {
    store.rollback(undo, mark);
    expect([...store.effects()]).toEqual(states.pop());
    expect([...violations(store)]).toEqual([]);
  }
});

test("edges in slots that were used before are taken back into them", () => {
  const store = new Store();
  const undo = new Undo();
  store.apply({ kind: "insertNode", graph: DEFAULT_GRAPH, id: 1, labels: [], properties: NONE });
  for (const id of [2, 3, 4]) store.apply(loop(id));
  for (const id of [3, 2]) store.apply({ kind: "deleteEdge", graph: DEFAULT_GRAPH, id });
  const { slots } = store.graph(DEFAULT_GRAPH).edges;
  const free = [...slots.free()];
  const mark = undo.mark();
  for (const id of [5, 6, 7, 8]) store.apply(loop(id), undo);
  store.rollback(undo, mark);
  expect([slots.end, [...slots.free()]]).toEqual([3, free]);
  expect([...violations(store)]).toEqual([]);
});
