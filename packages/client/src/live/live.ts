import type { ClientMessage, SubscribeMessage } from "@geode/protocol";
import { GeodeError } from "@geode/values";
import { backoffMs } from "../connection/backoff.ts";
import type { Backoff } from "../connection/backoff.ts";
import type { Clock } from "../clock.ts";
import type { Loss } from "../connection/state.ts";
import { ServerError, unreadable } from "../error.ts";
import type { AnyRow } from "../request/result.ts";
import type {
  Column,
  ErrorMessage,
  LiveHead,
  Notice,
  ResultMessage,
  UpdateMessage,
} from "../wire/messages.ts";
import { BrokenFrame } from "../wire/broken-frame.ts";
import type { Commit } from "./changes.ts";
import { columnsWith } from "./columns.ts";
import { Consumer } from "./consumer.ts";
import { Replica } from "./replica.ts";
import { nextLive } from "./state.ts";
import type { LiveEvent, LiveState } from "./state.ts";

/** Everything about a live result at one moment. The same object until something changes. */
export interface LiveSnapshot<Row> {
  readonly state: LiveState["kind"];
  /** In the order of the query when it has one. A row that did not change is the same object as before. */
  readonly rows: readonly Row[];
  /** One per row: opaque, and the same for a row as long as it is in the result. */
  readonly keys: readonly string[];
  readonly columns: readonly Column[];
  readonly notices: readonly Notice[];
  /** The last commit that the rows show; null before the first answer. */
  readonly seq: number | null;
  /** How the server keeps the result up to date, in its words; null before the first answer. */
  readonly maintenance: string | null;
  /** Why it was closed, unless the application did. */
  readonly error: GeodeError | null;
}

/** A SUBSCRIBE message without its id and resume. */
export type SubscribeFields = Omit<SubscribeMessage, "type" | "id" | "resume">;

/** What a live result needs of the client that made it. */
export interface LiveHost {
  readonly clock: Clock;
  readonly random: () => number;
  readonly backoff: Backoff;
  /** A new subscription id, under which messages will be routed here from now on. */
  register(live: LiveQuery): string;
  unregister(subscription: string): void;
  /** Sends when there is a connection; false when there is none (then `connected` will be called). */
  send(message: ClientMessage): boolean;
  ended(live: LiveQuery): void;
}

/** What the client tells a live result, whatever its rows are. */
export interface LiveQuery {
  connected(): void;
  disconnected(loss: Loss): void;
  clientClosed(error: GeodeError | null): void;
  result(message: ResultMessage): void;
  update(message: UpdateMessage): void;
  failed(message: ErrorMessage): void;
}

/** A change-only query has no snapshot, so its copy is not the server's result and proves nothing. */
const CHANGES_ONLY = /\bEMIT\s+CHANGES\s*;?\s*$/i;

/**
 * A query whose result stays up to date. `rows`, `state` and the rest may be read at any time; `subscribe` tells when they changed
 * and fits React: `useSyncExternalStore(live.subscribe, live.getSnapshot)`. All changes of one commit become visible together.
 *
 * After a lost connection the rows stay readable (`state` is "stale") and the result resumes where it was; should the server no
 * longer know, it is compared with a fresh snapshot, and listeners see the difference only. The digest that the server sends with
 * every commit is always checked (it costs a few µs per changed row); a copy that is not the server's result is fetched again.
 */
export class Live<Row = AnyRow> implements LiveQuery, AsyncIterable<Commit<Row>> {
  readonly #host: LiveHost;
  readonly #fields: SubscribeFields;
  readonly #replica: Replica<Row>;
  readonly #changesOnly: boolean;
  #state: LiveState = { kind: "connecting", subscription: null };
  #columns: readonly Column[] = [];
  #notices: readonly Notice[] = [];
  #maintenance: string | null = null;
  #pending: UpdateMessage[] = [];
  #attempt = 0;
  #divergences = 0;
  /** Whether any rows were shown yet. */
  #told = false;
  #stopRetry: () => void = () => {};
  /** Null when something has changed since it was last asked for. */
  #snapshot: LiveSnapshot<Row> | null = null;
  #rows: { readonly rows: readonly Row[]; readonly keys: readonly string[] } | null = null;
  readonly #listeners = new Set<() => void>();
  readonly #consumers = new Set<Consumer<Row>>();
  readonly #ready = Promise.withResolvers<void>();

  /** Made by `Geode.live`. */
  constructor(host: LiveHost, fields: SubscribeFields, decode: (raw: unknown) => Row) {
    this.#host = host;
    this.#fields = fields;
    this.#replica = new Replica(decode);
    this.#changesOnly = CHANGES_ONLY.test(fields.query);
    // Whoever awaits `ready` sees the failure; it is no unhandled rejection of those who read `error`.
    this.#ready.promise.catch(() => {});
  }

