import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  statfsSync,
  statSync,
} from "node:fs";
import { join } from "node:path";
import { GeodeError } from "@geode/values";

/*
 * The `lmdb` package does not survive an environment that cannot be opened (it ends the process with a signal), and LMDB maps its file
 * into memory and believes what it finds there. So whatever can be known to go wrong is looked at before. Offsets are those of the
 * 64-bit little-endian form of the LMDB that the package is built with (its `MDB_page_header` and `MDB_meta`).
 */
const META_OFFSET = 24;
const VERSION_OFFSET = META_OFFSET + 4;
const PAGE_BYTES_OFFSET = META_OFFSET + 24;
const LAST_PAGE_OFFSET = META_OFFSET + 120;
const TRANSACTION_OFFSET = META_OFFSET + 128;
const META_BYTES = TRANSACTION_OFFSET + 8;

const MAGIC = 0xbeefc0de;
const VERSION = 2;
const PAGE_BYTES_MIN = 512;
const PAGE_BYTES_MAX = 65_536;

/** What a new environment needs, or one write beside its data, amply. */
const FREE_BYTES_MIN = 1024 * 1024;

/**
 * Makes the directory of an environment, if it is to be written, and throws what would keep LMDB from opening it: UNAVAILABLE if the
 * system forbids it, NOT_FOUND if there is nothing to read, CORRUPT if the data file is not one of LMDB's.
 *
 * The lock file is only asked about, never opened: closing it would end the locks that this process may hold on it already.
 */
export function prepareLmdbFiles(directory: string, access: "write" | "read"): void {
  const dataFile = join(directory, "data.mdb");
  const lockFile = join(directory, "lock.mdb");
  if (access === "read" && !existsSync(dataFile)) {
    throw new GeodeError("NOT_FOUND", `${directory} holds no log`);
  }
  try {
    if (access === "write") {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
    }
    requireFileToWrite(existsSync(lockFile) ? lockFile : directory, access);
    if (existsSync(lockFile) && !statSync(lockFile).isFile()) {
      throw new Error("it is not a file");
    }
    if (existsSync(dataFile)) {
      checkDataFile(dataFile, access);
    } else {
      requireSpace(freeBytesOf(directory));
    }
  } catch (cause) {
    if (cause instanceof GeodeError) {
      throw cause;
    }
    throw new GeodeError(
      "UNAVAILABLE",
      `the log in ${directory} cannot be opened: ${(cause as Error).message}`,
      {
        cause,
      },
    );
  }
}

/** LMDB writes its lock file even to read; on a read-only file system it does without. */
function requireFileToWrite(path: string, access: "write" | "read"): void {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
  } catch (error) {
    if (access === "write" || (error as NodeJS.ErrnoException).code !== "EROFS") {
      throw error;
    }
  }
}

/** How much may still be written to the disk of a directory. */
export function freeBytesOf(directory: string): number {
  const { bavail, bsize } = statfsSync(directory);
  return bavail * bsize;
}

/**
 * Throws unless so many bytes fit, with room for the pages that LMDB rewrites on the way. LMDB must not find out by itself: telling of
 * a full disk it writes beyond a buffer of its own, and the process dies of that sooner or later.
 */
export function requireSpace(freeBytes: number, bytes = 0): void {
  if (freeBytes < FREE_BYTES_MIN + 2 * bytes) {
    throw new Error(`the disk is full (${freeBytes} bytes are free)`);
  }
}

/**
 * A file that ends before its last page is filled up with zeros when it is to be written: those pages are either unused, or LMDB will
 * find them damaged and say so.
 */
function checkDataFile(path: string, access: "write" | "read"): void {
  const file = openSync(path, access === "write" ? "r+" : "r");
  try {
    checkMetaPages(path, file, access);
  } finally {
    closeSync(file);
  }
}

function checkMetaPages(path: string, file: number, access: "write" | "read"): void {
  const { size } = fstatSync(file);
  if (size === 0) {
    return;
  }
  const first = readMeta(path, file, 0);
  const second = readMeta(path, file, first.pageBytes);
  const newest = second.transaction > first.transaction ? second : first;
  const sizeMin = (Number(newest.lastPage) + 1) * first.pageBytes;
  if (size >= sizeMin) {
    return;
  }
  // A single page may be missing from a sound file; an absurd number is no page at all.
  if (access === "read" || !Number.isSafeInteger(sizeMin) || sizeMin > size * 1_000) {
    throw damaged(path, `it has ${size} bytes and should have ${sizeMin}`);
  }
  ftruncateSync(file, sizeMin);
}

interface Meta {
  readonly pageBytes: number;
  readonly lastPage: bigint;
  readonly transaction: bigint;
}

function readMeta(path: string, file: number, offset: number): Meta {
  const bytes = Buffer.alloc(META_BYTES);
  if (readSync(file, bytes, 0, META_BYTES, offset) !== META_BYTES) {
    throw damaged(path, "it is cut short");
  }
  const version = bytes.readUInt16LE(VERSION_OFFSET);
  if (bytes.readUInt32LE(META_OFFSET) !== MAGIC || version !== VERSION) {
    throw damaged(path, "it is not an LMDB file of the version that is read here");
  }
  const pageBytes = bytes.readUInt32LE(PAGE_BYTES_OFFSET);
  if (
    pageBytes < PAGE_BYTES_MIN ||
    pageBytes > PAGE_BYTES_MAX ||
    (pageBytes & (pageBytes - 1)) !== 0
  ) {
    throw damaged(path, `its pages cannot have ${pageBytes} bytes`);
  }
  return {
    pageBytes,
    lastPage: bytes.readBigUInt64LE(LAST_PAGE_OFFSET),
    transaction: bytes.readBigUInt64LE(TRANSACTION_OFFSET),
  };
}

function damaged(path: string, problem: string): GeodeError {
  return new GeodeError("CORRUPT", `${path} is damaged: ${problem}`, {
    hint: "Restore a backup, or take the file away if its data is not needed.",
  });
}
