/** What bounds the readers. Every one is an option of the database. */
export interface ReaderLimits {
  /** Time that a read gets on the main thread, in milliseconds, before it is dropped and run again on a reader. */
  readonly mainThreadMs: number;
  /** Queries that may wait for one reader, or run on it. */
  readonly queriesMax: number;
  /** Bytes of patches that a reader may be behind before it is given up and made anew. */
  readonly backlogBytesMax: number;
}

export const DEFAULT_READER_LIMITS: ReaderLimits = {
  mainThreadMs: 4,
  queriesMax: 256,
  backlogBytesMax: 64 * 1024 * 1024,
};
