import type { Clock, Timer } from "../clock.ts";
import type { Log } from "../log.ts";
import type { Place, RoomStore } from "./room-store.ts";

export interface RetentionOptions {
  readonly store: Pick<RoomStore, "firstReceived" | "countReceived" | "placesReceived" | "trim">;
  readonly clock: Pick<Clock, "nowMs" | "timer">;
  readonly log: Log;
  /** Messages that a room, or what is said to one user, keeps. */
  readonly messagesMax: number;
  /** How long they are kept, in milliseconds. */
  readonly retentionMs: number;
  /** Something was given up. */
  readonly onTrim: () => void;
}

/** A look at what has become too old, at least this often. */
const SWEEP_EVERY_MS_MAX = 60_000;
const SWEEP_EVERY_MS_MIN = 1_000;
/** Stretches of time that one sweep looks at. */
const STRETCHES_PER_SWEEP = 20;
/** How long a stretch is at first; it adapts to how much was said in it. */
const STRETCH_MS = 3_600_000;
const STRETCH_MS_MIN = 1_000;
const STRETCH_MS_MAX = 30 * 24 * 3_600_000;
/** Messages that one commit gives up, about. */
const PIECE = 1_000;
/** A room is looked at for messages too many when so many have come: this share of what it may keep, within bounds. */
const LOOK_SHARE = 0.01;
const LOOK_EVERY_MIN = 10;
const LOOK_EVERY_MAX = 1_000;
/** Rooms of which that is remembered. */
const LOOKS_MAX = 10_000;

/**
 * Messages are not kept for ever. Too many in one place are given up when something is said there; too old ones by themselves, whether
 * anybody comes or not: time is swept once, from the oldest message on, in stretches that hold little enough to be dealt with at once.
 */
export class Retention {
  readonly #options: RetentionOptions;
  /** How many messages came to a place since it was looked at. */
  readonly #looks = new Map<string, number>();
  /** Nothing that was received before that is left, in milliseconds since 1970. */
  #sweptMs: number | undefined;
  #stretchMs = STRETCH_MS;
  #timer: Timer | undefined;
  /** One thing at a time. */
  #work: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  /** From now on it sweeps. */
  start(): void {
    this.#arm();
  }

  /** Something was said there. */
  said(where: Place): void {
    const key = JSON.stringify(where);
    const count = (this.#looks.get(key) ?? Infinity) + 1;
    const share = Math.floor(this.#options.messagesMax * LOOK_SHARE);
    if (count < Math.min(Math.max(share, LOOK_EVERY_MIN), LOOK_EVERY_MAX))
      return void this.#looks.set(key, count);
    if (this.#looks.size >= LOOKS_MAX) this.#looks.clear();
    this.#looks.set(key, 0);
    this.#do(() => this.#trim(where));
  }

  /** Resolves when what it was at is done; nothing is begun after that. */
  close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    return this.#work;
  }

  #arm(): void {
    const { clock, retentionMs } = this.#options;
    const everyMs = Math.min(SWEEP_EVERY_MS_MAX, Math.max(SWEEP_EVERY_MS_MIN, retentionMs));
    this.#timer = clock.timer(everyMs, () => {
      this.#do(() => this.#sweep());
      this.#arm();
    });
  }

  #do(task: () => Promise<void>): void {
    this.#work = this.#work.then(async () => {
      try {
        if (!this.#closed) await task();
      } catch (error) {
        this.#options.log.warn({ error: String(error) }, "old messages were not given up");
      }
    });
  }

  async #sweep(): Promise<void> {
    const { clock, retentionMs, store } = this.#options;
    const oldestMs = clock.nowMs() - retentionMs;
    if (this.#sweptMs === undefined) {
      const first = await store.firstReceived();
      this.#sweptMs = first === undefined ? oldestMs : Date.parse(first);
    }
    for (let left = STRETCHES_PER_SWEEP; left > 0 && !this.#closed; left--) {
      const toMs = Math.min(oldestMs, this.#sweptMs + this.#stretchMs);
      if (toMs <= this.#sweptMs) return;
      const stretch = [isoOf(this.#sweptMs), isoOf(toMs)] as const;
      const count = await store.countReceived(...stretch);
      if (count > PIECE && this.#stretchMs > STRETCH_MS_MIN) {
        this.#stretchMs = Math.max(STRETCH_MS_MIN, this.#stretchMs / 2);
        continue;
      }
      if (count > 0) {
        for (const where of await store.placesReceived(...stretch)) await this.#trim(where);
      }
      this.#sweptMs = toMs;
      if (count < PIECE / 2) this.#stretchMs = Math.min(STRETCH_MS_MAX, 2 * this.#stretchMs);
    }
  }

  async #trim(where: Place): Promise<void> {
    const { clock, messagesMax, onTrim, retentionMs, store } = this.#options;
    const oldest = isoOf(clock.nowMs() - retentionMs);
    for (let gone = PIECE; gone >= PIECE && !this.#closed;) {
      gone = await store.trim(where, messagesMax, oldest, PIECE);
      if (gone > 0) onTrim();
    }
  }
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}
