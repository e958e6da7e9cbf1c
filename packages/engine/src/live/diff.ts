import type { Change } from "./change.ts";
import type { RowSet } from "./row-set.ts";

export interface DiffOptions {
  /** Whether the position of a row means something; then changes carry `index` and `from`. */
  readonly ordered: boolean;
  /** Whether updates carry the row before. */
  readonly before: boolean;
}

/** The net changes from one state of a result to a later one, in the order and with the positions that {@link Change} describes. */
export function diff(old: RowSet, now: RowSet, options: DiffOptions): Change[] {
  return [...deletes(old, now, options), ...updatesAndInserts(old, now, options)];
}

function deletes(old: RowSet, now: RowSet, { ordered }: DiffOptions): Change[] {
  const changes: Change[] = [];
  for (let from = old.keys.length - 1; from >= 0; from -= 1) {
    const key = old.keys[from] as string;
    if (now.positions.has(key)) continue;
    const change: Change = {
      op: "delete",
      key,
      data: old.texts[from] as string,
      row: old.rows[from] ?? [],
    };
    changes.push(ordered ? { ...change, from } : change);
  }
  return changes;
}

function updatesAndInserts(old: RowSet, now: RowSet, { ordered, before }: DiffOptions): Change[] {
  const inPlace: Change[] = [];
  const placed: Change[] = [];
  const moved = ordered ? movedRows(old, now) : null;
  for (const [index, key] of now.keys.entries()) {
    const data = now.texts[index] as string;
    const row = now.rows[index] ?? [];
    const from = old.positions.get(key);
    if (from === undefined) {
      placed.push(
        ordered ? { op: "insert", key, data, row, index } : { op: "insert", key, data, row },
      );
      continue;
    }
    const oldData = old.texts[from] as string;
    const moves = moved?.has(index) ?? false;
    if (!moves && oldData === data) continue;
    const change: Change = before
      ? { op: "update", key, data, row, before: oldData }
      : { op: "update", key, data, row };
    if (moves) placed.push({ ...change, index, from });
    else inPlace.push(change);
  }
  return [...inPlace, ...placed];
}

/**
 * The new positions of the rows that have to move so that the others can stay where they are: all but a longest run of kept rows that
 * stand in the same order before and after (longest increasing subsequence, O(n log n)).
 */
function movedRows(old: RowSet, now: RowSet): ReadonlySet<number> {
  /** Per length, the position (in `kept`) of the smallest old position that a run of that length can end with. */
  const ends: number[] = [];
  const previous: number[] = [];
  const kept: { from: number; index: number }[] = [];
  let sorted = true;
  for (const [index, key] of now.keys.entries()) {
    const from = old.positions.get(key);
    if (from === undefined) continue;
    const last = kept.at(-1);
    if (last !== undefined && last.from > from) sorted = false;
    kept.push({ from, index });
  }
  const moved = new Set<number>();
  // The usual case: nothing changed places.
  if (sorted) return moved;
  for (const [place, { from }] of kept.entries()) {
    let low = 0;
    let high = ends.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((kept[ends[middle] as number] as { from: number }).from < from) low = middle + 1;
      else high = middle;
    }
    previous.push(low === 0 ? -1 : (ends[low - 1] as number));
    ends[low] = place;
  }
  const stays = new Set<number>();
  for (let place = ends.at(-1) ?? -1; place >= 0; place = previous[place] as number)
    stays.add(place);
  for (const [place, { index }] of kept.entries()) if (!stays.has(place)) moved.add(index);
  return moved;
}
