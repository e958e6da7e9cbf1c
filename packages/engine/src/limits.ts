/** What bounds a single request. Every one is an option of the database. */
export interface QueryLimits {
  /** Time for one statement when the request does not say, in milliseconds. */
  readonly timeoutMs: number;
  /** The longest time that a request may ask for, in milliseconds. */
  readonly timeoutMsMax: number;
  /** Rows of one result. */
  readonly rowsMax: number;
  /** Rows that a statement may keep at once for sorting and grouping. */
  readonly keptRowsMax: number;
  /** Memory that a statement may take at once for what it keeps and for its result, in bytes: an estimate. */
  readonly bytesMax: number;
  /** Matches of repetitions without an upper bound, in one statement. */
  readonly matchesMax: number;
  /** How long a request with `minSeq` waits for that commit, in milliseconds. */
  readonly minSeqWaitMs: number;
  /** Requests that may wait so at once. */
  readonly minSeqWaitersMax: number;
  /** Length of a statement's text, in UTF-16 units. */
  readonly textLengthMax: number;
  /** Length of an idempotency key, in UTF-16 units. */
  readonly idempotencyKeyLengthMax: number;
  /** Compiled statements kept. */
  readonly plansMax: number;
}

export const DEFAULT_QUERY_LIMITS: QueryLimits = {
  timeoutMs: 30_000,
  timeoutMsMax: 300_000,
  rowsMax: 100_000,
  keptRowsMax: 5_000_000,
  bytesMax: 256 * 1024 * 1024,
  matchesMax: 1_000_000,
  minSeqWaitMs: 2_000,
  minSeqWaitersMax: 10_000,
  textLengthMax: 1_048_576,
  idempotencyKeyLengthMax: 256,
  plansMax: 1_000,
};
