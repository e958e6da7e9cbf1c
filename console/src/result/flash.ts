import type { AnyRow } from "@geode/client";
import { valueText } from "./value-text.ts";

/** What lights up in a row, and since when. The same object for as long as it does. */
export interface Flash {
  /** The columns that changed; "inserted" for a row that was not there. */
  readonly cells: ReadonlySet<string> | "inserted";
  /** Which update of the result it was: an animation starts again only under another name. */
  readonly turn: number;
  readonly atMs: number;
}

/** By row key. */
export type Flashes = ReadonlyMap<string, Flash>;

export const NO_FLASHES: Flashes = new Map();

/** As long as the animation in the style sheet, in milliseconds. */
const FLASH_MS = 1_400;

interface KeyedRows {
  readonly keys: readonly string[];
  readonly rows: readonly AnyRow[];
}

/**
 * What is to light up when a live result changes: what changed now, and what did a moment ago and is still fading. A row that is the
 * same object as before has not changed.
 */
export function flashesOf(
  before: KeyedRows & { readonly flashes: Flashes },
  now: KeyedRows,
  moment: { readonly turn: number; readonly atMs: number },
): Flashes {
  const flashes = new Map<string, Flash>();
  for (const [key, flash] of before.flashes) {
    if (flash.atMs > moment.atMs - FLASH_MS) flashes.set(key, flash);
  }
  if (before.rows !== now.rows) {
    for (const [key, cells] of changedCells(before, now)) flashes.set(key, { cells, ...moment });
  }
  return flashes;
}

function changedCells(before: KeyedRows, now: KeyedRows): ReadonlyMap<string, Flash["cells"]> {
  let known: ReadonlyMap<string, AnyRow> | null = null;
  const rowBefore = (key: string, position: number): AnyRow | undefined => {
    // Most rows stand where they stood; only when some moved is it worth to look them up.
    if (before.keys[position] === key) return before.rows[position];
    known ??= new Map(before.keys.map((old, at) => [old, before.rows[at] as AnyRow]));
    return known.get(key);
  };
  const changed = new Map<string, Flash["cells"]>();
  now.keys.forEach((key, position) => {
    const row = now.rows[position] as AnyRow;
    const old = rowBefore(key, position);
    if (old === row) return;
    if (old === undefined) {
      changed.set(key, "inserted");
      return;
    }
    const columns = Object.keys(row).filter(
      (name) => valueText(row[name] ?? null) !== valueText(old[name] ?? null),
    );
    if (columns.length > 0) changed.set(key, new Set(columns));
  });
  return changed;
}
