import { GeodeError } from "@geode/values";

/*
 * The primitives of the binary codec. Integers are little-endian; a varint holds 7 bits a byte, the lowest first; a signed varint has
 * its sign in bit 6 of the first byte. Text is UTF-8 when it is well-formed, UTF-16 when it has half a surrogate pair, which UTF-8
 * cannot say and GQL strings from JSON can contain.
 */

const SCRATCH_BYTES = 16 * 1024;
const SCRATCH_BYTES_KEPT_MAX = 1024 * 1024;

/** Writes into memory that grows. Made once and used again: see {@link ByteWriter.reset}. */
export class ByteWriter {
  #bytes: Uint8Array = new Uint8Array(SCRATCH_BYTES);
  #view: DataView = new DataView(this.#bytes.buffer);
  #position = 0;

  get position(): number {
    return this.#position;
  }

  /** Begins anew. What was large once does not keep its memory. */
  reset(): void {
    this.#position = 0;
    if (this.#bytes.length > SCRATCH_BYTES_KEPT_MAX) {
      this.#bytes = new Uint8Array(SCRATCH_BYTES);
      this.#view = new DataView(this.#bytes.buffer);
    }
  }

  /** Forgets what was written from `position` on. */
  rewind(position: number): void {
    this.#position = position;
  }

  /** A copy of what was written from `start` on. */
  copy(start = 0): Uint8Array {
    return this.#bytes.slice(start, this.#position);
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#position++] = value;
  }

  u32(value: number): void {
    this.#reserve(4);
    this.#view.setUint32(this.#position, value, true);
    this.#position += 4;
  }

  /** A safe non-negative integer in 8 bytes. */
  u64(value: number): void {
    this.#reserve(8);
    this.#view.setUint32(this.#position, value % 0x1_0000_0000, true);
    this.#view.setUint32(this.#position + 4, Math.floor(value / 0x1_0000_0000), true);
    this.#position += 8;
  }

  i64(value: bigint): void {
    this.#reserve(8);
    this.#view.setBigInt64(this.#position, value, true);
    this.#position += 8;
  }

  f64(value: number): void {
    this.#reserve(8);
    this.#view.setFloat64(this.#position, value, true);
    this.#position += 8;
  }

  /** A safe non-negative integer. */
  varint(value: number): void {
    this.#reserve(8);
    this.#varint(value);
  }

  /** A safe integer. */
  signed(value: number): void {
    this.#reserve(8);
    const sign = value < 0 ? 0x40 : 0;
    const magnitude = Math.abs(value);
    if (magnitude < 0x40) {
      this.#bytes[this.#position++] = magnitude | sign;
      return;
    }
    this.#bytes[this.#position++] = (magnitude % 0x40) | sign | 0x80;
    this.#varint(Math.floor(magnitude / 0x40));
  }

