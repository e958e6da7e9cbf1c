/** What bounds live queries. Every one is an option of the database. */
export interface LiveLimits {
  /** Different results maintained at once; the next subscription to another one is refused with LIMIT. */
  readonly groupsMax: number;
  /** Rows kept for all of them together; a subscription that would exceed it is refused with LIMIT. */
  readonly rowsMax: number;
  /** Time that live queries may take between a commit and the answer to its writer, in milliseconds; the rest waits for a later turn. */
  readonly commitMs: number;
  /** A result whose last run took longer than this always waits for a later turn, in milliseconds. */
  readonly groupMs: number;
  /** Time of one later turn, in milliseconds. A run that has begun is finished. */
  readonly turnMs: number;
  /** Share of all time, in (0, 1], that later turns may take. */
  readonly share: number;
  /** Time that one run may take, in milliseconds; beyond it the result is no longer live and its subscribers are told (TIMEOUT). */
  readonly runMs: number;
  /** Rows of one result; beyond it likewise (LIMIT). */
  readonly resultRowsMax: number;
  /** Rows that one run may keep at once for sorting and grouping. */
  readonly keptRowsMax: number;
  /** Memory that one run may take at once for what it keeps and for its result, in bytes: an estimate. */
  readonly bytesMax: number;
  /** Matches of repetitions without an upper bound, in one run. */
  readonly matchesMax: number;
}

export const DEFAULT_LIVE_LIMITS: LiveLimits = {
  groupsMax: 10_000,
  rowsMax: 2_000_000,
  commitMs: 4,
  groupMs: 2,
  turnMs: 8,
  share: 0.5,
  runMs: 5_000,
  resultRowsMax: 100_000,
  keptRowsMax: 5_000_000,
  bytesMax: 256 * 1024 * 1024,
  matchesMax: 1_000_000,
};
