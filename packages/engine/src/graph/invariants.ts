import { equivalenceKey } from "@geode/values";
import type { Adjacency } from "./adjacency.ts";
import type { Columns } from "./columns.ts";
import type { Constraint } from "./constraints.ts";
import { NO_EDGE } from "./edges.ts";
import type { ElementKind } from "./effect.ts";
import type { Graph } from "./graph.ts";
import type { HashIndex } from "./indexes.ts";
import { NO_NODE } from "./nodes.ts";
import type { Slots } from "./slots.ts";
import type { Store } from "./store.ts";

/** More than this many say nothing more. */
const VIOLATIONS_MAX = 100;

/**
 * Checks everything that the parts of a store say about each other: slots, page table, postings, adjacency both ways, columns, indexes,
 * constraints and counts. Returns one sentence per contradiction, at most 100; none for a sound store. Takes time in proportion to the data.
 */
export function violations(store: Store): string[] {
  const found: string[] = [];
  const before: Graph[] = [];
  for (const [name, graph] of store.graphs) {
    const report = (sentence: string): void => {
      if (found.length < VIOLATIONS_MAX) found.push(`graph ${name}: ${sentence}`);
    };
    if (graph.name !== name) report(`it is called ${graph.name}`);
    checkNodes(graph, report);
    checkPostings(graph, report);
    checkEdges(graph, report);
    checkAdjacency(graph, "out", report);
    checkAdjacency(graph, "in", report);
    checkTable(graph, report);
    for (const other of before) checkApart(graph, other, report);
    before.push(graph);
    for (const index of graph.indexes.all()) checkIndex(graph, index, report);
    for (const constraint of graph.constraints.all()) checkConstraint(graph, constraint, report);
  }
  return found;
}

/** An id names one element of the database. */
function checkApart(graph: Graph, other: Graph, report: Report): void {
  for (const kind of ["node", "edge"] as const)
    for (const id of graph.table.ids(kind))
      if (other.table.has(id)) report(`${kind} ${id} is also in graph ${other.name}`);
}

type Report = (sentence: string) => void;

function checkNodes(graph: Graph, report: Report): void {
  const { nodes } = graph;
  const free = checkFree(nodes.slots, "node", report);
  for (let slot = 0; slot < nodes.slots.end; slot++) {
    const inUse = nodes.labelSetId(slot) !== NO_NODE;
    if (inUse === free.has(slot))
      report(`node slot ${slot} is ${inUse ? "in use and free" : "neither in use nor free"}`);
    if (!inUse) {
      checkValues(graph, nodes.columns, false, slot, "node", report);
      continue;
    }
    const id = nodes.id(slot);
    if (nodes.slot(id) !== slot)
      report(`node ${id} is in slot ${slot}, the page table says ${nodes.slot(id)}`);
    const set = nodes.allSets()[nodes.labelSetId(slot)];
    if (set === undefined) {
      report(`node ${id} has a label set that does not exist`);
      continue;
    }
    const position = nodes.position(slot);
    if (position >= set.count || set.slots[position] !== slot)
      report(`node ${id} is not in the posting of its labels`);
    checkValues(graph, nodes.columns, true, slot, "node", report);
  }
}

/** Together with the check of each node's place: postings hold each node once, and nothing else. */
function checkPostings(graph: Graph, report: Report): void {
  const { nodes } = graph;
  let total = 0;
  for (const [id, set] of nodes.allSets().entries()) {
    total += set.count;
    if (set.id !== id) report(`label set ${id} says that it is ${set.id}`);
    for (const [i, label] of set.labels.entries()) {
      if (graph.labels.name(label) !== set.names[i])
        report(`label set ${id} has a label that is not its name`);
      if (!nodes.setsWith(label).includes(set))
        report(`label set ${id} is not found by its label ${set.names[i]}`);
      if (i > 0 && !(set.names[i - 1]! < set.names[i]!))
        report(`the names of label set ${id} are not sorted`);
    }
  }
  if (total !== nodes.count) report(`there are ${nodes.count} nodes, but ${total} in postings`);
}

