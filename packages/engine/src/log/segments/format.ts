import { crc32 } from "node:zlib";
import { GeodeError, unreachable } from "@geode/values";
import { ByteReader, ByteWriter } from "../bytes.ts";
import type { Durability, LogHead } from "../log.ts";

/*
 * A segment is one file of the log. All numbers are little-endian:
 *
 *   "GEODELOG", format u32, salt u32, durability u32,
 *   number u64 and SHA-256 of the last entry before it, bytes so far u64, trimmed u64, CRC-32 of all that u32
 *   records: the salt again u32, CRC-32 u32, length of the payload u32, kind u8, payload
 *   zeros, up to the end of the file
 *
 * The salt is drawn for each segment, so that nothing that somebody stores can look like a record. The CRC-32 of a record is of its
 * length, kind and payload. It tells what was torn while it was written; that an entry is the one that was written is for its SHA-256
 * to say.
 *
 * What the records hold:
 *
 *   entry     the entry
 *   blob      its SHA-256, its bytes; it belongs to the next entry
 *   opened    durability u32: from here on it is another process that appends
 *   trimmed   number u64: the entries up to this one were given up
 */

export const SEGMENT_FORMAT = 1;

const MAGIC = Buffer.from("GEODELOG");
export const HASH_BYTES = 32;
export const SEGMENT_HEADER_BYTES: number = MAGIC.length + 3 * 4 + 8 + HASH_BYTES + 8 + 8 + 4;
export const RECORD_HEADER_BYTES: number = 4 + 4 + 4 + 1;

const KINDS = ["entry", "blob", "opened", "trimmed"] as const;
const DURABILITIES = ["durable", "relaxed"] as const satisfies readonly Durability[];

export type RecordKind = (typeof KINDS)[number];

/** What a segment says of itself. */
export interface SegmentHeader {
  /** What every record begins with: a number below 2^32, not 0. */
  readonly salt: number;
  /** How the process appends that made it. */
  readonly durability: Durability;
  /** The last entry before it. */
  readonly before: Pick<LogHead, "number" | "hash">;
  /** Of all entries before it, with their blobs. */
  readonly bytesSoFar: number;
  /** The newest entry that had been given up when it was made. */
  readonly trimmed: number;
}

/** What stands before the payload of a record. */
export interface RecordHeader {
  readonly kind: RecordKind;
  readonly payloadBytes: number;
  readonly crc: number;
  /** The CRC-32 so far, of the header alone. */
  readonly crcOfHeader: number;
}

export function encodeSegmentHeader(header: SegmentHeader): Uint8Array {
  const out = new ByteWriter();
  out.raw(MAGIC);
  out.u32(SEGMENT_FORMAT);
  out.u32(header.salt);
  out.u32(DURABILITIES.indexOf(header.durability));
  out.u64(header.before.number);
  out.raw(header.before.hash);
  out.u64(header.bytesSoFar);
  out.u64(header.trimmed);
  out.u32(crc32(out.copy()));
  return out.copy();
}

/** Throws CORRUPT; `path` is for the message. */
export function decodeSegmentHeader(bytes: Uint8Array, path: string): SegmentHeader {
  const reader = new ByteReader(bytes, path);
  if (Buffer.compare(reader.raw(MAGIC.length), MAGIC) !== 0) {
    throw reader.damaged("it does not begin like a segment of a log");
  }
  const format = reader.u32();
  if (format !== SEGMENT_FORMAT) {
    throw new GeodeError(
      "CORRUPT",
      `${path} has format ${format}; this version of Geode reads format ${SEGMENT_FORMAT}`,
      { hint: "If a newer version of Geode wrote it, use that version or a newer one." },
    );
  }
  const salt = reader.u32();
  const durability = DURABILITIES[reader.u32()];
  const before = { number: reader.u64(), hash: reader.raw(HASH_BYTES) };
  const bytesSoFar = reader.u64();
  const trimmed = reader.u64();
  const crc = reader.u32();
  if (durability === undefined || crc !== crc32(bytes.subarray(0, SEGMENT_HEADER_BYTES - 4))) {
    throw reader.damaged("its first bytes are not those that were written");
  }
  return { salt, durability, before, bytesSoFar, trimmed };
}

/** The pieces of a record, to be written one after the other. */
export function encodeRecord(
  salt: number,
  kind: RecordKind,
  ...payload: readonly Uint8Array[]
): readonly Uint8Array[] {
  const header = Buffer.allocUnsafe(RECORD_HEADER_BYTES);
  header.writeUInt32LE(salt, 0);
  header.writeUInt32LE(
    payload.reduce((sum, piece) => sum + piece.length, 0),
    8,
  );
  header[12] = KINDS.indexOf(kind) + 1;
  const crc = payload.reduce((sum, piece) => crc32(piece, sum), crc32(header.subarray(8)));
  header.writeUInt32LE(crc, 4);
  return [header, ...payload];
}

/** Null where no record begins. */
export function decodeRecordHeader(salt: number, bytes: Buffer): RecordHeader | null {
  if (bytes.length < RECORD_HEADER_BYTES || bytes.readUInt32LE(0) !== salt) return null;
  const kind = KINDS[(bytes[12] as number) - 1];
  if (kind === undefined) return null;
  return {
    kind,
    payloadBytes: bytes.readUInt32LE(8),
    crc: bytes.readUInt32LE(4),
    crcOfHeader: crc32(bytes.subarray(8, RECORD_HEADER_BYTES)),
  };
}

/** Where to look for a record in what is left of others. */
export function recordMark(salt: number): Buffer {
  const mark = Buffer.alloc(4);
  mark.writeUInt32LE(salt);
  return mark;
}

export function encodeDurability(durability: Durability): Uint8Array {
  const out = new ByteWriter();
  out.u32(DURABILITIES.indexOf(durability));
  return out.copy();
}

/** Throws CORRUPT. */
export function decodeDurability(payload: Uint8Array, path: string): Durability {
  const reader = new ByteReader(payload, path);
  const durability = DURABILITIES[reader.u32()];
  switch (durability) {
    case "durable":
    case "relaxed":
      return durability;
    case undefined:
      throw reader.damaged("it was opened in a way that this version does not know");
    default:
      return unreachable(durability);
  }
}

export function encodeNumber(number: number): Uint8Array {
  const out = new ByteWriter();
  out.u64(number);
  return out.copy();
}

/** Throws CORRUPT. */
export function decodeNumber(payload: Uint8Array, path: string): number {
  return new ByteReader(payload, path).u64();
}
