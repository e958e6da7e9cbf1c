/** V8 refuses the 2^24th entry of a Map; and a Map doubles by hashing everything again, which should not take seconds. */
const ENTRIES_MAX = 1 << 23;

/** A Map without that bound: when one is full another is begun, and a key is in one of them. */
export class BigMap<Key, Value> {
  readonly #maps: Map<Key, Value>[] = [new Map()];
  readonly #entriesMax: number;

  /** `entriesMax`: how many entries fill one Map. */
  constructor(entriesMax: number = ENTRIES_MAX) {
    this.#entriesMax = entriesMax;
  }

  get size(): number {
    let size = 0;
    for (const map of this.#maps) size += map.size;
    return size;
  }

  /** Values are never undefined. */
  get(key: Key): Value | undefined {
    for (const map of this.#maps) {
      const value = map.get(key);
      if (value !== undefined) return value;
    }
    return undefined;
  }

  set(key: Key, value: Value): void {
    const { length } = this.#maps;
    let roomy: Map<Key, Value> | undefined;
    for (const map of this.#maps) {
      // With one map that has room there is no choice to make.
      const isRoomy = map.size < this.#entriesMax;
      if ((length === 1 && isRoomy) || map.has(key)) {
        map.set(key, value);
        return;
      }
      if (isRoomy) roomy ??= map;
    }
    if (roomy === undefined) this.#maps.push((roomy = new Map()));
    roomy.set(key, value);
  }

  delete(key: Key): void {
    for (const map of this.#maps) if (map.delete(key)) return;
  }

  *[Symbol.iterator](): Generator<[Key, Value]> {
    for (const map of this.#maps) yield* map;
  }
}
