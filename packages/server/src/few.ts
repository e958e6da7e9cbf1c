/** A map that mostly has one entry, or none: only from the second on it is a Map, which is ten times as large. */
export class Few<Key, Value extends NonNullable<unknown>> {
  #key: Key | undefined;
  #value: Value | undefined;
  /** All entries, once there were two. */
  #many: Map<Key, Value> | undefined;

  get size(): number {
    return this.#many?.size ?? (this.#value === undefined ? 0 : 1);
  }

  get(key: Key): Value | undefined {
    if (this.#many !== undefined) return this.#many.get(key);
    return this.#key === key ? this.#value : undefined;
  }

  has(key: Key): boolean {
    return this.get(key) !== undefined;
  }

  set(key: Key, value: Value): void {
    if (this.#many === undefined && this.#value !== undefined && this.#key !== key) {
      this.#many = new Map([[this.#key!, this.#value]]);
      this.#forget();
    }
    if (this.#many !== undefined) {
      this.#many.set(key, value);
    } else {
      this.#key = key;
      this.#value = value;
    }
  }

  /** Answers whether there was one. */
  delete(key: Key): boolean {
    if (this.#many === undefined) {
      const there = this.has(key);
      if (there) this.#forget();
      return there;
    }
    const there = this.#many.delete(key);
    if (this.#many.size === 0) this.#many = undefined;
    return there;
  }

  /** In the order in which they came; entries may leave meanwhile. */
  *keys(): Generator<Key, void> {
    if (this.#many !== undefined) yield* this.#many.keys();
    else if (this.#value !== undefined) yield this.#key!;
  }

  /** Likewise. */
  *values(): Generator<Value, void> {
    if (this.#many !== undefined) yield* this.#many.values();
    else if (this.#value !== undefined) yield this.#value;
  }

  /** Likewise. */
  *entries(): Generator<readonly [Key, Value], void> {
    if (this.#many !== undefined) yield* this.#many;
    else if (this.#value !== undefined) yield [this.#key!, this.#value];
  }

  clear(): void {
    this.#many = undefined;
    this.#forget();
  }

  #forget(): void {
    this.#key = undefined;
    this.#value = undefined;
  }
}
