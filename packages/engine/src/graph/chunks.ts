/**
 * Arrays in chunks of 65,536 elements. Growing adds a chunk and never copies what is there (copying 64 MiB stalls a process for more
 * than 100 ms), except that the first chunk starts small and doubles, so that a tiny graph costs little.
 */
const SHIFT = 16;
const CHUNK = 1 << SHIFT;
const MASK = CHUNK - 1;

/** Numbers of 32 bits without sign, by index. Reading an index that was never reserved is the caller's mistake. */
export class Uint32Chunks {
  readonly #chunks: Uint32Array<ArrayBuffer>[] = [];

  get(index: number): number {
    return this.#chunks[index >>> SHIFT]![index & MASK]!;
  }

  set(index: number, value: number): void {
    this.#chunks[index >>> SHIFT]![index & MASK] = value;
  }

  /** Makes room for the indexes below `length`; new elements are 0. */
  reserve(length: number): void {
    const last = this.#chunks.length - 1;
    if (last >= 0 && length <= last * CHUNK + this.#chunks[last]!.length) return;
    const first = firstChunkLength(this.#chunks[0]?.length ?? 0, length);
    if (first !== undefined) {
      const grown = new Uint32Array(first);
      if (last >= 0) grown.set(this.#chunks[0]!);
      this.#chunks[0] = grown;
    }
    while (this.#chunks.length * CHUNK < length && length > CHUNK)
      this.#chunks.push(new Uint32Array(CHUNK));
  }

  get bytes(): number {
    return this.#chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
  }
}

/** As {@link Uint32Chunks}, for numbers of 64 bits. */
export class Float64Chunks {
  readonly #chunks: Float64Array<ArrayBuffer>[] = [];

  get(index: number): number {
    return this.#chunks[index >>> SHIFT]![index & MASK]!;
  }

  set(index: number, value: number): void {
    this.#chunks[index >>> SHIFT]![index & MASK] = value;
  }

  /** Makes room for the indexes below `length`; new elements are 0. */
  reserve(length: number): void {
    const last = this.#chunks.length - 1;
    if (last >= 0 && length <= last * CHUNK + this.#chunks[last]!.length) return;
    const first = firstChunkLength(this.#chunks[0]?.length ?? 0, length);
    if (first !== undefined) {
      const grown = new Float64Array(first);
      if (last >= 0) grown.set(this.#chunks[0]!);
      this.#chunks[0] = grown;
    }
    while (this.#chunks.length * CHUNK < length && length > CHUNK)
      this.#chunks.push(new Float64Array(CHUNK));
  }

  get bytes(): number {
    return this.#chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
  }
}

/** What the first chunk has to grow to, if it has to. */
function firstChunkLength(length: number, lengthMin: number): number | undefined {
  if (length >= Math.min(lengthMin, CHUNK)) return undefined;
  return Math.min(Math.max(16, length * 2, lengthMin), CHUNK);
}
