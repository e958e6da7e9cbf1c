import type { Adjacency } from "../graph/adjacency.ts";

/** Bits of the filter: 8 KiB, which stay in the nearest cache. Few enough neighbours share a bit that most that are none are told. */
const BITS = 1 << 16;

/**
 * Tells most nodes that have no edge to or from another one, the anchor, without looking at their edges. It is for loops in which the
 * anchor stays the same for many nodes; what it costs to note the anchor's neighbours is spent only when going over the edges of the
 * nodes instead has cost as much. Nothing is written while it is in use.
 */
export class NeighbourFilter {
  /** The edges at the anchor, and those at the nodes that are asked about. */
  readonly #anchored: readonly Adjacency[];
  readonly #asked: readonly Adjacency[];
  #bits: Uint8Array | null = null;
  #anchor = -1;
  #isFilled = false;
  /** Edges that may yet be gone over before the filter is filled. */
  #credit = 0;

  constructor(anchored: readonly Adjacency[], asked: readonly Adjacency[]) {
    this.#anchored = anchored;
    this.#asked = asked;
  }

  /** False when no edge joins the two; true when one may. */
  mayJoin(anchor: number, node: number): boolean {
    if (anchor !== this.#anchor) this.#turnTo(anchor);
    if (!this.#isFilled) {
      this.#credit -= degreeIn(this.#asked, node);
      if (this.#credit >= 0) return true;
      this.#fill();
    }
    return ((this.#bits![(node & (BITS - 1)) >>> 3]! >>> (node & 7)) & 1) === 1;
  }

  #turnTo(anchor: number): void {
    if (this.#isFilled) this.#mark(false);
    this.#anchor = anchor;
    this.#isFilled = false;
    this.#credit = degreeIn(this.#anchored, anchor);
  }

  #fill(): void {
    this.#bits ??= new Uint8Array(BITS / 8);
    this.#isFilled = true;
    this.#mark(true);
  }

  #mark(present: boolean): void {
    const bits = this.#bits!;
    for (const adjacency of this.#anchored) {
      const pool = adjacency.pool(this.#anchor);
      const offset = adjacency.offset(this.#anchor);
      const end = offset + 2 * adjacency.degree(this.#anchor);
      for (let at = offset; at < end; at += 2) {
        const neighbour = pool[at]!;
        const byte = (neighbour & (BITS - 1)) >>> 3;
        bits[byte] = present ? bits[byte]! | (1 << (neighbour & 7)) : 0;
      }
    }
  }
}

function degreeIn(adjacencies: readonly Adjacency[], node: number): number {
  let degree = 0;
  for (const adjacency of adjacencies) degree += adjacency.degree(node);
  return degree;
}
