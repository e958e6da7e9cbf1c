import { GeodeError } from "@geode/values";

/**
 * Memory for adjacency in slabs of 2^n pairs of uint32. An offset (uint32) is chunk × 2^20 + word. The first chunk starts small and
 * doubles up to 4 MiB; then chunks are added, so growing never copies more than that. A slab that is larger than a chunk has one of its
 * own. Free slabs of a size are a list that runs through themselves, so that it takes no memory: the first word is the next offset, the
 * second says whether there is a next.
 */
const CHUNK_SHIFT = 20;
const CHUNK_WORDS = 1 << CHUNK_SHIFT;
const WORD_MASK = CHUNK_WORDS - 1;
const CHUNKS_MAX = 1 << (32 - CHUNK_SHIFT);
const FIRST_CHUNK_WORDS = 32;
const NONE = -1;

export class SlabPool {
  readonly #chunks: Uint32Array<ArrayBuffer>[] = [];
  /** By size class the offset of the first free slab, or {@link NONE}. */
  readonly #free: number[] = [];
  /** The chunk that new slabs are cut from, and its first unused word. */
  #current = NONE;
  #tail = 0;

  /** The array that a slab lies in. It may be replaced by {@link allocate}. */
  chunk(offset: number): Uint32Array<ArrayBuffer> {
    return this.#chunks[offset >>> CHUNK_SHIFT]!;
  }

  /** Where in its array a slab begins. */
  word(offset: number): number {
    return offset & WORD_MASK;
  }

  /** A slab of 2^sizeClass pairs with arbitrary contents. Throws LIMIT when there are 16 GiB of them. */
  allocate(sizeClass: number): number {
    const free = this.#free[sizeClass] ?? NONE;
    if (free !== NONE) {
      const chunk = this.chunk(free);
      const word = this.word(free);
      this.#free[sizeClass] = chunk[word + 1] === 0 ? NONE : chunk[word]!;
      return free;
    }
    const words = 2 << sizeClass;
    if (words > CHUNK_WORDS) return this.#append(new Uint32Array(words)) * CHUNK_WORDS;
    if (!this.#hasTail(words)) {
      const next = this.#append(
        new Uint32Array(this.#current === NONE ? Math.max(words, FIRST_CHUNK_WORDS) : CHUNK_WORDS),
      );
      if (this.#current !== NONE) this.#releaseTail();
      this.#current = next;
      this.#tail = 0;
    }
    const offset = this.#current * CHUNK_WORDS + this.#tail;
    this.#tail += words;
    return offset;
  }

  /**
   * Makes a slab twice as large where it is. This works for the one that was cut last, as when all edges of a node come together, and
   * is refused while a free slab of that size is there to move to.
   */
  extend(offset: number, sizeClass: number): boolean {
    if ((this.#free[sizeClass + 1] ?? NONE) !== NONE) return false;
    const words = 2 << sizeClass;
    const isLast = offset + words === this.#current * CHUNK_WORDS + this.#tail;
    if (!isLast || !this.#hasTail(words)) return false;
    this.#tail += words;
    return true;
  }

  release(offset: number, sizeClass: number): void {
    while (this.#free.length <= sizeClass) this.#free.push(NONE);
    const next = this.#free[sizeClass]!;
    const chunk = this.chunk(offset);
    const word = this.word(offset);
    chunk[word] = next === NONE ? 0 : next;
    chunk[word + 1] = next === NONE ? 0 : 1;
    this.#free[sizeClass] = offset;
  }

  get bytes(): number {
    return this.#chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
  }

  /** Whether the current chunk has, or can be given, this many words behind its tail. */
  #hasTail(words: number): boolean {
    const chunk = this.#chunks[this.#current];
    if (chunk === undefined) return false;
    const needed = this.#tail + words;
    if (needed <= chunk.length) return true;
    if (needed > CHUNK_WORDS) return false;
    let length = chunk.length * 2;
    while (length < needed) length *= 2;
    const grown = new Uint32Array(length);
    grown.set(chunk);
    this.#chunks[this.#current] = grown;
    return true;
  }

  /** Returns the number of the chunk. */
  #append(chunk: Uint32Array<ArrayBuffer>): number {
    if (this.#chunks.length === CHUNKS_MAX)
      throw new GeodeError("LIMIT", "the edges of one label take more than 16 GiB");
    return this.#chunks.push(chunk) - 1;
  }

  /** What is left of the current chunk becomes slabs for later, the largest first. */
  #releaseTail(): void {
    const end = this.#chunks[this.#current]!.length;
    while (this.#tail + 2 <= end) {
      const sizeClass = 30 - Math.clz32(end - this.#tail);
      this.release(this.#current * CHUNK_WORDS + this.#tail, sizeClass);
      this.#tail += 2 << sizeClass;
    }
  }
}
