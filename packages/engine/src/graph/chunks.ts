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
    reserve(this.#chunks, length, (elements) => new Uint32Array(elements));
  }

  get bytes(): number {
    return bytesOf(this.#chunks);
  }
}

/**
 * As {@link Uint32Chunks}, for element ids, which are safe integers: a chunk takes 32 bits for each, until the first that needs more.
 */
export class IdChunks {
  readonly #chunks: (Uint32Array<ArrayBuffer> | Float64Array<ArrayBuffer>)[] = [];

  get(index: number): number {
    return this.#chunks[index >>> SHIFT]![index & MASK]!;
  }

  set(index: number, value: number): void {
    let chunk = this.#chunks[index >>> SHIFT]!;
    if (value > UINT32_MAX && chunk instanceof Uint32Array)
      this.#chunks[index >>> SHIFT] = chunk = Float64Array.from(chunk);
    chunk[index & MASK] = value;
  }

  /** Makes room for the indexes below `length`; new elements are 0. */
  reserve(length: number): void {
    reserve(this.#chunks, length, (elements, like) =>
      like instanceof Float64Array ? new Float64Array(elements) : new Uint32Array(elements),
    );
  }

  /** For how many there is room. */
  get length(): number {
    const last = this.#chunks.length - 1;
    return last < 0 ? 0 : last * CHUNK + this.#chunks[last]!.length;
  }

  get bytes(): number {
    return bytesOf(this.#chunks);
  }
}

/**
 * As {@link Uint32Chunks}, for small numbers or {@link NO_NUMBER}, which is what new elements are: a chunk takes a byte for each, until
 * the first that needs more.
 */
export class SmallChunks {
  /** Each number plus 1, and 0 for none. */
  readonly #chunks: (Uint8Array<ArrayBuffer> | Uint32Array<ArrayBuffer>)[] = [];

  get(index: number): number {
    return (this.#chunks[index >>> SHIFT]![index & MASK]! - 1) >>> 0;
  }

  set(index: number, value: number): void {
    let chunk = this.#chunks[index >>> SHIFT]!;
    const stored = (value + 1) >>> 0;
    if (stored > UINT8_MAX && chunk instanceof Uint8Array)
      this.#chunks[index >>> SHIFT] = chunk = Uint32Array.from(chunk);
    chunk[index & MASK] = stored;
  }

  /** Makes room for the indexes below `length`. */
  reserve(length: number): void {
    reserve(this.#chunks, length, (elements, like) =>
      like instanceof Uint32Array ? new Uint32Array(elements) : new Uint8Array(elements),
    );
  }

  get bytes(): number {
    return bytesOf(this.#chunks);
  }
}

/** What an element of {@link SmallChunks} is that has no number. */
export const NO_NUMBER = 0xffffffff;

const UINT8_MAX = 0xff;
const UINT32_MAX = 0xffffffff;

type Chunk = Uint8Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;

/** Makes room for the indexes below `length`. `make` gives a chunk of zeros; one that takes the place of another is as wide as that. */
function reserve<Kind extends Chunk>(
  chunks: Kind[],
  length: number,
  make: (elements: number, like?: Kind) => Kind,
): void {
  const last = chunks.length - 1;
  if (last >= 0 && length <= last * CHUNK + chunks[last]!.length) return;
  const first = firstChunkLength(chunks[0]?.length ?? 0, length);
  if (first !== undefined) {
    const grown = make(first, chunks[0]);
    if (last >= 0) grown.set(chunks[0]!);
    chunks[0] = grown;
  }
  while (chunks.length * CHUNK < length && length > CHUNK) chunks.push(make(CHUNK));
}

function bytesOf(chunks: readonly Chunk[]): number {
  return chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
}

/** What the first chunk has to grow to, if it has to. */
function firstChunkLength(length: number, lengthMin: number): number | undefined {
  if (length >= Math.min(lengthMin, CHUNK)) return undefined;
  return Math.min(Math.max(16, length * 2, lengthMin), CHUNK);
}
