import type { Clock } from "../clock.ts";
import type { Connection } from "../transport/connection.ts";

export interface OutboxOptions {
  readonly connection: Connection;
  readonly clock: Clock;
  /** Of updates that wait. */
  readonly bytesMax: number;
  /** More updates wait than that. */
  readonly onOverflow: () => void;
  /** Called when the connection took something and the outbox is not congested. */
  readonly onRelief: () => void;
}

/** Frames of one commit for one subscription. */
export interface UpdateFrames {
  readonly frames: readonly string[];
  readonly bytes: number;
}

/**
 * What waits to be sent on one connection.
 *
 * Everything of one turn leaves in one write, answers first: so the answer to a write stands before the updates that it caused. While
 * the connection still holds more than {@link HELD_BYTES}, frames wait here; a slow peer's updates may fill `bytesMax` and then it is closed.
 * Answers do not count towards that: their requests are bounded, and no more are read while answers wait ({@link Outbox.congested}).
 */
export class Outbox {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #bytesMax: number;
  readonly #onOverflow: () => void;
  readonly #onRelief: () => void;
  #answers: string[] = [];
  #updates: { readonly owner: object; readonly update: UpdateFrames }[] = [];
  #answerBytes = 0;
  #updateBytes = 0;
  #flushAsked = false;
  #closed = false;

  constructor(options: OutboxOptions) {
    this.#connection = options.connection;
    this.#clock = options.clock;
    this.#bytesMax = options.bytesMax;
    this.#onOverflow = options.onOverflow;
    this.#onRelief = options.onRelief;
  }

  /** Queues an answer to a request. */
  answer(frame: string): void {
    if (this.#closed) return;
    this.#answers.push(frame);
    this.#answerBytes += Buffer.byteLength(frame);
    this.#askFlush();
  }

  /** Queues the updates of one commit. `owner` is the subscription, so that it can take them back. */
  update(owner: object, update: UpdateFrames): void {
    if (this.#closed) return;
    this.#updates.push({ owner, update });
    this.#updateBytes += update.bytes;
    // A large commit is no sign of a slow peer: only what is left when the connection has taken its part is too much.
    if (this.#updateBytes > this.#bytesMax) this.flush();
    if (this.#updateBytes > this.#bytesMax) return this.#onOverflow();
    this.#askFlush();
  }

  /** Takes back the updates of one subscription that have not left yet. */
  withdraw(owner: object): void {
    this.#updates = this.#updates.filter((waiting) => waiting.owner !== owner);
    this.#updateBytes = this.#updates.reduce((sum, waiting) => sum + waiting.update.bytes, 0);
  }

  /** Whether so much is waiting that no further request should be started. */
  get congested(): boolean {
    return this.#answerBytes > HELD_BYTES || this.#connection.bufferedBytes > HELD_BYTES;
  }

  /** Whether anything waits for the peer. */
  get pending(): boolean {
    return (
      this.#answers.length > 0 || this.#updates.length > 0 || this.#connection.bufferedBytes > 0
    );
  }

  /** The connection took something: to be called by whoever listens to it. */
  taken(): void {
    this.flush();
    if (!this.congested) this.#onRelief();
  }

  /** Hands over what fits now. */
  flush(): void {
    this.#flushAsked = false;
    if (this.#closed || this.#connection.bufferedBytes > HELD_BYTES) return;
    if (this.#answers.length === 0 && this.#updates.length === 0) return;
    const frames = this.#answers;
    for (const { update } of this.#updates) {
      for (const frame of update.frames) frames.push(frame);
    }
    this.#answers = [];
    this.#updates = [];
    this.#answerBytes = 0;
    this.#updateBytes = 0;
    this.#connection.send(frames);
  }

  /** Hands over what fits, and from then on nothing. */
  close(): void {
    this.flush();
    this.#closed = true;
    this.#answers = [];
    this.#updates = [];
  }

  #askFlush(): void {
    if (this.#flushAsked) return;
    this.#flushAsked = true;
    this.#clock.endOfTurn(() => this.flush());
  }
}

/** Enough to keep a connection busy until it asks for more. */
const HELD_BYTES = 1024 * 1024;
