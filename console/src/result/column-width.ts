import { GraphEdge, GraphNode, GraphPath } from "@geode/client";
import type { AnyRow, Column } from "@geode/client";
import { captionOf } from "../graph/result-graph.ts";
import { numberOf } from "./series.ts";
import { valueText } from "./value-text.ts";

/** Rows that are looked at: enough to be right nearly always, and the same effort for a million. */
const SAMPLE_ROWS = 200;
const WIDTH_MIN = 7;
const WIDTH_MAX = 42;

export interface ColumnLayout {
  readonly name: string;
  /** In characters. */
  readonly width: number;
  /** Numbers stand at the right. */
  readonly numeric: boolean;
}

/** How wide each column should be, from its name and the first rows, so that nothing moves while one scrolls. */
export function columnLayout(
  columns: readonly Column[],
  rows: readonly AnyRow[],
): readonly ColumnLayout[] {
  const sample = rows.slice(0, SAMPLE_ROWS);
  return columns.map(({ name, type }) => {
    const values = sample.map((row) => row[name] ?? null);
    const longest = Math.max(
      name.length + Math.min(type.length, 9),
      ...values.map((value) => {
        if (value instanceof GraphNode) return captionOf(value).length + 5;
        if (value instanceof GraphEdge) return value.label.length + 6;
        if (value instanceof GraphPath) return WIDTH_MAX;
        return typeof value === "object" && value !== null && numberOf(value) === null
          ? Math.min(valueText(value).length, 24)
          : valueText(value).length;
      }),
    );
    const present = values.filter((value) => value !== null);
    const numeric = present.length > 0 && present.every((value) => numberOf(value) !== null);
    return { name, width: Math.min(Math.max(longest, WIDTH_MIN), WIDTH_MAX), numeric };
  });
}

/**
 * The layout of a live result after a change: columns grow when they have to and never shrink, so that nothing jumps to and fro. The
 * same array when all fits, so that rows without news are not drawn again.
 */
export function grownLayout(
  before: readonly ColumnLayout[],
  now: readonly ColumnLayout[],
): readonly ColumnLayout[] {
  const known = new Map(before.map((column) => [column.name, column]));
  const grown = now.map((column) => {
    const old = known.get(column.name);
    if (old === undefined) return column;
    const width = Math.max(old.width, column.width);
    return width === old.width && column.numeric === old.numeric ? old : { ...column, width };
  });
  const same = grown.length === before.length && grown.every((column, i) => column === before[i]);
  return same ? before : grown;
}
