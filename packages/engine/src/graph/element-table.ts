/** Ids per page. */
const PAGE = 1024;
/** A page starts with room for this many ids and doubles. */
const PAGE_MIN = 64;

interface Page {
  /** Its ids begin at this times {@link PAGE}. */
  readonly number: number;
  /** By id within the page: 0, or (slot + 1) × 2, plus 1 for a node. May be shorter than {@link PAGE}. */
  entries: Uint32Array<ArrayBuffer>;
  /** How many entries are not 0. */
  count: number;
}

/**
 * Where the element with an id is: the page table of a graph, for its nodes and edges together. Pages cover 1,024 ids, exist from
 * their first element on and go with their last, since ids are never used again: churn leaves nothing behind, and a graph with few ids
 * of many blocks costs little.
 */
export class ElementTable {
  readonly #pages = new Map<number, Page>();
  /**
   * Most pages, where they are found without hashing: each at the low bits of its number, unless another was asked for later. Pages follow
   * each other, so there is a place for each.
   */
  #near: (Page | undefined)[] = [undefined];

  /** The slot of the node, or -1. */
  node(id: number): number {
    const entry = this.#entry(id);
    return (entry & 1) === 1 ? (entry >>> 1) - 1 : -1;
  }

  /** The slot of the edge, or -1. */
  edge(id: number): number {
    const entry = this.#entry(id);
    return (entry & 1) === 0 ? (entry >>> 1) - 1 : -1;
  }

  has(id: number): boolean {
    return this.#entry(id) !== 0;
  }

  /** The id is an element id, a safe integer from 0 on, and has no element yet. */
  add(id: number, slot: number, kind: "node" | "edge"): void {
    const number = Math.floor(id / PAGE);
    const at = id % PAGE;
    let page = this.#page(number);
    if (page === undefined) {
      page = { number, entries: new Uint32Array(PAGE_MIN), count: 0 };
      this.#pages.set(number, page);
      if (this.#pages.size > this.#near.length)
        this.#near = Array.from({ length: this.#near.length * 2 }, () => undefined);
    }
    if (at >= page.entries.length) {
      let length = page.entries.length * 2;
      while (length <= at) length *= 2;
      const grown = new Uint32Array(length);
      grown.set(page.entries);
      page.entries = grown;
    }
    page.entries[at] = ((slot + 1) << 1) | (kind === "node" ? 1 : 0);
    page.count++;
  }

  /** The id has an element. */
  remove(id: number): void {
    const number = Math.floor(id / PAGE);
    const page = this.#page(number);
    if (page === undefined || !page.entries[id % PAGE])
      throw new RangeError(`no element has the id ${id}`);
    page.entries[id % PAGE] = 0;
    if (--page.count > 0) return;
    this.#pages.delete(number);
    this.#near[number & (this.#near.length - 1)] = undefined;
  }

  /** All ids of one kind, ascending. The table must not change meanwhile. */
  *ids(kind: "node" | "edge"): Generator<number> {
    const wanted = kind === "node" ? 1 : 0;
    for (const number of Float64Array.from(this.#pages.keys()).sort()) {
      const { entries } = this.#pages.get(number)!;
      for (let i = 0; i < entries.length; i++) {
        const entry = entries[i]!;
        if (entry !== 0 && (entry & 1) === wanted) yield number * PAGE + i;
      }
    }
  }

  /** No id from here on has an element. */
  get idsEnd(): number {
    let last = -1;
    for (const number of this.#pages.keys()) if (number > last) last = number;
    return (last + 1) * PAGE;
  }

  get bytes(): number {
    let sum = this.#near.length * 8;
    for (const { entries } of this.#pages.values()) sum += entries.byteLength;
    return sum;
  }

  /** 0 when there is no such element, whatever kind of number the id is. */
  #entry(id: number): number {
    return this.#page(Math.floor(id / PAGE))?.entries[id % PAGE] ?? 0;
  }

  #page(number: number): Page | undefined {
    const place = number & (this.#near.length - 1);
    const near = this.#near[place];
    if (near !== undefined && near.number === number) return near;
    const page = this.#pages.get(number);
    if (page !== undefined) this.#near[place] = page;
    return page;
  }
}
