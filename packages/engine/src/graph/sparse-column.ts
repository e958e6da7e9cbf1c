import type { Value } from "@geode/values";
import { BigMap } from "./big-map.ts";

/** Fewer values than this are never worth chunks. */
const DENSE_COUNT_MIN = 64;
/** Chunks are worth their memory when at least one slot in this many has a value, up to the last that has one. */
const DENSE_SPAN_MAX = 64;
/** As many values are dense however far apart: a Map has bounds. */
const DENSE_COUNT = 1 << 20;

/**
 * Values of a property that few elements have. Every column begins like this, because a key may be anything, even made up per element,
 * and must then cost what its values cost, not a chunk. When it would be full enough for chunks it refuses the value.
 */
export class SparseColumn {
  readonly kind = "sparse";
  readonly values = new Map<number, Value>();
  readonly #key: number;
  readonly #keys: SparseKeys;
  /** Every slot that ever had a value is below it. */
  #end = 0;

  constructor(key: number, keys: SparseKeys) {
    this.#key = key;
    this.#keys = keys;
  }

  get(slot: number): Value {
    return this.values.get(slot) ?? null;
  }

  set(slot: number, value: Value): boolean {
    if (value === null) {
      if (this.values.delete(slot)) this.#keys.remove(slot, this.#key);
      return true;
    }
    if (!this.values.has(slot)) {
      const count = this.values.size + 1;
      const end = Math.max(this.#end, slot + 1);
      if (count >= DENSE_COUNT || (count >= DENSE_COUNT_MIN && count * DENSE_SPAN_MAX >= end))
        return false;
      this.#keys.add(slot, this.#key);
      this.#end = end;
    }
    // A plain -0 is the INTEGER 0; adding 0 makes it that.
    this.values.set(slot, typeof value === "number" ? value + 0 : value);
    return true;
  }

  /** An estimate: an entry here, and an entry and an array among the keys. */
  get bytes(): number {
    return this.values.size * 120;
  }
}

/** By slot, the keys that the element there has values of in sparse columns. */
export class SparseKeys {
  readonly #keys = new BigMap<number, number[]>();

  of(slot: number): readonly number[] {
    return this.#keys.get(slot) ?? NO_KEYS;
  }

  add(slot: number, key: number): void {
    const keys = this.#keys.get(slot);
    if (keys === undefined) this.#keys.set(slot, [key]);
    else keys.push(key);
  }

  remove(slot: number, key: number): void {
    const keys = this.#keys.get(slot) ?? [];
    if (keys.length === 1) this.#keys.delete(slot);
    else keys.splice(keys.indexOf(key), 1);
  }
}

const NO_KEYS: readonly number[] = Object.freeze([]);
