import { Edge, GeodeError, Node } from "@geode/values";
import type { Properties, Value } from "@geode/values";
import type { Columns } from "./columns.ts";
import { type Constraint, Constraints } from "./constraints.ts";
import { EdgeStore } from "./edges.ts";
import type {
  CreateConstraint,
  CreateIndex,
  DeleteEdge,
  DeleteNode,
  DropConstraint,
  DropIndex,
  ElementKind,
  GraphName,
  InsertEdge,
  InsertNode,
  SpliceText,
  UpdateEdge,
  UpdateNode,
} from "./effect.ts";
import { ElementTable } from "./element-table.ts";
import { HashIndex, Indexes, type IndexPlace } from "./indexes.ts";
import type { LabelSet } from "./label-sets.ts";
import { Names } from "./names.ts";
import { NodeStore } from "./nodes.ts";
import { isStorable } from "./storable.ts";
import type { EdgeDeleted, NodeDeleted, Undo } from "./undo.ts";

/**
 * One property graph in memory: elements in dense slots, properties in columns, adjacency in slabs, postings per label set.
 *
 * Reading is done on the parts (`nodes`, `edges`, `indexes`) by slot and by interned name. Writing is done by effects only, through
 * {@link Store.apply}. Every effect is checked whole before anything changes, so that a damaged log cannot damage memory: what does not
 * fit the graph is refused with CORRUPT.
 */
export class Graph {
  readonly name: GraphName;
  readonly labels = new Names();
  readonly edgeLabels = new Names();
  readonly keys = new Names();
  /** Which slot an element id is in, for nodes and edges: they share the ids. */
  readonly table = new ElementTable();
  readonly nodes = new NodeStore(this.table, this.labels, this.keys);
  readonly edges = new EdgeStore(this.table, this.keys);
  readonly indexes = new Indexes();
  readonly constraints = new Constraints();
  /** Used again by every effect: applying one allocates nothing. */
  readonly #resolved: Resolved = { keys: [], values: [] };

  constructor(name: GraphName) {
    this.name = name;
  }

  get nodeCount(): number {
    return this.nodes.count;
  }

  get edgeCount(): number {
    return this.edges.count;
  }

  /** How many nodes have a label (-1: none). */
  nodeCountOf(label: number): number {
    let count = 0;
    for (const set of this.nodes.setsWith(label)) count += set.count;
    return count;
  }

  /** How many edges have a label (-1: none). */
  edgeCountOf(label: number): number {
    return this.edges.countOf(label);
  }

  /** The id of a label of nodes or of edges; -1 when none ever had it. */
  labelId(element: ElementKind, label: string): number {
    return (element === "node" ? this.labels : this.edgeLabels).id(label);
  }

  labelName(element: ElementKind, label: number): string {
    return (element === "node" ? this.labels : this.edgeLabels).name(label);
  }

  columnsOf(element: ElementKind): Columns {
    return (element === "node" ? this.nodes : this.edges).columns;
  }

  /** The slots of the elements with a label, in no promised order. Valid until the next write. */
  *slotsWith(element: ElementKind, label: number): Generator<number> {
    if (element === "edge") {
      for (let slot = 0; slot < this.edges.slots.end; slot++)
        if (this.edges.label(slot) === label) yield slot;
      return;
    }
    for (const set of this.nodes.setsWith(label))
      for (let at = 0; at < set.count; at++) yield set.slots[at]!;
  }

  nodeLabels(slot: number): readonly string[] {
    return this.nodes.labelSet(slot).names;
  }

  /** A property by name; null when the node does not have it. */
  nodeProperty(slot: number, name: string): Value {
    return this.nodes.columns.value(slot, this.keys.id(name));
  }

  /** A property by name; null when the edge does not have it. */
  edgeProperty(slot: number, name: string): Value {
    return this.edges.columns.value(slot, this.keys.id(name));
  }

  /** How many edges begin or end at a node; a self-loop does both. */
  degree(slot: number): number {
    return this.edges.degree(slot);
  }

  /** The slots of the edges that begin or end at a node, each once. */
  edgesOf(slot: number): number[] {
    return this.edges.of(slot);
  }

