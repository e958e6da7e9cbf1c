import { equivalenceKey } from "@geode/values";
import type { EquivalenceKey, Value } from "@geode/values";
import { ValueOrder } from "./value-order.ts";
import { BigMap } from "./big-map.ts";
import { Uint32Chunks } from "./chunks.ts";

/**
 * An index: from a property's value to the nodes with a label that have it, by equivalence (1 and 1.0 alike, NaN like itself), and from
 * the first look at a range on also by order. A missing property is not in it.
 */
export class HashIndex {
  readonly name: string;
  /** Label id. */
  readonly label: number;
  /** Property key id. */
  readonly key: number;
  /** Most values of a typical index belong to one node: a bare slot takes no array. */
  readonly #entries = new BigMap<EquivalenceKey, number | number[]>();
  /** Where in its entry's array a node is; not kept for bare slots. */
  readonly #positions = new Uint32Chunks();
  /** null until a range is looked for: most indexes are only asked for single values. */
  #order: ValueOrder | null = null;
  #count = 0;

  constructor(name: string, label: number, key: number) {
    this.name = name;
    this.label = label;
    this.key = key;
  }

  /** How many nodes are in the index. */
  get count(): number {
    return this.#count;
  }

  /** How many different values there are. */
  get distinct(): number {
    return this.#entries.size;
  }

  /** The slots of the nodes with the value, in no promised order. Valid until the next write. Nothing has the value null. */
  seek(value: Value): readonly number[] {
    if (value === null) return NONE;
    const entry = this.#entries.get(equivalenceKey(value));
    if (entry === undefined) return NONE;
    return typeof entry === "number" ? [entry] : entry;
  }

  /**
   * The slots of the nodes with a value from `lower` on (null: from the first one), while `within` holds, ascending by value. Valid until
   * the next write.
   */
  seekRange(
    valueOf: (slot: number) => Value,
    lower: Value,
    within: (value: Value) => boolean,
  ): readonly number[] {
    this.#order ??= this.#ordered(valueOf);
    const found: number[] = [];
    for (const { value, key } of this.#order.from(lower)) {
      if (!within(value)) break;
      const entry = this.#entries.get(key);
      if (typeof entry === "number") found.push(entry);
      else for (const slot of entry ?? NONE) found.push(slot);
    }
    return found;
  }

  #ordered(valueOf: (slot: number) => Value): ValueOrder {
    const order = new ValueOrder();
    for (const [key, [slot]] of this.entries())
      if (slot !== undefined) order.add(valueOf(slot), key);
    return order;
  }

  /** The value is not null, and the node is not in the index. */
  add(slot: number, value: Value): void {
    const key = equivalenceKey(value);
    const entry = this.#entries.get(key);
    this.#count++;
    if (entry === undefined) {
      this.#entries.set(key, slot);
      this.#order?.add(value, key);
    } else if (typeof entry === "number") {
      this.#place(entry, 0);
      this.#place(slot, 1);
      this.#entries.set(key, [entry, slot]);
    } else {
      this.#place(slot, entry.length);
      entry.push(slot);
    }
  }

  /** The node is in the index with this value; the last of the entry takes its place. Returns the place, for {@link restore}. */
  remove(slot: number, value: Value): number {
    const key = equivalenceKey(value);
    const entry = this.#entries.get(key);
    if (entry === undefined) throw new RangeError(`index ${this.name} has no such value`);
    this.#count--;
    if (typeof entry === "number") {
      this.#entries.delete(key);
      this.#order?.remove(value, key);
      return 0;
    }
    const position = this.#positions.get(slot);
    const last = entry.pop()!;
    if (last !== slot) {
      entry[position] = last;
      this.#place(last, position);
    }
    if (entry.length === 1) this.#entries.set(key, entry[0]!);
    return position;
  }

  /** Undoes {@link remove}. */
  restore(slot: number, value: Value, position: number): void {
    this.add(slot, value);
    const entry = this.#entries.get(equivalenceKey(value));
    if (typeof entry !== "object" || position === entry.length - 1) return;
    const other = entry[position]!;
    entry[entry.length - 1] = other;
    this.#place(other, entry.length - 1);
    entry[position] = slot;
    this.#place(slot, position);
  }

  /** Every entry, for checks: the key and the slots under it. */
  *entries(): Generator<[EquivalenceKey, readonly number[]]> {
    for (const [key, entry] of this.#entries)
      yield [key, typeof entry === "number" ? [entry] : entry];
  }

  /** An estimate: what a Map takes per entry, the places, and per value an object in the order. */
  get bytes(): number {
    const order = (this.#order?.size ?? 0) * ORDER_ENTRY_BYTES;
    return this.distinct * MAP_ENTRY_BYTES + this.#count * 8 + this.#positions.bytes + order;
  }

  #place(slot: number, position: number): void {
    this.#positions.reserve(slot + 1);
    this.#positions.set(slot, position);
  }
}

const NONE: readonly number[] = Object.freeze([]);
/** A Map in V8 keeps three words per entry and a bucket for every second one, half of it unused on average. */
const MAP_ENTRY_BYTES = 42;
/** An object of two fields, and its place in a block that is three quarters full. */
const ORDER_ENTRY_BYTES = 34;

/** The indexes of a graph. */
export class Indexes {
  readonly #byName = new Map<string, HashIndex>();
  /** By property key id. */
  readonly #byKey = new Map<number, HashIndex[]>();
  #version = 0;

  get size(): number {
    return this.#byName.size;
  }

  /** Changes whenever an index comes or goes: a plan made under another version may be out of date. */
  get version(): number {
    return this.#version;
  }

  get(name: string): HashIndex | undefined {
    return this.#byName.get(name);
  }

  /** The index on a property of the nodes with a label. */
  on(label: number, key: number): HashIndex | undefined {
    return this.#byKey.get(key)?.find((index) => index.label === label);
  }

  /** The indexes on a property, whatever the label. */
  onKey(key: number): readonly HashIndex[] {
    return this.#byKey.get(key) ?? [];
  }

  all(): IterableIterator<HashIndex> {
    return this.#byName.values();
  }

  add(index: HashIndex): void {
    this.#version += 1;
    this.#byName.set(index.name, index);
    const others = this.#byKey.get(index.key);
    if (others === undefined) this.#byKey.set(index.key, [index]);
    else others.push(index);
  }

  remove(index: HashIndex): void {
    this.#version += 1;
    this.#byName.delete(index.name);
    const left = this.onKey(index.key).filter((other) => other !== index);
    if (left.length > 0) this.#byKey.set(index.key, left);
    else this.#byKey.delete(index.key);
  }

  get bytes(): number {
    let sum = 0;
    for (const index of this.#byName.values()) sum += index.bytes;
    return sum;
  }
}
