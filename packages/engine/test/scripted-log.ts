import {
  ENTRY_FORMAT,
  type EntryCommit,
  decodeEntry,
  decodeHeader,
  encodeEntry,
  hashOf,
} from "../src/log/entry.ts";
import {
  type AppendOutcome,
  type Blob,
  type CommitLog,
  type LogHead,
  ZERO_HASH,
} from "../src/log/log.ts";

/**
 * What happens to one append, instead of its being accepted:
 * - `hold`: it is accepted once `release` is called;
 * - `fail`: it throws, and nothing is kept;
 * - `lose`: the answer is "unknown", and nothing was kept;
 * - `keepInSilence`: the answer is "unknown", but the entry was kept;
 * - `overtake`: another node's entry with these commits comes first.
 */
export type Act =
  | { readonly kind: "hold" }
  | { readonly kind: "fail"; readonly error: Error }
  | { readonly kind: "lose" }
  | { readonly kind: "keepInSilence" }
  | {
      readonly kind: "overtake";
      readonly commits: readonly EntryCommit[];
      readonly silent?: boolean;
    };

/** A log in memory that does what a test tells it to do to the next appends, one act each. */
export class ScriptedLog implements CommitLog {
  readonly script: Act[] = [];
  readonly #entries: Uint8Array[] = [];
  readonly #blobs = new Map<string, Uint8Array>();
  #release: (() => void) | null = null;

  head(): LogHead {
    const last = this.#entries.at(-1);
    return {
      number: this.#entries.length,
      hash: last === undefined ? ZERO_HASH : hashOf(last),
      oldest: 1,
    };
  }

  /** The commits of each entry. */
  get entries(): (readonly EntryCommit[])[] {
    return this.#entries.map((bytes) => decodeEntry(bytes, (hash) => this.blob(hash)).commits);
  }

  async append(
    expected: number,
    bytes: Uint8Array,
    blobs: readonly Blob[] = [],
  ): Promise<AppendOutcome> {
    const act = this.script.shift();
    switch (act?.kind) {
      case "fail":
        throw act.error;
      case "lose":
        return "unknown";
      case "keepInSilence":
        this.#keep(expected, bytes, blobs);
        return "unknown";
      case "overtake":
        this.#overtake(act.commits);
        return act.silent === true ? "unknown" : this.#keep(expected, bytes, blobs);
      case "hold":
        await new Promise<void>((resume) => {
          this.#release = resume;
        });
        return this.#keep(expected, bytes, blobs);
      case undefined:
        return this.#keep(expected, bytes, blobs);
      default:
        return act satisfies never;
    }
  }

  /** Lets a held append go on. */
  release(): void {
    this.#release?.();
  }

  #keep(expected: number, bytes: Uint8Array, blobs: readonly Blob[]): AppendOutcome {
    const head = this.head();
    if (expected !== head.number || Buffer.compare(decodeHeader(bytes).prevHash, head.hash) !== 0)
      return "conflict";
    for (const blob of blobs) this.#blobs.set(Buffer.from(blob.hash).toString("hex"), blob.bytes);
    this.#entries.push(bytes);
    return "ok";
  }

  #overtake(commits: readonly EntryCommit[]): void {
    const { number, hash } = this.head();
    const firstSeq = 1 + this.entries.reduce((count, entry) => count + entry.length, 0);
    const { bytes } = encodeEntry({
      format: ENTRY_FORMAT,
      number: number + 1,
      firstSeq,
      prevHash: hash,
      writer: new Uint8Array(8).fill(9),
      nonce: new Uint8Array(16).fill(number),
      timeMs: 0,
      commits,
    });
    this.#entries.push(bytes);
  }

  *read(from: number): Iterable<Uint8Array> {
    for (let number = from; number <= this.#entries.length; number += 1)
      yield this.#entries[number - 1] as Uint8Array;
  }

  async wait(): Promise<void> {}

  async flush(): Promise<void> {}

  async trim(): Promise<void> {}

  blob(hash: Uint8Array): Uint8Array | undefined {
    return this.#blobs.get(Buffer.from(hash).toString("hex"));
  }

  bytes(): number {
    return this.#entries.reduce((sum, bytes) => sum + bytes.length, 0);
  }

  async close(): Promise<void> {}
}
