/** What bounds the door. Every one is an option of the database. */
export interface DoorLimits {
  /** Writes that wait or are being committed; the next is refused with UNAVAILABLE. */
  readonly queuedWritesMax: number;
  /** About how many bytes those may hold. */
  readonly queuedBytesMax: number;
  /** Time that one synchronous run of a batch may take before what is left waits for the next, in milliseconds. */
  readonly batchMs: number;
  /** About how large an entry gets before the next write waits for the next one, in bytes. */
  readonly batchBytes: number;
  /** Writes in one batch. */
  readonly batchWrites: number;
  /** How often an append is tried again when its outcome is not known, or when entries of others keep coming first. */
  readonly appendAttempts: number;
  /** The pause before an append is tried again, in milliseconds; it doubles each time. */
  readonly appendRetryMs: number;
}

export const DEFAULT_DOOR_LIMITS: DoorLimits = {
  queuedWritesMax: 10_000,
  queuedBytesMax: 256 * 1024 * 1024,
  batchMs: 4,
  batchBytes: 256 * 1024,
  batchWrites: 1024,
  appendAttempts: 8,
  appendRetryMs: 10,
};

/** What bounds transactions over several statements. Every one is an option of the database. */
export interface TransactionLimits {
  /** Transactions that are open at once; the next is refused with UNAVAILABLE. */
  readonly openMax: number;
  /** How long a transaction may be open, in milliseconds; then it is rolled back, and its next statement fails with TIMEOUT. */
  readonly durationMs: number;
  /** Elements that one transaction may have changed; a statement that would go beyond is undone and fails with LIMIT. */
  readonly effectsMax: number;
  /** About how many bytes of changes all open transactions may hold together; a statement beyond it fails with UNAVAILABLE. */
  readonly heldBytesMax: number;
}

export const DEFAULT_TRANSACTION_LIMITS: TransactionLimits = {
  openMax: 1_000,
  durationMs: 60_000,
  effectsMax: 10_000,
  heldBytesMax: 256 * 1024 * 1024,
};