  /** Resolves with the first rows; fails if the query is refused or closed before. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  get state(): LiveState["kind"] {
    return this.#state.kind;
  }

  get rows(): readonly Row[] {
    return this.getSnapshot().rows;
  }

  get keys(): readonly string[] {
    return this.getSnapshot().keys;
  }

  get columns(): readonly Column[] {
    return this.#columns;
  }

  get seq(): number | null {
    return this.getSnapshot().seq;
  }

  get error(): GeodeError | null {
    return this.#state.kind === "closed" ? this.#state.error : null;
  }

  /** Everything at once; the same object as long as nothing changes. */
  readonly getSnapshot = (): LiveSnapshot<Row> => {
    this.#snapshot ??= this.#makeSnapshot();
    return this.#snapshot;
  };

  /** Calls the listener after every change, once per commit. Returns how to stop. A listener that throws disturbs nobody. */
  readonly subscribe = (listener: () => void): (() => void) => {
    // Wrapped, so that one function given twice is two subscriptions.
    const own = (): void => listener();
    this.#listeners.add(own);
    return () => {
      this.#listeners.delete(own);
    };
  };

  /** Ends it here and at the server. The last rows stay readable. Idempotent. */
  readonly close = (): void => {
    if (this.#state.kind === "closed") return;
    this.#leave(true);
    this.#end(null);
  };

  /**
   * The changes, commit by commit, beginning with everything that is there as inserts. A consumer that falls behind gets several
   * commits as one. Ends when the live query is closed; throws if it failed.
   */
  [Symbol.asyncIterator](): AsyncIterator<Commit<Row>, undefined> {
    const consumer = new Consumer<Row>((gone) => this.#consumers.delete(gone));
    const { seq, rows, keys } = this.getSnapshot();
    if (this.#told && seq !== null) {
      consumer.push({
        seq,
        changes: rows.map((row, position) => ({
          op: "insert",
          key: keys[position] as string,
          row,
        })),
      });
    }
    if (this.#state.kind === "closed") consumer.end(this.#state.error);
    else this.#consumers.add(consumer);
    return consumer;
  }

  connected(): void {
    this.#stopRetry();
    if (this.#state.kind === "closed" || this.#state.subscription !== null) return;
    const subscription = this.#host.register(this);
    const { state } = this;
    const resume =
      this.#state.kind === "stale"
        ? {
            epoch: this.#state.epoch,
            seq: this.#state.seq,
            ...(this.#changesOnly ? {} : { digest: this.#replica.digest }),
          }
        : null;
    this.#move({ kind: "subscribed", subscription });
    const sent = this.#host.send({
      type: "SUBSCRIBE",
      id: subscription,
      ...this.#fields,
      ...(resume === null ? {} : { resume }),
    });
    if (!sent) this.#detach();
    else if (state !== this.state) this.#changed();
  }

  disconnected(loss: Loss): void {
    if (loss.unreadable && this.#state.kind === "connecting" && this.#state.subscription !== null) {
      // It was never answered, so it may well be what the server could not read.
      this.#leave(false);
      this.#end(unreadable(loss.reason));
      return;
    }
    this.#detach();
  }

  #detach(): void {
    this.#stopRetry();
    if (this.#state.kind === "closed") return;
    const before = this.state;
    this.#leave(false);
    if (before !== this.state) this.#changed();
  }

  clientClosed(error: GeodeError | null): void {
    this.#leave(false);
    this.#end(error);
  }

  result(message: ResultMessage): void {
    const { live } = message;
    if (live === null || this.#state.kind === "closed") return;
    this.#attempt = 0;
    this.#columns = message.columns;
    this.#notices = message.notices;
    this.#maintenance = live.maintenance;
    if (this.#state.kind !== "stale") this.#startOver(message, live);
    else if (live.resumed) this.#resume(message, live, this.#state.seq);
    else if (this.#changesOnly) this.#skip(message, live, this.#state.seq);
    else this.#startOver(message, live);
  }

  update(message: UpdateMessage): void {
    if (this.#state.kind !== "live") return;
    // Already part of the snapshot that came in between.
    if (message.seq <= this.#state.seq) return;
    if (message.prevSeq > this.#state.seq) {
      this.#resubscribe();
      return;
    }
    if (this.#pending.length >= COMMIT_CHANGES_MAX) throw new BrokenFrame("a commit without end");
    this.#pending.push(message);
    if (!message.last) return;
    const commit = this.#pending;
    this.#pending = [];
    if (commit.some((update) => update.seq !== message.seq)) {
      this.#resubscribe();
      return;
    }
    const changes = this.#replica.apply(commit);
    this.#move({ kind: "current", epoch: this.#state.epoch, seq: message.seq });
    this.#publishVerified({ seq: message.seq, changes }, message.digest);
  }

  failed(message: ErrorMessage): void {
    if (this.#state.kind === "closed") return;
    const error = new ServerError(message);
    this.#leave(false);
    if (!error.retryable) {
      this.#end(error);
      return;
    }
    this.#attempt += 1;
    const delayMs = Math.max(
      error.retryAfterMs ?? 0,
      backoffMs(this.#host.backoff, this.#attempt, this.#host.random),
    );
    this.#stopRetry = this.#host.clock.after(delayMs, () => this.connected());
    this.#changed();
  }

  /** The server kept our place: what changed since comes as UPDATEs. With an equal digest nothing did. */
  #resume(message: ResultMessage, live: LiveHead, ownSeq: number): void {
    const unchanged = !this.#changesOnly && live.digest === this.#replica.digest;
    this.#move({ kind: "current", epoch: live.epoch, seq: unchanged ? message.seq : ownSeq });
    this.#changed();
  }

  /** Changes only, and the server could not resume: what came in between is lost, which is said and not hidden. */
  #skip(message: ResultMessage, live: LiveHead, ownSeq: number): void {
    if (message.seq > ownSeq) {
      const gap = `Changes after commit ${ownSeq} and up to ${message.seq} were missed`;
      this.#notices = [...message.notices, { code: "GAP", message: gap }];
    }
    this.#move({ kind: "current", epoch: live.epoch, seq: message.seq });
    this.#changed();
  }

  #startOver(message: ResultMessage, live: LiveHead): void {
    const changes = this.#replica.reset(live.keys, message.data);
    this.#move({ kind: "current", epoch: live.epoch, seq: message.seq });
    this.#publishVerified({ seq: message.seq, changes }, live.digest);
  }

  /** Tells of a commit. If it did not make the copy what the server has, the rows are stale from here on and fetched anew. */
  #publishVerified(commit: Commit<Row>, digest: string | null): void {
    this.#publish(commit);
    // A listener may have closed it.
    if (this.#state.kind !== "live") return;
    if (this.#changesOnly || digest === null || digest === this.#replica.digest) {
      this.#divergences = 0;
      return;
    }
    this.#divergences += 1;
    if (this.#divergences < DIVERGENCES_MAX) {
      this.#resubscribe();
      return;
    }
    this.#leave(true);
    this.#end(diverged());
  }

  /** Gives this subscription up and asks again from where we are; a wrong digest makes the server answer with a snapshot. */
  #resubscribe(): void {
    this.#leave(true);
    this.connected();
    this.#rows = null;
    this.#changed();
  }

  /** Detaches from the present subscription; `tell` the server, when the connection is still the one that has it. */
  #leave(tell: boolean): void {
    this.#stopRetry();
    this.#pending = [];
    if (this.#state.kind === "closed" || this.#state.subscription === null) return;
    const { subscription } = this.#state;
    this.#host.unregister(subscription);
    if (tell) this.#host.send({ type: "UNSUBSCRIBE", id: subscription });
    this.#move({ kind: "detached" });
  }

  #end(error: GeodeError | null): void {
    if (this.#state.kind === "closed") return;
    this.#move({ kind: "closed", error });
    this.#ready.reject(
      error ?? new GeodeError("CANCELLED", "The live query was closed before its first rows came"),
    );
    this.#host.ended(this);
    for (const consumer of this.#consumers) consumer.end(error);
    this.#consumers.clear();
    this.#changed();
    this.#listeners.clear();
  }

  #move(event: LiveEvent): void {
    this.#state = nextLive(this.#state, event);
  }

  #publish(commit: Commit<Row>): void {
    this.#rows = null;
    this.#columns = columnsWith(this.#columns, commit.changes);
    // The first snapshot is said even when it is empty: now it is known that there is nothing.
    if (commit.changes.length > 0 || !this.#told)
      for (const consumer of this.#consumers) consumer.push(commit);
    this.#told = true;
    this.#ready.resolve();
    this.#changed();
  }

  #changed(): void {
    this.#snapshot = null;
    for (const listener of Array.from(this.#listeners)) {
      try {
        listener();
      } catch (error) {
        // Reported as what it is, an uncaught error of the application, without stopping anybody else.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  #makeSnapshot(): LiveSnapshot<Row> {
    this.#rows ??= { rows: this.#replica.rows(), keys: this.#replica.keys() };
    return {
      state: this.#state.kind,
      ...this.#rows,
      columns: this.#columns,
      notices: this.#notices,
      seq: this.#state.kind === "live" || this.#state.kind === "stale" ? this.#state.seq : null,
      maintenance: this.#maintenance,
      error: this.error,
    };
  }
}

/** Changes of one commit that are kept until its last one comes. */
const COMMIT_CHANGES_MAX = 1_000_000;

/** Wrong copies in a row after which it is no accident. */
const DIVERGENCES_MAX = 3;

function diverged(): GeodeError {
  return new GeodeError(
    "INTERNAL",
    `The copy of the result differed from the server's ${DIVERGENCES_MAX} times in a row`,
    {
      hint: "Client and server disagree about the protocol; check that their versions match",
    },
  );
}
