import {
  type ElementId,
  GeodeError,
  isTemporal,
  article,
  type Value,
  Edge,
  Node,
  Path,
  equivalent,
  typeName,
  unreachable,
} from "@geode/values";
import type {
  CreateIndex,
  Effect,
  ElementKind,
  GraphName,
  InsertEdge,
  InsertNode,
  Patch,
} from "../graph/effect.ts";
import type { Graph } from "../graph/graph.ts";
import { isReserved } from "../graph/reserved.ts";
import { PROPERTY_NESTING_MAX } from "../graph/storable.ts";
import type { Store } from "../graph/store.ts";
import type { Undo } from "../graph/undo.ts";
import type { NewConstraint, NewIndex } from "../plan/catalog-change.ts";
import { located } from "./located.ts";
import { requireConstraints, requireOfAll } from "./constraint-check.ts";
import { forbidden, reserved } from "./forbidden.ts";
import type { Sight } from "./sight.ts";
import { noChanges, type WriteStats } from "./write-stats.ts";

/** Where new element ids come from; each is given out once. */
export interface IdSource {
  next(): ElementId;
}

type InsertedNode = {
  kind: "insertedNode";
  labels: readonly string[];
  properties: Map<string, Value>;
};
type InsertedEdge = {
  kind: "insertedEdge";
  label: string;
  from: ElementId;
  to: ElementId;
  properties: Map<string, Value>;
};
type UpdatedNode = {
  kind: "updatedNode";
  labelsBefore: readonly string[] | null;
  labels: readonly string[] | null;
  before: Map<string, Value>;
  set: Map<string, Value>;
};
type UpdatedEdge = { kind: "updatedEdge"; before: Map<string, Value>; set: Map<string, Value> };
type DeletedNode = { kind: "deletedNode" };
type DeletedEdge = { kind: "deletedEdge" };

/** What has become of one element in this statement, against the state it found. */
type Change = InsertedNode | InsertedEdge | UpdatedNode | UpdatedEdge | DeletedNode | DeletedEdge;

const PATCH_ORDER = [
  "catalog",
  "insertedNodes",
  "insertedEdges",
  "updates",
  "deletedEdges",
  "deletedNodes",
] as const;

const NO_PROPERTIES: ReadonlyMap<string, Value> = new Map();

/** From so many elements on it pays to leave inserts out of the graph until they are durable: the batch ends behind them. */
const UNSEEN_ELEMENTS_MIN = 1_000;
/** In a graph of more elements, inserting may meet a limit of memory: it has to be met before anything is durable. */
const UNSEEN_GRAPH_MAX = 2 ** 26;
/** What stands for the slot of the first node that is not in the graph; the others follow downwards. -1 is absent. */
const UNSEEN_FIRST = -2;

interface WriterOptions {
  readonly mayBeLast?: boolean;
  readonly system?: boolean;
  readonly first?: Writer;
}

/** Inserts that nobody looks at before they are durable. */
interface Unseen {
  readonly nodes: InsertNode[];
  readonly edges: InsertEdge[];
}

/**
 * The writing hand of one statement: every change is applied to the graph at once, with its inverse in `undo`, and netted per element
 * into the statement's patch. Elements are named by slot.
 */
export class Writer {
  readonly graph: Graph;
  /** Of the whole statement. */
  readonly stats: WriteStats;
  /** One for each graph that the statement writes to, by its name. */
  readonly #hands: Map<GraphName, Writer>;
  readonly #store: Store;
  readonly #graphName: GraphName;
  readonly #ids: IdSource;
  readonly #undo: Undo;
  readonly #start: number;
  /** In order of first change. */
  readonly #changes = new Map<ElementId, Change>();
  readonly #catalog: Effect[] = [];
  /** Nodes asked to be deleted that may still have edges; settled by {@link finish}. */
  /** Nodes that are to go, with where in the text that is said. */
  readonly #doomed = new Map<ElementId, number>();

  /** Null when the user may change everything. */
  #sight: Sight | null = null;

  readonly #mayBeLast: boolean;
  readonly #system: boolean;
  #unseen: Unseen | null = null;

