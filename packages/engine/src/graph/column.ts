import { Float, float } from "@geode/values";
import type { Value } from "@geode/values";
import type { SparseColumn } from "./sparse-column.ts";

/**
 * A column holds one property of the nodes or of the edges of a graph, by slot. Each kind of storage is a class of its own, so that the
 * `get` of a call site in generated code stays monomorphic and inlines.
 *
 * `set` answers false, and changes nothing, when the value does not fit the kind; the owner then replaces the column by another.
 */
export type Column = SparseColumn | DenseColumn;

/** Dense columns are in chunks of 4,096 slots that exist from their first value on: growing never copies what is there. */
export type DenseColumn = Int32Column | Int53Column | FloatColumn | DictionaryColumn | AnyColumn;

const SHIFT = 12;
const CHUNK = 1 << SHIFT;
const MASK = CHUNK - 1;

/** The one int32 that an {@link Int32Column} cannot hold: it means null. */
const NULL_INT32 = -0x80000000;

/** INTEGERs of 32 bits. */
export class Int32Column {
  readonly kind = "int32";
  readonly #chunks: (Int32Array<ArrayBuffer> | undefined)[] = [];

  get(slot: number): number | null {
    const chunk = this.#chunks[slot >>> SHIFT];
    if (chunk === undefined) return null;
    const value = chunk[slot & MASK];
    return value === undefined || value === NULL_INT32 ? null : value;
  }

