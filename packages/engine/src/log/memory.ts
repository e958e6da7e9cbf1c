import type { GeodeError } from "@geode/values";
import { decodeHeader, hashOf } from "./entry.ts";
import {
  type AppendOutcome,
  type Blob,
  type CommitLog,
  entryTrimmed,
  logClosed,
  type LogHead,
  requireNext,
  sameHash,
  writeFailed,
  ZERO_HASH,
} from "./log.ts";
import { Waiters } from "./waiters.ts";

/** What an in-memory log calls in place of a disk; to fail, it throws. */
export type MemoryDevice = (bytes: Uint8Array) => void;

interface Kept {
  readonly bytes: Uint8Array;
  readonly hash: Uint8Array;
  readonly blobs: readonly Blob[];
}

/** A log that lives as long as the process: for tests and for databases without a directory. */
export class MemoryLog implements CommitLog {
  readonly #device: MemoryDevice;
  readonly #waiters = new Waiters();
  /** The entries from `#oldest` on. */
  #entries: Kept[] = [];
  #oldest = 1;
  #hash = ZERO_HASH;
  /** By the hex of their hash, with the newest entry that names them. */
  readonly #blobs = new Map<string, { bytes: Uint8Array; entry: number }>();
  #failure: GeodeError | null = null;
  #closed = false;

  constructor(device: MemoryDevice = () => {}) {
    this.#device = device;
  }

  head(): LogHead {
    return {
      number: this.#oldest + this.#entries.length - 1,
      hash: this.#hash,
      oldest: this.#oldest,
    };
  }

  async append(
    expected: number,
    bytes: Uint8Array,
    blobs: readonly Blob[] = [],
  ): Promise<AppendOutcome> {
    this.#requireOpen();
    if (this.#failure !== null) {
      throw this.#failure;
    }
    const { number, prevHash } = decodeHeader(bytes);
    requireNext(number, expected);
    if (expected !== this.head().number || !sameHash(prevHash, this.#hash)) {
      return "conflict";
    }
    try {
      this.#device(bytes);
    } catch (cause) {
      this.#failure = writeFailed(cause);
      throw this.#failure;
    }
    const kept = { bytes: bytes.slice(), hash: hashOf(bytes), blobs };
    this.#entries.push(kept);
    this.#hash = kept.hash;
    for (const { hash, bytes: content } of blobs) {
      this.#blobs.set(hex(hash), { bytes: content.slice(), entry: number });
    }
    this.#waiters.arrived(number);
    return "ok";
  }

  *read(from: number): Iterable<Uint8Array> {
    for (let number = from; number <= this.head().number; number++) {
      this.#requireOpen();
      if (number < this.#oldest) {
        throw entryTrimmed(number, this.#oldest);
      }
      yield (this.#entries[number - this.#oldest] as Kept).bytes.slice();
    }
  }

  async wait(from: number, signal?: AbortSignal): Promise<void> {
    this.#requireOpen();
    if (from > this.head().number) {
      await this.#waiters.wait(from, signal);
    }
  }

  async trim(upTo: number): Promise<void> {
    this.#requireOpen();
    const last = Math.min(upTo, this.head().number);
    const gone = this.#entries.splice(0, Math.max(0, last - this.#oldest + 1));
    this.#oldest += gone.length;
    for (const { hash } of gone.flatMap(({ blobs }) => blobs)) {
      if ((this.#blobs.get(hex(hash))?.entry ?? Infinity) <= last) {
        this.#blobs.delete(hex(hash));
      }
    }
  }

  blob(hash: Uint8Array): Uint8Array | undefined {
    this.#requireOpen();
    return this.#blobs.get(hex(hash))?.bytes.slice();
  }

  bytes(from = this.#oldest): number {
    return this.#entries
      .slice(Math.max(0, from - this.#oldest))
      .reduce((sum, kept) => sum + sizeOf(kept), 0);
  }

  async flush(): Promise<void> {
    if (this.#failure !== null) {
      throw this.#failure;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#waiters.close();
  }

  #requireOpen(): void {
    if (this.#closed) {
      throw logClosed();
    }
  }
}

function sizeOf({ bytes, blobs }: Kept): number {
  return blobs.reduce((sum, blob) => sum + blob.bytes.length, bytes.length);
}

function hex(hash: Uint8Array): string {
  return Buffer.from(hash).toString("hex");
}
