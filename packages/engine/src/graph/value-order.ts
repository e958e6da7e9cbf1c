import { compare, type EquivalenceKey, type Value } from "@geode/values";

/** A block is split when it is longer: finding a place moves half of a block on average. */
const BLOCK_MAX = 512;

interface Entry {
  readonly value: Value;
  readonly key: EquivalenceKey;
}

/**
 * The different values of an index in their total order, in blocks: a value comes and goes in the time of one search and of moving a
 * part of a block. Values that are different but stand at one place (an instant in two zones) are told apart by their keys.
 */
export class ValueOrder {
  /** None is empty. */
  readonly #blocks: Entry[][] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The value is not in it. */
  add(value: Value, key: EquivalenceKey): void {
    const entry = { value, key };
    this.#size += 1;
    const at = this.#blockOf(entry);
    const block = this.#blocks[at];
    if (block === undefined) {
      this.#blocks.push([entry]);
      return;
    }
    block.splice(
      firstNotBelow(block, (other) => byPlace(other, entry)),
      0,
      entry,
    );
    if (block.length > BLOCK_MAX) this.#blocks.splice(at + 1, 0, block.splice(block.length >> 1));
  }

  /** Throws when the value is not in it. */
  remove(value: Value, key: EquivalenceKey): void {
    const entry = { value, key };
    const at = this.#blockOf(entry);
    const block = this.#blocks[at] ?? [];
    const place = firstNotBelow(block, (other) => byPlace(other, entry));
    if (block[place]?.key !== key) throw new RangeError("a value that is not in the order");
    this.#size -= 1;
    block.splice(place, 1);
    if (block.length === 0) this.#blocks.splice(at, 1);
  }

  /** The values from `lower` on (null: from the first), ascending. Valid until the next change. */
  *from(lower: Value): Generator<Entry> {
    const isBelow = ({ value }: Entry): number => (lower === null ? 0 : compare(value, lower));
    let at = firstNotBelow(this.#blocks, (block) => isBelow(block.at(-1) as Entry));
    let place = firstNotBelow(this.#blocks[at] ?? [], isBelow);
    for (; at < this.#blocks.length; at++, place = 0) {
      const block = this.#blocks[at] ?? [];
      for (; place < block.length; place++) yield block[place] as Entry;
    }
  }

  /** The block that the entry is in or would be put in: the first one that does not end below it, or the last one. */
  #blockOf(entry: Entry): number {
    const at = firstNotBelow(this.#blocks, (block) => byPlace(block.at(-1) as Entry, entry));
    return Math.min(at, Math.max(0, this.#blocks.length - 1));
  }
}

function byPlace(left: Entry, right: Entry): number {
  const difference = compare(left.value, right.value);
  if (difference < 0 || difference > 0) return difference;
  const [a, b] = [
    `${typeof left.key}${String(left.key)}`,
    `${typeof right.key}${String(right.key)}`,
  ];
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The first place whose item is not below what is looked for; `order` is negative for those below. */
function firstNotBelow<T>(items: readonly T[], order: (item: T) => number): number {
  let [low, high] = [0, items.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (order(items[middle] as T) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
