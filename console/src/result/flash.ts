import type { AnyRow } from "@geode/client";
import { valueText } from "./value-text.ts";

/** The columns of each row that differ from before, by row key; "inserted" for a row that was not there. */
export type Flashes = ReadonlyMap<string, ReadonlySet<string> | "inserted">;

export const NO_FLASHES: Flashes = new Map();

interface KeyedRows {
  readonly keys: readonly string[];
  readonly rows: readonly AnyRow[];
}

/** What to make visible when a live result changes. A row that is the same object as before has not changed. */
export function changedCells(before: KeyedRows, now: KeyedRows): Flashes {
  if (before.rows === now.rows) return NO_FLASHES;
  let known: ReadonlyMap<string, AnyRow> | null = null;
  const rowBefore = (key: string, position: number): AnyRow | undefined => {
    // Most rows stand where they stood; only when some moved is it worth to look them up.
    if (before.keys[position] === key) return before.rows[position];
    known ??= new Map(before.keys.map((old, at) => [old, before.rows[at] as AnyRow]));
    return known.get(key);
  };
  const flashes = new Map<string, ReadonlySet<string> | "inserted">();
  now.keys.forEach((key, position) => {
    const row = now.rows[position] as AnyRow;
    const old = rowBefore(key, position);
    if (old === row) return;
    if (old === undefined) {
      flashes.set(key, "inserted");
      return;
    }
    const columns = Object.keys(row).filter(
      (name) => valueText(row[name] ?? null) !== valueText(old[name] ?? null),
    );
    if (columns.length > 0) flashes.set(key, new Set(columns));
  });
  return flashes;
}
