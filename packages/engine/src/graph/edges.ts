import { Adjacency } from "./adjacency.ts";
import { IdChunks, NO_NUMBER, SmallChunks, Uint32Chunks } from "./chunks.ts";
import { Columns } from "./columns.ts";
import type { ElementTable } from "./element-table.ts";
import { KeySet } from "./key-set.ts";
import type { Names } from "./names.ts";
import { Slots } from "./slots.ts";

/** What {@link EdgeStore.label} gives for a slot that no edge is in. */
export const NO_EDGE = NO_NUMBER;

/** The edges of a graph by slot. A self-loop is in both directions of its node. */
export class EdgeStore {
  readonly columns: Columns;
  readonly slots = new Slots();
  /** By edge label id: who a node's edges lead to. */
  readonly out: (Adjacency | undefined)[] = [];
  /** By edge label id: who a node's edges come from. */
  readonly in: (Adjacency | undefined)[] = [];
  readonly #table: ElementTable;
  readonly #keys: Names;
  /** By edge label id: a superset of the keys, of dense columns, that edges with the label have. */
  readonly #keySets: (KeySet | undefined)[] = [];
  readonly #ids = new IdChunks();
  readonly #labels = new SmallChunks();
  readonly #from = new Uint32Chunks();
  readonly #to = new Uint32Chunks();
  /** Where among its start node's, and its end node's, pairs an edge is. */
  readonly #outPositions = new Uint32Chunks();
  readonly #inPositions = new Uint32Chunks();
  /** By edge label id: see {@link loopsOf}. */
  readonly #loops: number[] = [];
  /** Below it, there is an element for every slot in each of these arrays. */
  #room = 0;

