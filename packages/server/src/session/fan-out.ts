import type { Clock } from "../clock.ts";

/** Something that has gathered what it will write. */
export interface Flushable {
  flush(): void;
}

/** So many sockets are written to in one turn with updates alone; then pings and queries have theirs. */
const SOCKETS_PER_TURN = 500;

/**
 * Writes what was gathered in a turn, for all connections of a server. Who waits for an answer gets it at the end of the turn, in any
 * case; who gets only what others caused is served in slices, and what comes meanwhile is gathered too.
 */
export class FanOut {
  readonly #clock: Pick<Clock, "endOfTurn">;
  readonly #socketsPerTurn: number;
  #answers = new Set<Flushable>();
  readonly #updates = new Set<Flushable>();
  #asked = false;

  constructor(clock: Pick<Clock, "endOfTurn">, socketsPerTurn = SOCKETS_PER_TURN) {
    this.#clock = clock;
    this.#socketsPerTurn = socketsPerTurn;
  }

  /** To be flushed once: at the end of the turn, or in its slice. */
  ask(flushable: Flushable, why: "answer" | "update"): void {
    if (why === "answer") this.#answers.add(flushable);
    else this.#updates.add(flushable);
    if (!this.#asked) this.#askTurn();
  }

  /** No longer to be flushed. */
  forget(flushable: Flushable): void {
    this.#answers.delete(flushable);
    this.#updates.delete(flushable);
  }

  #askTurn(): void {
    this.#asked = true;
    this.#clock.endOfTurn(() => this.#turn());
  }

  #turn(): void {
    this.#asked = false;
    const answers = this.#answers;
    this.#answers = new Set();
    for (const flushable of answers) {
      this.#updates.delete(flushable);
      flushable.flush();
    }
    let left = this.#socketsPerTurn;
    for (const flushable of this.#updates) {
      if (left-- === 0) break;
      this.#updates.delete(flushable);
      flushable.flush();
    }
    if (this.#updates.size > 0) this.#askTurn();
  }
}
