import type { Names } from "./names.ts";

/**
 * The property keys, of dense columns, that elements of one label set, or of one edge label, have or once had. It keeps the cost of
 * reading a whole element proportional to the keys of its kind, not to all keys of the graph.
 */
export class KeySet {
  readonly #names: Names;
  readonly #members = new Set<number>();
  #sorted: number[] = [];

  constructor(names: Names) {
    this.#names = names;
  }

  /** Key ids in the order of their names, by code unit. */
  sorted(): readonly number[] {
    return this.#sorted;
  }

  has(key: number): boolean {
    return this.#members.has(key);
  }

  add(key: number): void {
    if (this.#members.has(key)) return;
    this.#members.add(key);
    const name = this.#names.name(key);
    const behind = this.#sorted.findIndex((other) => this.#names.name(other) > name);
    this.#sorted.splice(behind < 0 ? this.#sorted.length : behind, 0, key);
  }
}
