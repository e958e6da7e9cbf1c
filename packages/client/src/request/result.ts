import { decodeRow } from "../wire/decode.ts";
import type { Floats } from "../wire/decode.ts";
import type { Column, Notice, ResultMessage } from "../wire/messages.ts";
import type { PlainValue } from "../wire/value.ts";

/** A row as it comes when the application does not say what it expects. */
export type AnyRow = Readonly<Record<string, PlainValue>>;

/** The answer to a query. */
export interface Result<Row = AnyRow> {
  /** The rows, keyed by column. Empty for a write that returns nothing. */
  readonly data: readonly Row[];
  readonly columns: readonly Column[];
  /** The number of the last commit that the answer saw; for a write, that of its own commit. */
  readonly seq: number;
  /** What a write changed, counted; null for a read. */
  readonly stats: Readonly<Record<string, number>> | null;
  readonly notices: readonly Notice[];
}

/** The rows are what the application says they are: GQL is checked by the server, not by TypeScript. */
export function resultOf<Row>(message: ResultMessage, floats: Floats): Result<Row> {
  const { columns, seq, stats, notices } = message;
  return {
    data: message.data.map((row) => decodeRow(row, floats) as Row),
    columns,
    seq,
    stats,
    notices,
  };
}
