import { closeSync, openSync, read } from "node:fs";
import { GeodeError } from "@geode/values";

const PIECE_BYTES = 256 * 1024;

/**
 * The whole state of a database as of one commit, as a file that is open: it can be read to its end even if the database gives the file
 * up meanwhile. Whoever gets one closes it.
 */
export class StateFile {
  /** The commit. */
  readonly seq: number;
  readonly bytes: number;
  readonly #file: number;
  #reading: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | null = null;

  constructor(path: string, seq: number, bytes: number) {
    this.seq = seq;
    this.bytes = bytes;
    this.#file = openSync(path, "r");
  }

  /** The contents from front to back. Throws UNAVAILABLE once it is closed, or if the disk refuses. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void> {
    for (let at = 0; at < this.bytes;) {
      const piece = await this.#read(at, Math.min(PIECE_BYTES, this.bytes - at));
      at += piece.length;
      yield piece;
    }
  }

  /** Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#reading.then(() => closeSync(this.#file));
    return this.#closing;
  }

  #read(at: number, length: number): Promise<Uint8Array> {
    if (this.#closing !== null) return Promise.reject(unreadable("it is closed"));
    const reading = new Promise<Uint8Array>((resolve, reject) => {
      const bytes = Buffer.allocUnsafeSlow(length);
      read(this.#file, bytes, 0, length, at, (error, count) => {
        if (error !== null) reject(unreadable(error.message, error));
        else if (count === 0) reject(unreadable("it is shorter than it was"));
        else resolve(bytes.subarray(0, count));
      });
    });
    this.#reading = reading.catch(() => {});
    return reading;
  }
}

function unreadable(why: string, cause?: unknown): GeodeError {
  return new GeodeError("UNAVAILABLE", `the state of the database cannot be read: ${why}`, {
    cause,
  });
}