  /** The node in a slot as a value; its properties are in the order of their names. */
  node(slot: number): Node {
    const set = this.nodes.labelSet(slot);
    return new Node(this.nodes.id(slot), set.names, this.#properties(this.nodes.columns, slot));
  }

  /** The edge in a slot as a value. */
  edge(slot: number): Edge {
    const { edges, nodes } = this;
    const label = edges.label(slot);
    const properties = this.#properties(edges.columns, slot);
    return new Edge(
      edges.id(slot),
      this.edgeLabels.name(label),
      nodes.id(edges.from(slot)),
      nodes.id(edges.to(slot)),
      properties,
    );
  }

  insertNode(effect: InsertNode, undo: Undo | undefined): void {
    this.#checkNew(effect.id);
    const { nodes } = this;
    const { keys, values } = this.#resolve(effect.id, effect.properties);
    const set = nodes.labelSets.intern(effect.labels);
    const reused = nodes.slots.nextIsReused;
    const slot = nodes.insert(effect.id, set);
    for (let i = 0; i < keys.length; i++) {
      nodes.columns.set(slot, keys[i]!, values[i]!);
    }
    undo?.push({ kind: "nodeInserted", graph: this, slot, reused });
    if (this.indexes.size > 0) this.#enterNode(slot, set, undefined, undo);
  }

  insertEdge(effect: InsertEdge, undo: Undo | undefined): void {
    this.#checkNew(effect.id);
    const { nodes, edges } = this;
    const from = nodes.slot(effect.from);
    const to = nodes.slot(effect.to);
    if (from < 0)
      throw this.#corrupt(effect.id, `begins at node ${effect.from}, which does not exist`);
    if (to < 0) throw this.#corrupt(effect.id, `ends at node ${effect.to}, which does not exist`);
    const { keys, values } = this.#resolve(effect.id, effect.properties);
    const label = this.edgeLabels.intern(effect.label);
    const reused = edges.slots.nextIsReused;
    const slot = edges.insert(effect.id, label, from, to);
    for (let i = 0; i < keys.length; i++) edges.columns.set(slot, keys[i]!, values[i]!);
    undo?.edgeInserted(this, slot, reused);
    if (this.indexes.size > 0)
      for (const index of this.indexes.of("edge", label)) this.#enter(index, slot, undo);
  }

  updateNode(effect: UpdateNode, undo: Undo | undefined): void {
    const slot = this.#nodeSlot(effect.id);
    const { nodes } = this;
    const { keys, values } = this.#resolve(effect.id, effect.set);
    if (effect.labels !== undefined)
      this.#setLabels(slot, nodes.labelSets.intern(effect.labels), undo);
    const { labels } = nodes.labelSet(slot);
    for (let i = 0; i < keys.length; i++)
      this.#assign(nodes.columns, "node", labels, slot, keys[i]!, values[i]!, undo);
  }

  spliceText(effect: SpliceText, undo: Undo | undefined): void {
    this.updateNode(this.splicedUpdate(effect), undo);
  }

  /** A splice as the update that it comes to. Throws CORRUPT when there is no such text. */
  splicedUpdate(effect: SpliceText): UpdateNode {
    const { at, graph, id, insert, length, property, remove, set } = effect;
    const before = this.nodeProperty(this.#nodeSlot(id), property);
    if (typeof before !== "string" || before.length !== length || at + remove > length)
      throw this.#corrupt(id, `has no text ${property} of the length ${length} to be spliced`);
    const after = before.slice(0, at) + insert + before.slice(at + remove);
    return { kind: "updateNode", graph, id, set: new Map(set).set(property, after) };
  }

  updateEdge(effect: UpdateEdge, undo: Undo | undefined): void {
    const slot = this.#edgeSlot(effect.id);
    const { edges } = this;
    const { keys, values } = this.#resolve(effect.id, effect.set);
    const labels = [edges.label(slot)];
    for (let i = 0; i < keys.length; i++)
      this.#assign(edges.columns, "edge", labels, slot, keys[i]!, values[i]!, undo);
  }

  deleteEdge(effect: DeleteEdge, undo: Undo | undefined): void {
    const slot = this.#edgeSlot(effect.id);
    const { edges } = this;
    if (this.indexes.size > 0)
      for (const index of this.indexes.of("edge", edges.label(slot)))
        this.#leave(index, slot, undo);
    if (undo !== undefined) {
      const properties = edges.columns.of(slot);
      undo.push({ kind: "edgeDeleted", graph: this, slot, edge: edges.describe(slot), properties });
    }
    edges.remove(slot);
  }

  deleteNode(effect: DeleteNode, undo: Undo | undefined): void {
    const slot = this.#nodeSlot(effect.id);
    if (this.edges.degree(slot) > 0)
      throw this.#corrupt(effect.id, "is deleted while it has edges");
    const { nodes } = this;
    const set = nodes.labelSet(slot);
    if (this.indexes.size > 0) this.#leaveNode(slot, set, undefined, undo);
    if (undo !== undefined) {
      const properties = nodes.columns.of(slot);
      undo.push({
        kind: "nodeDeleted",
        graph: this,
        slot,
        id: effect.id,
        set,
        position: nodes.position(slot),
        properties,
      });
    }
    nodes.remove(slot);
  }

  createIndex(effect: CreateIndex, undo: Undo | undefined): void {
    const index = new HashIndex(effect.name, this.#newPlace(effect));
    this.#fill(index);
    this.indexes.add(index);
    undo?.push({ kind: "indexCreated", graph: this, index });
  }

  dropIndex(effect: DropIndex, undo: Undo | undefined): void {
    const index = this.indexes.get(effect.name);
    if (index === undefined || index.isUnique)
      throw corrupt(
        `index ${effect.name} of graph ${this.name} is dropped, but ${index === undefined ? "does not exist" : "belongs to a constraint"}`,
      );
    this.indexes.remove(index);
    undo?.push({ kind: "indexDropped", graph: this, index });
  }

  /** Whether the elements keep it is not looked at: in the middle of a patch they need not. */
  createConstraint(effect: CreateConstraint, undo: Undo | undefined): void {
    const { name, requirement } = effect;
    const place = this.#newPlace(effect);
    const index = requirement === "exists" ? null : new HashIndex(name, place, true);
    if (index !== null) {
      this.#fill(index);
      this.indexes.add(index);
    }
    const constraint: Constraint = { name, ...place, requirement, index };
    this.constraints.add(constraint);
    undo?.push({ kind: "constraintCreated", graph: this, constraint });
  }

  dropConstraint(effect: DropConstraint, undo: Undo | undefined): void {
    const constraint = this.constraints.get(effect.name);
    if (constraint === undefined)
      throw corrupt(
        `constraint ${effect.name} of graph ${this.name} is dropped, but does not exist`,
      );
    this.#removeConstraint(constraint);
    undo?.push({ kind: "constraintDropped", graph: this, constraint });
  }

  undoConstraintCreated(constraint: Constraint): void {
    this.#removeConstraint(constraint);
  }

  undoConstraintDropped(constraint: Constraint): void {
    if (constraint.index !== null) this.indexes.add(constraint.index);
    this.constraints.add(constraint);
  }

  #removeConstraint(constraint: Constraint): void {
    if (constraint.index !== null) this.indexes.remove(constraint.index);
    this.constraints.remove(constraint);
  }

  /** What an index or a constraint is to be on. Throws CORRUPT when the name is taken, or there is an index on the same properties. */
  #newPlace(effect: CreateIndex | CreateConstraint): IndexPlace {
    const { element, kind, label, name, properties } = effect;
    const refuse = (why: string): GeodeError =>
      corrupt(`${name} of graph ${this.name} cannot be created (${kind}): ${why}`);
    if (this.indexes.get(name) !== undefined || this.constraints.get(name) !== undefined)
      throw refuse("the name is taken");
    if (properties.length === 0 || new Set(properties).size < properties.length)
      throw refuse("it names no property, or one twice");
    const place: IndexPlace = {
      element,
      label: (element === "node" ? this.labels : this.edgeLabels).intern(label),
      keys: properties.map((property) => this.keys.intern(property)),
    };
    const hasIndex = kind === "createIndex" || effect.requirement !== "exists";
    if (hasIndex && this.indexes.on(place) !== undefined)
      throw refuse("there is an index on the same properties");
    return place;
  }

  #fill(index: HashIndex): void {
    const columns = this.columnsOf(index.element);
    for (const slot of this.slotsWith(index.element, index.label)) {
      const value = index.valueIn(columns, slot);
      if (value !== null) index.add(slot, value);
    }
  }

