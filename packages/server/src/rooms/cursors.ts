import type { Clock, Timer } from "../clock.ts";
import type { Log } from "../log.ts";
import type { RoomStore } from "./room-store.ts";

interface Cursor {
  readonly user: string;
  readonly room: string | null;
  seq: number;
  /** What the graph has. */
  savedSeq: number;
}

/** A cursor is saved at most this often: else reading would be what is written most. */
const SAVE_EVERY_MS = 1_000;
/** Saved cursors that are kept in memory. */
const KEPT_MAX = 10_000;

/**
 * How far readers have come: cumulative, kept in memory, saved once a second. After a crash the last second's messages come again, which
 * is what acknowledging means.
 */
export class Cursors {
  readonly #store: Pick<RoomStore, "cursor" | "setCursor">;
  readonly #clock: Pick<Clock, "timer">;
  readonly #log: Log;
  readonly #cursors = new Map<string, Cursor>();
  readonly #unsaved = new Set<string>();
  #timer: Timer | undefined;
  #saving: Promise<void> = Promise.resolve();

  constructor(
    store: Pick<RoomStore, "cursor" | "setCursor">,
    clock: Pick<Clock, "timer">,
    log: Log,
  ) {
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
  }

  /** Undefined if nothing was ever acknowledged. */
  async get(key: string): Promise<number | undefined> {
    const stored = this.#cursors.get(key)?.seq ?? (await this.#store.cursor(key));
    // It may have moved meanwhile.
    return this.#cursors.get(key)?.seq ?? stored;
  }

  /** Everything up to that seq was read; backwards it never goes. */
  move(key: string, user: string, room: string | null, seq: number): void {
    const known = this.#cursors.get(key);
    if (known !== undefined && known.seq >= seq) return;
    if (known === undefined) this.#cursors.set(key, { user, room, seq, savedSeq: 0 });
    else known.seq = seq;
    this.#unsaved.add(key);
    this.#timer ??= this.#clock.timer(SAVE_EVERY_MS, () => void this.save());
  }

  /** Saves what has moved. Never rejects: what cannot be saved is tried again with the next move. */
  save(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#saving = this.#saving.then(() => this.#save());
    return this.#saving;
  }

  async #save(): Promise<void> {
    const keys = [...this.#unsaved];
    this.#unsaved.clear();
    await Promise.all(keys.map((key) => this.#saveOne(key)));
    for (const [key, { savedSeq, seq }] of this.#cursors) {
      if (this.#cursors.size <= KEPT_MAX) break;
      if (savedSeq === seq) this.#cursors.delete(key);
    }
  }

  async #saveOne(key: string): Promise<void> {
    const cursor = this.#cursors.get(key);
    if (cursor === undefined) return;
    const { user, room, seq } = cursor;
    try {
      // After a restart it may be further in the graph than what was heard of since.
      const stored =
        cursor.savedSeq === 0 ? ((await this.#store.cursor(key)) ?? 0) : cursor.savedSeq;
      if (stored >= seq) cursor.seq = Math.max(cursor.seq, stored);
      else await this.#store.setCursor(key, { user, room, seq });
      cursor.savedSeq = Math.max(stored, seq);
    } catch (error) {
      this.#unsaved.add(key);
      this.#log.warn({ error: String(error) }, "a read cursor was not saved");
    }
  }
}
