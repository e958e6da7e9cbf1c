import { Float } from "@geode/client";
import type { AnyRow, PlainValue } from "@geode/client";

export interface Point {
  readonly atMs: number;
  readonly value: number;
}

/** What a chart shows, in milliseconds; older points are forgotten. */
export const SPAN_MS = 120_000;
/** Points kept per column. */
const POINTS_MAX = 600;

/** The recent past of the numbers in a live result of one row. A result that has more rows, or none, has no such past. */
export class Series {
  readonly #columns = new Map<string, Point[]>();

  record(nowMs: number, rows: readonly AnyRow[]): void {
    const [row] = rows;
    if (row === undefined || rows.length > 1) {
      this.clear();
      return;
    }
    for (const [name, value] of Object.entries(row)) {
      const number = numberOf(value);
      if (number === null) continue;
      const points = this.#columns.get(name) ?? [];
      points.push({ atMs: nowMs, value: number });
      const keep = points.findIndex(({ atMs }) => atMs >= nowMs - SPAN_MS);
      this.#columns.set(name, points.slice(Math.max(keep, points.length - POINTS_MAX, 0)));
    }
  }

  /** Oldest first. */
  points(column: string): readonly Point[] {
    return this.#columns.get(column) ?? [];
  }

  /** The columns that have ever been numbers. */
  columns(): readonly string[] {
    return [...this.#columns.keys()];
  }

  clear(): void {
    this.#columns.clear();
  }
}

/** The finite number that a value is, or null. */
export function numberOf(value: PlainValue | undefined): number | null {
  const number =
    value instanceof Float ? value.value : typeof value === "bigint" ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) ? number : null;
}