  undoNodeInserted(slot: number, reused: boolean): void {
    this.nodes.uninsert(slot, reused);
  }

  undoEdgeInserted(slot: number, reused: boolean): void {
    this.edges.uninsert(slot, reused);
  }

  undoNodeDeleted(record: NodeDeleted): void {
    this.nodes.unremove(record.slot, record.id, record.set, record.position);
    for (const [key, value] of record.properties) this.nodes.columns.set(record.slot, key, value);
  }

  undoEdgeDeleted(record: EdgeDeleted): void {
    this.edges.unremove(record.slot, record.edge);
    for (const [key, value] of record.properties) this.edges.columns.set(record.slot, key, value);
  }

  #setLabels(slot: number, set: LabelSet, undo: Undo | undefined): void {
    const { nodes } = this;
    const old = nodes.labelSet(slot);
    if (old === set) return;
    if (this.indexes.size > 0) this.#leaveNode(slot, old, set, undo);
    undo?.push({ kind: "labelsSet", graph: this, slot, set: old, position: nodes.position(slot) });
    nodes.setLabels(slot, set);
    if (this.indexes.size > 0) this.#enterNode(slot, set, old, undo);
  }

  /** Sets one property of an element with these labels, and brings it to its new places in the indexes. */
  #assign(
    columns: Columns,
    element: ElementKind,
    labels: readonly number[],
    slot: number,
    key: number,
    value: Value,
    undo: Undo | undefined,
  ): void {
    const old = columns.value(slot, key);
    if (value === null && old === null) return;
    const isIndexed = this.indexes.size > 0;
    if (isIndexed)
      for (const label of labels)
        for (const index of this.indexes.of(element, label))
          if (index.keys.includes(key)) this.#leave(index, slot, undo);
    columns.set(slot, key, value);
    undo?.push({ kind: "propertySet", columns, slot, key, value: old });
    if (isIndexed)
      for (const label of labels)
        for (const index of this.indexes.of(element, label))
          if (index.keys.includes(key)) this.#enter(index, slot, undo);
  }

  /** Enters a node into the indexes of its labels, except those of labels that it had before. */
  #enterNode(
    slot: number,
    set: LabelSet,
    before: LabelSet | undefined,
    undo: Undo | undefined,
  ): void {
    for (const label of set.labels) {
      if (before?.has(label)) continue;
      for (const index of this.indexes.of("node", label)) this.#enter(index, slot, undo);
    }
  }

  /** Takes a node out of the indexes of its labels, except those of labels that it will have. */
  #leaveNode(
    slot: number,
    set: LabelSet,
    after: LabelSet | undefined,
    undo: Undo | undefined,
  ): void {
    for (const label of set.labels) {
      if (after?.has(label)) continue;
      for (const index of this.indexes.of("node", label)) this.#leave(index, slot, undo);
    }
  }

  /** Enters an element, which has the index's label, as it is now. */
  #enter(index: HashIndex, slot: number, undo: Undo | undefined): void {
    const value = index.valueIn(this.columnsOf(index.element), slot);
    if (value === null) return;
    index.add(slot, value);
    undo?.push({ kind: "indexEntryAdded", index, slot, value });
  }

  #leave(index: HashIndex, slot: number, undo: Undo | undefined): void {
    const value = index.valueIn(this.columnsOf(index.element), slot);
    if (value === null) return;
    const position = index.remove(slot, value);
    undo?.push({ kind: "indexEntryRemoved", index, slot, value, position });
  }

  #properties(columns: Columns, slot: number): Map<string, Value> {
    const properties = new Map<string, Value>();
    for (const [key, value] of columns.of(slot)) properties.set(this.keys.name(key), value);
    return properties;
  }

  #nodeSlot(id: number): number {
    const slot = this.nodes.slot(id);
    if (slot < 0) throw this.#corrupt(id, "is changed as a node, but there is no such node");
    return slot;
  }

  #edgeSlot(id: number): number {
    const slot = this.edges.slot(id);
    if (slot < 0) throw this.#corrupt(id, "is changed as an edge, but there is no such edge");
    return slot;
  }

  #checkNew(id: number): void {
    if (!Number.isSafeInteger(id) || id < 0) throw this.#corrupt(id, "is not an element id");
    if (this.table.has(id)) throw this.#corrupt(id, "is inserted twice");
  }

  /** The properties of an effect with their keys' ids, all checked. Nulls under keys that nothing ever had are left out. */
  #resolve(id: number, properties: Properties): Resolved {
    if (properties.size === 0) return NOTHING_RESOLVED;
    const resolved = this.#resolved;
    resolved.keys.length = 0;
    resolved.values.length = 0;
    for (const [name, value] of properties) {
      if (!isStorable(value))
        throw this.#corrupt(id, `has a property ${name} of a type that no property can have`);
      const key = value === null ? this.keys.id(name) : this.keys.intern(name);
      if (key < 0) continue;
      resolved.keys.push(key);
      resolved.values.push(value);
    }
    return resolved;
  }

  #corrupt(id: number, what: string): GeodeError {
    return corrupt(`element ${id} of graph ${this.name} ${what}`);
  }
}

interface Resolved {
  readonly keys: number[];
  readonly values: Value[];
}

/** To empty two lists takes longer than all else that an edge without properties needs. */
const NOTHING_RESOLVED: Resolved = { keys: [], values: [] };

function corrupt(message: string): GeodeError {
  return new GeodeError("CORRUPT", message);
}