  /**
   * Writes to one graph. `mayBeLast`: nothing has to be executed on top of this statement before it is durable; `first`: the hand that
   * the statement began with, in another graph. `system`: it is the server's own, which may write reserved labels.
   */
  constructor(
    store: Store,
    graphName: GraphName,
    ids: IdSource,
    undo: Undo,
    { mayBeLast = false, system = false, first }: WriterOptions = {},
  ) {
    this.#store = store;
    this.#system = system;
    this.#mayBeLast = mayBeLast;
    this.#graphName = graphName;
    this.#ids = ids;
    this.#undo = undo;
    this.#start = first === undefined ? undo.mark() : first.#start;
    this.stats = first?.stats ?? noChanges();
    this.#hands = first === undefined ? new Map() : first.#hands;
    this.#hands.set(graphName, this);
    this.graph = store.graph(graphName);
  }

  /** The hand of the same statement in another graph. */
  inGraph(name: GraphName): Writer {
    const known = this.#hands.get(name);
    if (known !== undefined) return known;
    const more = { mayBeLast: this.#mayBeLast, system: this.#system, first: this };
    return new Writer(this.#store, name, this.#ids, this.#undo, more);
  }

  /** From here on, what the user may not change is refused: an element has to be theirs to change before its first change and at the end. */
  checkedBy(sight: Sight): void {
    this.#sight = sight;
  }

  /** The names of the properties that the element has, as far as the user sees them. */
  shownKeys(element: "node" | "edge", slot: number): Iterable<string> {
    const shown: Pick<Sight, "showNode" | "showEdge"> | null = this.#sight;
    if (element === "node")
      return (shown?.showNode(slot) ?? this.graph.node(slot)).properties.keys();
    return (shown?.showEdge(slot) ?? this.graph.edge(slot)).properties.keys();
  }

  /**
   * Said by a statement before its only writing clause, an INSERT of about so many elements of which it looks at none: then these are
   * noted for the patch alone. Executing a bulk insert, taking it back and applying it costs thrice as much as applying it.
   */
  insertUnseen(elements: number, labels: Readonly<Record<ElementKind, readonly string[]>>): void {
    const { nodes, edges, constraints } = this.graph;
    if (!this.#mayBeLast || this.#sight !== null || elements < UNSEEN_ELEMENTS_MIN) return;
    // Whether a constraint is kept, only the graph can tell.
    for (const element of ["node", "edge"] as const)
      for (const label of labels[element])
        if (constraints.of(element, this.graph.labelId(element, label)).length > 0) return;
    if (nodes.count + edges.count + elements > UNSEEN_GRAPH_MAX) return;
    this.#unseen = { nodes: [], edges: [] };
  }

  /** Whether the graph does not show what the statement did: nothing can be executed on top of it. */
  get isUnseen(): boolean {
    return [...this.#hands.values()].some((hand) => hand.#unseen !== null);
  }

  /** Inserts a node and returns its slot, or what {@link insertEdge} takes for one. Null properties are left out. */
  insertNode(labels: readonly string[], properties: ReadonlyMap<string, Value>): number {
    this.#refuseReserved(labels);
    const id = this.#ids.next();
    const clean = storable(properties);
    const sorted = sortedLabels(labels);
    const effect: InsertNode = {
      kind: "insertNode",
      graph: this.#graphName,
      id,
      labels: sorted,
      properties: clean,
    };
    this.stats.nodesInserted += 1;
    this.stats.labelsAdded += sorted.length;
    this.stats.propertiesSet += clean.size;
    if (this.#unseen !== null) {
      this.graph.nodes.labelSets.intern(sorted);
      this.#internKeys(clean);
      return UNSEEN_FIRST - (this.#unseen.nodes.push(effect) - 1);
    }
    this.#apply(effect);
    this.#changes.set(id, { kind: "insertedNode", labels: sorted, properties: clean });
    return this.graph.nodes.slot(id);
  }

  /** Inserts an edge between two nodes (slots) and returns its slot, or -1 if nobody is to see it. */
  insertEdge(
    label: string,
    from: number,
    to: number,
    properties: ReadonlyMap<string, Value>,
  ): number {
    const id = this.#ids.next();
    const graph = this.#graphName;
    const fromId = this.#nodeId(from);
    const toId = this.#nodeId(to);
    if (from >= 0 && to >= 0) this.#refuseReservedEdge(from, to);
    this.stats.edgesInserted += 1;
    if (this.#unseen !== null) {
      const clean = properties.size === 0 ? NO_PROPERTIES : storable(properties);
      this.stats.propertiesSet += clean.size;
      this.graph.edgeLabels.intern(label);
      this.#internKeys(clean);
      this.#unseen.edges.push({
        kind: "insertEdge",
        graph,
        id,
        label,
        from: fromId,
        to: toId,
        properties: clean,
      });
      return -1;
    }
    const clean = storable(properties);
    this.stats.propertiesSet += clean.size;
    this.#apply({
      kind: "insertEdge",
      graph,
      id,
      label,
      from: fromId,
      to: toId,
      properties: clean,
    });
    this.#changes.set(id, {
      kind: "insertedEdge",
      label,
      from: fromId,
      to: toId,
      properties: clean,
    });
    return this.graph.edges.slot(id);
  }

  /** Of a slot, or of what {@link insertNode} gave instead. */
  #nodeId(slot: number): ElementId {
    return slot <= UNSEEN_FIRST
      ? this.#unseen!.nodes[UNSEEN_FIRST - slot]!.id
      : this.graph.nodes.id(slot);
  }

  /** Refuses a name too many while it can still be refused. */
  #internKeys(properties: ReadonlyMap<string, Value>): void {
    if (properties.size > 0) for (const key of properties.keys()) this.graph.keys.intern(key);
  }

  /** Sets one property of a node; null removes it. */
  setNodeProperty(slot: number, key: string, value: Value): void {
    const id = this.graph.nodes.id(slot);
    this.#requireNode(slot);
    if (this.#sight?.hidesNodeProperty(slot, key) === true) throw forbidden();
    const before = this.graph.nodes.columns.value(slot, this.graph.keys.id(key));
    checkStorable(key, value);
    if (identical(before, value)) return;
    const change = this.#changes.get(id);
    switch (change?.kind) {
      case "insertedNode":
        assign(change.properties, key, value);
        break;
      case "updatedNode":
        if (!change.before.has(key)) change.before.set(key, before);
        change.set.set(key, value);
        break;
      default:
        this.#changes.set(id, {
          kind: "updatedNode",
          labelsBefore: null,
          labels: null,
          before: new Map([[key, before]]),
          set: new Map([[key, value]]),
        });
    }
    this.#apply({ kind: "updateNode", graph: this.#graphName, id, set: new Map([[key, value]]) });
    this.stats.propertiesSet += 1;
  }

  /** Sets one property of an edge; null removes it. */
  setEdgeProperty(slot: number, key: string, value: Value): void {
    const id = this.graph.edges.id(slot);
    this.#requireEdge(slot);
    if (this.#sight?.hidesEdgeProperty(slot, key) === true) throw forbidden();
    const before = this.graph.edges.columns.value(slot, this.graph.keys.id(key));
    checkStorable(key, value);
    if (identical(before, value)) return;
    const change = this.#changes.get(id);
    switch (change?.kind) {
      case "insertedEdge":
        assign(change.properties, key, value);
        break;
      case "updatedEdge":
        if (!change.before.has(key)) change.before.set(key, before);
        change.set.set(key, value);
        break;
      default:
        this.#changes.set(id, {
          kind: "updatedEdge",
          before: new Map([[key, before]]),
          set: new Map([[key, value]]),
        });
    }
    this.#apply({ kind: "updateEdge", graph: this.#graphName, id, set: new Map([[key, value]]) });
    this.stats.propertiesSet += 1;
  }

  addLabels(slot: number, labels: readonly string[]): void {
    const before = this.graph.nodes.labelSet(slot).names;
    const after = sortedLabels([...before, ...labels]);
    if (after.length === before.length) return;
    this.stats.labelsAdded += after.length - before.length;
    this.#relabel(slot, before, after);
  }

  removeLabels(slot: number, labels: readonly string[]): void {
    const before = this.graph.nodes.labelSet(slot).names;
    const after = before.filter((label) => !labels.includes(label));
    if (after.length === before.length) return;
    this.stats.labelsRemoved += before.length - after.length;
    this.#relabel(slot, before, after);
  }

  #relabel(slot: number, before: readonly string[], after: readonly string[]): void {
    this.#requireNode(slot);
    this.#refuseReserved(after);
    const id = this.graph.nodes.id(slot);
    const change = this.#changes.get(id);
    switch (change?.kind) {
      case "insertedNode":
        change.labels = after;
        break;
      case "updatedNode":
        change.labelsBefore ??= before;
        change.labels = after;
        break;
      default:
        this.#changes.set(id, {
          kind: "updatedNode",
          labelsBefore: before,
          labels: after,
          before: new Map(),
          set: new Map(),
        });
    }
    this.#apply({
      kind: "updateNode",
      graph: this.#graphName,
      id,
      labels: after,
      set: NO_PROPERTIES,
    });
  }

  deleteEdge(slot: number): void {
    this.#requireEdge(slot);
    const id = this.graph.edges.id(slot);
    const change = this.#changes.get(id);
    this.#apply({ kind: "deleteEdge", graph: this.#graphName, id });
    if (change?.kind === "insertedEdge") this.#changes.delete(id);
    else this.#changes.set(id, { kind: "deletedEdge" });
    this.stats.edgesDeleted += 1;
  }

  /**
   * Deletes a node. With `detach` its edges go first; without, it goes once it has none, at the latest in {@link finish}, which
   * refuses the statement if edges remain (G1001).
   */
  deleteNode(slot: number, detach: boolean, offset: number): void {
    this.#requireNode(slot);
    if (detach) for (const edge of this.graph.edges.of(slot)) this.deleteEdge(edge);
    this.#doomed.set(this.graph.nodes.id(slot), offset);
  }

  /** Removes the nodes that were asked to go and have no edges left. Called after each deleting clause. */
  settleDeletes(): void {
    for (const id of this.#doomed.keys()) {
      const slot = this.graph.nodes.slot(id);
      if (slot >= 0 && this.graph.edges.degree(slot) > 0) continue;
      this.#doomed.delete(id);
      if (slot < 0) continue;
      const change = this.#changes.get(id);
      this.#apply({ kind: "deleteNode", graph: this.#graphName, id });
      if (change?.kind === "insertedNode") this.#changes.delete(id);
      else this.#changes.set(id, { kind: "deletedNode" });
      this.stats.nodesDeleted += 1;
    }
  }

  createIndex(name: string, place: NewIndex): void {
    this.#applyToCatalog({ kind: "createIndex", ...this.#named(name, place) });
    this.stats.indexesCreated += 1;
  }

  dropIndex(name: string): void {
    this.#applyToCatalog({ kind: "dropIndex", graph: this.#graphName, name });
    this.stats.indexesDropped += 1;
  }

  createGraph(name: GraphName): void {
    this.#applyToCatalog({ kind: "createGraph", graph: name });
    this.stats.graphsCreated += 1;
  }

  dropGraph(name: GraphName): void {
    this.#applyToCatalog({ kind: "dropGraph", graph: name });
    this.stats.graphsDropped += 1;
  }

  /** Throws 40002 when there are elements that do not keep it; and, for a label of the server's, what writing such an element throws. */
  createConstraint(name: string, constraint: NewConstraint): void {
    const { element, label, requirement } = constraint;
    if (element === "node") this.#refuseReserved([label]);
    this.#applyToCatalog({
      kind: "createConstraint",
      ...this.#named(name, constraint),
      requirement,
    });
    requireOfAll(this.graph, this.graph.constraints.get(name)!);
    this.stats.constraintsCreated += 1;
  }

  dropConstraint(name: string): void {
    this.#applyToCatalog({ kind: "dropConstraint", graph: this.#graphName, name });
    this.stats.constraintsDropped += 1;
  }

  #named(name: string, { element, label, properties }: NewIndex): Omit<CreateIndex, "kind"> {
    return { graph: this.#graphName, name, element, label, properties };
  }

  #applyToCatalog(effect: Effect): void {
    this.#apply(effect);
    this.#catalog.push(effect);
  }

  /**
   * The end of the statement. Throws G1001 when a node to be deleted still has edges, 40002 when a constraint is violated: in between,
   * values may have been swapped.
   */
  finish(): void {
    for (const hand of this.#hands.values()) hand.#finish();
  }

  #finish(): void {
    this.settleDeletes();
    this.#requireChanged();
    for (const [id, offset] of this.#doomed) {
      const edges = this.graph.edges.degree(this.graph.nodes.slot(id));
      throw located(
        new GeodeError(
          "G1001",
          `A node cannot be deleted while it has edges; node ${id} has ${edges}.`,
          { hint: "Use DETACH DELETE to delete its edges with it." },
        ),
        offset,
      );
    }
    requireConstraints(this.graph, this.#changes.keys(), this.#sight);
  }

  /** Before an element of the state that the statement found is changed for the first time. */
  #requireNode(slot: number): void {
    this.#refuseReserved(this.graph.nodeLabels(slot));
    if (this.#sight === null || this.#changes.has(this.graph.nodes.id(slot))) return;
    if (!this.#sight.mayWriteNode(slot)) throw forbidden();
  }

  #requireEdge(slot: number): void {
    this.#refuseReservedEdge(this.graph.edges.from(slot), this.graph.edges.to(slot));
    if (this.#sight === null || this.#changes.has(this.graph.edges.id(slot))) return;
    if (!this.#sight.mayWriteEdge(slot)) throw forbidden();
  }

  #refuseReserved(labels: readonly string[]): void {
    if (this.#system) return;
    for (const label of labels) if (isReserved(label)) throw reserved(label);
  }

  /** Between elements of the server; users may draw edges from theirs to these. */
  #refuseReservedEdge(from: number, to: number): void {
    if (this.#system) return;
    const label = this.graph.nodeLabels(from).find(isReserved);
    if (label !== undefined && this.graph.nodeLabels(to).some(isReserved)) throw reserved(label);
  }

  /** What was inserted or changed has to be the user's to change as it is now. */
  #requireChanged(): void {
    const sight = this.#sight;
    if (sight === null) return;
    // That edges are left which the user does not see must not be told.
    for (const id of this.#doomed.keys()) {
      const edges = [...this.graph.edges.of(this.graph.nodes.slot(id))];
      if (!edges.every((edge) => sight.edge(edge))) throw forbidden();
    }
    for (const [id, { kind }] of this.#changes) {
      switch (kind) {
        case "insertedNode":
        case "updatedNode":
          if (!sight.mayWriteNode(this.graph.nodes.slot(id))) throw forbidden();
          break;
        case "insertedEdge":
        case "updatedEdge":
          if (!sight.mayWriteEdge(this.graph.edges.slot(id))) throw forbidden();
          break;
        case "deletedNode":
        case "deletedEdge":
          break;
        default:
          unreachable(kind);
      }
    }
  }

  /** Takes back everything the statement did. */
  rollback(): void {
    this.#store.rollback(this.#undo, this.#start);
    for (const hand of this.#hands.values()) {
      hand.#changes.clear();
      hand.#unseen = null;
      hand.#catalog.length = 0;
      hand.#doomed.clear();
    }
  }

  /** The net effects of the whole statement, in the order that a patch has. */
  patch(): Patch {
    const parts = [...this.#hands.values()].map((hand) => hand.#net());
    const patch: Effect[] = [];
    for (const part of PATCH_ORDER)
      for (const effects of parts) for (const effect of effects[part]) patch.push(effect);
    return patch;
  }

  #net(): Readonly<Record<(typeof PATCH_ORDER)[number], readonly Effect[]>> {
    const graph = this.#graphName;
    const insertedNodes: Effect[] = [...(this.#unseen?.nodes ?? [])];
    const insertedEdges: Effect[] = [...(this.#unseen?.edges ?? [])];
    const updates: Effect[] = [];
    const deletedEdges: Effect[] = [];
    const deletedNodes: Effect[] = [];
    for (const [id, change] of this.#changes) {
      switch (change.kind) {
        case "insertedNode":
          insertedNodes.push({
            kind: "insertNode",
            graph,
            id,
            labels: change.labels,
            properties: change.properties,
          });
          break;
        case "insertedEdge":
          insertedEdges.push({
            kind: "insertEdge",
            graph,
            id,
            label: change.label,
            from: change.from,
            to: change.to,
            properties: change.properties,
          });
          break;
        case "updatedNode": {
          const set = netOf(change.before, change.set);
          const { labels, labelsBefore } = change;
          if (labels !== null && labelsBefore !== null && !sameNames(labels, labelsBefore))
            updates.push({ kind: "updateNode", graph, id, labels, set });
          else if (set.size > 0) updates.push({ kind: "updateNode", graph, id, set });
          break;
        }
        case "updatedEdge": {
          const set = netOf(change.before, change.set);
          if (set.size > 0) updates.push({ kind: "updateEdge", graph, id, set });
          break;
        }
        case "deletedEdge":
          deletedEdges.push({ kind: "deleteEdge", graph, id });
          break;
        case "deletedNode":
          deletedNodes.push({ kind: "deleteNode", graph, id });
          break;
      }
    }
    return {
      catalog: this.#catalog,
      insertedNodes,
      insertedEdges,
      updates,
      deletedEdges,
      deletedNodes,
    };
  }

  #apply(effect: Effect): void {
    this.#store.apply(effect, this.#undo);
  }
}

function sortedLabels(labels: readonly string[]): readonly string[] {
  return labels.length < 2 ? labels : [...new Set(labels)].sort();
}

function sameNames(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((name, index) => name === right[index]);
}

/** The assignments that differ from what stood there before the statement. */
function netOf(
  before: ReadonlyMap<string, Value>,
  set: ReadonlyMap<string, Value>,
): Map<string, Value> {
  const net = new Map<string, Value>();
  for (const [key, value] of set)
    if (!identical(before.get(key) ?? null, value)) net.set(key, value);
  return net;
}

function assign(properties: Map<string, Value>, key: string, value: Value): void {
  if (value === null) properties.delete(key);
  else properties.set(key, value);
}

function storable(properties: ReadonlyMap<string, Value>): Map<string, Value> {
  const clean = new Map<string, Value>();
  for (const [key, value] of properties) {
    if (value === null) continue;
    checkStorable(key, value);
    clean.set(key, value);
  }
  return clean;
}

/** A property holds any value but elements, paths, and collections of those; nor collections that are nested too deep. */
function checkStorable(key: string, value: Value, depth = 0): void {
  if (typeof value !== "object" || value === null) return;
  if (value instanceof Node || value instanceof Edge || value instanceof Path) {
    const type = typeName(value);
    throw new GeodeError("22G03", `The property ${key} cannot hold ${article(type)}.`, {
      hint: "Store a value of it, such as one of its properties, or draw an edge.",
    });
  }
  if (!Array.isArray(value) && !(value instanceof Map)) return;
  if (depth === PROPERTY_NESTING_MAX) {
    throw new GeodeError(
      "22G03",
      `The property ${key} is nested deeper than ${PROPERTY_NESTING_MAX} levels.`,
    );
  }
  for (const item of value.values()) checkStorable(key, item as Value, depth + 1);
}

/** Equal and of the same type: 1 and 1.0 are equivalent, but replacing one by the other is a change. */
function identical(left: Value, right: Value): boolean {
  if (left === right) return true;
  if (typeof left !== typeof right || left === null || right === null || typeof left !== "object")
    return false;
  if (typeName(left) !== typeName(right) || !equivalent(left, right)) return false;
  // The same instant in another zone is another value.
  if (isTemporal(left) && isTemporal(right)) return left.toString() === right.toString();
  // Within collections equivalence is blind to the number type; treat those as changed.
  return !(Array.isArray(left) || left instanceof Map);
}
