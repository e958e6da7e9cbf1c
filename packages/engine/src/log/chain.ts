import { GeodeError } from "@geode/values";
import { decodeEntry, type Entry, hashOf } from "./entry.ts";
import { type CommitLog, sameHash, ZERO_HASH } from "./log.ts";

/** A place in the log: after an entry, with all its commits. */
export interface LogPosition {
  /** 0 before the first entry. */
  readonly number: number;
  readonly hash: Uint8Array;
  readonly seq: number;
}

export const LOG_START: LogPosition = { number: 0, hash: ZERO_HASH, seq: 0 };

/** An entry that was found to follow from the one before. */
export interface ChainedEntry {
  readonly entry: Entry;
  readonly hash: Uint8Array;
  /** The entry and its blobs. */
  readonly bytes: number;
}

/**
 * The entries after `start`, each checked to follow from the one before by number, hash and seq. Throws CORRUPT at the first that does
 * not, and at the end if what was read is not what the log says its head is.
 */
export function* readChain(log: CommitLog, start: LogPosition): Iterable<ChainedEntry> {
  const { oldest, number: head } = log.head();
  if (head < start.number) {
    throw new GeodeError(
      "CORRUPT",
      `the log ends with entry ${head}, but a checkpoint holds entry ${start.number}`,
      {
        hint: "The end of the log was lost or an older log was put in its place. Restore a backup.",
      },
    );
  }
  if (oldest > start.number + 1) {
    throw new GeodeError(
      "CORRUPT",
      `the log begins with entry ${oldest}, but entries from ${start.number + 1} on are needed`,
      {
        hint: "The checkpoint that holds them is damaged or missing. Restore it or a backup.",
      },
    );
  }
  let position = start;
  for (const bytes of log.read(start.number + 1)) {
    const next = follow(position, bytes, (hash) => log.blob(hash));
    position = {
      number: next.entry.number,
      hash: next.hash,
      seq: next.entry.firstSeq + next.entry.commits.length - 1,
    };
    yield next;
  }
  const end = log.head();
  if (position.number === end.number && !sameHash(position.hash, end.hash)) {
    throw new GeodeError(
      "CORRUPT",
      `log entry ${position.number} is not the one that was written: its hash differs`,
    );
  }
}

/** The entry of those bytes, which has to come right after `position`. Throws CORRUPT. */
export function follow(
  position: LogPosition,
  bytes: Uint8Array,
  blobOf: (hash: Uint8Array) => Uint8Array | undefined,
): ChainedEntry {
  const expected = position.number + 1;
  let size = bytes.length;
  let entry: Entry;
  try {
    entry = decodeEntry(bytes, (hash) => {
      const blob = blobOf(hash);
      size += blob?.length ?? 0;
      return blob;
    });
  } catch (cause) {
    throw cause instanceof GeodeError && !cause.message.includes(`log entry ${expected}`)
      ? new GeodeError("CORRUPT", `log entry ${expected}: ${cause.message}`, {
          cause,
          hint: cause.hint,
        })
      : cause;
  }
  if (entry.number !== expected) {
    throw new GeodeError(
      "CORRUPT",
      `in place of log entry ${expected} stands one with number ${entry.number}`,
    );
  }
  if (!sameHash(entry.prevHash, position.hash)) {
    throw new GeodeError(
      "CORRUPT",
      `log entry ${expected} does not follow from entry ${position.number}: the hash it names differs`,
      {
        hint: `Entry ${position.number} or ${expected} is damaged.`,
      },
    );
  }
  if (entry.firstSeq !== position.seq + 1) {
    throw new GeodeError(
      "CORRUPT",
      `log entry ${expected} begins with commit ${entry.firstSeq}, not ${position.seq + 1}`,
    );
  }
  return { entry, hash: hashOf(bytes), bytes: size };
}
