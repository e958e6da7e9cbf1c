export interface HeartbeatOptions {
  readonly pingMs: number;
  readonly pongMsMax: number;
  ping(): void;
  /** False while the connection is not read: then an answer could not be heard, and silence proves nothing. */
  listening(): boolean;
  /** Two pings in a row were not answered in time. */
  onDead(): void;
}

/**
 * Finds peers that went away without a word. A ping that is not answered in time is counted; a second one in a row ends the connection.
 * Any sign of life counts as an answer: a peer that reads a long answer gets to the ping behind it late.
 */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  /** A ping is under way, and its time is not over. */
  #asking = false;
  #answered = true;
  #missed = 0;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
  }

  signOfLife(): void {
    this.#missed = 0;
    this.#answered = true;
  }

  /** Asks, or judges the answer. Answers after how many milliseconds to be called again; undefined: never. First after `pingMs`. */
  beat(): number | undefined {
    const { pingMs, pongMsMax } = this.#options;
    this.#asking = !this.#asking;
    if (this.#asking) {
      this.#answered = false;
      this.#options.ping();
      return pongMsMax;
    }
    if (!this.#answered && this.#options.listening() && ++this.#missed === 2) {
      this.#options.onDead();
      return undefined;
    }
    return Math.max(0, pingMs - pongMsMax);
  }
}
