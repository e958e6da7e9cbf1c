/*
 * The digest of a result: the sum modulo 2^64, over all its rows, of a 64-bit hash of the canonical JSON of `[key, row]`. A sum does not
 * care for order and can be kept up to date row by row, so server and client each maintain one and compare.
 *
 * The hash of a text is MurmurHash3_x86_32 of its UTF-8 twice: with seed 0 for the high half, with seed 0x9747b28c for the low half.
 * It guards against mistakes, not against people: do not use it where somebody gains by a collision.
 */

/** A digest under construction. Two 32-bit halves, because bigint arithmetic would cost ten times the hash. */
export class Digest {
  #high = 0;
  #low = 0;

  /** Adds a row: its key and the canonical JSON text of the row's object. */
  add(key: string, canonicalRow: string): void {
    const length = encodeRowText(key, canonicalRow);
    const low = this.#low + murmur3(scratch, length, SEED_LOW);
    this.#low = low >>> 0;
    this.#high =
      (this.#high + murmur3(scratch, length, SEED_HIGH) + (low > 0xffffffff ? 1 : 0)) >>> 0;
  }

  /** Takes a row away that was added with the same key and text. */
  remove(key: string, canonicalRow: string): void {
    const length = encodeRowText(key, canonicalRow);
    const low = this.#low - murmur3(scratch, length, SEED_LOW);
    this.#low = low >>> 0;
    this.#high = (this.#high - murmur3(scratch, length, SEED_HIGH) - (low < 0 ? 1 : 0)) >>> 0;
  }

  /** Back to the digest of no rows. */
  clear(): void {
    this.#high = 0;
    this.#low = 0;
  }

  /** 16 lower-case hex digits. */
  toString(): string {
    return hex(this.#high) + hex(this.#low);
  }
}

/** The 64-bit hash of a text, as 16 hex digits. */
export function hash64(text: string): string {
  const length = encodeUtf8(text);
  return hex(murmur3(scratch, length, SEED_HIGH)) + hex(murmur3(scratch, length, SEED_LOW));
}

/** MurmurHash3_x86_32 (Austin Appleby, public domain) of the first `length` bytes, as an unsigned 32-bit number. */
export function murmur3(bytes: Uint8Array, length: number, seed: number): number {
  let hash = seed | 0;
  const end = length & ~3;
  let i = 0;
  for (; i < end; i += 4) {
    const block =
      (bytes[i] as number) |
      ((bytes[i + 1] as number) << 8) |
      ((bytes[i + 2] as number) << 16) |
      ((bytes[i + 3] as number) << 24);
    hash ^= scramble(block);
    hash = (hash << 13) | (hash >>> 19);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  let tail = 0;
  for (let shift = 0; i < length; i++, shift += 8) {
    tail |= (bytes[i] as number) << shift;
  }
  hash ^= scramble(tail) ^ length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

const SEED_HIGH = 0;
const SEED_LOW = 0x9747b28c;

function scramble(block: number): number {
  const product = Math.imul(block, 0xcc9e2d51);
  return Math.imul((product << 15) | (product >>> 17), 0x1b873593);
}

function hex(half: number): string {
  return half.toString(16).padStart(8, "0");
}

/** Grows to the longest text seen, but what is longer than that once does not keep its memory. */
let scratch = new Uint8Array(1_024);
const SCRATCH_BYTES_MAX = 1 << 20;
const encoder = new TextEncoder();

function encodeRowText(key: string, canonicalRow: string): number {
  return encodeUtf8(`[${JSON.stringify(key)},${canonicalRow}]`);
}

/** Writes the text to {@link scratch} and returns its length in bytes. */
function encodeUtf8(text: string): number {
  const bytesMax = text.length * 3;
  if (bytesMax > scratch.length || scratch.length > SCRATCH_BYTES_MAX) {
    scratch = new Uint8Array(Math.max(1_024, bytesMax));
  }
  return encoder.encodeInto(text, scratch).written;
}
