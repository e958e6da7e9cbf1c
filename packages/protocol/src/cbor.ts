/**
 * CBOR (RFC 8949) of messages: what JSON says, and what it has to spell out. `{"$int": …}`, `{"$float": …}` and `{"$bytes": …}` of the JSON
 * form (PROTOCOL.md §6) are an integer, a float and a byte string here, and are turned into each other.
 */

const MAJOR = { unsigned: 0, negative: 1, bytes: 2, text: 3, array: 4, map: 5, tag: 6, simple: 7 };
const FALSE = 0xf4;
const TRUE = 0xf5;
const NULL = 0xf6;
const FLOAT_64 = 0xfb;
/** In place of a length: until {@link BREAK}. */
const INDEFINITE = 31;
const BREAK = 0xff;

const INT_64_MIN = -(2n ** 63n);
const INT_64_MAX = 2n ** 63n - 1n;

/** Bytes that are not CBOR, or CBOR that is no message. */
export class CborError extends Error {
  override readonly name = "CborError";
}

/** The CBOR of what JSON could say. */
export function encodeCbor(json: unknown): Uint8Array {
  const writer = new Writer();
  writer.value(json);
  return writer.bytes();
}

/** The keys and values of an object, without the map around them: a piece of a larger map, which {@link cborMapHead} begins. */
export function encodeCborFields(json: Readonly<Record<string, unknown>>): {
  readonly count: number;
  readonly bytes: Uint8Array;
} {
  const writer = new Writer();
  const fields = Object.entries(json).filter(([, value]) => value !== undefined);
  for (const [key, value] of fields) {
    writer.text(key);
    writer.value(value);
  }
  return { count: fields.length, bytes: writer.bytes() };
}

/** What a map of so many keys begins with. */
export function cborMapHead(count: number): Uint8Array {
  const writer = new Writer();
  writer.head(MAJOR.map, count);
  return writer.bytes();
}

/** What a list of so many items begins with. */
export function cborListHead(count: number): Uint8Array {
  const writer = new Writer();
  writer.head(MAJOR.array, count);
  return writer.bytes();
}

/** What JSON would say. Throws CborError; nothing is allocated that the bytes do not hold, and nothing nests deeper than `depthMax`. */
export function decodeCbor(bytes: Uint8Array, depthMax: number): unknown {
  return new Reader(bytes, depthMax).whole();
}

