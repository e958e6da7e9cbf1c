import type { Column } from "../wire/messages.ts";
import type { Change } from "./changes.ts";

/**
 * The columns after rows have changed. Only `SELECT *` brings names that were not announced, because the set of properties may grow;
 * its columns are sorted by name. The same array when there is nothing new.
 */
export function columnsWith<Row>(
  columns: readonly Column[],
  changes: readonly Change<Row>[],
): readonly Column[] {
  const known = new Set(columns.map(({ name }) => name));
  const added: Column[] = [];
  for (const { op, row } of changes) {
    if (op === "delete" || typeof row !== "object" || row === null) continue;
    for (const name of Object.keys(row)) {
      if (known.has(name)) continue;
      known.add(name);
      added.push({ name, text: name, type: "ANY" });
    }
  }
  if (added.length === 0) return columns;
  return [...columns, ...added].toSorted((a, b) =>
    a.name < b.name ? -1 : a.name > b.name ? 1 : 0,
  );
}
