import type { AnyRow } from "@geode/client";
import { valueText } from "./value-text.ts";

/** The columns of each row that differ from before, by row key; "inserted" for a row that was not there. */
export type Flashes = ReadonlyMap<string, ReadonlySet<string> | "inserted">;

export const NO_FLASHES: Flashes = new Map();

/**
 * What to make visible when a live result changes. A row that is the same object as before has not changed: so this costs what
 * changed, and only the rows on the screen are asked about.
 */
export function changedCells(
  before: ReadonlyMap<string, AnyRow>,
  now: { readonly keys: readonly string[]; readonly rows: readonly AnyRow[] },
): Flashes {
  const flashes = new Map<string, ReadonlySet<string> | "inserted">();
  now.keys.forEach((key, position) => {
    const row = now.rows[position] as AnyRow;
    const known = before.get(key);
    if (known === row) return;
    if (known === undefined) {
      flashes.set(key, "inserted");
      return;
    }
    const columns = Object.keys(row).filter((name) => valueText(row[name] ?? null) !== valueText(known[name] ?? null));
    if (columns.length > 0) flashes.set(key, new Set(columns));
  });
  return flashes;
}