class Writer {
  #bytes = new Uint8Array(256);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  bytes(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  value(json: unknown): void {
    switch (typeof json) {
      case "string":
        return this.text(json);
      case "number":
        return Number.isSafeInteger(json) && !Object.is(json, -0)
          ? this.#integer(BigInt(json))
          : this.#float(json);
      case "boolean":
        return this.#byte(json ? TRUE : FALSE);
      default:
        return typeof json === "object" && json !== null ? this.#container(json) : this.#byte(NULL);
    }
  }

  text(text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.head(MAJOR.text, bytes.length);
    this.#raw(bytes);
  }

  head(major: number, argument: number | bigint): void {
    const first = major << 5;
    if (argument < 24) return this.#byte(first | Number(argument));
    this.#need(9);
    if (argument < 0x100) {
      this.#view.setUint8(this.#length, first | 24);
      this.#view.setUint8(this.#length + 1, Number(argument));
      this.#length += 2;
    } else if (argument < 0x1_0000) {
      this.#view.setUint8(this.#length, first | 25);
      this.#view.setUint16(this.#length + 1, Number(argument));
      this.#length += 3;
    } else if (argument < 0x1_0000_0000) {
      this.#view.setUint8(this.#length, first | 26);
      this.#view.setUint32(this.#length + 1, Number(argument));
      this.#length += 5;
    } else {
      this.#view.setUint8(this.#length, first | 27);
      this.#view.setBigUint64(this.#length + 1, BigInt(argument));
      this.#length += 9;
    }
  }

  #container(json: object): void {
    if (Array.isArray(json)) {
      this.head(MAJOR.array, json.length);
      for (const item of json) this.value(item);
      return;
    }
    const fields = Object.entries(json).filter(([, value]) => value !== undefined);
    if (fields.length === 1 && this.#tagged(fields[0]![0], fields[0]![1])) return;
    this.head(MAJOR.map, fields.length);
    for (const [key, value] of fields) {
      this.text(key);
      this.value(value);
    }
  }

  /** Whether it was a value that JSON has to spell out. */
  #tagged(key: string, value: unknown): boolean {
    if (typeof value !== "string") return false;
    switch (key) {
      case "$int": {
        const integer = /^-?\d{1,19}$/.test(value) ? BigInt(value) : INT_64_MAX + 1n;
        if (integer < INT_64_MIN || integer > INT_64_MAX) return false;
        this.#integer(integer);
        return true;
      }
      case "$float":
        if (value !== "NaN" && (value === "" || Number.isNaN(Number(value)))) return false;
        this.#float(Number(value));
        return true;
      case "$bytes": {
        const bytes = bytesOf(value);
        if (bytes === undefined) return false;
        this.head(MAJOR.bytes, bytes.length);
        this.#raw(bytes);
        return true;
      }
      default:
        return false;
    }
  }

  #integer(value: bigint): void {
    if (value >= 0n) this.head(MAJOR.unsigned, value);
    else this.head(MAJOR.negative, -1n - value);
  }

  #float(value: number): void {
    this.#need(9);
    this.#view.setUint8(this.#length, FLOAT_64);
    this.#view.setFloat64(this.#length + 1, value);
    this.#length += 9;
  }

  #byte(byte: number): void {
    this.#need(1);
    this.#view.setUint8(this.#length++, byte);
  }

  #raw(bytes: Uint8Array): void {
    this.#need(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #need(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
    larger.set(this.#bytes);
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}

