import { GeodeError, unreachable } from "@geode/values";
import { noChanges } from "../execute/write-stats.ts";
import type { IdSource } from "../execute/writer.ts";
import type { Lease } from "../graph/effect.ts";
import {
  ENTRY_FORMAT,
  type EncodedEntry,
  type Entry,
  decodeHeader,
  encodeEntry,
} from "../log/entry.ts";
import { readChain } from "../log/chain.ts";
import { type CommitLog, sameHash } from "../log/log.ts";
import { type Batch, type Verdict, runBatch } from "./batch.ts";
import type { Conflicts } from "./conflicts.ts";
import type { Environment } from "./environment.ts";
import { faultOf } from "./fault.ts";
import { LeasedIds } from "./ids.ts";
import { DEFAULT_DOOR_LIMITS, type DoorLimits } from "./limits.ts";
import type { Replica } from "./replica.ts";
import { patchWeight, propertiesWeight } from "./weight.ts";
import { sealed } from "./seal.ts";
import type { Write, WriteOutcome } from "./write.ts";

/** One write on its way. */
interface Pending {
  readonly write: Write;
  readonly weight: number;
  readonly resolve: (outcome: WriteOutcome) => void;
  readonly reject: (error: GeodeError) => void;
  /** Stops listening to the caller's signal. */
  readonly forgetSignal: () => void;
  /** How often it was executed and then overtaken by another node's entry. */
  overtaken: number;
}

/**
 * The one door through which everything is written. One batch is in flight at a time: while it is being made durable, writes wait in a
 * bounded queue; then all that wait are executed in one synchronous run, undone, and appended to the log as one entry. Only when the
 * entry is durable is it applied, and only then is any caller answered, including those whose statement failed or changed nothing:
 * their answers rest on the writes before them in the batch.
 *
 * After an append has failed nobody can know what the disk holds, so the door latches: every write is refused with UNAVAILABLE until
 * the process is started again. Reads are not concerned.
 */
export class Door {
  readonly #replica: Replica;
  readonly #log: CommitLog;
  readonly #conflicts: Conflicts;
  readonly #environment: Environment;
  readonly #limits: DoorLimits;
  readonly #hashKey: (text: string) => string;
  readonly #ids: LeasedIds;
  /** Names this process in the log. */
  readonly #writer: Uint8Array;
  #waiting: Pending[] = [];
  #queuedWrites = 0;
  #queuedBytes = 0;
  #working: Promise<void> | null = null;
  #failure: GeodeError | null = null;
  #closed = false;

  constructor(
    replica: Replica,
    log: CommitLog,
    conflicts: Conflicts,
    environment: Environment,
    hashKey: (text: string) => string,
    limits: DoorLimits = DEFAULT_DOOR_LIMITS,
  ) {
    this.#replica = replica;
    this.#log = log;
    this.#conflicts = conflicts;
    this.#environment = environment;
    this.#limits = limits;
    this.#hashKey = hashKey;
    this.#ids = new LeasedIds(() => replica.store.catalog.nextBlock);
    this.#writer = environment.randomBytes(8);
  }

  /** Where statements outside of the queue, those of open transactions, draw their ids. */
  get ids(): IdSource {
    return this.#ids;
  }

  /** Why nothing can be written any more; null while all is well. */
  get failure(): GeodeError | null {
    return this.#failure;
  }

  /** Writes that wait or are being committed. */
  get queuedWrites(): number {
    return this.#queuedWrites;
  }

