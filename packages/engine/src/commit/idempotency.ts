import type { IdempotencyRecord } from "../log/checkpoint.ts";

export interface IdempotencyLimits {
  /** How long a key is remembered, in milliseconds. */
  readonly keptMs: number;
  /** Keys remembered at once; beyond it the oldest go first. */
  readonly keysMax: number;
}

export const DEFAULT_IDEMPOTENCY: IdempotencyLimits = {
  keptMs: 24 * 60 * 60 * 1000,
  keysMax: 1_000_000,
};

/**
 * Which writes were already done: (principal, key) → seq. It follows the log like everything else and is rebuilt from checkpoint and
 * entries, so a client may repeat a write after a crash of either side. Time is that of the entries: replay forgets what the live
 * process forgot.
 */
export class IdempotencyKeys {
  readonly #limits: IdempotencyLimits;
  /** In order of commit, and so of time. */
  readonly #records = new Map<string, IdempotencyRecord>();

  constructor(limits: IdempotencyLimits = DEFAULT_IDEMPOTENCY) {
    this.#limits = limits;
  }

  /** The seq of the write that this principal committed under the key, if it is still remembered at `nowMs`. */
  find(principal: string, key: string, nowMs: number): number | undefined {
    const record = this.#records.get(nameOf(principal, key));
    return record === undefined || this.#expired(record, nowMs) ? undefined : record.seq;
  }

  /** Remembers a committed write and forgets those that are due. The first write under a key stays unless it is expired. */
  add(record: IdempotencyRecord): void {
    const name = nameOf(record.principal, record.key);
    this.forget(record.timeMs);
    if (this.#records.has(name)) return;
    this.#records.set(name, record);
    if (this.#records.size > this.#limits.keysMax) {
      const oldest = this.#records.keys().next();
      if (!oldest.done) this.#records.delete(oldest.value);
    }
  }

  /** Drops what is older than the limit at `nowMs`. Records stand in order of time, so it stops at the first that stays. */
  forget(nowMs: number): void {
    for (const [name, record] of this.#records) {
      if (!this.#expired(record, nowMs)) return;
      this.#records.delete(name);
    }
  }

  #expired(record: IdempotencyRecord, nowMs: number): boolean {
    return nowMs - record.timeMs >= this.#limits.keptMs;
  }

  /** Everything remembered, oldest first: for checkpoints. */
  records(): Iterable<IdempotencyRecord> {
    return this.#records.values();
  }

  get size(): number {
    return this.#records.size;
  }
}

/** One name for both, unambiguous whatever characters they hold. */
function nameOf(principal: string, key: string): string {
  return `${principal.length}:${principal}${key}`;
}