class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #depthMax: number;
  #at = 0;

  constructor(bytes: Uint8Array, depthMax: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#depthMax = depthMax;
  }

  whole(): unknown {
    const value = this.#value(1);
    if (this.#at !== this.#bytes.length) throw new CborError("there are bytes behind the end");
    return value;
  }

  #value(depth: number): unknown {
    const first = this.#byte();
    const major = first >> 5;
    const info = first & 0x1f;
    switch (major) {
      case MAJOR.unsigned:
        return integerOf(this.#argument(info));
      case MAJOR.negative:
        return integerOf(-1n - this.#argument(info));
      case MAJOR.bytes:
        return { $bytes: base64(this.#string(major, info)) };
      case MAJOR.text:
        return textOf(this.#string(major, info));
      case MAJOR.array:
        return this.#array(info, this.#deeper(depth));
      case MAJOR.map:
        return this.#map(info, this.#deeper(depth));
      case MAJOR.tag:
        throw new CborError("tags are not understood");
      default:
        return this.#simple(info);
    }
  }

  #array(info: number, depth: number): unknown[] {
    const items: unknown[] = [];
    for (let left = this.#count(info); this.#more(left); left--) items.push(this.#value(depth));
    return items;
  }

  #map(info: number, depth: number): Record<string, unknown> {
    const map: Record<string, unknown> = {};
    for (let left = this.#count(info); this.#more(left); left--) {
      const key = this.#value(depth);
      if (typeof key !== "string") throw new CborError("the keys of a map are text");
      // Also a key that JavaScript knows, such as __proto__, is one of the sender's.
      Object.defineProperty(map, key, {
        value: this.#value(depth),
        writable: true,
        enumerable: true,
        configurable: true,
      });
    }
    return map;
  }

  #simple(info: number): unknown {
    switch (info) {
      case 20:
        return false;
      case 21:
        return true;
      // JSON has one word for null and undefined.
      case 22:
      case 23:
        return null;
      case 25:
        return floatOf(halfOf(this.#uint(2)));
      case 26:
        return floatOf(this.#read(4, (at) => this.#view.getFloat32(at)));
      case 27:
        return floatOf(this.#read(8, (at) => this.#view.getFloat64(at)));
      default:
        throw new CborError(`the simple value ${info} is not understood`);
    }
  }

  /** In one piece, or in several. */
  #string(major: number, info: number): Uint8Array {
    if (info !== INDEFINITE) return this.#take(this.#argument(info));
    const pieces: Uint8Array[] = [];
    for (let first = this.#byte(); first !== BREAK; first = this.#byte()) {
      if (first >> 5 !== major) throw new CborError("a string is made of strings of its kind");
      pieces.push(this.#take(this.#argument(first & 0x1f)));
    }
    const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
    let at = 0;
    for (const piece of pieces) {
      whole.set(piece, at);
      at += piece.length;
    }
    return whole;
  }

  /** How many items follow; infinitely many until a break. */
  #count(info: number): number {
    return info === INDEFINITE ? Number.POSITIVE_INFINITY : Number(this.#argument(info));
  }

  #more(left: number): boolean {
    if (left !== Number.POSITIVE_INFINITY) return left > 0;
    if (this.#bytes[this.#at] !== BREAK) return true;
    this.#at++;
    return false;
  }

  #deeper(depth: number): number {
    if (depth > this.#depthMax)
      throw new CborError(`the message is nested deeper than ${this.#depthMax} levels`);
    return depth + 1;
  }

  #argument(info: number): bigint {
    if (info < 24) return BigInt(info);
    switch (info) {
      case 24:
        return BigInt(this.#byte());
      case 25:
        return BigInt(this.#uint(2));
      case 26:
        return BigInt(this.#uint(4));
      case 27:
        return this.#read(8, (at) => this.#view.getBigUint64(at));
      default:
        throw new CborError("a length is not understood");
    }
  }

  #byte(): number {
    return this.#read(1, (at) => this.#view.getUint8(at));
  }

  #uint(bytes: 2 | 4): number {
    return this.#read(bytes, (at) =>
      bytes === 2 ? this.#view.getUint16(at) : this.#view.getUint32(at),
    );
  }

  #read<T>(bytes: number, read: (at: number) => T): T {
    const at = this.#at;
    if (at + bytes > this.#bytes.length) throw new CborError("the end is missing");
    this.#at += bytes;
    return read(at);
  }

  #take(count: bigint): Uint8Array {
    if (count > BigInt(this.#bytes.length - this.#at)) throw new CborError("the end is missing");
    const taken = this.#bytes.subarray(this.#at, this.#at + Number(count));
    this.#at += taken.length;
    return taken;
  }
}

function integerOf(value: bigint): unknown {
  if (value < INT_64_MIN || value > INT_64_MAX) throw new CborError("an integer is beyond 64 bits");
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : { $int: value.toString() };
}

/** A float stays one, whatever its value. */
function floatOf(value: number): unknown {
  if (Object.is(value, -0)) return { $float: "-0.0" };
  if (!Number.isInteger(value)) return Number.isFinite(value) ? value : { $float: String(value) };
  const text = String(value);
  return { $float: /^-?\d+$/.test(text) ? `${text}.0` : text };
}

/** RFC 8949 appendix D. */
function halfOf(bits: number): number {
  const exponent = (bits >> 10) & 0x1f;
  const mantissa = bits & 0x3ff;
  const sign = (bits & 0x8000) === 0 ? 1 : -1;
  if (exponent === 0) return sign * mantissa * 2 ** -24;
  if (exponent === 0x1f) return mantissa === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (mantissa + 1024) * 2 ** (exponent - 25);
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function textOf(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new CborError("a text is not UTF-8", { cause });
  }
}

function base64(bytes: Uint8Array): string {
  let units = "";
  for (const byte of bytes) units += String.fromCharCode(byte);
  return btoa(units);
}

function bytesOf(text: string): Uint8Array | undefined {
  try {
    return Uint8Array.from(atob(text), (unit) => unit.charCodeAt(0));
  } catch {
    return undefined;
  }
}
