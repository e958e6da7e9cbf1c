import { createHash, type Hash } from "node:crypto";
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { GeodeError } from "@geode/values";
import type { Effect } from "../graph/effect.ts";
import { ByteReader, ByteWriter } from "./bytes.ts";
import { syncDirectory } from "./durable-files.ts";
import { decodePatch, encodePatch } from "./entry.ts";

/*
 * A checkpoint is one file with the whole state after one entry of the log:
 *
 *   "geodeckp", format u32, frames, SHA-256 of everything before it
 *
 * A frame is kind u8, length u64, content. First the header, then idempotency records, then the state as effects in chunks. A chunk is encoded like the patch of a commit and stands on its own, so writing and reading need the
 * memory of one chunk, however large the graph is.
 */
export const CHECKPOINT_FORMAT = 1;

export interface CheckpointHeader {
  readonly format: number;
  readonly epoch: string;
  /** The last commit in it. */
  readonly seq: number;
  /** The last entry in it, and its hash. */
  readonly number: number;
  readonly hash: Uint8Array;
  /** The time of that entry, in milliseconds since 1970. */
  readonly timeMs: number;
}

/** A write that carried an idempotency key. */
export interface IdempotencyRecord {
  readonly principal: string;
  readonly key: string;
  readonly seq: number;
  /** The time of its entry, in milliseconds since 1970. */
  readonly timeMs: number;
}

export interface CheckpointContent {
  readonly header: CheckpointHeader;
  /** Oldest first. */
  readonly idempotency: Iterable<IdempotencyRecord>;
  /** Applied in order to an empty store they make the state. */
  readonly chunks: Iterable<readonly Effect[]>;
}

/** A checkpoint whose hash was found right when it was opened. Its iterables read the file anew each time. */
export interface Checkpoint extends CheckpointContent {
  readonly path: string;
  readonly bytes: number;
}

export interface DamagedCheckpoint {
  readonly path: string;
  readonly error: GeodeError;
}

const MAGIC = Buffer.from("geodeckp");
const HASH_BYTES = 32;
const PREFIX_BYTES = MAGIC.length + 4;
const FRAME_PREFIX_BYTES = 1 + 8;
const SUFFIX = ".checkpoint";
const TEMPORARY_SUFFIX = ".tmp";
const READ_BYTES = 1024 * 1024;

/** A chunk that would take more is divided, so that reading it back does not need much memory at once. */
const CHUNK_BYTES_MAX = 8 * 1024 * 1024;
const RECORDS_PER_FRAME = 1_000;

const FRAME = { header: 1, idempotency: 2, effects: 3 } as const;
type FrameKind = (typeof FRAME)[keyof typeof FRAME];

/**
 * Writes a checkpoint and returns it once it will survive a power cut: temporary name, fsync, rename, fsync of the directory. Throws
 * UNAVAILABLE if the disk refuses; then nothing is left behind.
 */
export function writeCheckpoint(directory: string, content: CheckpointContent): Checkpoint {
  const path = checkpointPath(directory, content.header.number);
  const temporary = path + TEMPORARY_SUFFIX;
  writeCheckpointFile(temporary, content);
  moveCheckpoint(temporary, directory, content.header.number);
  return openCheckpoint(path);
}

/** Writes a checkpoint under any name, onto the disk. Throws UNAVAILABLE if the disk refuses; then nothing is left behind. */
export function writeCheckpointFile(path: string, content: CheckpointContent): void {
  try {
    writeFile(path, content);
  } catch (cause) {
    throw notWritten(path, cause);
  }
}

/** Gives a checkpoint that is on the disk its place in a directory, durably. Throws UNAVAILABLE, and then the file is gone. */
export function moveCheckpoint(file: string, directory: string, number: number): void {
  try {
    renameSync(file, checkpointPath(directory, number));
    syncDirectory(directory);
  } catch (cause) {
    throw notWritten(file, cause);
  }
}

function notWritten(path: string, cause: unknown): GeodeError {
  rmSync(path, { force: true });
  return cause instanceof GeodeError
    ? cause
    : new GeodeError(
        "UNAVAILABLE",
        `the checkpoint ${path} could not be written: ${(cause as Error).message}`,
        { cause },
      );
}

/** Opens a checkpoint and reads it once to see that it is whole. Throws CORRUPT. */
export function openCheckpoint(path: string): Checkpoint {
  const reader = new FileReader(path);
  try {
    reader.verify();
    const header = decodeHeader(path, reader);
    return {
      path,
      bytes: reader.bytes,
      header,
      idempotency: {
        *[Symbol.iterator]() {
          for (const content of frames(path, FRAME.idempotency)) {
            yield* decodeRecords(content);
          }
        },
      },
      chunks: {
        *[Symbol.iterator]() {
          for (const content of frames(path, FRAME.effects)) {
            yield decodePatch(content, path);
          }
        },
      },
    };
  } finally {
    reader.close();
  }
}

