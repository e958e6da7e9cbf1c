import * as decoding from "lib0/decoding";

/** Bits of the byte that a struct begins with. */
const HAS_ORIGIN = 0x80;
const HAS_RIGHT_ORIGIN = 0x40;
const HAS_PARENT_KEY = 0x20;
const CONTENT = 0x1f;

/** What a struct is, by the lowest bits of that byte. */
const GC = 0;
const DELETED = 1;
const JSONS = 2;
const BINARY = 3;
const STRING = 4;
const EMBED = 5;
const FORMAT = 6;
const TYPE = 7;
const ANY = 8;
const DOCUMENT = 9;
const SKIP = 10;

/** Shared types that have a name of their own. */
const XML_ELEMENT = 3;
const XML_HOOK = 5;

/**
 * How many parts an update of Yjs has: structs, values in them, and ranges of what was deleted. Infinity if they are more than
 * `partsMax`; NaN for what is no update. Yjs makes an object of each, of which two bytes are enough for some: an update of 16 MiB could
 * take a gigabyte to read. So they are counted first, without any of that. Source: yjs, "Update format", version 1.
 */
export function partsOf(update: Uint8Array, partsMax: number): number {
  const counting = new Counting(update, partsMax);
  try {
    counting.structs();
    counting.deletions();
    return counting.parts;
  } catch {
    return counting.parts > partsMax ? Infinity : Number.NaN;
  }
}

/** Goes through an update, and throws where it has too many parts or is none. */
class Counting {
  readonly #in: decoding.Decoder;
  readonly #partsMax: number;
  parts = 0;

  constructor(update: Uint8Array, partsMax: number) {
    this.#in = decoding.createDecoder(update);
    this.#partsMax = partsMax;
  }

  structs(): void {
    for (let clients = this.#number(); clients > 0; clients--) {
      const count = this.#parts();
      // Whose they are, and from where on.
      this.#id();
      for (let at = 0; at < count; at++) this.#struct();
    }
  }

  deletions(): void {
    for (let clients = this.#number(); clients > 0; clients--) {
      this.#number();
      const count = this.#parts();
      for (let at = 0; at < count; at++) this.#id();
    }
  }

  #struct(): void {
    const info = decoding.readUint8(this.#in);
    const content = info & CONTENT;
    if (content === GC || content === SKIP) return void this.#number();
    if (info & HAS_ORIGIN) this.#id();
    if (info & HAS_RIGHT_ORIGIN) this.#id();
    if ((info & (HAS_ORIGIN | HAS_RIGHT_ORIGIN)) === 0) {
      if (this.#number() === 1) this.#bytes();
      else this.#id();
      if (info & HAS_PARENT_KEY) this.#bytes();
    }
    this.#content(content);
  }

  #content(content: number): void {
    switch (content) {
      case DELETED:
        return void this.#number();
      case BINARY:
      case STRING:
      case EMBED:
        return this.#bytes();
      case FORMAT:
        this.#bytes();
        return this.#bytes();
      case JSONS:
        for (let count = this.#parts(); count > 0; count--) this.#bytes();
        return;
      case TYPE: {
        const type = this.#number();
        if (type === XML_ELEMENT || type === XML_HOOK) this.#bytes();
        return;
      }
      case ANY:
        for (let count = this.#parts(); count > 0; count--) decoding.readAny(this.#in);
        return;
      case DOCUMENT:
        this.#bytes();
        return void decoding.readAny(this.#in);
      default:
        throw new Error(`no content is ${content}`);
    }
  }

  /** How many follow. */
  #parts(): number {
    const count = this.#number();
    this.parts += count;
    if (this.parts > this.#partsMax) throw new Error("too many");
    return count;
  }

  #number(): number {
    return decoding.readVarUint(this.#in);
  }

  #id(): void {
    this.#number();
    this.#number();
  }

  /** A text or bytes, which are passed over. */
  #bytes(): void {
    const length = this.#number();
    if (length > this.#in.arr.length - this.#in.pos) throw new Error("cut short");
    this.#in.pos += length;
  }
}
