import { hash } from "node:crypto";
import { GeodeError } from "@geode/values";
import type { Patch } from "../graph/effect.ts";
import { ByteReader, ByteWriter } from "./bytes.ts";
import type { Blob } from "./log.ts";
import { PatchReader } from "./patch-reader.ts";
import { PatchWriter } from "./patch-writer.ts";

/*
 * An entry:
 *
 *   format u32, number u64, first seq u64, previous hash (32), writer (8), nonce (16), time f64
 *   count of commits; for each: principal, flags, key if it has one, then its patch, or the length of the blob that the patch is in
 *   hashes of the blobs (32 each), in the order of the commits that are in them; count of blobs u32
 *
 * Names and shapes of effects are written once per entry (see patch.ts); the patch in a blob stands on its own.
 */

/** The one form of entries that this version writes and reads. */
export const ENTRY_FORMAT = 1;

/** About how large an entry may be, in bytes; a commit that does not fit goes into a blob that the entry names. */
export const ENTRY_BYTES_MAX = 256 * 1024;

/** The length of {@link Entry.writer} and of {@link Entry.nonce}, in bytes. */
export const WRITER_BYTES = 8;
export const NONCE_BYTES = 16;

/** What stands at a fixed place at the beginning of every entry. */
export interface EntryHeader {
  readonly format: number;
  /** 1 for the first. */
  readonly number: number;
  /** The seq of the first commit; the others follow without a gap. */
  readonly firstSeq: number;
  /** SHA-256 of the bytes of the entry before; zeros for the first. */
  readonly prevHash: Uint8Array;
  /** Who wrote it: 8 bytes, drawn by a process when it starts. */
  readonly writer: Uint8Array;
  /** 16 bytes, drawn for each entry: tells a writer that does not know what became of its append whether this is it. */
  readonly nonce: Uint8Array;
  /** When it was made, in milliseconds since 1970. It does not go back. */
  readonly timeMs: number;
}

/** The unit of the log: commits that became durable together. */
export interface Entry extends EntryHeader {
  readonly commits: readonly EntryCommit[];
}

export interface EntryCommit {
  readonly principal: string;
  /** The idempotency key, if the write had one. */
  readonly key?: string;
  readonly patch: Patch;
}

export interface EncodedEntry {
  readonly bytes: Uint8Array;
  /** What the next entry names as `prevHash`. */
  readonly hash: Uint8Array;
  readonly blobs: readonly Blob[];
}

/** SHA-256, of an entry's or a blob's bytes. */
export function hashOf(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(hash("sha256", bytes, "buffer"));
}

const HASH_BYTES = 32;
const HEADER_BYTES = 4 + 8 + 8 + HASH_BYTES + WRITER_BYTES + NONCE_BYTES + 8;

/** What a commit in a blob takes in the entry besides its principal and key, at most: its flags, length and hash. */
const BLOB_REFERENCE_BYTES = 1 + 8 + HASH_BYTES;

/** At the end of every entry: the hashes of its blobs and, in the last bytes, how many they are. */
const BLOB_COUNT_BYTES = 4;

const FLAG_KEY = 1;
const FLAG_BLOB = 2;

const scratch = new ByteWriter();
const blobScratch = new ByteWriter();

/** The bytes of an entry. Throws 22G03 for a property value that cannot be stored. */
export function encodeEntry(entry: Entry): EncodedEntry {
  const blobs: Blob[] = [];
  const out = scratch;
  out.reset();
  writeHeader(out, entry);
  out.varint(entry.commits.length);
  const patches = new PatchWriter(out);
  entry.commits.forEach((commit, i) => {
    const later = entry.commits.length - i - 1;
    writeCommit(out, patches, commit, ENTRY_BYTES_MAX - later * BLOB_REFERENCE_BYTES, blobs);
  });
  for (const blob of blobs) {
    out.raw(blob.hash);
  }
  out.u32(blobs.length);
  const bytes = out.copy();
  return { bytes, hash: hashOf(bytes), blobs };
}

/** The effects of one commit on their own, as they stand in a blob or in a checkpoint. */
export function encodePatch(patch: Patch): Uint8Array {
  blobScratch.reset();
  new PatchWriter(blobScratch).write(patch);
  return blobScratch.copy();
}

/** Throws CORRUPT; `subject` says of what. */
export function decodePatch(bytes: Uint8Array, subject: string): Patch {
  const reader = new ByteReader(bytes, subject);
  const patch = new PatchReader(reader).read();
  reader.end();
  return patch;
}

/** The header alone. Throws CORRUPT, also for a format that this version does not know. */
export function decodeHeader(bytes: Uint8Array): EntryHeader {
  return readHeader(new ByteReader(bytes, "a log entry"));
}

/** The hashes of the blobs that the entry names, in the order of its commits. Throws CORRUPT. */
export function blobHashes(bytes: Uint8Array): Uint8Array[] {
  const count = new ByteReader(bytes.subarray(-BLOB_COUNT_BYTES), "the end of a log entry").u32();
  const end = bytes.length - BLOB_COUNT_BYTES;
  if (count * HASH_BYTES > end - HEADER_BYTES) {
    throw new GeodeError(
      "CORRUPT",
      `a log entry of ${bytes.length} bytes cannot name ${count} blobs`,
    );
  }
  const start = end - count * HASH_BYTES;
  return Array.from({ length: count }, (_, i) =>
    bytes.slice(start + i * HASH_BYTES, start + (i + 1) * HASH_BYTES),
  );
}

