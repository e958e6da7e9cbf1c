import type { Row } from "../execute/statement.ts";

/**
 * One row of a result that came, changed or went with a commit.
 *
 * How a copy of the result is brought up to date with the changes of one commit, taken together:
 *
 * 1. Remove the rows of every `delete`, and of every `update` that has an `index` (those moved). `from` is where such a row stood
 *    before the commit.
 * 2. Replace the rows of every `update` without an `index` where they stand.
 * 3. In the order given, put the row of every `insert` and of every `update` that has an `index` at that `index`, which is its position
 *    after the commit. They come in ascending order, so everything before that position is final already.
 *
 * `index` and `from` are there when the statement has an ORDER BY; otherwise the order of rows means nothing and inserted rows go to the
 * end. Deletes come first, by descending `from`; then the updates in place; then what is put at an index.
 */
export interface Change {
  readonly op: "insert" | "update" | "delete";
  /** Names the row: opaque, unique in the result, the same for as long as the row is in it. */
  readonly key: string;
  /** The row as the canonical JSON text of an object keyed by column; of a deleted row its last state. */
  readonly data: string;
  readonly row: Row;
  /** Of an update, what `data` was before; only in results subscribed to with `before`. */
  readonly before?: string;
  readonly index?: number;
  readonly from?: number;
}

/** What a commit changed in a result, net; one object for everybody who watches it. Never empty. */
export interface LiveCommit {
  readonly seq: number;
  /** The seq of the previous change of this result, or that of the state it began with. */
  readonly prevSeq: number;
  /** Of the whole result after the commit: 16 hex digits. */
  readonly digest: string;
  readonly changes: readonly Change[];
}