/** The newest checkpoint that is whole, and those before which it was preferred because they are not. */
export function newestGood(directory: string): {
  readonly checkpoint: Checkpoint | null;
  readonly damaged: readonly DamagedCheckpoint[];
} {
  const damaged: DamagedCheckpoint[] = [];
  for (const path of checkpointPaths(directory)) {
    try {
      return { checkpoint: openCheckpoint(path), damaged };
    } catch (error) {
      if (!(error instanceof GeodeError)) {
        throw error;
      }
      damaged.push({ path, error });
    }
  }
  return { checkpoint: null, damaged };
}

/** The files of all checkpoints, newest first, damaged or not. */
export function checkpointPaths(directory: string): string[] {
  const names = readdirSync(directory).filter((name) => /^\d{16}\.checkpoint$/.test(name));
  return names
    .sort()
    .reverse()
    .map((name) => join(directory, name));
}

/** How often a data directory is looked at that somebody else writes, until nothing is taken away meanwhile. */
export const LOOKS_MAX = 8;

/**
 * What tells, when it is asked later, whether a checkpoint was made since: those that were there may be gone then, and the entries behind
 * them. What seems wrong then may not be.
 */
export function checkpointWatch(directory: string): () => boolean {
  const names = (): string => (existsSync(directory) ? checkpointPaths(directory).join() : "");
  const before = names();
  return () => names() !== before;
}

export function removeCheckpoint(path: string): void {
  rmSync(path, { force: true });
}

/** Removes what a killed process left half written. Only for whoever has the data directory to itself. */
export function removeUnfinishedCheckpoints(directory: string): void {
  for (const name of readdirSync(directory)) {
    if (name.endsWith(SUFFIX + TEMPORARY_SUFFIX)) {
      rmSync(join(directory, name), { force: true });
    }
  }
}

/** Where the checkpoint that ends with that entry lies. */
export function checkpointPath(directory: string, number: number): string {
  return join(directory, String(number).padStart(16, "0") + SUFFIX);
}

function writeFile(path: string, content: CheckpointContent): void {
  const writer = new FrameWriter(path);
  try {
    writer.frame(FRAME.header, encodeHeader(content.header));
    for (const records of batches(content.idempotency, RECORDS_PER_FRAME)) {
      writer.frame(FRAME.idempotency, encodeRecords(records));
    }
    for (const chunk of content.chunks) {
      writeChunk(writer, chunk);
    }
    writer.finish();
  } finally {
    writer.close();
  }
}

function writeChunk(writer: FrameWriter, chunk: readonly Effect[]): void {
  const bytes = encodePatch(chunk);
  if (bytes.length <= CHUNK_BYTES_MAX || chunk.length === 1) {
    writer.frame(FRAME.effects, bytes);
    return;
  }
  const half = chunk.length >> 1;
  writeChunk(writer, chunk.slice(0, half));
  writeChunk(writer, chunk.slice(half));
}

/** Writes frames to a file and hashes them on the way. */
class FrameWriter {
  readonly #file: number;
  readonly #hash: Hash = createHash("sha256");
  readonly #prefix = new ByteWriter();

  constructor(path: string) {
    this.#file = openSync(path, "w", 0o600);
    this.#prefix.raw(MAGIC);
    this.#prefix.u32(CHECKPOINT_FORMAT);
    this.#write(this.#prefix.copy());
  }

  frame(kind: FrameKind, content: Uint8Array): void {
    this.#prefix.reset();
    this.#prefix.byte(kind);
    this.#prefix.u64(content.length);
    this.#write(this.#prefix.copy());
    this.#write(content);
  }