  constructor(table: ElementTable, keys: Names) {
    this.#table = table;
    this.#keys = keys;
    this.columns = new Columns(keys, (slot) => this.#keySet(this.#labels.get(slot)));
  }

  get count(): number {
    return this.slots.used;
  }

  /** How many edges have a label; 0 for -1. */
  countOf(label: number): number {
    return this.out[label]?.count ?? 0;
  }

  /** How many edges with a label begin and end at the same node; 0 for -1. */
  loopsOf(label: number): number {
    return this.#loops[label] ?? 0;
  }

  /** Whether any edge begins and ends at the same node. */
  get hasLoops(): boolean {
    return this.#loops.some((count) => count > 0);
  }

  /** The slot of an element id, or -1 when there is no such edge. */
  slot(id: number): number {
    return this.#table.edge(id);
  }

  /** The element id of the edge in a slot. */
  id(slot: number): number {
    return this.#ids.get(slot);
  }

  /** The edge label id, or {@link NO_EDGE}. The slot is below `slots.end`. */
  label(slot: number): number {
    return this.#labels.get(slot);
  }

  /** The slot of the start node. */
  from(slot: number): number {
    return this.#from.get(slot);
  }

  /** The slot of the end node. */
  to(slot: number): number {
    return this.#to.get(slot);
  }

  /** Where among the pairs of `out` of its start node the edge is. */
  outPosition(slot: number): number {
    return this.#outPositions.get(slot);
  }

  /** Where among the pairs of `in` of its end node the edge is. */
  inPosition(slot: number): number {
    return this.#inPositions.get(slot);
  }

  /** How many edges of any label begin or end at the node; a self-loop does both. */
  degree(node: number): number {
    let degree = 0;
    for (const adjacency of this.out) degree += adjacency?.degree(node) ?? 0;
    for (const adjacency of this.in) degree += adjacency?.degree(node) ?? 0;
    return degree;
  }

  /** The slots of the edges of any label that begin or end at the node, each once. */
  of(node: number): number[] {
    const slots: number[] = [];
    for (const adjacency of this.out) {
      const pairs = adjacency?.pool(node);
      const start = adjacency?.offset(node) ?? 0;
      for (let i = 0, degree = adjacency?.degree(node) ?? 0; i < degree; i++)
        slots.push(pairs![start + 2 * i + 1]!);
    }
    for (const adjacency of this.in) {
      const pairs = adjacency?.pool(node);
      const start = adjacency?.offset(node) ?? 0;
      for (let i = 0, degree = adjacency?.degree(node) ?? 0; i < degree; i++) {
        // A self-loop was found on its way out.
        if (pairs![start + 2 * i] !== node) slots.push(pairs![start + 2 * i + 1]!);
      }
    }
    return slots;
  }

  /** The edge has no properties yet. Throws LIMIT, with nothing changed, when a node has too many edges. */
  insert(id: number, label: number, from: number, to: number): number {
    if (this.slots.next >= this.#room) this.#makeRoom(this.slots.next + 1);
    const out = this.#adjacency(this.out, label);
    const into = this.#adjacency(this.in, label);
    out.reserve(from);
    into.reserve(to);
    const slot = this.slots.take();
    // From here on nothing can fail.
    this.#enter(slot, id, label, from, to);
    this.#outPositions.set(slot, out.append(from, to, slot));
    this.#inPositions.set(slot, into.append(to, from, slot));
    return slot;
  }

  remove(slot: number): void {
    this.columns.clear(slot);
    this.#leave(slot);
    this.slots.release(slot);
  }

  /** Undoes {@link insert}; the properties go with it. */
  uninsert(slot: number, reused: boolean): void {
    this.columns.clear(slot);
    this.#leave(slot);
    this.slots.untake(slot, reused);
  }

  /** Undoes {@link remove}, but for the properties. */
  unremove(slot: number, removed: RemovedEdge): void {
    const { id, label, from, to, outPosition, inPosition } = removed;
    this.slots.unrelease();
    this.#enter(slot, id, label, from, to);
    const movedOut = this.#adjacency(this.out, label).insertAt(from, outPosition, to, slot);
    if (movedOut >= 0) this.#outPositions.set(movedOut, this.out[label]!.degree(from) - 1);
    this.#outPositions.set(slot, outPosition);
    const movedIn = this.#adjacency(this.in, label).insertAt(to, inPosition, from, slot);
    if (movedIn >= 0) this.#inPositions.set(movedIn, this.in[label]!.degree(to) - 1);
    this.#inPositions.set(slot, inPosition);
  }

  /** What {@link unremove} needs to know of an edge. */
  describe(slot: number): RemovedEdge {
    return {
      id: this.id(slot),
      label: this.label(slot),
      from: this.from(slot),
      to: this.to(slot),
      outPosition: this.outPosition(slot),
      inPosition: this.inPosition(slot),
    };
  }

  get bytes(): number {
    const arrays = [
      this.#ids,
      this.#labels,
      this.#from,
      this.#to,
      this.#outPositions,
      this.#inPositions,
    ];
    return arrays.reduce((sum, array) => sum + array.bytes, 0);
  }

  get adjacencyBytes(): number {
    return [...this.out, ...this.in].reduce((sum, adjacency) => sum + (adjacency?.bytes ?? 0), 0);
  }

  #enter(slot: number, id: number, label: number, from: number, to: number): void {
    this.#ids.set(slot, id);
    this.#table.add(id, slot, "edge");
    this.#labels.set(slot, label);
    this.#from.set(slot, from);
    this.#to.set(slot, to);
    if (from === to) this.#countLoop(label, 1);
  }

  #countLoop(label: number, difference: 1 | -1): void {
    while (this.#loops.length <= label) this.#loops.push(0);
    this.#loops[label]! += difference;
  }

  #leave(slot: number): void {
    const label = this.#labels.get(slot);
    if (this.#from.get(slot) === this.#to.get(slot)) this.#countLoop(label, -1);
    const outPosition = this.#outPositions.get(slot);
    const movedOut = this.out[label]!.removeAt(this.#from.get(slot), outPosition);
    if (movedOut >= 0) this.#outPositions.set(movedOut, outPosition);
    const inPosition = this.#inPositions.get(slot);
    const movedIn = this.in[label]!.removeAt(this.#to.get(slot), inPosition);
    if (movedIn >= 0) this.#inPositions.set(movedIn, inPosition);
    this.#table.remove(this.#ids.get(slot));
    this.#labels.set(slot, NO_EDGE);
  }

  #makeRoom(end: number): void {
    this.#ids.reserve(end);
    this.#labels.reserve(end);
    this.#from.reserve(end);
    this.#to.reserve(end);
    this.#outPositions.reserve(end);
    this.#inPositions.reserve(end);
    this.#room = this.#ids.length;
  }

  #keySet(label: number): KeySet {
    return (this.#keySets[label] ??= new KeySet(this.#keys));
  }

  #adjacency(direction: (Adjacency | undefined)[], label: number): Adjacency {
    while (direction.length <= label) direction.push(undefined);
    return (direction[label] ??= new Adjacency());
  }
}

/** An edge that was taken out, and where it was. */
export interface RemovedEdge {
  readonly id: number;
  readonly label: number;
  /** Slots of its nodes. */
  readonly from: number;
  readonly to: number;
  readonly outPosition: number;
  readonly inPosition: number;
}
