import { IdChunks, NO_NUMBER, SmallChunks, Uint32Chunks } from "./chunks.ts";
import { Columns } from "./columns.ts";
import type { ElementTable } from "./element-table.ts";
import { LabelSets } from "./label-sets.ts";
import type { LabelSet } from "./label-sets.ts";
import type { Names } from "./names.ts";
import { Slots } from "./slots.ts";

/** What {@link NodeStore.labelSetId} gives for a slot that no node is in. */
export const NO_NODE = NO_NUMBER;

/** The nodes of a graph by slot. Slots do not outlive a turn; whatever is kept longer holds element ids. */
export class NodeStore {
  readonly columns: Columns;
  readonly labelSets: LabelSets;
  readonly slots = new Slots();
  readonly #table: ElementTable;
  readonly #ids = new IdChunks();
  readonly #labelSetIds = new SmallChunks();
  /** Where in its label set's posting a node is. */
  readonly #positions = new Uint32Chunks();

  constructor(table: ElementTable, labels: Names, keys: Names) {
    this.#table = table;
    this.labelSets = new LabelSets(labels, keys);
    this.columns = new Columns(keys, (slot) => this.labelSet(slot).keys);
  }

  get count(): number {
    return this.slots.used;
  }

  /** The slot of an element id, or -1 when there is no such node. */
  slot(id: number): number {
    return this.#table.node(id);
  }

  /** The element id of the node in a slot. */
  id(slot: number): number {
    return this.#ids.get(slot);
  }

  /** The index in {@link allSets}, or {@link NO_NODE}. The slot is below `slots.end`. */
  labelSetId(slot: number): number {
    return this.#labelSetIds.get(slot);
  }

  /** The labels of the node in a slot. */
  labelSet(slot: number): LabelSet {
    return this.labelSets.at(this.#labelSetIds.get(slot));
  }

  /** The sets that contain a label; none for -1. */
  setsWith(label: number): readonly LabelSet[] {
    return this.labelSets.with(label);
  }

  /** Every set, by its id; together their postings are all nodes. */
  allSets(): readonly LabelSet[] {
    return this.labelSets.all();
  }

  /** Where in its label set's posting the node is. */
  position(slot: number): number {
    return this.#positions.get(slot);
  }

  /** The node has no properties yet. */
  insert(id: number, set: LabelSet): number {
    this.#ids.reserve(this.slots.next + 1);
    this.#labelSetIds.reserve(this.slots.next + 1);
    this.#positions.reserve(this.slots.next + 1);
    const slot = this.slots.take();
    this.#enter(slot, id, set);
    return slot;
  }

  /** The node has no edges. */
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
  unremove(slot: number, id: number, set: LabelSet, position: number): void {
    this.slots.unrelease();
    this.#enter(slot, id, set);
    this.#moveTo(slot, set, position);
  }

  setLabels(slot: number, set: LabelSet): void {
    this.columns.noteKeys(slot, this.labelSet(slot).keys, set.keys);
    this.#leaveSet(slot);
    this.#enterSet(slot, set);
  }

  /** Undoes {@link setLabels}: back to a set and to a position in its posting. */
  unsetLabels(slot: number, set: LabelSet, position: number): void {
    this.setLabels(slot, set);
    this.#moveTo(slot, set, position);
  }

  get bytes(): number {
    return (
      this.#ids.bytes +
      this.#labelSetIds.bytes +
      this.#positions.bytes +
      this.labelSets.all().reduce((sum, set) => sum + set.slots.byteLength, 0)
    );
  }

  #enter(slot: number, id: number, set: LabelSet): void {
    this.#ids.set(slot, id);
    this.#table.add(id, slot, "node");
    this.#enterSet(slot, set);
  }

  #leave(slot: number): void {
    this.#leaveSet(slot);
    this.#table.remove(this.#ids.get(slot));
    this.#labelSetIds.set(slot, NO_NODE);
  }

  #enterSet(slot: number, set: LabelSet): void {
    this.#positions.set(slot, set.push(slot));
    this.#labelSetIds.set(slot, set.id);
  }

  /** The last node of the posting takes the place of the one that leaves. */
  #leaveSet(slot: number): void {
    const set = this.labelSet(slot);
    const position = this.#positions.get(slot);
    const last = set.pop();
    if (last === slot) return;
    set.slots[position] = last;
    this.#positions.set(last, position);
  }

  /** Exchanges a node, the last of its posting, with the one at a position: the inverse of leaving from there. */
  #moveTo(slot: number, set: LabelSet, position: number): void {
    const last = this.#positions.get(slot);
    const other = set.slots[position]!;
    set.slots[last] = other;
    this.#positions.set(other, last);
    set.slots[position] = slot;
    this.#positions.set(slot, position);
  }
}
