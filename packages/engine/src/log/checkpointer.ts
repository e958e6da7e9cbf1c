import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { GeodeError } from "@geode/values";
import { checkpointPath } from "./checkpoint.ts";
import type { FoldAnswer, FoldRequest, FoldWorkerData } from "./checkpoint-messages.ts";
import { blobHashes } from "./entry.ts";
import type { FoldLimits, FoldResult } from "./fold.ts";
import type { CommitLog } from "./log.ts";
import { StateFile } from "./state-file.ts";

export interface CheckpointerOptions {
  readonly log: CommitLog;
  /** Where the checkpoints are. */
  readonly directory: string;
  /** The checkpoint that the database was opened from. */
  readonly previous: { readonly number: number; readonly bytes: number } | null;
  /** How much the log has to grow for the next checkpoint, in bytes. Default: 64 MiB, or half the last checkpoint if that is more. */
  readonly checkpointBytes?: number;
  /** How many of the newest entries stay in the log whatever happens, for those who follow it. Default: none. */
  readonly retainedEntries?: number;
  /** Default: 24 hours and a million keys. */
  readonly idempotency?: FoldLimits;
  /** Is told what became of every checkpoint; a failed one is tried again when the log has grown by as much again. Must not throw. */
  readonly onOutcome?: (outcome: CheckpointOutcome) => void;
}

export type CheckpointOutcome =
  | { readonly kind: "made"; readonly checkpoint: FoldResult; readonly trimmedTo: number }
  | { readonly kind: "failed"; readonly error: GeodeError };

const CHECKPOINT_BYTES_MIN = 64 * 1024 * 1024;
const DEFAULT_IDEMPOTENCY: FoldLimits = {
  idempotencyKeptMs: 24 * 60 * 60 * 1_000,
  idempotencyKeysMax: 1_000_000,
};

/** What is handed to the worker at once: little enough for the main thread not to be missed. */
const PIECE_ENTRIES = 256;
const PIECE_BYTES = 256 * 1024;

/**
 * A follower of the log that makes a checkpoint when the log has grown enough, and then gives up what no checkpoint needs any more. The
 * work is done in a short-lived worker thread, from the previous checkpoint and the entries since; the main thread only hands over
 * entries, a piece per turn.
 */
export class Checkpointer {
  readonly #options: CheckpointerOptions;
  readonly #closing = new AbortController();
  /** The entry and the size of the last checkpoint. */
  #last: { readonly number: number; readonly bytes: number };
  /** From where growth counts: after the last checkpoint, or after the last attempt at one. */
  #since: number;
  #making: Promise<FoldResult> | null = null;
  #following: Promise<void> | null = null;

  constructor(options: CheckpointerOptions) {
    this.#options = options;
    this.#last = options.previous ?? { number: 0, bytes: 0 };
    this.#since = this.#last.number;
  }

  /** Begins to follow. Once. */
  start(): void {
    this.#following ??= this.#follow();
  }

  /** Makes a checkpoint of what the log holds now; if one is being made, waits for that instead. Throws what went wrong. */
  checkpoint(): Promise<FoldResult> {
    this.#making ??= this.#make().finally(() => {
      this.#making = null;
    });
    return this.#making;
  }

  /** The state as of now or a later commit. Throws what went wrong with the checkpoint that it is made of. */
  async state(): Promise<StateFile> {
    const { number } = this.#options.log.head();
    let made = await this.checkpoint();
    // The one that was being made already may be of an earlier moment.
    if (made.number < number) made = await this.checkpoint();
    // At once: a later checkpoint takes the file away.
    const path = checkpointPath(this.#options.directory, made.number);
    return new StateFile(path, made.seq, made.bytes);
  }

  /** Stops following and ends a checkpoint that is being made: there is always another to recover from. Idempotent. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#following;
    await this.#making?.catch(() => {});
  }

  /** Ends with the log or with {@link close}. What goes wrong has been told to `onOutcome`. */
  async #follow(): Promise<void> {
    const { log } = this.#options;
    try {
      for (;;) {
        if (log.bytes(this.#since + 1) >= this.#threshold()) {
          await this.checkpoint().catch(() => {});
        }
        await log.wait(log.head().number + 1, this.#closing.signal);
      }
    } catch (error) {
      if (!this.#closing.signal.aborted) {
        this.#tell({ kind: "failed", error: asGeodeError(error) });
      }
    }
  }

  #threshold(): number {
    return this.#options.checkpointBytes ?? Math.max(CHECKPOINT_BYTES_MIN, this.#last.bytes / 2);
  }

  async #make(): Promise<FoldResult> {
    const { log } = this.#options;
    const { number } = log.head();
    this.#since = number;
    try {
      // A checkpoint must not know more than the log will after a power cut.
      await log.flush();
      const checkpoint = await this.#fold(number);
      this.#last = checkpoint;
      const trimmedTo = await this.#trim(checkpoint);
      this.#tell({ kind: "made", checkpoint, trimmedTo });
      return checkpoint;
    } catch (cause) {
      const error = asGeodeError(cause);
      this.#tell({ kind: "failed", error });
      throw error;
    }
  }

  #tell(outcome: CheckpointOutcome): void {
    this.#options.onOutcome?.(outcome);
  }

  /** Returns the last entry given up. */
  async #trim({ disposable }: FoldResult): Promise<number> {
    const { log, retainedEntries = 0 } = this.#options;
    const upTo = Math.min(disposable ?? 0, log.head().number - retainedEntries);
    if (upTo >= log.head().oldest) {
      await log.trim(upTo);
    }
    return log.head().oldest - 1;
  }

  async #fold(upTo: number): Promise<FoldResult> {
    const { directory, idempotency: limits = DEFAULT_IDEMPOTENCY } = this.#options;
    const worker = new FoldWorker({ directory, limits }, this.#closing.signal);
    try {
      let answer = await worker.answer();
      while (answer.kind === "ready" && answer.next <= upTo) {
        answer = await worker.ask(this.#piece(answer.next, upTo));
      }
      if (answer.kind === "ready") {
        answer = await worker.ask({ kind: "finish" });
      }
      if (answer.kind === "done") {
        return answer.result;
      }
      throw new GeodeError("INTERNAL", `the checkpoint worker answered ${answer.kind} out of turn`);
    } finally {
      await worker.end();
    }
  }

  #piece(from: number, upTo: number): FoldRequest {
    const { log } = this.#options;
    const entries: Uint8Array[] = [];
    const blobs = new Map<string, Uint8Array>();
    let bytes = 0;
    for (const entry of log.read(from)) {
      entries.push(entry.slice());
      bytes += entry.length;
      for (const hash of blobHashes(entry)) {
        const blob = log.blob(hash);
        if (blob !== undefined) {
          blobs.set(Buffer.from(hash).toString("hex"), blob.slice());
          bytes += blob.length;
        }
      }
      if (bytes >= PIECE_BYTES || entries.length >= PIECE_ENTRIES || from + entries.length > upTo) {
        break;
      }
    }
    return { kind: "entries", entries, blobs: [...blobs] };
  }
}

