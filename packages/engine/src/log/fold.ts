import type { Effect } from "../graph/effect.ts";
import { Store } from "../graph/store.ts";
import { follow, LOG_START, type LogPosition } from "./chain.ts";
import {
  type Checkpoint,
  CHECKPOINT_FORMAT,
  type CheckpointContent,
  checkpointPaths,
  type IdempotencyRecord,
  newestGood,
  removeCheckpoint,
  writeCheckpoint,
} from "./checkpoint.ts";

export interface FoldLimits {
  /** How long an idempotency key is remembered, in milliseconds of the log's time. */
  readonly idempotencyKeptMs: number;
  /** How many are remembered at most; the oldest go first. */
  readonly idempotencyKeysMax: number;
}

/** What became of a fold. */
export interface FoldResult {
  /** The entry that the new checkpoint ends with. */
  readonly number: number;
  readonly seq: number;
  /** The size of its file. */
  readonly bytes: number;
  /**
   * The entry that the older of the two checkpoints kept ends with: that one and what lies before it in the log are needed no more. Null
   * while there is but one, or nothing new: the log has to be able to stand in for a checkpoint that turns out damaged.
   */
  readonly disposable: number | null;
}

/**
 * Makes a checkpoint of the one before and of the entries since. The state is built anew from what is on the disk, as recovery does it:
 * so every checkpoint also proves that there is one to recover from.
 */
export class Fold {
  readonly #directory: string;
  readonly #limits: FoldLimits;
  readonly #store = new Store();
  readonly #base: Checkpoint | null;
  #records: IdempotencyRecord[] = [];
  #position: LogPosition = LOG_START;
  #timeMs = 0;

  /** Reads the newest good checkpoint of the directory. */
  constructor(directory: string, limits: FoldLimits) {
    this.#directory = directory;
    this.#limits = limits;
    this.#base = newestGood(directory).checkpoint;
    if (this.#base === null) {
      return;
    }
    const { header, idempotency, chunks } = this.#base;
    for (const record of idempotency) {
      this.#records.push(record);
    }
    for (const chunk of chunks) {
      this.#apply(chunk);
    }
    this.#position = header;
    this.#timeMs = header.timeMs;
  }

  /** The entry to go on with. */
  get next(): number {
    return this.#position.number + 1;
  }

  /** Takes the next entry. Throws CORRUPT if it does not follow. */
  add(bytes: Uint8Array, blobOf: (hash: Uint8Array) => Uint8Array | undefined): void {
    const { entry, hash } = follow(this.#position, bytes, blobOf);
    entry.commits.forEach(({ principal, key, patch }, i) => {
      this.#apply(patch);
      if (key !== undefined) {
        this.#records.push({ principal, key, seq: entry.firstSeq + i, timeMs: entry.timeMs });
      }
    });
    if (this.#records.length > 2 * this.#limits.idempotencyKeysMax) {
      this.#records = this.#remembered();
    }
    this.#position = { number: entry.number, hash, seq: entry.firstSeq + entry.commits.length - 1 };
    this.#timeMs = entry.timeMs;
  }

  /** Writes the checkpoint, unless there is one of this entry already, and removes those that are not kept. */
  finish(): FoldResult {
    const { number, seq } = this.#position;
    if (this.#base?.header.number === number) {
      return { number, seq, bytes: this.#base.bytes, disposable: null };
    }
    const made = writeCheckpoint(this.#directory, this.content());
    const kept = [made, ...(this.#base === null ? [] : [this.#base])];
    for (const path of checkpointPaths(this.#directory)) {
      if (!kept.some((checkpoint) => checkpoint.path === path)) {
        removeCheckpoint(path);
      }
    }
    return { number, seq, bytes: made.bytes, disposable: this.#base?.header.number ?? null };
  }

  /** The state so far, as a checkpoint holds it. */
  content(): CheckpointContent {
    const { number, hash, seq } = this.#position;
    return {
      header: {
        format: CHECKPOINT_FORMAT,
        epoch: this.#store.catalog.epoch,
        seq,
        number,
        hash,
        timeMs: this.#timeMs,
      },
      idempotency: this.#remembered(),
      chunks: this.#store.effects(),
    };
  }

  #apply(effects: readonly Effect[]): void {
    for (const effect of effects) {
      this.#store.apply(effect);
    }
  }

  #remembered(): IdempotencyRecord[] {
    const { idempotencyKeptMs, idempotencyKeysMax } = this.#limits;
    const kept = this.#records.filter(({ timeMs }) => this.#timeMs - timeMs < idempotencyKeptMs);
    return kept.slice(Math.max(0, kept.length - idempotencyKeysMax));
  }
}
