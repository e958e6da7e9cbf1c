import { equivalenceKey } from "@geode/values";
import type { EquivalenceKey, Value } from "@geode/values";
import type { Columns } from "./columns.ts";
import type { ElementKind } from "./effect.ts";
import { ValueOrder } from "./value-order.ts";
import { BigMap } from "./big-map.ts";
import { Uint32Chunks } from "./chunks.ts";

/** What an index is on: properties of the elements with a label. Two with the same place would find the same. */
export interface IndexPlace {
  readonly element: ElementKind;
  /** Label id; of edges, edge label id. */
  readonly label: number;
  /** Property key ids, the first one first. */
  readonly keys: readonly number[];
}

/**
 * An index: from the values of properties to the elements with a label that have them, by equivalence (1 and 1.0 alike, NaN like
 * itself), and from the first look at a range on also by order. Over several properties its value is the list of theirs. An element that
 * lacks one of the properties is not in it.
 */
export class HashIndex implements IndexPlace {
  readonly name: string;
  readonly element: ElementKind;
  readonly label: number;
  readonly keys: readonly number[];
  /** Whether it belongs to a constraint, so that at the end of every statement no two elements are under one value. */
  readonly isUnique: boolean;
  /** Most values of a typical index belong to one element: a bare slot takes no array. */
  readonly #entries = new BigMap<EquivalenceKey, number | number[]>();
  /** Where in its entry's array an element is; not kept for bare slots. */
  readonly #positions = new Uint32Chunks();
  /** null until a range is looked for: most indexes are only asked for single values. */
  #order: ValueOrder | null = null;
  #count = 0;

  constructor(name: string, { element, label, keys }: IndexPlace, isUnique = false) {
    this.name = name;
    this.element = element;
    this.label = label;
    this.keys = keys;
    this.isUnique = isUnique;
  }

  /** How many elements are in the index. */
  get count(): number {
    return this.#count;
  }

  /** How many different values there are. */
  get distinct(): number {
    return this.#entries.size;
  }

  /** Whether no two elements are under one value. */
  get isDistinct(): boolean {
    return this.#count === this.#entries.size;
  }

  /** The value under which the element in a slot is, or has to be, in the index; null when it is none. */
  valueIn(columns: Columns, slot: number): Value {
    return this.keys.length === 1
      ? columns.value(slot, this.keys[0]!)
      : this.valueOf((key) => columns.value(slot, key));
  }

  /** The same for an element with these properties. */
  valueOf(property: (key: number) => Value): Value {
    const [first, ...others] = this.keys;
    if (others.length === 0) return property(first!);
    const values = this.keys.map(property);
    return values.includes(null) ? null : values;
  }

  /** The slots of the elements with the value, in no promised order. Valid until the next write. Nothing has the value null. */
  seek(value: Value): readonly number[] {
    if (value === null) return NONE;
    const entry = this.#entries.get(equivalenceKey(value));
    if (entry === undefined) return NONE;
    return typeof entry === "number" ? [entry] : entry;
  }

  /** The same for an index over several properties, by a value for each. */
  seekAll(values: readonly Value[]): readonly number[] {
    return this.seek(values.includes(null) ? null : values);
  }

  /**
   * The slots of the elements with a value from `lower` on (null: from the first one), while `within` holds, ascending by value. Valid until
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

  /** The value is not null, and the element is not in the index. */
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

  /** The element is in the index with this value; the last of the entry takes its place. Returns the place, for {@link restore}. */
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
  readonly #nodes = new Map<number, readonly HashIndex[]>();
  readonly #edges = new Map<number, readonly HashIndex[]>();
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

  /** The index on these properties, in this order, of the elements with a label. */
  on({ element, label, keys }: IndexPlace): HashIndex | undefined {
    return this.of(element, label).find(
      (index) =>
        index.keys.length === keys.length && index.keys.every((key, at) => key === keys[at]),
    );
  }

  /** The indexes on elements with a label, by name. */
  of(element: ElementKind, label: number): readonly HashIndex[] {
    return this.#labels(element).get(label) ?? NO_INDEXES;
  }

  all(): IterableIterator<HashIndex> {
    return this.#byName.values();
  }

  add(index: HashIndex): void {
    const { element, label, name } = index;
    this.#version += 1;
    this.#byName.set(name, index);
    this.#labels(element).set(label, [...this.of(element, label), index].sort(byName));
  }

  remove(index: HashIndex): void {
    const { element, label, name } = index;
    this.#version += 1;
    this.#byName.delete(name);
    const left = this.of(element, label).filter((other) => other !== index);
    if (left.length > 0) this.#labels(element).set(label, left);
    else this.#labels(element).delete(label);
  }

  get bytes(): number {
    let sum = 0;
    for (const index of this.#byName.values()) sum += index.bytes;
    return sum;
  }

  #labels(element: ElementKind): Map<number, readonly HashIndex[]> {
    return element === "node" ? this.#nodes : this.#edges;
  }
}

const NO_INDEXES: readonly HashIndex[] = Object.freeze([]);

/** Names differ. Which index is taken of several as good ones does not depend on when they were made. */
function byName(a: HashIndex, b: HashIndex): number {
  return a.name < b.name ? -1 : 1;
}