function asGeodeError(cause: unknown): GeodeError {
  return cause instanceof GeodeError
    ? cause
    : new GeodeError("INTERNAL", `no checkpoint was made: ${String(cause)}`, { cause });
}

/** The worker thread, as a conversation: one question, one answer. */
class FoldWorker {
  readonly #worker: Worker;
  readonly #signal: AbortSignal;
  readonly #cancel = (): void => {
    this.#settle({
      reject: new GeodeError(
        "CANCELLED",
        "the checkpoint was not finished because the database closes",
      ),
    });
  };
  #pending: { resolve(answer: FoldAnswer): void; reject(error: unknown): void } | null = null;
  /** What came when nobody was asking. */
  #outcome: Outcome | null = null;
  /** It has given its last answer and ends by itself. */
  #isDone = false;
  readonly #exited: Promise<void>;

  constructor(data: FoldWorkerData, signal: AbortSignal) {
    // The worker runs from the source as we do, or compiled as we are.
    const extension = extname(new URL(import.meta.url).pathname);
    this.#worker = new Worker(new URL(`./checkpoint-worker${extension}`, import.meta.url), {
      workerData: data,
      execArgv: extension === ".ts" ? ["--conditions=source"] : [],
      name: "geode-checkpoint",
    });
    this.#signal = signal;
    this.#exited = new Promise((resolve) => this.#worker.once("exit", () => resolve()));
    this.#worker.on("message", (answer: FoldAnswer) => {
      this.#isDone = answer.kind !== "ready";
      this.#settle({ resolve: answer });
    });
    this.#worker.on("error", (cause) => {
      this.#settle({
        reject: new GeodeError("INTERNAL", `the checkpoint worker failed: ${String(cause)}`, {
          cause,
        }),
      });
    });
    this.#worker.on("exit", () =>
      this.#settle({ reject: new GeodeError("INTERNAL", "the checkpoint worker ended") }),
    );
    signal.addEventListener("abort", this.#cancel);
  }

  /** Sends a request; resolves with its answer. */
  ask(request: FoldRequest): Promise<FoldAnswer> {
    this.#worker.postMessage(request, request.kind === "entries" ? buffersOf(request) : []);
    return this.answer();
  }

  /** The next answer. Throws what the worker failed with. */
  async answer(): Promise<FoldAnswer> {
    if (this.#signal.aborted) {
      this.#cancel();
    }
    const answer = await new Promise<FoldAnswer>((resolve, reject) => {
      this.#pending = { resolve, reject };
      if (this.#outcome !== null) {
        this.#settle(this.#outcome);
      }
    });
    if (answer.kind === "failed") {
      throw new GeodeError(answer.code, answer.message);
    }
    return answer;
  }

  async end(): Promise<void> {
    this.#signal.removeEventListener("abort", this.#cancel);
    if (this.#isDone) await this.#exited;
    else await this.#worker.terminate();
  }

  #settle(outcome: Outcome): void {
    const pending = this.#pending;
    if (pending === null) {
      this.#outcome ??= outcome;
      return;
    }
    this.#pending = null;
    this.#outcome = null;
    if ("resolve" in outcome) {
      pending.resolve(outcome.resolve);
    } else {
      pending.reject(outcome.reject);
    }
  }
}

type Outcome = { readonly resolve: FoldAnswer } | { readonly reject: GeodeError };

/** Moved, not copied; so none of them may share its memory with anything. */
function buffersOf(request: Extract<FoldRequest, { kind: "entries" }>): ArrayBuffer[] {
  return [...request.entries, ...request.blobs.map(([, bytes]) => bytes)].map(
    (bytes) => bytes.buffer as ArrayBuffer,
  );
}
