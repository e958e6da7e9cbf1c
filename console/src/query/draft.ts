import { recall, remember } from "../browser-storage.ts";
import { Store } from "../store.ts";
import { SAVED_QUERIES } from "../sidebar/saved-queries.ts";
import type { SavedQuery } from "../sidebar/saved-queries.ts";

/** What stands in the editor and is not necessarily what was run. */
export interface Draft {
  readonly text: string;
  /** What was typed for each parameter; kept also for names that the text does not use at the moment. */
  readonly inputs: ReadonlyMap<string, string>;
  readonly live: boolean;
}

const KEY = "geode.draft";
/** Longer texts are not kept over a reload. */
const KEPT_LENGTH_MAX = 100_000;

export const draft = new Store<Draft>(kept() ?? draftOf(SAVED_QUERIES[0] as SavedQuery));

draft.subscribe(() => {
  const { text } = draft.get();
  remember(
    "session",
    KEY,
    text.length > KEPT_LENGTH_MAX
      ? null
      : JSON.stringify({ text, inputs: [...draft.get().inputs] }),
  );
});

export function draftOf(query: SavedQuery): Draft {
  return { text: query.text, inputs: new Map(Object.entries(query.parameters)), live: query.live };
}

export function setText(text: string): void {
  draft.set({ ...draft.get(), text });
}

export function setInput(name: string, input: string): void {
  draft.set({ ...draft.get(), inputs: new Map(draft.get().inputs).set(name, input) });
}

export function setLive(live: boolean): void {
  draft.set({ ...draft.get(), live });
}

/** The draft of before a reload. Live stays off: nothing runs that nobody asked for. */
function kept(): Draft | null {
  try {
    const { text, inputs } = JSON.parse(recall("session", KEY) ?? "null") as {
      text: string;
      inputs: [string, string][];
    };
    return typeof text === "string" ? { text, inputs: new Map(inputs), live: false } : null;
  } catch {
    return null;
  }
}