function checkEdges(graph: Graph, report: Report): void {
  const { nodes, edges } = graph;
  const free = checkFree(edges.slots, "edge", report);
  const exists = (slot: number): boolean =>
    slot < nodes.slots.end && nodes.labelSetId(slot) !== NO_NODE;
  for (let slot = 0; slot < edges.slots.end; slot++) {
    const label = edges.label(slot);
    const inUse = label !== NO_EDGE;
    if (inUse === free.has(slot))
      report(`edge slot ${slot} is ${inUse ? "in use and free" : "neither in use nor free"}`);
    if (!inUse) {
      checkValues(graph, edges.columns, false, slot, "edge", report);
      continue;
    }
    const id = edges.id(slot);
    if (edges.slot(id) !== slot)
      report(`edge ${id} is in slot ${slot}, the page table says ${edges.slot(id)}`);
    if (label >= graph.edgeLabels.size) {
      report(`edge ${id} has a label that does not exist`);
      continue;
    }
    const from = edges.from(slot);
    const to = edges.to(slot);
    if (!exists(from)) report(`edge ${id} begins at a node that does not exist`);
    if (!exists(to)) report(`edge ${id} ends at a node that does not exist`);
    if (!isAt(edges.out[label], from, edges.outPosition(slot), to, slot))
      report(`edge ${id} is not among the edges out of its start`);
    if (!isAt(edges.in[label], to, edges.inPosition(slot), from, slot))
      report(`edge ${id} is not among the edges into its end`);
    checkValues(graph, edges.columns, true, slot, "edge", report);
  }
}

function isAt(
  adjacency: Adjacency | undefined,
  node: number,
  position: number,
  neighbour: number,
  edge: number,
): boolean {
  if (adjacency === undefined || position >= adjacency.degree(node)) return false;
  const at = adjacency.offset(node) + 2 * position;
  const pairs = adjacency.pool(node);
  return pairs[at] === neighbour && pairs[at + 1] === edge;
}

