/** Of larger slots a bit each would be too much memory to keep: 8 MiB. */
const BITS_MAX = 2 ** 26;
/** A set that held more than this is not kept for the next query. */
const KEPT_MAX = 100_000;

/**
 * Slots of elements, for the inner loop of a query: a bit for each slot, and a list of those that are set, so that both can be used again.
 * As a Set, but several times faster.
 */
export class SlotSet {
  static #spare: SlotSet | null = null;

  /** Empty. To be given back by {@link release}; where a query fails instead, the next one gets a new one. */
  static take(): SlotSet {
    const set = SlotSet.#spare ?? new SlotSet();
    SlotSet.#spare = null;
    return set;
  }

  #bits = new Int32Array(1024);
  /** The first `#count` are those that are in. */
  readonly #slots: number[] = [];
  #count = 0;
  /** Those beyond {@link BITS_MAX}. */
  readonly #far = new Set<number>();

  private constructor() {}

  has(slot: number): boolean {
    const bits = this.#bits[slot >>> 5];
    return bits === undefined ? this.#far.has(slot) : (bits & (1 << slot)) !== 0;
  }

  /** Adds what is not in yet. */
  add(slot: number): void {
    const word = slot >>> 5;
    if (word >= this.#bits.length && !this.#reach(slot)) {
      this.#far.add(slot);
      return;
    }
    this.#bits[word] = (this.#bits[word] as number) | (1 << slot);
    this.#slots[this.#count++] = slot;
  }

  /** How many are in. Then they are not any more, and the set is not the caller's. */
  release(): number {
    const size = this.#count + this.#far.size;
    if (size > KEPT_MAX) return size;
    for (let at = 0; at < this.#count; at++) this.#bits[(this.#slots[at] as number) >>> 5] = 0;
    this.#count = 0;
    this.#far.clear();
    SlotSet.#spare = this;
    return size;
  }

  /** Makes bits as far as that slot; false where there are to be none. */
  #reach(slot: number): boolean {
    if (slot >= BITS_MAX) return false;
    const bits = new Int32Array(2 ** (32 - Math.clz32(slot >>> 5)));
    bits.set(this.#bits);
    this.#bits = bits;
    return true;
  }
}
