import { unreachable, type Value } from "@geode/values";
import type { Budget } from "./budget.ts";
import { groupKey } from "./group-key.ts";
import { representative } from "./representative.ts";

/** A row: its columns and, last, its key, a string. */
type KeyedRow = Value[];

interface Combination {
  readonly operation: "union" | "except" | "intersect" | "otherwise";
  /** Keeps duplicates. */
  readonly all: boolean;
  readonly sides: readonly (readonly KeyedRow[])[];
  readonly columns: number;
  /** The key of rows that are one because they are equivalent. */
  readonly rowKey: (key: string) => string;
  readonly budget: Budget;
}

/** UNION, EXCEPT, INTERSECT and OTHERWISE (ISO/IEC 39075:2024 §14.2), from left to right. Rows are compared by equivalence. */
export function combine({
  operation,
  all,
  sides,
  columns,
  rowKey,
  budget,
}: Combination): KeyedRow[] {
  const [first = [], ...others] = sides;
  const keyOf = (row: KeyedRow): string => {
    if (--budget.steps < 0) budget.look();
    return groupKey(row.slice(0, columns));
  };
  const distinct = (rows: readonly KeyedRow[]): KeyedRow[] => {
    const seen = new Map<string, KeyedRow>();
    for (const row of rows) {
      const key = keyOf(row);
      const same = seen.get(key);
      if (same === undefined) seen.set(key, [...row.slice(0, columns), rowKey(key)]);
      else
        for (let at = 0; at < columns; at++)
          same[at] = representative(same[at] ?? null, row[at] ?? null);
    }
    return [...seen.values()];
  };
  // A row of one side is told from an equal one of another by the number of its side.
  const told = (rows: readonly KeyedRow[], side: number): KeyedRow[] =>
    rows.map((row) => [...row.slice(0, columns), `${side}:${row[columns] as string}`]);
  switch (operation) {
    case "union": {
      const rows = sides.flatMap((side, index) => told(side, index));
      return all ? rows : distinct(rows);
    }
    case "otherwise": {
      const index = Math.max(
        0,
        sides.findIndex((side) => side.length > 0),
      );
      return told(sides[index] ?? [], index);
    }
    case "except":
    case "intersect": {
      const wanted = operation === "intersect";
      const rows = others.reduce<readonly KeyedRow[]>((left, right) => {
        const counts = new Map<string, number>();
        for (const row of right) counts.set(keyOf(row), (counts.get(keyOf(row)) ?? 0) + 1);
        return left.filter((row) => {
          const key = keyOf(row);
          const count = counts.get(key) ?? 0;
          // With ALL, each row on the right stands for one on the left.
          if (all && count > 0) counts.set(key, count - 1);
          return count > 0 === wanted;
        });
      }, first);
      return all ? told(rows, 0) : distinct(rows);
    }
    default:
      return unreachable(operation);
  }
}
