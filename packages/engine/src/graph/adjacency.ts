import { GeodeError } from "@geode/values";
import { SlabPool } from "./slab-pool.ts";

/** Nodes per chunk of headers; a label that few nodes use costs only the chunks that these nodes are in. */
const SHIFT = 10;
const CHUNK = 1 << SHIFT;
const MASK = CHUNK - 1;

/** A header is two words: the slab's offset, and degree × 32 + (0 without a slab, else size class + 1). */
const CLASS_BITS = 5;
const CLASS_MASK = (1 << CLASS_BITS) - 1;
const DEGREE_MAX = 2 ** (32 - CLASS_BITS) - 1;

/**
 * The edges of one label in one direction, by node. A node's neighbours lie in one slab as pairs (neighbour node slot, edge slot):
 *
 * ```ts
 * const pairs = adjacency.pool(node);
 * let at = adjacency.offset(node);
 * for (let left = adjacency.degree(node); left > 0; left--, at += 2) visit(pairs[at], pairs[at + 1]);
 * ```
 *
 * Any write may move slabs and replace pools: read all three again afterwards.
 */
export class Adjacency {
  readonly #headers: (Uint32Array<ArrayBuffer> | undefined)[] = [];
  readonly #slabs = new SlabPool();
  #count = 0;
  #nodeCount = 0;

  /** How many edges there are. */
  get count(): number {
    return this.#count;
  }

  /** How many nodes have at least one. */
  get nodeCount(): number {
    return this.#nodeCount;
  }

  degree(node: number): number {
    const headers = this.#headers[node >>> SHIFT];
    if (headers === undefined) return 0;
    const state = headers[(node & MASK) * 2 + 1];
    return state === undefined ? 0 : state >>> CLASS_BITS;
  }

  /** The index in {@link pool} of the first pair; meaningless while the degree is 0. */
  offset(node: number): number {
    const headers = this.#headers[node >>> SHIFT];
    if (headers === undefined) return 0;
    return this.#slabs.word(headers[(node & MASK) * 2] ?? 0);
  }

  /** The array that the node's pairs lie in; empty while the degree is 0. */
  pool(node: number): Uint32Array<ArrayBuffer> {
    const headers = this.#headers[node >>> SHIFT];
    if (headers === undefined || ((headers[(node & MASK) * 2 + 1] ?? 0) & CLASS_MASK) === 0)
      return NO_PAIRS;
    return this.#slabs.chunk(headers[(node & MASK) * 2]!);
  }

  /** Appends a pair; returns its position among the node's pairs. */
  push(node: number, neighbour: number, edge: number): number {
    this.reserve(node);
    return this.append(node, neighbour, edge);
  }

  /** As {@link push}, where there is room: {@link reserve} has made it, and nothing was appended to the node since. */
  append(node: number, neighbour: number, edge: number): number {
    const headers = this.#headersOf(node);
    const at = (node & MASK) * 2;
    const offset = headers[at]!;
    const state = headers[at + 1]!;
    const position = state >>> CLASS_BITS;
    const pairs = this.#slabs.chunk(offset);
    const word = this.#slabs.word(offset) + position * 2;
    pairs[word] = neighbour;
    pairs[word + 1] = edge;
    headers[at + 1] = state + (1 << CLASS_BITS);
    this.#count++;
    if (position === 0) this.#nodeCount++;
    return position;
  }

  /** Takes a pair out; the last one moves into its place. Returns the edge that moved, or -1. */
  removeAt(node: number, position: number): number {
    const headers = this.#headers[node >>> SHIFT]!;
    const at = (node & MASK) * 2;
    const state = headers[at + 1]!;
    const last = (state >>> CLASS_BITS) - 1;
    const pairs = this.#slabs.chunk(headers[at]!);
    const word = this.#slabs.word(headers[at]!);
    let moved = -1;
    if (position !== last) {
      moved = pairs[word + last * 2 + 1]!;
      pairs[word + position * 2] = pairs[word + last * 2]!;
      pairs[word + position * 2 + 1] = moved;
    }
    headers[at + 1] = state - (1 << CLASS_BITS);
    this.#count--;
    if (last === 0) this.#nodeCount--;
    this.#shrink(headers, at);
    return moved;
  }

