import type { Clock, Timer } from "../clock.ts";

export interface HeartbeatOptions {
  readonly clock: Clock;
  readonly pingMs: number;
  readonly pongMsMax: number;
  readonly ping: () => void;
  /** False while the connection is not read: then an answer could not be heard, and silence proves nothing. */
  readonly listening: () => boolean;
  /** Two pings in a row were not answered in time. */
  readonly onDead: () => void;
}

/**
 * Finds peers that went away without a word. A ping that is not answered in time is counted; a second one in a row ends the connection.
 * Any sign of life counts as an answer: a peer that reads a long answer gets to the ping behind it late.
 */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  #timer: Timer;
  #answered = true;
  #missed = 0;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
    this.#timer = options.clock.timer(options.pingMs, () => this.#ping());
  }

  signOfLife(): void {
    this.#missed = 0;
    this.#answered = true;
  }

  close(): void {
    this.#timer.cancel();
  }

  #ping(): void {
    const { clock, ping, pongMsMax } = this.#options;
    this.#answered = false;
    ping();
    this.#timer = clock.timer(pongMsMax, () => this.#judge());
  }

  #judge(): void {
    const { clock, listening, onDead, pingMs, pongMsMax } = this.#options;
    if (!this.#answered && listening() && ++this.#missed === 2) return onDead();
    this.#timer = clock.timer(Math.max(0, pingMs - pongMsMax), () => this.#ping());
  }
}