  /** The hash, and everything onto the disk. */
  finish(): void {
    writeAll(this.#file, this.#hash.digest());
    fsyncSync(this.#file);
  }

  close(): void {
    closeSync(this.#file);
  }

  #write(bytes: Uint8Array): void {
    this.#hash.update(bytes);
    writeAll(this.#file, bytes);
  }
}

function writeAll(file: number, bytes: Uint8Array): void {
  let written = 0;
  while (written < bytes.length) {
    written += writeSync(file, bytes, written);
  }
}

interface Frame {
  readonly kind: number;
  readonly content: Uint8Array;
}

/** Reads a checkpoint file from front to back. */
class FileReader {
  readonly bytes: number;
  readonly #path: string;
  readonly #file: number;
  #position = PREFIX_BYTES;

  constructor(path: string) {
    this.#path = path;
    try {
      this.#file = openSync(path, "r");
    } catch (cause) {
      throw new GeodeError(
        "CORRUPT",
        `the checkpoint ${path} cannot be read: ${(cause as Error).message}`,
        { cause },
      );
    }
    this.bytes = fstatSync(this.#file).size;
  }

  /** Whether this is a checkpoint and has the contents that were written. */
  verify(): void {
    if (this.bytes < PREFIX_BYTES + HASH_BYTES) {
      throw damaged(this.#path, "it is cut short");
    }
    const prefix = this.#read(0, PREFIX_BYTES);
    if (!MAGIC.equals(prefix.subarray(0, MAGIC.length))) {
      throw damaged(this.#path, "it is not a checkpoint");
    }
    const format = prefix.readUInt32LE(MAGIC.length);
    if (format !== CHECKPOINT_FORMAT) {
      throw new GeodeError(
        "CORRUPT",
        `the checkpoint ${this.#path} has format ${format}; this version of Geode reads format ${CHECKPOINT_FORMAT}`,
        { hint: "If a newer version of Geode wrote it, use that version or a newer one." },
      );
    }
    const hash = createHash("sha256");
    const end = this.bytes - HASH_BYTES;
    for (let at = 0; at < end; at += READ_BYTES) {
      hash.update(this.#read(at, Math.min(READ_BYTES, end - at)));
    }
    if (!hash.digest().equals(this.#read(end, HASH_BYTES))) {
      throw damaged(this.#path, "its contents are not those that were written (SHA-256 differs)");
    }
  }

  /** The next frame; null after the last. */
  next(): Frame | null {
    const left = this.bytes - HASH_BYTES - this.#position;
    if (left === 0) {
      return null;
    }
    if (left < FRAME_PREFIX_BYTES) {
      throw damaged(this.#path, `the frame at byte ${this.#position} is cut short`);
    }
    const prefix = new ByteReader(this.#read(this.#position, FRAME_PREFIX_BYTES), this.#path);
    const kind = prefix.byte();
    const length = prefix.u64();
    if (length > left - FRAME_PREFIX_BYTES) {
      throw damaged(this.#path, `the frame at byte ${this.#position} is longer than the file`);
    }
    const content = this.#read(this.#position + FRAME_PREFIX_BYTES, length);
    this.#position += FRAME_PREFIX_BYTES + length;
    return { kind, content };
  }

  close(): void {
    closeSync(this.#file);
  }

  #read(at: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafeSlow(length);
    let done = 0;
    while (done < length) {
      const count = readSync(this.#file, bytes, done, length - done, at + done);
      if (count === 0) {
        throw damaged(this.#path, `it ends at byte ${at + done}`);
      }
      done += count;
    }
    return bytes;
  }
}

function decodeHeader(path: string, reader: FileReader): CheckpointHeader {
  const first = reader.next();
  if (first?.kind !== FRAME.header) {
    throw damaged(path, "it does not begin with a header");
  }
  const bytes = new ByteReader(first.content, path);
  const header = {
    format: CHECKPOINT_FORMAT,
    epoch: bytes.text(),
    seq: bytes.u64(),
    number: bytes.u64(),
    hash: bytes.raw(HASH_BYTES),
    timeMs: bytes.f64(),
  };
  bytes.end();
  return header;
}

function encodeHeader({ epoch, seq, number, hash, timeMs }: CheckpointHeader): Uint8Array {
  const out = new ByteWriter();
  out.text(epoch);
  out.u64(seq);
  out.u64(number);
  out.raw(hash);
  out.f64(timeMs);
  return out.copy();
}

/** The contents of all frames of one kind. */
function* frames(
  path: string,
  wanted: typeof FRAME.idempotency | typeof FRAME.effects,
): Iterable<Uint8Array> {
  const reader = new FileReader(path);
  try {
    for (let frame = reader.next(); frame !== null; frame = reader.next()) {
      switch (frame.kind as FrameKind) {
        case FRAME.idempotency:
        case FRAME.effects:
          if (frame.kind === wanted) {
            yield frame.content;
          }
          break;
        case FRAME.header:
          break;
        default:
          throw damaged(path, `it has a frame of unknown kind ${frame.kind}`);
      }
    }
  } finally {
    reader.close();
  }
}

function encodeRecords(records: readonly IdempotencyRecord[]): Uint8Array {
  const out = new ByteWriter();
  out.varint(records.length);
  for (const { principal, key, seq, timeMs } of records) {
    out.text(principal);
    out.text(key);
    out.u64(seq);
    out.f64(timeMs);
  }
  return out.copy();
}

function decodeRecords(content: Uint8Array): IdempotencyRecord[] {
  const reader = new ByteReader(content, "an idempotency frame of a checkpoint");
  const count = reader.count(18);
  const records: IdempotencyRecord[] = [];
  for (let i = 0; i < count; i++) {
    records.push({
      principal: reader.text(),
      key: reader.text(),
      seq: reader.u64(),
      timeMs: reader.f64(),
    });
  }
  reader.end();
  return records;
}

function* batches<T>(items: Iterable<T>, length: number): Iterable<T[]> {
  let batch: T[] = [];
  for (const item of items) {
    if (batch.push(item) === length) {
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) {
    yield batch;
  }
}

function damaged(path: string, problem: string): GeodeError {
  return new GeodeError("CORRUPT", `the checkpoint ${path} is damaged: ${problem}`);
}