/**
 * The entry of those bytes. `blobOf` finds the blobs that it names. Throws CORRUPT with what is wrong and where; whether the bytes are
 * those that were written is for the chain of hashes to say, not for this.
 */
export function decodeEntry(
  bytes: Uint8Array,
  blobOf: (hash: Uint8Array) => Uint8Array | undefined,
): Entry {
  const header = decodeHeader(bytes);
  const subject = `log entry ${header.number}`;
  const hashes = blobHashes(bytes);
  const reader = new ByteReader(
    bytes.subarray(0, bytes.length - BLOB_COUNT_BYTES - hashes.length * HASH_BYTES),
    subject,
  );
  reader.skip(HEADER_BYTES);
  const count = reader.count(3);
  const patches = new PatchReader(reader);
  const named = hashes.values();
  const commits: EntryCommit[] = [];
  for (let i = 0; i < count; i++) {
    commits.push(
      readCommit(reader, patches, () => readBlob(reader, named.next().value, subject, blobOf)),
    );
  }
  reader.end();
  if (!named.next().done) {
    throw reader.damaged("it names a blob that no commit is in");
  }
  return { ...header, commits };
}

function writeHeader(out: ByteWriter, entry: EntryHeader): void {
  const { format, number, firstSeq, prevHash, writer, nonce, timeMs } = entry;
  const fits =
    prevHash.length === HASH_BYTES &&
    writer.length === WRITER_BYTES &&
    nonce.length === NONCE_BYTES;
  if (
    format !== ENTRY_FORMAT ||
    !fits ||
    !Number.isSafeInteger(number) ||
    !Number.isSafeInteger(firstSeq) ||
    !Number.isFinite(timeMs)
  ) {
    throw new GeodeError("INTERNAL", `the header of log entry ${number} is not one`);
  }
  out.u32(format);
  out.u64(number);
  out.u64(firstSeq);
  out.raw(prevHash);
  out.raw(writer);
  out.raw(nonce);
  out.f64(timeMs);
}

function readHeader(reader: ByteReader): EntryHeader {
  const format = reader.u32();
  if (format !== ENTRY_FORMAT) {
    throw new GeodeError(
      "CORRUPT",
      `a log entry has format ${format}; this version of Geode reads format ${ENTRY_FORMAT}`,
      {
        hint: "If a newer version of Geode wrote this data, use that version or a newer one. If not, the data is damaged: run geode check.",
      },
    );
  }
  return {
    format,
    number: reader.u64(),
    firstSeq: reader.u64(),
    prevHash: reader.raw(HASH_BYTES),
    writer: reader.raw(WRITER_BYTES),
    nonce: reader.raw(NONCE_BYTES),
    timeMs: reader.f64(),
  };
}

/** Writes the commit in place; if that takes the entry beyond `positionMax`, takes it back and names a blob instead. */
function writeCommit(
  out: ByteWriter,
  patches: PatchWriter,
  commit: EntryCommit,
  positionMax: number,
  blobs: Blob[],
): void {
  const { principal, key, patch } = commit;
  const flags = key === undefined ? 0 : FLAG_KEY;
  out.text(principal);
  const start = out.position;
  out.byte(flags);
  if (key !== undefined) {
    out.text(key);
  }
  const mark = patches.mark();
  patches.write(patch);
  if (out.position <= positionMax) {
    return;
  }
  patches.forget(mark);
  out.rewind(start);
  out.byte(flags | FLAG_BLOB);
  if (key !== undefined) {
    out.text(key);
  }
  const bytes = encodePatch(patch);
  blobs.push({ hash: hashOf(bytes), bytes });
  out.varint(bytes.length);
}

function readCommit(
  reader: ByteReader,
  patches: PatchReader,
  readBlobPatch: () => Patch,
): EntryCommit {
  const principal = reader.text();
  const flags = reader.byte();
  if (flags > (FLAG_KEY | FLAG_BLOB)) {
    throw reader.damaged(`unknown flags ${flags}`);
  }
  const key = (flags & FLAG_KEY) === 0 ? undefined : reader.text();
  const patch = (flags & FLAG_BLOB) === 0 ? patches.read() : readBlobPatch();
  return key === undefined ? { principal, patch } : { principal, key, patch };
}

function readBlob(
  reader: ByteReader,
  hash: Uint8Array | undefined,
  subject: string,
  blobOf: (hash: Uint8Array) => Uint8Array | undefined,
): Patch {
  const length = reader.varint();
  if (hash === undefined) {
    throw reader.damaged("a commit is in a blob that is not named");
  }
  const name = Buffer.from(hash).toString("hex");
  const bytes = blobOf(hash);
  if (bytes === undefined) {
    throw reader.damaged(`blob ${name} is missing`);
  }
  if (bytes.length !== length || !hashOf(bytes).every((byte, i) => byte === hash[i])) {
    throw reader.damaged(`blob ${name} is not the one that was written`);
  }
  return decodePatch(bytes, `blob ${name} of ${subject}`);
}