/** Together with the check of each edge's place: adjacency holds each edge once, and nothing else. */
function checkAdjacency(graph: Graph, direction: "out" | "in", report: Report): void {
  const counts = new Map<number, number>();
  for (let slot = 0; slot < graph.edges.slots.end; slot++) {
    const label = graph.edges.label(slot);
    if (label !== NO_EDGE) counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  for (const [label, name] of graph.edgeLabels.all().entries()) {
    const adjacency = graph.edges[direction][label];
    const expected = counts.get(label) ?? 0;
    let degrees = 0;
    for (let node = 0; adjacency !== undefined && node < graph.nodes.slots.end; node++)
      degrees += adjacency.degree(node);
    if (degrees !== expected || (adjacency?.count ?? 0) !== expected) {
      report(
        `there are ${expected} edges ${name}, but ${degrees} going ${direction}, counted as ${adjacency?.count ?? 0}`,
      );
    }
  }
}

function checkTable(graph: Graph, report: Report): void {
  let nodes = 0;
  for (const id of graph.table.ids("node")) {
    nodes++;
    if (graph.nodes.id(graph.nodes.slot(id)) !== id)
      report(`the page table has a node ${id} that does not exist`);
  }
  let edges = 0;
  for (const id of graph.table.ids("edge")) {
    edges++;
    if (graph.edges.id(graph.edges.slot(id)) !== id)
      report(`the page table has an edge ${id} that does not exist`);
  }
  if (nodes !== graph.nodeCount)
    report(`there are ${graph.nodeCount} nodes, but ${nodes} in the page table`);
  if (edges !== graph.edgeCount)
    report(`there are ${graph.edgeCount} edges, but ${edges} in the page table`);
}

function checkIndex(graph: Graph, index: HashIndex, report: Report): void {
  const { element, label } = index;
  const columns = graph.columnsOf(element);
  const [idOf, isUsed, hasLabel] = accessTo(graph, element);
  const seen = new Set<number>();
  for (const [key, slots] of index.entries()) {
    if (slots.length === 0) report(`index ${index.name} has an entry without ${element}s`);
    for (const slot of slots) {
      if (seen.has(slot)) report(`index ${index.name} has ${element} slot ${slot} twice`);
      seen.add(slot);
      if (!isUsed(slot)) {
        report(`index ${index.name} has ${element} slot ${slot}, which is not in use`);
        continue;
      }
      const value = index.valueIn(columns, slot);
      if (!hasLabel(slot, label))
        report(`index ${index.name} has ${element} ${idOf(slot)}, which has another label`);
      if (value === null || equivalenceKey(value) !== key)
        report(`index ${index.name} has ${element} ${idOf(slot)} under another value`);
    }
  }
  let expected = 0;
  for (const slot of graph.slotsWith(element, label))
    if (index.valueIn(columns, slot) !== null) expected++;
  if (seen.size !== expected || index.count !== expected) {
    report(
      `index ${index.name} has ${seen.size} ${element}s, counted as ${index.count}, of ${expected}`,
    );
  }
}

function checkConstraint(graph: Graph, constraint: Constraint, report: Report): void {
  const { element, index, keys, label, name, requirement } = constraint;
  if ((index === null) !== (requirement === "exists"))
    report(`constraint ${name} has ${index === null ? "no index" : "an index"}`);
  if (index !== null && graph.indexes.get(name) !== index)
    report(`the index of constraint ${name} is not among the indexes`);
  const columns = graph.columnsOf(element);
  const [idOf] = accessTo(graph, element);
  for (const [, slots] of index?.entries() ?? [])
    if (slots.length > 1)
      report(`constraint ${name} is violated by ${element}s ${slots.map(idOf).join(", ")}`);
  if (requirement === "unique") return;
  for (const slot of graph.slotsWith(element, label))
    for (const key of keys)
      if (columns.value(slot, key) === null)
        report(
          `constraint ${name} is violated by ${element} ${idOf(slot)}, which has no ${graph.keys.name(key)}`,
        );
}

function accessTo(
  { edges, nodes }: Graph,
  element: ElementKind,
): [
  idOf: (slot: number) => number,
  isUsed: (slot: number) => boolean,
  hasLabel: (slot: number, label: number) => boolean,
] {
  return element === "node"
    ? [
        (slot) => nodes.id(slot),
        (slot) => slot < nodes.slots.end && nodes.labelSetId(slot) !== NO_NODE,
        (slot, label) => nodes.labelSet(slot).has(label),
      ]
    : [
        (slot) => edges.id(slot),
        (slot) => slot < edges.slots.end && edges.label(slot) !== NO_EDGE,
        (slot, label) => edges.label(slot) === label,
      ];
}

/** Every value is where an element is, and is found by reading the whole element. */
function checkValues(
  graph: Graph,
  columns: Columns,
  inUse: boolean,
  slot: number,
  kind: "node" | "edge",
  report: Report,
): void {
  const known = new Set(inUse ? columns.of(slot).map(([key]) => key) : []);
  for (const [key, name] of graph.keys.all().entries()) {
    if (known.has(key) || columns.value(slot, key) === null) continue;
    report(
      `${kind} slot ${slot} has a property ${name} that ${inUse ? "its element does not know" : "nothing owns"}`,
    );
  }
}

function checkFree(slots: Slots, kind: "node" | "edge", report: Report): ReadonlySet<number> {
  const free = new Set(slots.free());
  if (free.size !== slots.free().length) report(`a ${kind} slot is free twice`);
  for (const slot of free)
    if (slot >= slots.end) report(`free ${kind} slot ${slot} was never in use`);
  return free;
}
