import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { GeodeError } from "@geode/values";
import type { Effect } from "../graph/effect.ts";
import { type ChainedEntry, LOG_START, readChain } from "./chain.ts";
import {
  type CheckpointHeader,
  type DamagedCheckpoint,
  type IdempotencyRecord,
  newestGood,
  removeUnfinishedCheckpoints,
} from "./checkpoint.ts";
import { removeDurably, syncDirectory, writeDurably } from "./durable-files.ts";
import type { Durability } from "./log.ts";
import { holdsSegments, SegmentLog } from "./segments/segment-log.ts";

/*
 * A data directory:
 *   format.json    {"format": 2}: what the rest looks like
 *   log/           the log, in segments; its lock is the lock of the directory
 *   checkpoints/   one file per checkpoint
 *   relaxed        there while commits may have been acknowledged that the disk does not have
 *   copy           there until a copy is opened for the first time: the original goes on under the same epoch
 * Other files are left alone.
 */
export const DIRECTORY_FORMAT = 2;

const FORMAT_FILE = "format.json";
const LOG_DIRECTORY = "log";
const CHECKPOINTS_DIRECTORY = "checkpoints";
const RELAXED_FILE = "relaxed";
const COPY_FILE = "copy";

export interface DataDirectoryOptions {
  /** Made if need be, for the owner alone. */
  readonly path: string;
  /** Default: "durable". */
  readonly durability?: Durability;
}

/** What a database is built from when it is opened: the newest good checkpoint, then the entries after it. */
export interface Recovery {
  /** Null: begin with an empty store. */
  readonly checkpoint: (CheckpointHeader & { readonly bytes: number }) | null;
  /** Newer checkpoints that were passed over, worth a warning. */
  readonly damaged: readonly DamagedCheckpoint[];
  /** The records of the checkpoint, oldest first; those of the entries come with the entries. */
  readonly idempotency: Iterable<IdempotencyRecord>;
  /** The state of the checkpoint: apply in order to an empty store. */
  readonly chunks: Iterable<readonly Effect[]>;
  /** Apply after that. Throws CORRUPT at the first entry that does not follow. */
  readonly entries: Iterable<ChainedEntry>;
  /** How many entries there are to apply, for a progress bar. */
  readonly entryCount: number;
}

/** A data directory that this process has to itself. */
export class DataDirectory {
  readonly path: string;
  readonly log: SegmentLog;
  readonly checkpointsPath: string;
  /**
   * Commits may be missing that were acknowledged: the last process ran relaxed and did not close, or this is a copy whose original went
   * on. The database has to begin a new epoch, and then say so by {@link DataDirectory.epochBegun}.
   */
  readonly cursorsVoid: boolean;
  readonly #durability: Durability;
  #closing: Promise<void> | null = null;

  /** Throws UNAVAILABLE if another process has the directory, CORRUPT if it cannot be read or has a format of another version. */
  static async open({
    path,
    durability = "durable",
  }: DataDirectoryOptions): Promise<DataDirectory> {
    makeDirectory(path);
    if (existsSync(join(path, FORMAT_FILE))) {
      checkFormat(path);
    } else if (holdsSegments(logPath(path))) {
      throw new GeodeError("CORRUPT", `${path} holds a log but no ${FORMAT_FILE}`, {
        hint: "Restore the file or a backup.",
      });
    } else {
      writeDurably(path, FORMAT_FILE, `${JSON.stringify({ format: DIRECTORY_FORMAT })}\n`);
    }
    const log = await SegmentLog.open({ path: logPath(path), durability });
    try {
      makeDirectory(checkpointsPath(path));
      // Also of one that is not new: who made it may have been ended before.
      syncNames(path);
      removeUnfinishedCheckpoints(checkpointsPath(path));
      const cursorsVoid = existsSync(join(path, RELAXED_FILE)) || existsSync(join(path, COPY_FILE));
      if (durability === "relaxed") {
        writeDurably(path, RELAXED_FILE, "");
      }
      return new DataDirectory(path, log, durability, cursorsVoid);
    } catch (error) {
      await log.close();
      throw error;
    }
  }

  private constructor(path: string, log: SegmentLog, durability: Durability, cursorsVoid: boolean) {
    this.path = path;
    this.log = log;
    this.checkpointsPath = checkpointsPath(path);
    this.#durability = durability;
    this.cursorsVoid = cursorsVoid;
  }

  /** What to build the database from. Throws CORRUPT, at once or while it is read. */
  recover(): Recovery {
    const { checkpoint, damaged } = newestGood(this.checkpointsPath);
    const start = checkpoint?.header ?? LOG_START;
    return {
      checkpoint: checkpoint === null ? null : { ...checkpoint.header, bytes: checkpoint.bytes },
      damaged,
      idempotency: checkpoint?.idempotency ?? [],
      chunks: checkpoint?.chunks ?? [],
      entries: readChain(this.log, start),
      entryCount: Math.max(0, this.log.head().number - start.number),
    };
  }

  /** The new epoch is durable: what was void before is so no longer. */
  epochBegun(): void {
    if (existsSync(join(this.path, COPY_FILE))) {
      removeDurably(this.path, COPY_FILE);
    }
    if (this.#durability === "durable") {
      removeDurably(this.path, RELAXED_FILE);
    }
  }

  /** Closes the log and gives the directory free. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const flushed = await this.log.flush().then(
      () => true,
      () => false,
    );
    await this.log.close();
    // In durable mode the mark of an earlier relaxed life goes by epochBegun() alone.
    if (flushed && this.#durability === "relaxed") {
      removeDurably(this.path, RELAXED_FILE);
    }
  }
}

/** The paths in a data directory, for those who only look. */
export function logPath(path: string): string {
  return join(path, LOG_DIRECTORY);
}

export function checkpointsPath(path: string): string {
  return join(path, CHECKPOINTS_DIRECTORY);
}

/** Throws CORRUPT unless the directory has the format that this version reads. */
export function checkFormat(path: string): void {
  const file = join(path, FORMAT_FILE);
  let format: unknown;
  try {
    format = (JSON.parse(readFileSync(file, "utf8")) as { format?: unknown } | null)?.format;
  } catch (cause) {
    throw new GeodeError("CORRUPT", `${file} cannot be read: ${(cause as Error).message}`, {
      cause,
    });
  }
  if (format !== DIRECTORY_FORMAT) {
    throw new GeodeError(
      "CORRUPT",
      `${path} has format ${String(format)}; this version of Geode reads format ${DIRECTORY_FORMAT}`,
      {
        hint: "If a newer version of Geode made it, use that version or a newer one.",
      },
    );
  }
}

/** The last step of making a copy: from here on it is a data directory, one that nobody has opened yet. */
export function markCopy(path: string): void {
  writeDurably(path, COPY_FILE, "");
  writeDurably(path, FORMAT_FILE, `${JSON.stringify({ format: DIRECTORY_FORMAT })}\n`);
}

function makeDirectory(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new GeodeError(
      "UNAVAILABLE",
      `the data directory ${path} cannot be made: ${(cause as Error).message}`,
      { cause },
    );
  }
}

/** A file is as durable as its name, and a name as the directory that it is in. */
function syncNames(path: string): void {
  syncDirectory(logPath(path));
  syncDirectory(path);
  try {
    syncDirectory(dirname(resolve(path)));
  } catch {
    // The directory above may belong to somebody else, who has made ours durable then.
  }
}
