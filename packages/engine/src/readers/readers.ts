import type { GeodeError } from "@geode/values";
import type { Result } from "../execute/statement.ts";
import type { Patch } from "../graph/effect.ts";
import type { Store } from "../graph/store.ts";
import type { ReaderLimits } from "./limits.ts";
import { Reader, type ReaderQuery } from "./reader.ts";

/** What readers need of the world. */
export interface ReaderEnvironment {
  /** Runs the task after at least that many milliseconds; the returned function calls it off. */
  readonly after: (delayMs: number, task: () => void) => () => void;
  /** Is told of readers that ended by themselves. */
  readonly report: (error: unknown) => void;
}

/** How long a reader that failed is left alone before another one takes its place. */
const RESTART_MS = 1_000;

/**
 * The threads that take the long reads off the main thread. Each holds a replica of the graph, fed commit by commit in the same channel
 * as the queries; so an answer is exact for the seq at which the query was sent. A reader that fails, or falls too far behind, is made
 * anew.
 */
export class Readers {
  readonly #store: Store;
  readonly #limits: ReaderLimits;
  readonly #environment: ReaderEnvironment;
  readonly #readers = new Set<Reader>();
  readonly #restarts = new Set<() => void>();
  #patches: Patch[] = [];
  #closed = false;

  constructor(store: Store, count: number, limits: ReaderLimits, environment: ReaderEnvironment) {
    this.#store = store;
    this.#limits = limits;
    this.#environment = environment;
    for (let index = 0; index < count; index++) this.#start();
  }

  /** Time that a read gets on the main thread. */
  get mainThreadMs(): number {
    return this.#limits.mainThreadMs;
  }

  /** How many run. */
  get count(): number {
    return this.#readers.size;
  }

  /** Whether a long read has somewhere to go. */
  get available(): boolean {
    return this.#readers.size > 0;
  }

  /** See `Follower`. */
  afterCommit({ patch }: { readonly patch: Patch }): void {
    this.#patches.push(patch);
  }

  /** See `Follower`. */
  afterEntry(): void {
    const patches = this.#patches;
    this.#patches = [];
    for (const reader of this.#readers) reader.apply(patches);
  }

  /** Runs a read on the reader that has the least to do. One is {@link available}. */
  query(query: ReaderQuery): Promise<Result> {
    const [first, ...others] = this.#readers;
    if (!first) throw new Error("there is no reader");
    return others
      .reduce((least, other) => (other.load < least.load ? other : least), first)
      .query(query);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const callOff of this.#restarts) callOff();
    await Promise.all([...this.#readers].map((reader) => reader.close()));
  }

  #start(): void {
    const reader: Reader = new Reader(this.#store.effects(), this.#limits, (reason) =>
      this.#replace(reader, reason),
    );
    this.#readers.add(reader);
  }

  #replace(reader: Reader, reason: GeodeError): void {
    this.#readers.delete(reader);
    if (this.#closed) return;
    this.#environment.report(reason);
    const callOff = this.#environment.after(RESTART_MS, () => {
      this.#restarts.delete(callOff);
      this.#start();
    });
    this.#restarts.add(callOff);
  }
}
