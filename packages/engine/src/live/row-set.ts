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

/**
 * Makes a row set of a keyed result. Most rows are those of `old`, the state before, and encoding is what costs most: texts of rows
 * whose values are the same are taken over. Throws what encoding throws, and INTERNAL when two rows have one key.
 */
export function rowSetOf(
  result: Result,
  shape: Statement["shape"],
  names: readonly string[],
  old: RowSet = NO_ROWS,
): RowSet {
  const { keys, rows } = result;
  const positions = new Map<string, number>();
  const texts: string[] = [];
  for (const [position, row] of rows.entries()) {
    const key = keys[position] as string;
    positions.set(key, position);
    const oldPosition = old.positions.get(key) ?? -1;
    const oldText = old.texts[oldPosition];
    if (oldText !== undefined && sameValues(old.rows[oldPosition] as Row, row)) texts.push(oldText);
    else texts.push(shape === "record" ? encode(row[0] ?? null) : encodeCanonicalRow(names, row));
  }
  if (positions.size !== rows.length) {
    throw new GeodeError(
      "INTERNAL",
      `A live result has ${rows.length} rows but ${positions.size} row keys.`,
    );
  }
  return { keys, rows, texts, positions };
}

/** Whether the rows are certainly the same. Values that are objects are not looked into. */
function sameValues(left: Row, right: Row): boolean {
  for (let place = 0; place < right.length; place += 1) {
    if (left[place] !== right[place]) return false;
  }
  return left.length === right.length;
}