  /** The bytes alone; how many they are must be known to the reader. */
  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#position);
    this.#position += bytes.length;
  }

  /** Length and bytes. */
  blob(bytes: Uint8Array): void {
    this.varint(bytes.length);
    this.raw(bytes);
  }

  text(text: string): void {
    if (text.length < 64 && this.#shortAscii(text)) {
      return;
    }
    if (text.isWellFormed()) {
      const length = Buffer.byteLength(text, "utf8");
      this.varint(length * 2);
      this.#reserve(length);
      encoder.encodeInto(text, this.#bytes.subarray(this.#position, this.#position + length));
      this.#position += length;
      return;
    }
    this.varint(text.length * 4 + 1);
    this.#reserve(text.length * 2);
    for (let i = 0; i < text.length; i++) {
      this.#view.setUint16(this.#position, text.charCodeAt(i), true);
      this.#position += 2;
    }
  }

  /** Most strings are short and plain, and a call into the encoder would cost more than the loop. */
  #shortAscii(text: string): boolean {
    const length = text.length;
    this.#reserve(length + 1);
    const bytes = this.#bytes;
    const start = this.#position + 1;
    for (let i = 0; i < length; i++) {
      const unit = text.charCodeAt(i);
      if (unit >= 0x80) {
        return false;
      }
      bytes[start + i] = unit;
    }
    bytes[this.#position] = length * 2;
    this.#position = start + length;
    return true;
  }

  #varint(value: number): void {
    const bytes = this.#bytes;
    let rest = value;
    while (rest >= 0x80) {
      bytes[this.#position++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    bytes[this.#position++] = rest;
  }

  #reserve(length: number): void {
    const needed = this.#position + length;
    if (needed <= this.#bytes.length) {
      return;
    }
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#position));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}

/**
 * Reads what a {@link ByteWriter} wrote and believes nothing: every length is held against what is left, and what does not add up is
 * CORRUPT with the offset.
 */
export class ByteReader {
  readonly #bytes: Buffer;
  readonly #view: DataView;
  /** What is being read, for messages: "log entry 7". */
  readonly #subject: string;
  #position = 0;

  constructor(bytes: Uint8Array, subject: string) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#subject = subject;
  }

  get position(): number {
    return this.#position;
  }

  get left(): number {
    return this.#bytes.length - this.#position;
  }

  skip(length: number): void {
    this.#advance(length);
  }

  byte(): number {
    return this.#bytes[this.#advance(1)] as number;
  }

  u32(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }

  u64(): number {
    const at = this.#advance(8);
    const value =
      this.#view.getUint32(at, true) + this.#view.getUint32(at + 4, true) * 0x1_0000_0000;
    if (!Number.isSafeInteger(value)) {
      throw this.damaged("a number is out of range");
    }
    return value;
  }

  i64(): bigint {
    return this.#view.getBigInt64(this.#advance(8), true);
  }

  f64(): number {
    return this.#view.getFloat64(this.#advance(8), true);
  }

  varint(): number {
    return this.#rest(this.byte());
  }

  signed(): number {
    const first = this.byte();
    const low = first & 0x3f;
    const magnitude = first < 0x80 ? low : low + this.#rest(this.byte()) * 0x40;
    if (!Number.isSafeInteger(magnitude)) {
      throw this.damaged("a number is out of range");
    }
    return (first & 0x40) === 0 ? magnitude : -magnitude;
  }

  /** A number of things of which each takes at least `bytesMin` bytes: no more than can follow. */
  count(bytesMin: number): number {
    const count = this.varint();
    if (count * bytesMin > this.left) {
      throw this.damaged(`${count} things are announced, but only ${this.left} bytes are left`);
    }
    return count;
  }

  /** A copy of that many bytes. */
  raw(length: number): Uint8Array {
    const at = this.#advance(length);
    return new Uint8Array(this.#bytes.subarray(at, at + length));
  }

  blob(): Uint8Array {
    return this.raw(this.varint());
  }

  text(): string {
    const prefix = this.varint();
    const length = Math.floor(prefix / 2);
    const at = this.#advance(length);
    if (prefix % 2 === 0) {
      return this.#utf8(at, length);
    }
    if (length % 2 !== 0) {
      throw this.damaged("a text has half a character");
    }
    return this.#bytes.toString("utf16le", at, at + length);
  }

  /** Everything must have been read. */
  end(): void {
    if (this.left !== 0) {
      throw this.damaged(`${this.left} bytes are left over`);
    }
  }

  damaged(problem: string): GeodeError {
    return new GeodeError(
      "CORRUPT",
      `${this.#subject} is damaged at byte ${this.#position}: ${problem}`,
    );
  }

  #utf8(at: number, length: number): string {
    const bytes = this.#bytes;
    for (let i = at; i < at + length; i++) {
      if ((bytes[i] as number) >= 0x80) {
        try {
          return decoder.decode(bytes.subarray(at, at + length));
        } catch {
          throw this.damaged("a text is not UTF-8");
        }
      }
    }
    return bytes.toString("latin1", at, at + length);
  }

  #rest(first: number): number {
    let value = first & 0x7f;
    let byte = first;
    let scale = 0x80;
    while (byte >= 0x80) {
      byte = this.byte();
      value += (byte & 0x7f) * scale;
      scale *= 0x80;
      if (!Number.isSafeInteger(value)) {
        throw this.damaged("a number is out of range");
      }
    }
    return value;
  }

  #advance(length: number): number {
    const at = this.#position;
    if (length > this.#bytes.length - at) {
      throw this.damaged(`${length} bytes are announced, but only ${this.left} are left`);
    }
    this.#position = at + length;
    return at;
  }
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
