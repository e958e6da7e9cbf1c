import { GeodeError } from "@geode/values";

/**
 * The log of one database: numbered entries, each chained to the one before by hash. It knows nothing of what is in an entry but its
 * header. The log is the database; whatever else holds data can be built from it.
 */
export interface CommitLog {
  /** The newest entry that is durable, and where reading may begin. */
  head(): LogHead;

  /**
   * Makes an entry durable if it is the next one: `expected` is the number of the head and the entry names the head's hash. "conflict":
   * somebody else's entry is in its place; "unknown": the outcome cannot be told now, read on to learn it. Appends that are not awaited
   * are done one after the other. Blobs that the entry names become durable with it.
   *
   * Throws UNAVAILABLE when the log could not write. From then on every append is refused, because nobody knows what the disk holds;
   * reads go on. Only opening the log again clears that.
   */
  append(expected: number, bytes: Uint8Array, blobs?: readonly Blob[]): Promise<AppendOutcome>;

  /**
   * The entries from `from` on, oldest first, as far as the head stands when each is asked for. Throws NOT_FOUND if `from` was trimmed.
   * The bytes are the reader's to keep.
   */
  read(from: number): Iterable<Uint8Array>;

  /** Resolves when entry `from` can be read. Rejects with CANCELLED by the signal, with UNAVAILABLE when the log is closed. */
  wait(from: number, signal?: AbortSignal): Promise<void>;

  /** Gives up the entries up to and including `upTo`, with the blobs that only they name. The head stays known. */
  trim(upTo: number): Promise<void>;

  /** The blob with that SHA-256, checked; undefined if there is none. Throws CORRUPT if it is damaged. */
  blob(hash: Uint8Array): Uint8Array | undefined;

  /** What the entries from `from` on (default: all that are kept) take, with their blobs, in bytes. */
  bytes(from?: number): number;

  /** Resolves when the disk has everything that was appended, also if appends are answered earlier. Throws UNAVAILABLE if it never will. */
  flush(): Promise<void>;

  /** Waits for the append under way and closes. Idempotent. */
  close(): Promise<void>;
}

export interface LogHead {
  /** 0 if nothing was ever appended. */
  readonly number: number;
  /** SHA-256 of the head's bytes; 32 zero bytes if nothing was ever appended. */
  readonly hash: Uint8Array;
  /** The first entry that can be read; `number + 1` when none can. */
  readonly oldest: number;
}

/**
 * When an append is answered. "durable": once the operating system says that the disk has it. "relaxed": once it is handed to the
 * operating system; it then survives the end of the process, but a power cut may take the newest commits.
 */
export type Durability = "durable" | "relaxed";

export type AppendOutcome = "ok" | "conflict" | "unknown";

/** A piece of data under its SHA-256, for what is too large for an entry. */
export interface Blob {
  readonly hash: Uint8Array;
  readonly bytes: Uint8Array;
}

/** The hash of no entry: what the first entry names as the one before it. */
export const ZERO_HASH: Uint8Array = new Uint8Array(32);

export function sameHash(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

/** Why nothing can be appended any more. `cause` is what the disk said. */
export function writeFailed(cause: unknown): GeodeError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new GeodeError("UNAVAILABLE", `the log could not be written: ${reason}`, {
    cause,
    hint: "Nothing more is written until the database is opened again. Reads go on. Look after the disk first.",
  });
}

export function logClosed(): GeodeError {
  return new GeodeError("UNAVAILABLE", "the log is closed");
}

export function entryTrimmed(number: number, oldest: number): GeodeError {
  return new GeodeError(
    "NOT_FOUND",
    `log entry ${number} was given up; the oldest that can be read is ${oldest}`,
    {
      hint: "Start from a checkpoint.",
    },
  );
}

/** An entry that does not carry the number under which it is appended is a mistake of the caller's. */
export function requireNext(number: number, expected: number): void {
  if (number !== expected + 1) {
    throw new GeodeError(
      "INTERNAL",
      `an entry numbered ${number} was appended after entry ${expected}`,
    );
  }
}