  /** The inverse of {@link removeAt}: what is at the position moves to the end. Returns the edge that moved, or -1. */
  insertAt(node: number, position: number, neighbour: number, edge: number): number {
    const last = this.push(node, neighbour, edge);
    if (position === last) return -1;
    const pairs = this.pool(node);
    const word = this.offset(node);
    const moved = pairs[word + position * 2 + 1]!;
    pairs[word + last * 2] = pairs[word + position * 2]!;
    pairs[word + last * 2 + 1] = moved;
    pairs[word + position * 2] = neighbour;
    pairs[word + position * 2 + 1] = edge;
    return moved;
  }

  get bytes(): number {
    return (
      this.#slabs.bytes + this.#headers.reduce((sum, chunk) => sum + (chunk?.byteLength ?? 0), 0)
    );
  }

  /** Makes room for one more pair; changes nothing that can be seen. Throws LIMIT when there is none. */
  reserve(node: number): void {
    const headers = this.#headersOf(node);
    const at = (node & MASK) * 2;
    const state = headers[at + 1]!;
    const degree = state >>> CLASS_BITS;
    const slab = state & CLASS_MASK;
    if (slab === 0) {
      headers[at] = this.#slabs.allocate(0);
      headers[at + 1] = 1;
    } else if (degree === 1 << (slab - 1)) {
      if (degree >= DEGREE_MAX)
        throw new GeodeError("LIMIT", `a node has more than ${DEGREE_MAX} edges of one label`);
      if (this.#slabs.extend(headers[at]!, slab - 1)) headers[at + 1] = state + 1;
      else this.#move(headers, at, slab);
    }
  }

  /** Gives half of a slab back when three quarters are unused, and all of it when everything is. */
  #shrink(headers: Uint32Array, at: number): void {
    const state = headers[at + 1]!;
    const degree = state >>> CLASS_BITS;
    const slab = state & CLASS_MASK;
    if (degree === 0) {
      this.#slabs.release(headers[at]!, slab - 1);
      headers[at] = 0;
      headers[at + 1] = 0;
    } else if (slab > 2 && degree <= 1 << (slab - 3)) {
      this.#move(headers, at, slab - 2);
    }
  }

  /** Moves the pairs into a new slab of a size class. */
  #move(headers: Uint32Array, at: number, sizeClass: number): void {
    const offset = headers[at]!;
    const state = headers[at + 1]!;
    const target = this.#slabs.allocate(sizeClass);
    const from = this.#slabs.chunk(offset);
    const to = this.#slabs.chunk(target);
    const word = this.#slabs.word(offset);
    const targetWord = this.#slabs.word(target);
    const words = (state >>> CLASS_BITS) * 2;
    for (let i = 0; i < words; i++) to[targetWord + i] = from[word + i]!;
    this.#slabs.release(offset, (state & CLASS_MASK) - 1);
    headers[at] = target;
    headers[at + 1] = (state & ~CLASS_MASK) | (sizeClass + 1);
  }

  #headersOf(node: number): Uint32Array<ArrayBuffer> {
    const chunkAt = node >>> SHIFT;
    const chunk = this.#headers[chunkAt];
    if (chunk !== undefined && (node & MASK) * 2 < chunk.length) return chunk;
    // The first chunk doubles, so that a tiny graph costs little.
    const nodes = node >= CHUNK ? CHUNK : Math.max(16, 1 << (32 - Math.clz32(node)));
    const grown = new Uint32Array(nodes * 2);
    if (chunk !== undefined) grown.set(chunk);
    while (this.#headers.length <= chunkAt) this.#headers.push(undefined);
    this.#headers[chunkAt] = grown;
    return grown;
  }
}

const NO_PAIRS = new Uint32Array(0);
