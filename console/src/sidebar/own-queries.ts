import { recall, remember } from "../browser-storage.ts";
import type { Draft } from "../query/draft.ts";
import { Store } from "../store.ts";
import type { SavedQuery } from "./saved-queries.ts";

const KEY = "geode.queries";
/** More than one can find again; the oldest is forgotten. */
const KEPT_MAX = 100;

/** The queries that the user kept in this browser, the latest first. */
export const ownQueries = new Store<readonly SavedQuery[]>(readQueries(recall("local", KEY)));

ownQueries.subscribe(() => remember("local", KEY, JSON.stringify(ownQueries.get())));

/** Keeps what stands in the editor under its first words. What is there already moves to the top. */
export function keepQuery(draft: Draft, view: SavedQuery["view"]): void {
  const { text, inputs, live } = draft;
  const title = titleOf(text);
  if (title === "") return;
  const query: SavedQuery = {
    title,
    description: "Kept in this browser",
    text,
    parameters: Object.fromEntries(inputs),
    live,
    view,
  };
  ownQueries.set([query, ...without(text)].slice(0, KEPT_MAX));
}

export function forgetQuery(text: string): void {
  ownQueries.set(without(text));
}

function without(text: string): readonly SavedQuery[] {
  return ownQueries.get().filter((query) => query.text !== text);
}

const TITLE_LENGTH_MAX = 60;

/** A comment at the beginning is the title; without one the query is its own. */
export function titleOf(text: string): string {
  const comment = /^\s*(?:\/\/|--\s)\s*(.+)/.exec(text)?.[1];
  const title = (comment ?? text).trim().replaceAll(/\s+/g, " ");
  return title.length > TITLE_LENGTH_MAX ? `${title.slice(0, TITLE_LENGTH_MAX - 1)}…` : title;
}

/** What was stored, as far as it is what we store. */
export function readQueries(stored: string | null): readonly SavedQuery[] {
  try {
    const parsed: unknown = JSON.parse(stored ?? "[]");
    return Array.isArray(parsed) ? parsed.filter(isQuery).slice(0, KEPT_MAX) : [];
  } catch {
    return [];
  }
}

function isQuery(value: unknown): value is SavedQuery {
  if (typeof value !== "object" || value === null) return false;
  const { title, description, text, parameters, live, view } = value as Partial<SavedQuery>;
  return (
    typeof title === "string" &&
    typeof description === "string" &&
    typeof text === "string" &&
    typeof parameters === "object" &&
    parameters !== null &&
    Object.values(parameters).every((input) => typeof input === "string") &&
    typeof live === "boolean" &&
    (view === "table" || view === "graph")
  );
}
