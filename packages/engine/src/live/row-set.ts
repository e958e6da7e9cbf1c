import { GeodeError, encode, encodeCanonicalRow } from "@geode/values";
import type { Result, Row, Statement } from "../execute/statement.ts";

/** The rows of a result at one seq, by position and by key. */
export interface RowSet {
  readonly keys: readonly string[];
  readonly rows: readonly Row[];
  /** Each row as the canonical JSON text of an object keyed by column. */
  readonly texts: readonly string[];
  readonly positions: ReadonlyMap<string, number>;
}

export const NO_ROWS: RowSet = { keys: [], rows: [], texts: [], positions: new Map() };

/** Makes a row set of a keyed result. Throws what encoding throws, and INTERNAL when two rows have one key. */
export function rowSetOf(
  result: Result,
  shape: Statement["shape"],
  names: readonly string[],
): RowSet {
  const { keys, rows } = result;
  const positions = new Map<string, number>();
  for (const [position, key] of keys.entries()) positions.set(key, position);
  if (positions.size !== rows.length) {
    throw new GeodeError(
      "INTERNAL",
      `A live result has ${rows.length} rows but ${positions.size} row keys.`,
    );
  }
  const text =
    shape === "record"
      ? (row: Row) => encode(row[0] ?? null)
      : (row: Row) => encodeCanonicalRow(names, row);
  return { keys, rows, texts: rows.map(text), positions };
}
