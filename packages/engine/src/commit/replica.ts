import type { ChainedEntry, LogPosition } from "../log/chain.ts";
import type { Effect, Patch } from "../graph/effect.ts";
import type { Store } from "../graph/store.ts";
import { Undo } from "../graph/undo.ts";
import { Policies } from "../policy/policies.ts";
import type { Environment } from "./environment.ts";
import type { IdempotencyKeys } from "./idempotency.ts";

/** One commit of the log, with the number that it has there. */
export interface Commit {
  readonly seq: number;
  readonly principal: string;
  readonly key?: string;
  readonly patch: Patch;
  /** When its entry was made, in milliseconds since 1970. */
  readonly timeMs: number;
}

/**
 * Whoever follows the data follows it here, commit by commit, and sees durable states only. A follower that throws is reported and
 * called again for the next commit: it cannot hold up a writer.
 */
export interface Follower {
  /** An effect is about to be applied: the store still shows the state before it. */
  beforeEffect?(effect: Effect): void;
  /** The last effect of the commit is in. */
  afterCommit?(commit: Commit): void;
  /** The last commit of the entry is in; its writers are answered next. */
  afterEntry?(): void;
}

/**
 * The graph in memory and what belongs to it, as a replica of the log: {@link bringIn} is the one way in, for recovery, for entries of
 * others and for our own alike. So the store is always exactly the prefix of the log that ends at `seq`.
 */
export class Replica {
  readonly store: Store;
  readonly idempotency: IdempotencyKeys;
  readonly policies: Policies;
  readonly #environment: Environment;
  readonly #followers = new Set<Follower>();
  /** Those of them that look at every effect. */
  #watchers: readonly Watcher[] = [];
  #seq: number;
  #number: number;
  #hash: Uint8Array;
  #timeMs: number;

  /** The store is that of the position `at`, which is from `timeMs`. */
  constructor(
    store: Store,
    idempotency: IdempotencyKeys,
    environment: Environment,
    at: LogPosition,
    timeMs = 0,
  ) {
    this.store = store;
    this.idempotency = idempotency;
    this.policies = new Policies(store);
    this.#environment = environment;
    this.#seq = at.seq;
    this.#number = at.number;
    this.#hash = at.hash;
    this.#timeMs = timeMs;
  }

  /** The last commit that is in. */
  get seq(): number {
    return this.#seq;
  }

  /** After the last entry that is in. */
  get position(): LogPosition {
    return { number: this.#number, hash: this.#hash, seq: this.#seq };
  }

  /** The time of that entry, in milliseconds since 1970. */
  get timeMs(): number {
    return this.#timeMs;
  }

  /** Returns how to stop following. */
  follow(follower: Follower): () => void {
    this.#followers.add(follower);
    this.#watchers = [...this.#followers].filter(isWatcher);
    return () => {
      this.#followers.delete(follower);
      this.#watchers = this.#watchers.filter((watcher) => watcher !== follower);
    };
  }

  /**
   * Applies a durable entry that was found to be the next one. Throws CORRUPT when it does not fit the graph; then the commit that does
   * not fit is undone and none after it is applied, and the caller has to stop writing.
   */
  bringIn({ entry, hash }: Pick<ChainedEntry, "entry" | "hash">): void {
    for (const [place, { principal, key, patch }] of entry.commits.entries()) {
      const commit = { seq: entry.firstSeq + place, principal, patch, timeMs: entry.timeMs };
      this.#bringInCommit(key === undefined ? commit : { ...commit, key });
    }
    this.#number = entry.number;
    this.#hash = hash;
    this.#tell((follower) => follower.afterEntry?.());
  }

  #bringInCommit(commit: Commit): void {
    const undo = new Undo();
    try {
      for (const effect of commit.patch) {
        for (const watcher of this.#watchers) {
          try {
            watcher.beforeEffect(effect);
          } catch (error) {
            this.#environment.report(error);
          }
        }
        this.store.apply(effect, undo);
      }
    } catch (error) {
      this.store.rollback(undo, 0);
      throw error;
    }
    this.#seq = commit.seq;
    this.#timeMs = Math.max(this.#timeMs, commit.timeMs);
    if (commit.key !== undefined) {
      this.idempotency.add({
        principal: commit.principal,
        key: commit.key,
        seq: commit.seq,
        timeMs: commit.timeMs,
      });
    }
    this.#tell((follower) => follower.afterCommit?.(commit));
  }

  #tell(call: (follower: Follower) => void): void {
    for (const follower of this.#followers) {
      try {
        call(follower);
      } catch (error) {
        this.#environment.report(error);
      }
    }
  }
}

type Watcher = Follower & Required<Pick<Follower, "beforeEffect">>;

function isWatcher(follower: Follower): follower is Watcher {
  return follower.beforeEffect !== undefined;
}
