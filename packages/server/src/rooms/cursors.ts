import type { Clock, Timer } from "../clock.ts";
import type { Log } from "../log.ts";
import type { RoomStore, StoredCursor } from "./room-store.ts";

interface Cursor {
  readonly user: string;
  readonly room: string | null;
  seq: number;
  /** What the graph has. */
  savedSeq: number;
}

/** A cursor is saved at most this often: else reading would be what is written most. */
const SAVE_EVERY_MS = 1_000;
/** Cursors that one commit saves. */
const PIECE = 1_000;
/** Saved cursors that are kept in memory. */
const KEPT_MAX = 10_000;

/**
 * How far readers have come: cumulative, kept in memory, saved once a second. After a crash the last second's messages come again, which
 * is what acknowledging means.
 */
export class Cursors {
  readonly #store: Pick<RoomStore, "cursor" | "setCursors">;
  readonly #clock: Pick<Clock, "timer">;
  readonly #log: Log;
  readonly #cursors = new Map<string, Cursor>();
  readonly #unsaved = new Set<string>();
  #timer: Timer | undefined;
  #saving: Promise<void> = Promise.resolve();

  constructor(
    store: Pick<RoomStore, "cursor" | "setCursors">,
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
    for (let first = 0; first < keys.length; first += PIECE)
      await this.#saveSome(keys.slice(first, first + PIECE));
    for (const [key, { savedSeq, seq }] of this.#cursors) {
      if (this.#cursors.size <= KEPT_MAX) break;
      if (savedSeq === seq) this.#cursors.delete(key);
    }
  }

  async #saveSome(keys: readonly string[]): Promise<void> {
    try {
      const moved = (await Promise.all(keys.map((key) => this.#moved(key)))).flat();
      if (moved.length === 0) return;
      await this.#store.setCursors(moved);
      for (const { key, seq } of moved) this.#cursors.get(key)!.savedSeq = seq;
    } catch (error) {
      for (const key of keys) this.#unsaved.add(key);
      this.#log.warn({ error: String(error) }, "read cursors were not saved");
    }
  }

  /** What is to be saved of a cursor: after a restart it may be further in the graph than what was heard of since. */
  async #moved(key: string): Promise<readonly StoredCursor[]> {
    const cursor = this.#cursors.get(key);
    if (cursor === undefined) return [];
    if (cursor.savedSeq === 0) cursor.savedSeq = (await this.#store.cursor(key)) ?? 0;
    const { room, savedSeq, user } = cursor;
    cursor.seq = Math.max(cursor.seq, savedSeq);
    return cursor.seq > savedSeq ? [{ key, user, room, seq: cursor.seq }] : [];
  }
}