  set(slot: number, value: Value): boolean {
    if (value === null) {
      const chunk = this.#chunks[slot >>> SHIFT];
      if (chunk !== undefined && (slot & MASK) < chunk.length) chunk[slot & MASK] = NULL_INT32;
      return true;
    }
    if (typeof value !== "number" || (value | 0) !== value || value === NULL_INT32) return false;
    const at = slot >>> SHIFT;
    let chunk = this.#chunks[at];
    if (chunk === undefined || (slot & MASK) >= chunk.length) {
      const grown = new Int32Array(chunkLength(slot)).fill(NULL_INT32);
      if (chunk !== undefined) grown.set(chunk);
      chunk = grown;
      place(this.#chunks, at, chunk);
    }
    chunk[slot & MASK] = value;
    return true;
  }

  get bytes(): number {
    return bytesOf(this.#chunks);
  }

  /** No slot from here on has a value. */
  get slotsEnd(): number {
    return this.#chunks.length * CHUNK;
  }
}

/** INTEGERs that are safe integers. NaN means null. */
export class Int53Column {
  readonly kind = "int53";
  readonly #chunks: (Float64Array<ArrayBuffer> | undefined)[] = [];

  get(slot: number): number | null {
    const chunk = this.#chunks[slot >>> SHIFT];
    if (chunk === undefined) return null;
    const value = chunk[slot & MASK];
    return value === undefined || value !== value ? null : value;
  }

  set(slot: number, value: Value): boolean {
    if (value === null) return clearFloat64(this.#chunks, slot);
    if (!Number.isSafeInteger(value)) return false;
    // A plain -0 is the INTEGER 0; adding 0 makes it that.
    return storeFloat64(this.#chunks, slot, (value as number) + 0);
  }

  get bytes(): number {
    return bytesOf(this.#chunks);
  }

  get slotsEnd(): number {
    return this.#chunks.length * CHUNK;
  }
}

/** FLOATs other than NaN, which means null here. */
export class FloatColumn {
  readonly kind = "float";
  readonly #chunks: (Float64Array<ArrayBuffer> | undefined)[] = [];

  get(slot: number): number | Float | null {
    const chunk = this.#chunks[slot >>> SHIFT];
    if (chunk === undefined) return null;
    const value = chunk[slot & MASK];
    return value === undefined || value !== value ? null : float(value);
  }

  set(slot: number, value: Value): boolean {
    if (value === null) return clearFloat64(this.#chunks, slot);
    if (typeof value === "number") {
      // A plain number without a fraction is an INTEGER, except when it cannot be one.
      if (Number.isInteger(value) || value !== value) return false;
      return storeFloat64(this.#chunks, slot, value);
    }
    if (!(value instanceof Float) || value.value !== value.value) return false;
    return storeFloat64(this.#chunks, slot, value.value);
  }

  get bytes(): number {
    return bytesOf(this.#chunks);
  }

  get slotsEnd(): number {
    return this.#chunks.length * CHUNK;
  }
}

/** Up to this many distinct strings a dictionary is kept whatever it saves. */
const DICTIONARY_DISTINCT_MIN = 4096;
/** Beyond it, a dictionary has to stand for this many times as many values. */
const DICTIONARY_REPETITION_MIN = 8;

/** STRINGs that repeat: a code per slot, 0 for null. The dictionary never shrinks, and stops fitting when too little repeats. */
export class DictionaryColumn {
  readonly kind = "dictionary";
  readonly #chunks: (Uint32Array<ArrayBuffer> | undefined)[] = [];
  readonly #strings: string[] = [""];
  readonly #codes = new Map<string, number>();
  #count = 0;

  get(slot: number): string | null {
    const code = this.code(slot);
    return code === 0 ? null : this.#strings[code]!;
  }

  /** The code of the string at the slot; 0 for null. Equal codes are equal strings. */
  code(slot: number): number {
    const chunk = this.#chunks[slot >>> SHIFT];
    if (chunk === undefined) return 0;
    return chunk[slot & MASK] ?? 0;
  }

  /** How many different strings slots have, or once had. */
  get distinct(): number {
    return this.#codes.size;
  }

  /** The code that this string has, or -1 if no slot can hold it. */
  codeOf(text: string): number {
    return this.#codes.get(text) ?? -1;
  }

  set(slot: number, value: Value): boolean {
    if (value === null) {
      const chunk = this.#chunks[slot >>> SHIFT];
      if (chunk !== undefined && (slot & MASK) < chunk.length && chunk[slot & MASK] !== 0) {
        chunk[slot & MASK] = 0;
        this.#count--;
      }
      return true;
    }
    if (typeof value !== "string") return false;
    let code = this.#codes.get(value);
    if (code === undefined) {
      const distinct = this.#strings.length;
      if (distinct > DICTIONARY_DISTINCT_MIN && distinct * DICTIONARY_REPETITION_MIN > this.#count)
        return false;
      code = distinct;
      this.#strings.push(value);
      this.#codes.set(value, code);
    }
    const at = slot >>> SHIFT;
    let chunk = this.#chunks[at];
    if (chunk === undefined || (slot & MASK) >= chunk.length) {
      const grown = new Uint32Array(chunkLength(slot));
      if (chunk !== undefined) grown.set(chunk);
      chunk = grown;
      place(this.#chunks, at, chunk);
    }
    if (chunk[slot & MASK] === 0) this.#count++;
    chunk[slot & MASK] = code;
    return true;
  }

  /** Without the text of the strings, which lies on the heap of JavaScript. */
  get bytes(): number {
    return bytesOf(this.#chunks);
  }

  get slotsEnd(): number {
    return this.#chunks.length * CHUNK;
  }
}

/** Values of any type, mixed or not. */
export class AnyColumn {
  readonly kind = "any";
  readonly #chunks: ((Value | undefined)[] | undefined)[] = [];

  get(slot: number): Value {
    const chunk = this.#chunks[slot >>> SHIFT];
    if (chunk === undefined) return null;
    const value = chunk[slot & MASK];
    return value === undefined ? null : value;
  }

  set(slot: number, value: Value): boolean {
    const at = slot >>> SHIFT;
    let chunk = this.#chunks[at];
    if (value === null) {
      if (chunk !== undefined && (slot & MASK) < chunk.length) chunk[slot & MASK] = undefined;
      return true;
    }
    if (chunk === undefined || (slot & MASK) >= chunk.length) {
      const grown: (Value | undefined)[] = [];
      grown.length = chunkLength(slot);
      grown.fill(undefined);
      for (let i = 0; chunk !== undefined && i < chunk.length; i++) grown[i] = chunk[i];
      chunk = grown;
      place(this.#chunks, at, chunk);
    }
    chunk[slot & MASK] = typeof value === "number" ? value + 0 : value;
    return true;
  }

  /** The references only; what they refer to lies on the heap of JavaScript. */
  get bytes(): number {
    return this.#chunks.reduce((sum, chunk) => sum + (chunk?.length ?? 0) * 8, 0);
  }

  get slotsEnd(): number {
    return this.#chunks.length * CHUNK;
  }
}

/** The first chunk grows by doubling, so that a tiny graph costs little; the others are whole at once. */
function chunkLength(slot: number): number {
  if (slot >= CHUNK) return CHUNK;
  return Math.max(16, 1 << (32 - Math.clz32(slot)));
}

function bytesOf(chunks: readonly ({ readonly byteLength: number } | undefined)[]): number {
  return chunks.reduce((sum, chunk) => sum + (chunk?.byteLength ?? 0), 0);
}

/** Puts a chunk at an index that may lie behind the end, without making the array sparse. */
function place<Chunk>(chunks: (Chunk | undefined)[], index: number, chunk: Chunk): void {
  while (chunks.length <= index) chunks.push(undefined);
  chunks[index] = chunk;
}

function clearFloat64(chunks: (Float64Array<ArrayBuffer> | undefined)[], slot: number): true {
  const chunk = chunks[slot >>> SHIFT];
  if (chunk !== undefined && (slot & MASK) < chunk.length) chunk[slot & MASK] = NaN;
  return true;
}

function storeFloat64(
  chunks: (Float64Array<ArrayBuffer> | undefined)[],
  slot: number,
  value: number,
): true {
  const at = slot >>> SHIFT;
  let chunk = chunks[at];
  if (chunk === undefined || (slot & MASK) >= chunk.length) {
    const grown = new Float64Array(chunkLength(slot)).fill(NaN);
    if (chunk !== undefined) grown.set(chunk);
    chunk = grown;
    place(chunks, at, chunk);
  }
  chunk[slot & MASK] = value;
  return true;
}
