import { GeodeError } from "@geode/values";
import type { Withdrawal } from "../withdrawal.ts";
import type { Environment } from "./environment.ts";
import type { Follower, Replica } from "./replica.ts";

interface Waiter {
  readonly seq: number;
  readonly done: (error: GeodeError | null) => void;
}

/** Those who want to read their own write on a replica that has not got it yet. */
export class SeqWaiters implements Follower {
  readonly #replica: Replica;
  readonly #environment: Environment;
  readonly #waitersMax: number;
  readonly #waiters = new Set<Waiter>();

  constructor(replica: Replica, environment: Environment, waitersMax: number) {
    this.#replica = replica;
    this.#environment = environment;
    this.#waitersMax = waitersMax;
  }

  /**
   * Resolves when the commit `seq` is in. Rejects with UNAVAILABLE when it did not come in time or too many wait, with CANCELLED by the
   * signal.
   */
  wait(seq: number, timeoutMs: number, signal: Withdrawal | undefined): Promise<void> {
    if (this.#replica.seq >= seq) return Promise.resolve();
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) throw new GeodeError("CANCELLED", "The query was cancelled.");
      if (this.#waiters.size >= this.#waitersMax) {
        throw new GeodeError(
          "UNAVAILABLE",
          `Too many queries wait for a later commit (${this.#waiters.size}).`,
        );
      }
      const abort = (): void =>
        waiter.done(new GeodeError("CANCELLED", "The query was cancelled."));
      const waiter: Waiter = {
        seq,
        done: (error) => {
          if (!this.#waiters.delete(waiter)) return;
          forgetTimeout();
          signal?.removeEventListener("abort", abort);
          if (error === null) resolve();
          else reject(error);
        },
      };
      const forgetTimeout = this.#environment.after(timeoutMs, () => waiter.done(this.#late(seq)));
      signal?.addEventListener("abort", abort);
      this.#waiters.add(waiter);
    });
  }

  #late(seq: number): GeodeError {
    return new GeodeError(
      "UNAVAILABLE",
      `Commit ${seq} has not arrived; the last one here is ${this.#replica.seq}.`,
      {
        hint: "min_seq is the seq of an answer of this database; check that it belongs to the current epoch.",
      },
    );
  }

  /** See {@link Follower}: lets those go whose commit is in. */
  afterEntry(): void {
    for (const waiter of this.#waiters) if (waiter.seq <= this.#replica.seq) waiter.done(null);
  }

  /** Everybody is told that nothing more comes. */
  close(): void {
    for (const waiter of this.#waiters)
      waiter.done(new GeodeError("UNAVAILABLE", "The database is closed."));
  }
}
