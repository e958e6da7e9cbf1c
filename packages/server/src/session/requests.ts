import type { Clock } from "../clock.ts";
import type { Access } from "../port.ts";

/** A request that was accepted and has to be run in its turn. */
export interface Request {
  /** Asked when its turn has come: what came before it may decide. */
  readonly access: Access;
  /** Runs it and answers it; undefined when that is done already. Never throws or rejects. */
  run(): Promise<void> | undefined;
}

export interface RequestsOptions {
  readonly clock: Pick<Clock, "endOfTurn" | "nowMs">;
  /** How many may be started and unanswered. */
  readonly inFlightMax: number;
  /** False while no further request should be started, e.g. because answers pile up. */
  ready(): boolean;
  /** Called when a request is started, with how long it has waited for that. */
  onStart(waitedMs: number): void;
  /** Called when the number of requests that wait or run has passed the limit, in either direction. */
  onFull(full: boolean): void;
}

interface Waiting {
  readonly request: Request;
  readonly sinceMs: number;
}

/** What a connection without waiting requests has; never written to. */
const NOTHING: Waiting[] = [];
/** A read may be carried out at once and to its end: so many are started before it is known what their answers weigh. */
const READS_AT_A_TIME = 8;
/** Where those were answered quickly, more follow in the same turn, so that their answers leave together; then others have theirs. */
const READS_MS_PER_TURN = 2;

/**
 * The requests of one connection, started in the order in which they came. A read behind a write waits for the write's end, so it sees
 * it; writes follow each other at once, so they can share a commit; reads do not hold up what comes behind them. What may be either waits like a read and is waited for like a
 * write.
 */
export class Requests {
  readonly #options: RequestsOptions;
  #waiting: Waiting[] = NOTHING;
  #running = 0;
  #runningWrites = 0;
  /** Reads that were started since it was last looked whether there is time for more, and those of them that are not answered. */
  #reads = 0;
  #runningReads = 0;
  /** When this turn's first read was started; undefined before it. */
  #turnStartMs: number | undefined;
  #full = false;
  #closed = false;

  constructor(options: RequestsOptions) {
    this.#options = options;
  }

  submit(request: Request): void {
    if (this.#closed) return;
    const { access } = request;
    if (this.#waiting.length === 0 && this.#mayStart(access)) {
      this.#options.onStart(0);
      this.#start(request, access);
    } else {
      if (this.#waiting === NOTHING) this.#waiting = [];
      this.#waiting.push({ request, sinceMs: performance.now() });
    }
    this.#tellFull();
  }

  /** How many wait or run. */
  get count(): number {
    return this.#waiting.length + this.#running;
  }

  /** Starts what may be started; to be called again when `ready` turns true. */
  startMore(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      const { request, sinceMs } = next;
      const { access } = request;
      if (!this.#mayStart(access)) break;
      this.#waiting.shift();
      this.#options.onStart(performance.now() - sinceMs);
      this.#start(request, access);
    }
    if (this.#waiting.length === 0) this.#waiting = NOTHING;
    this.#tellFull();
  }

  /** Forgets what waits; what runs ends by itself. */
  close(): void {
    this.#closed = true;
    this.#waiting = NOTHING;
  }

  #tellFull(): void {
    const full = this.count >= this.#options.inFlightMax;
    if (full === this.#full) return;
    this.#full = full;
    this.#options.onFull(full);
  }

  #mayStart(access: Access): boolean {
    if (this.#running >= this.#options.inFlightMax || !this.#options.ready()) return false;
    if (access === "write") return true;
    return this.#runningWrites === 0 && this.#reads < READS_AT_A_TIME;
  }

  /** What is answered at once is none of those that make others wait. */
  #start(request: Request, access: Access): void {
    this.#running++;
    if (access !== "read") this.#runningWrites++;
    if (access !== "write") this.#readStarts();
    const ran = request.run();
    if (ran === undefined) return this.#ended(access);
    void ran.then(() => {
      this.#ended(access);
      if (!this.#closed) this.startMore();
    });
  }

  #ended(access: Access): void {
    this.#running--;
    if (access !== "read") this.#runningWrites--;
    if (access !== "write") this.#readEnds();
  }

  #readStarts(): void {
    this.#reads++;
    this.#runningReads++;
    if (this.#turnStartMs === undefined) this.#turnStarts();
  }

  #turnStarts(): void {
    this.#turnStartMs = this.#options.clock.nowMs();
    this.#options.clock.endOfTurn(() => {
      this.#turnStartMs = undefined;
      this.#reads = 0;
      if (!this.#closed) this.startMore();
    });
  }

  #readEnds(): void {
    this.#runningReads--;
    if (this.#runningReads > 0 || this.#turnStartMs === undefined) return;
    // Until then nobody waits.
    if (this.#reads < READS_AT_A_TIME) return;
    if (this.#options.clock.nowMs() - this.#turnStartMs < READS_MS_PER_TURN) this.#reads = 0;
  }
}
