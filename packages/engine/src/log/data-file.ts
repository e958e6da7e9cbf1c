import { closeSync, fstatSync, ftruncateSync, openSync, readSync } from "node:fs";
import { GeodeError } from "@geode/values";

/*
 * LMDB maps its file into memory and believes what it finds there: a file that is not LMDB's, or one that was cut off, would end the
 * process with a signal instead of an error. So the two meta pages are looked at before it is opened. Offsets are those of the
 * 64-bit little-endian form of the LMDB that the `lmdb` package is built with (its `MDB_page_header` and `MDB_meta`).
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

/**
 * Throws CORRUPT if LMDB would not survive opening that file, UNAVAILABLE if it may not be opened; a file that is absent or empty is fine. A file that ends before its last
 * page is filled up with zeros when it is to be written: those pages are either unused, or LMDB will find them damaged and say so.
 */
export function checkDataFile(path: string, access: "write" | "read"): void {
  let file: number;
  try {
    file = openSync(path, access === "write" ? "r+" : "r");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") {
      return;
    }
    throw new GeodeError("CORRUPT", `${path} cannot be opened: ${(cause as Error).message}`, {
      cause,
    });
  }
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
