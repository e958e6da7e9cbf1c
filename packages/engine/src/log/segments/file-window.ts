import { readSync } from "node:fs";

/** Reads a file from front to back, with one call to the system for many small pieces. */
export class FileWindow {
  readonly #file: number;
  readonly #bytesMin: number;
  #bytes: Buffer = Buffer.alloc(0);
  #start = 0;

  /** Each time it looks at the file it reads at least so many bytes, if there are. */
  constructor(file: number, bytesMin: number) {
    this.#file = file;
    this.#bytesMin = bytesMin;
  }

  /**
   * That many bytes, or what there is of them; good until the next call. What lies behind `limit` may still change: it is not read ahead.
   */
  bytes(at: number, count: number, limit: number): Buffer {
    const offset = at - this.#start;
    if (offset < 0 || offset + count > this.#bytes.length) {
      const ahead = Math.max(count, Math.min(this.#bytesMin, limit - at));
      const bytes = Buffer.allocUnsafeSlow(ahead);
      this.#bytes = bytes.subarray(0, readFully(this.#file, bytes, at));
      this.#start = at;
      return this.#bytes.subarray(0, count);
    }
    return this.#bytes.subarray(offset, offset + count);
  }

  /** From `least` to `most` bytes, or what there is of them: no more than are at hand, if those are enough. Good until the next call. */
  some(at: number, least: number, most: number): Buffer {
    const offset = at - this.#start;
    const atHand = offset < 0 ? 0 : this.#bytes.length - offset;
    return atHand < least
      ? this.bytes(at, most, 0)
      : this.#bytes.subarray(offset, offset + Math.min(atHand, most));
  }

  /** The next look is at the file, whatever was read before. */
  forget(): void {
    this.#bytes = Buffer.alloc(0);
  }
}

/** A call takes no length of more than 31 bits. */
const READ_BYTES_MAX = 1 << 30;

/** Fills the buffer as far as the file reaches; returns how far that is. */
function readFully(file: number, buffer: Uint8Array, position: number): number {
  let filled = 0;
  while (filled < buffer.length) {
    const most = Math.min(buffer.length - filled, READ_BYTES_MAX);
    const count = readSync(file, buffer, filled, most, position + filled);
    if (count === 0) break;
    filled += count;
  }
  return filled;
}
