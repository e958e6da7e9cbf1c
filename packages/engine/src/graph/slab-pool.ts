import { GeodeError } from "@geode/values";

/**
 * Memory for adjacency in slabs of 2^n pairs of uint32, with a free list per size. An offset (uint32) is chunk × 2^20 + word. The
 * first chunk starts small and doubles up to 4 MiB; then chunks are added, so growing never copies more than that. A slab that is
 * larger than a chunk has one of its own.
 */
const CHUNK_SHIFT = 20;
const CHUNK_WORDS = 1 << CHUNK_SHIFT;
const WORD_MASK = CHUNK_WORDS - 1;
const CHUNKS_MAX = 1 << (32 - CHUNK_SHIFT);
const FIRST_CHUNK_WORDS = 32;

export class SlabPool {
  readonly #chunks: Uint32Array<ArrayBuffer>[] = [];
  /** Offsets by size class. */
  readonly #free: number[][] = [];
  /** The chunk that new slabs are cut from, and its first unused word. */
  #current = -1;
  #tail = 0;

  /** The array that a slab lies in. It may be replaced by {@link allocate}. */
  chunk(offset: number): Uint32Array<ArrayBuffer> {
    return this.#chunks[offset >>> CHUNK_SHIFT]!;
  }

  /** Where in its array a slab begins. */
  word(offset: number): number {
    return offset & WORD_MASK;
  }

  /** A slab of 2^sizeClass pairs with arbitrary contents. */
  allocate(sizeClass: number): number {
    const free = this.#free[sizeClass];
    if (free !== undefined && free.length > 0) return free.pop()!;
    const words = 2 << sizeClass;
    if (words > CHUNK_WORDS) return this.#append(new Uint32Array(words));
    if (this.#current < 0)
      this.#current =
        this.#append(new Uint32Array(Math.max(words, FIRST_CHUNK_WORDS))) >>> CHUNK_SHIFT;
    let chunk = this.#chunks[this.#current]!;
    if (this.#tail + words > chunk.length) {
      if (chunk.length < CHUNK_WORDS) {
        let length = chunk.length * 2;
        while (length < this.#tail + words) length *= 2;
        const grown = new Uint32Array(Math.min(length, CHUNK_WORDS));
        grown.set(chunk);
        this.#chunks[this.#current] = chunk = grown;
      }
      if (this.#tail + words > chunk.length) {
        this.#releaseTail(chunk.length);
        this.#current = this.#append(new Uint32Array(CHUNK_WORDS)) >>> CHUNK_SHIFT;
        this.#tail = 0;
      }
    }
    const offset = ((this.#current << CHUNK_SHIFT) | this.#tail) >>> 0;
    this.#tail += words;
    return offset;
  }

  release(offset: number, sizeClass: number): void {
    while (this.#free.length <= sizeClass) this.#free.push([]);
    this.#free[sizeClass]!.push(offset);
  }

  get bytes(): number {
    return this.#chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
  }

  #append(chunk: Uint32Array<ArrayBuffer>): number {
    if (this.#chunks.length === CHUNKS_MAX)
      throw new GeodeError("LIMIT", "the edges of one label take more than 16 GiB");
    this.#chunks.push(chunk);
    return ((this.#chunks.length - 1) << CHUNK_SHIFT) >>> 0;
  }

  /** What is left of the current chunk becomes slabs for later, the largest first. */
  #releaseTail(end: number): void {
    while (this.#tail + 2 <= end) {
      const sizeClass = 30 - Math.clz32(end - this.#tail);
      this.release(((this.#current << CHUNK_SHIFT) | this.#tail) >>> 0, sizeClass);
      this.#tail += 2 << sizeClass;
    }
  }
}
