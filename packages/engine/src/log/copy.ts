import {
  closeSync,
  fsyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { GeodeError } from "@geode/values";
import {
  type Checkpoint,
  type CheckpointHeader,
  checkpointWatch,
  LOOKS_MAX,
  moveCheckpoint,
  openCheckpoint,
  writeCheckpointFile,
} from "./checkpoint.ts";
import { checkFormat, checkpointsPath, logPath, markCopy } from "./directory.ts";
import { syncDirectory } from "./durable-files.ts";
import { Fold, type FoldLimits } from "./fold.ts";
import { SegmentLog } from "./segments/segment-log.ts";

/*
 * Copies of a database: its whole state after one commit, as one checkpoint file. A directory made of such a file has that checkpoint
 * and an empty log that goes on after it.
 */

export interface CopyOptions {
  /**
   * Awaited now and then, with the entries of the log that are in so far and those that there are. What it throws ends the work.
   */
  readonly onProgress?: (entries: number, entryCount: number) => void | Promise<void>;
}

/** Entries between two calls of onProgress. */
const ENTRIES_PER_CALL = 256;
/** A copy keeps all idempotency keys that the original has. */
const KEEP_KEYS: FoldLimits = { idempotencyKeptMs: Infinity, idempotencyKeysMax: 1_000_000 };

/**
 * Writes the state of a data directory, which is only read, to a file. It may be in use by another process: the file then shows its
 * newest durable commit. Throws NOT_FOUND if the path is no data directory, CORRUPT if it cannot be recovered, UNAVAILABLE if the file
 * cannot be written.
 */
export async function copyState(
  path: string,
  file: string,
  { onProgress }: CopyOptions = {},
): Promise<void> {
  requireDataDirectory(path);
  checkFormat(path);
  const { fold, log } = await openBoth(path);
  try {
    const { number: head } = log.head();
    const base = fold.next - 1;
    for (const bytes of log.read(fold.next)) {
      fold.add(bytes, (hash) => log.blob(hash));
      const entries = fold.next - 1 - base;
      if (entries % ENTRIES_PER_CALL === 0) await onProgress?.(entries, head - base);
    }
  } finally {
    await log.close();
  }
  writeCheckpointFile(file, fold.content());
}

interface Opened {
  /** The state as of a checkpoint. */
  readonly fold: Fold;
  /** Has the entries behind it, and keeps them. */
  readonly log: SegmentLog;
}

/** Whoever has the directory may give up a checkpoint, and the entries behind it, while it is read. */
async function openBoth(path: string): Promise<Opened> {
  for (let look = 1; ; look++) {
    const isChanged = checkpointWatch(checkpointsPath(path));
    try {
      return await openOnce(path);
    } catch (error) {
      if (look === LOOKS_MAX || !isChanged()) throw error;
    }
  }
}

async function openOnce(path: string): Promise<Opened> {
  // The checkpoint before the log: the log then reaches at least as far.
  const fold = new Fold(checkpointsPath(path), KEEP_KEYS);
  const log = await SegmentLog.open({ path: logPath(path), access: "read" });
  const { number: head, oldest } = log.head();
  const base = fold.next - 1;
  if (head >= base && oldest <= base + 1) return { fold, log };
  await log.close();
  throw new GeodeError(
    "CORRUPT",
    `the log holds entries ${oldest} to ${head}, but the newest good checkpoint ends with entry ${base}`,
    { hint: "`geode check` says what is damaged. Use another backup." },
  );
}

/**
 * Makes a data directory of the checkpoint that `write` puts into the file it is given. Whoever opens the directory first begins a new
 * epoch. It is built under another name beside `path` and appears there complete or not at all; what a killed process leaves has
 * `.partial-` in its name. Throws UNAVAILABLE if `path` exists and is not an empty directory or the disk refuses, CORRUPT if the file
 * is no sound checkpoint.
 */
export async function makeCopy(
  path: string,
  write: (file: string) => Promise<void>,
): Promise<CheckpointHeader> {
  const target = resolve(path);
  requireAbsentOrEmpty(target);
  const partial = attempt(target, () => {
    mkdirSync(dirname(target), { recursive: true });
    return mkdtempSync(`${target}.partial-`);
  });
  try {
    const file = join(partial, "state");
    await write(file);
    const { header } = await fill(partial, file);
    requireAbsentOrEmpty(target);
    attempt(target, () => {
      if (namesIn(target) !== null) rmdirSync(target);
      renameSync(partial, target);
      syncDirectory(dirname(target));
    });
    return header;
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    throw error;
  }
}

async function fill(directory: string, file: string): Promise<Checkpoint> {
  const checkpoint = openCheckpoint(file);
  const { number, hash } = checkpoint.header;
  attempt(directory, () => {
    syncFile(file);
    mkdirSync(checkpointsPath(directory), { mode: 0o700 });
    mkdirSync(logPath(directory), { mode: 0o700 });
  });
  moveCheckpoint(file, checkpointsPath(directory), number);
  const log = await SegmentLog.open({ path: logPath(directory), start: { number, hash } });
  await log.close();
  attempt(directory, () => {
    syncDirectory(logPath(directory));
    markCopy(directory);
  });
  return checkpoint;
}

/** Throws NOT_FOUND unless there is a log in it. */
function requireDataDirectory(path: string): void {
  if (namesIn(logPath(path)) === null) {
    throw new GeodeError(
      "NOT_FOUND",
      `${path} is not a data directory of Geode: it has no ${logPath(path)}`,
    );
  }
}

function requireAbsentOrEmpty(path: string): void {
  if (attempt(path, () => namesIn(path) ?? []).length === 0) return;
  throw new GeodeError("UNAVAILABLE", `${path} is not empty, and nothing is overwritten`, {
    hint: "Name a directory that does not exist yet.",
  });
}

/** What is in a directory; null if there is none. */
function namesIn(path: string): string[] | null {
  try {
    return readdirSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

/** It may have been written without waiting for the disk. */
function syncFile(path: string): void {
  const file = openSync(path, "r+");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** What the operating system refuses becomes UNAVAILABLE. */
function attempt<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof GeodeError) throw cause;
    throw new GeodeError("UNAVAILABLE", `${path} cannot be made: ${(cause as Error).message}`, {
      cause,
    });
  }
}
