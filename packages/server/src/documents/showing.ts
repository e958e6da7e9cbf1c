import type { Clock, Timer } from "../clock.ts";
import type { Log } from "../log.ts";
import type { StoredDocument } from "../port.ts";
import type { DocumentStore } from "./document-store.ts";
import type { OpenDocument } from "./open-document.ts";
import { textOf } from "./text.ts";

export interface ShowingOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: Pick<DocumentStore, "show" | "shownVersions">;
  readonly stored: (id: string) => StoredDocument | undefined;
  readonly open: (id: string) => OpenDocument;
  /** What is seen of a document is up to date, for now. */
  readonly onShown: (id: string) => void;
}

/** What is seen of a document follows its edits so much later. */
const SHOW_AFTER_MS = 300;
/** What could not be written is tried again. */
const RETRY_AFTER_MS = 5_000;

/** Keeps the elements that show documents in the graph up to date: a little later than the edits, and not with each of them. */
export class Showing {
  readonly #options: ShowingOptions;
  readonly #timers = new Map<string, Timer>();
  readonly #underWay = new Map<string, Promise<void>>();
  #closed = false;

  constructor(options: ShowingOptions) {
    this.#options = options;
  }

  /** The document was edited. */
  touch(id: string): void {
    this.#plan(id, SHOW_AFTER_MS);
  }

  /** Whether it is not up to date. */
  isDue(id: string): boolean {
    return this.#timers.has(id) || this.#underWay.has(id);
  }

  /** Shows those of the documents of which something older is seen. */
  async catchUp(ids: Iterable<string>): Promise<void> {
    const { store, stored } = this.#options;
    const all = [...ids];
    if (all.length === 0) return;
    const shown = await store.shownVersions();
    for (const id of all) if (shown.get(id) !== stored(id)?.version) await this.#due(id);
  }

  /** Shows what is not up to date, and then nothing any more. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#timers.keys()].map((id) => this.#due(id)));
    await Promise.all(this.#underWay.values());
  }

  #plan(id: string, delayMs: number): void {
    if (this.#closed || this.#timers.has(id)) return;
    this.#timers.set(
      id,
      this.#options.clock.timer(delayMs, () => void this.#due(id)),
    );
  }

  /** Never rejects. One after the other: what is read last, is written last. */
  async #due(id: string): Promise<void> {
    this.#timers.get(id)?.cancel();
    this.#timers.delete(id);
    const before = this.#underWay.get(id);
    const work = (before ?? Promise.resolve()).then(() => this.#show(id));
    this.#underWay.set(id, work);
    await work;
    if (this.#underWay.get(id) !== work) return;
    this.#underWay.delete(id);
    this.#options.onShown(id);
  }

  async #show(id: string): Promise<void> {
    const { clock, log, open, store, stored: get } = this.#options;
    const stored = get(id);
    if (stored === undefined) return;
    const { format, version } = stored;
    const document = open(id);
    // Edits under way are in the text already. What is written now is written behind them.
    const { text, title } =
      format === "yjs" ? textOf(document.yjs(stored).doc) : { text: null, title: null };
    try {
      const row = { id, format, version, text, title };
      document.shown = await store.show(row, clock.nowMs(), document.shown);
    } catch (error) {
      log.warn({ error: String(error) }, "a document is not shown as it is");
      this.#plan(id, RETRY_AFTER_MS);
    }
  }
}
