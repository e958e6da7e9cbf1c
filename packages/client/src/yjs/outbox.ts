import { mergeUpdates } from "yjs";

/** Edits that may be unanswered at a time; what is written meanwhile goes as one. */
const IN_FLIGHT_MAX = 8;
/** What waits here, in bytes. It is in the document too, so beyond that it is given up and asked for. */
const WAITING_BYTES_MAX = 256 * 1024;

/** The updates of Yjs that were made here and that the server has not taken yet. */
export class Outbox {
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  /** The ids of the edits without an answer. */
  readonly #inFlight = new Set<string>();

  get isEmpty(): boolean {
    return this.#waiting.length === 0 && this.#inFlight.size === 0;
  }

  /** Whether every edit that was sent is answered. */
  get isAnswered(): boolean {
    return this.#inFlight.size === 0;
  }

  /** False, with nothing waiting any more, when it is too much. */
  add(update: Uint8Array): boolean {
    this.#waitingBytes += update.length;
    if (this.#waiting.length > 0 && this.#waitingBytes > WAITING_BYTES_MAX) {
      this.drop();
      return false;
    }
    this.#waiting.push(update);
    return true;
  }

  /** Everything that waits, as one update; null when nothing does or when answers have to come first. */
  next(): Uint8Array | null {
    if (this.#waiting.length === 0 || this.#inFlight.size >= IN_FLIGHT_MAX) return null;
    const update = this.#waiting.length === 1 ? this.#waiting[0]! : mergeUpdates(this.#waiting);
    this.drop();
    return update;
  }

  sent(id: string): void {
    this.#inFlight.add(id);
  }

  /** Whether it was one of these. */
  answered(id: string): boolean {
    return this.#inFlight.delete(id);
  }

  /** Nothing waits any more. */
  drop(): void {
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  /** Nothing waits, and nothing will be answered. */
  clear(): void {
    this.drop();
    this.#inFlight.clear();
  }
}
