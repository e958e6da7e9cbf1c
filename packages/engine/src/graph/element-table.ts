/**
 * Where the element with an id is: the page table of a graph, for its nodes and edges together. Pages cover 256 ids, exist from their
 * first element on and go with their last, since ids are never used again: churn costs nothing, and neither does a graph that has a few
 * ids of each block.
 */
const SHIFT_FACTOR = 256;
/** The place in a page, behind its entries, where it counts them. */
const COUNT = 256;

export class ElementTable {
  readonly #pages = new Map<number, Uint32Array<ArrayBuffer>>();
  #lastNumber = -1;
  #lastPage: Uint32Array<ArrayBuffer> | undefined = undefined;

  /** The slot of the node, or -1. */
  node(id: number): number {
    const entry = this.#entry(id);
    return entry === 0 || (entry & 1) === 0 ? -1 : (entry >>> 1) - 1;
  }

  /** The slot of the edge, or -1. */
  edge(id: number): number {
    const entry = this.#entry(id);
    return entry === 0 || (entry & 1) === 1 ? -1 : (entry >>> 1) - 1;
  }

  has(id: number): boolean {
    return this.#entry(id) !== 0;
  }

  /** The id has no element yet. */
  add(id: number, slot: number, kind: "node" | "edge"): void {
    const number = Math.floor(id / SHIFT_FACTOR);
    let page = this.#page(number);
    if (page === undefined) {
      page = new Uint32Array(SHIFT_FACTOR + 1);
      this.#pages.set(number, page);
      this.#lastNumber = number;
      this.#lastPage = page;
    }
    page[id % SHIFT_FACTOR] = ((slot + 1) << 1) | (kind === "node" ? 1 : 0);
    page[COUNT]!++;
  }

  /** The id has an element. */
  remove(id: number): void {
    const number = Math.floor(id / SHIFT_FACTOR);
    const page = this.#page(number);
    if (page === undefined || page[id % SHIFT_FACTOR] === 0)
      throw new RangeError(`no element has the id ${id}`);
    page[id % SHIFT_FACTOR] = 0;
    if (--page[COUNT]! > 0) return;
    this.#pages.delete(number);
    this.#lastNumber = -1;
    this.#lastPage = undefined;
  }

  /** All ids of one kind, ascending. The table must not change meanwhile. */
  *ids(kind: "node" | "edge"): Generator<number> {
    const wanted = kind === "node" ? 1 : 0;
    for (const number of this.#sortedPageNumbers()) {
      const page = this.#pages.get(number)!;
      for (let i = 0; i < SHIFT_FACTOR; i++) {
        const entry = page[i]!;
        if (entry !== 0 && (entry & 1) === wanted) yield number * SHIFT_FACTOR + i;
      }
    }
  }

  /** No id at or above it has an element. */
  get idsEnd(): number {
    let last = -1;
    for (const number of this.#pages.keys()) if (number > last) last = number;
    return (last + 1) * SHIFT_FACTOR;
  }

  get bytes(): number {
    return this.#pages.size * (SHIFT_FACTOR + 1) * 4;
  }

  #sortedPageNumbers(): Float64Array {
    return Float64Array.from(this.#pages.keys()).sort();
  }

  #entry(id: number): number {
    const page = this.#page(Math.floor(id / SHIFT_FACTOR));
    return page === undefined ? 0 : (page[id % SHIFT_FACTOR] ?? 0);
  }

  /** Ids come in runs, so the page asked for last is the likely one. */
  #page(number: number): Uint32Array<ArrayBuffer> | undefined {
    if (number === this.#lastNumber) return this.#lastPage;
    const page = this.#pages.get(number);
    if (page !== undefined) {
      this.#lastNumber = number;
      this.#lastPage = page;
    }
    return page;
  }
}
