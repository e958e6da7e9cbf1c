import type { AnyRow, Column, Notice } from "@geode/client";
import type { ColumnLayout } from "./column-width.ts";
import type { Flashes } from "./flash.ts";

/** A result as every view of it needs it, live or not. */
export interface ResultView {
  readonly columns: readonly Column[];
  readonly rows: readonly AnyRow[];
  /** One per row: the same for a row from one update to the next. */
  readonly keys: readonly string[];
  /** How wide the table's columns are. */
  readonly layout: readonly ColumnLayout[];
  readonly seq: number;
  /** What a write changed; null for a read. */
  readonly stats: Readonly<Record<string, number>> | null;
  readonly notices: readonly Notice[];
  /** How a live result is kept up to date; null for one that is not. */
  readonly maintenance: string | null;
  /** When it was shown, on the clock of `performance.now()`. */
  readonly atMs: number;
  /** What changed since the view before. */
  readonly flashes: Flashes;
  /** Counts the views of one live result. */
  readonly turn: number;
}