  /**
   * Answers once the write is durable and applied. Rejects with the statement's own error, with UNAVAILABLE when the queue is full or
   * nothing can be written, with CANCELLED when the signal came in time, with 40000 when other nodes' entries kept coming first.
   */
  submit(write: Write): Promise<WriteOutcome> {
    return new Promise((resolve, reject) => {
      if (this.#closed) throw new GeodeError("UNAVAILABLE", "The database is closed.");
      if (this.#failure !== null) throw this.#failure;
      const signal = write.kind === "system" ? undefined : write.signal;
      if (signal?.aborted === true) throw cancelled();
      const weight = weightOf(write);
      if (
        this.#queuedWrites >= this.#limits.queuedWritesMax ||
        this.#queuedBytes + weight > this.#limits.queuedBytesMax
      ) {
        throw new GeodeError(
          "UNAVAILABLE",
          `Too many writes are waiting (${this.#queuedWrites}).`,
          {
            hint: "Send this write again a little later.",
            limit: "queuedWrites",
          },
        );
      }
      const withdraw = (): void => {
        const place = this.#waiting.indexOf(pending);
        if (place < 0) return;
        this.#waiting.splice(place, 1);
        this.#settle(pending, cancelled());
      };
      const pending: Pending = {
        write,
        weight,
        resolve,
        reject,
        forgetSignal: () => signal?.removeEventListener("abort", withdraw),
        overtaken: 0,
      };
      signal?.addEventListener("abort", withdraw);
      this.#queuedWrites += 1;
      this.#queuedBytes += weight;
      this.#waiting.push(pending);
      // In a microtask: what is submitted in one go becomes one batch.
      this.#working ??= Promise.resolve().then(() => this.#work());
    });
  }

  /** Refuses new writes and resolves when those under way are answered. The log stays open: it belongs to whoever opened it. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#working;
  }

  async #work(): Promise<void> {
    const { monotonicMs, later } = this.#environment;
    let taken: readonly Pending[] = [];
    let turnMs = monotonicMs();
    try {
      while (this.#waiting.length > 0) {
        const batch = runBatch(
          this.#waiting.map((pending) => pending.write),
          this.#replica,
          this.#conflicts,
          this.#ids,
          this.#environment,
          this.#limits,
          this.#hashKey,
        );
        taken = this.#waiting.splice(0, batch.verdicts.length);
        await this.#commit(batch, taken);
        taken = [];
        // However many writes there are, and however fast the log is: reads, sockets and timers get their turn.
        if (monotonicMs() - turnMs < this.#limits.batchMs) continue;
        await new Promise<void>((resume) => later(resume));
        turnMs = monotonicMs();
      }
    } catch (error) {
      this.#latch(error, taken);
    } finally {
      this.#working = null;
    }
  }

  /** Makes the batch durable, applies it and answers; or applies what came first and queues the writes again. */
  async #commit(batch: Batch, taken: readonly Pending[]): Promise<void> {
    if (batch.drafts.length === 0) return this.#answer(taken, batch);
    const lease = this.#ids.pendingLease();
    const entry = this.#entryOf(batch, lease);
    let encoded: EncodedEntry;
    try {
      encoded = encodeEntry(entry);
    } catch (error) {
      const reason = faultOf(error, this.#environment);
      for (const pending of taken) this.#settle(pending, reason);
      return;
    }
    if (await this.#append(entry, encoded)) {
      if (lease !== null) this.#ids.confirm(lease);
      this.#replica.bringIn({ entry, hash: encoded.hash });
      return this.#answer(taken, batch);
    }
    if (this.#ids.discard()) this.#conflicts.loseInserts();
    for (const next of readChain(this.#log, this.#replica.position)) this.#replica.bringIn(next);
    this.#requeue(taken);
  }

  #entryOf(batch: Batch, lease: Lease | null): Entry {
    const { position } = this.#replica;
    const firstSeq = position.seq + 1;
    const drafts =
      lease === null ? batch.drafts : [{ principal: "", patch: [lease] }, ...batch.drafts];
    return {
      format: ENTRY_FORMAT,
      number: position.number + 1,
      firstSeq,
      prevHash: position.hash,
      writer: this.#writer,
      nonce: this.#environment.randomBytes(16),
      // Time in the log does not go back, whatever the wall clock does.
      timeMs: Math.max(this.#replica.timeMs, this.#environment.nowMs()),
      commits: this.#replica.store.hasReserved
        ? drafts.map((draft, at) => ({ ...draft, patch: sealed(draft.patch, firstSeq + at) }))
        : drafts,
    };
  }

  /**
   * True when the log has our entry, false when it has another one in its place. When the log cannot say, it is asked what it holds,
   * and our nonce decides; if it holds nothing yet the same bytes are sent again, which compare-and-set makes harmless.
   */
  async #append(entry: Entry, encoded: EncodedEntry): Promise<boolean> {
    let pauseMs = this.#limits.appendRetryMs;
    for (let attempt = 1; attempt <= this.#limits.appendAttempts; attempt += 1) {
      const outcome = await this.#log.append(entry.number - 1, encoded.bytes, encoded.blobs);
      if (outcome === "ok") return true;
      for (const bytes of this.#log.read(entry.number)) {
        const there = decodeHeader(bytes);
        return sameHash(there.nonce, entry.nonce) && sameHash(there.writer, entry.writer);
      }
      const waitMs = pauseMs;
      await new Promise<void>((resume) => void this.#environment.after(waitMs, resume));
      pauseMs *= 2;
    }
    throw new GeodeError(
      "UNAVAILABLE",
      `The log did not say what became of entry ${entry.number}.`,
    );
  }

  #answer(taken: readonly Pending[], batch: Batch): void {
    // A lease, when there was one, took the first seq of the entry; count back from the last.
    const firstSeq = this.#replica.seq - batch.drafts.length + 1;
    taken.forEach((pending, place) => {
      this.#settle(pending, outcomeOf(batch.verdicts[place] as Verdict, firstSeq));
    });
  }

  /** Puts writes that were overtaken back to the head of the queue. */
  #requeue(taken: readonly Pending[]): void {
    const again: Pending[] = [];
    for (const pending of taken) {
      pending.overtaken += 1;
      if (pending.overtaken < this.#limits.appendAttempts) again.push(pending);
      else
        this.#settle(pending, new GeodeError("40000", "Writes of other nodes kept coming first."));
    }
    this.#waiting.unshift(...again);
  }

  #settle(pending: Pending, outcome: WriteOutcome | GeodeError): void {
    pending.forgetSignal();
    this.#queuedWrites -= 1;
    this.#queuedBytes -= pending.weight;
    if (outcome instanceof GeodeError) pending.reject(outcome);
    else pending.resolve(outcome);
  }

  /** The end of writing in this process. */
  #latch(cause: unknown, taken: readonly Pending[]): void {
    this.#environment.report(cause);
    const reason = cause instanceof Error ? cause.message : String(cause);
    this.#failure = new GeodeError(
      "UNAVAILABLE",
      `Nothing can be written since the log failed: ${reason}`,
      {
        cause,
        hint: "Reads go on. Look after the disk, then start the server again.",
      },
    );
    for (const pending of taken) {
      this.#settle(
        pending,
        new GeodeError(
          "UNAVAILABLE",
          `It is not known whether this write was committed: the log failed: ${reason}`,
          {
            cause,
            hint: "After the server has started again, send it again with the same idempotency key, or look first.",
          },
        ),
      );
    }
    for (const pending of this.#waiting.splice(0)) this.#settle(pending, this.#failure);
  }
}

function outcomeOf(verdict: Verdict, firstSeq: number): WriteOutcome | GeodeError {
  switch (verdict.kind) {
    case "commits": {
      const { index, result, stats, version } = verdict;
      const outcome = { seq: firstSeq + index, result, stats };
      return version === undefined ? outcome : { ...outcome, version };
    }
    case "unchanged":
      return { seq: firstSeq + verdict.after - 1, result: verdict.result, stats: noChanges() };
    case "repeats":
      return { seq: verdict.seq, result: null, stats: noChanges() };
    case "repeatsDraft":
      return { seq: firstSeq + verdict.index, result: null, stats: noChanges() };
    case "fails":
      return verdict.error;
    default:
      return unreachable(verdict);
  }
}

function cancelled(): GeodeError {
  return new GeodeError("CANCELLED", "The write was cancelled before it was executed.");
}

/** What a waiting write holds in memory, about, in bytes. */
function weightOf(write: Write): number {
  switch (write.kind) {
    case "statement":
      return 256 + propertiesWeight(write.parameters);
    case "edit":
      return 256 + write.bytes.length;
    case "transaction":
    case "system":
      return 256 + patchWeight(write.patch);
    default:
      return unreachable(write);
  }
}
