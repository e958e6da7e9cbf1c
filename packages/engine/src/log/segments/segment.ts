import { closeSync, fstatSync, openSync } from "node:fs";
import { basename, join } from "node:path";
import { GeodeError } from "@geode/values";
import type { Disk } from "./disk.ts";
import { decodeHeader, hashOf } from "../entry.ts";
import { FileWindow } from "./file-window.ts";
import type { Blob, Durability } from "../log.ts";
import {
  decodeDurability,
  decodeNumber,
  decodeSegmentHeader,
  encodeDurability,
  encodeNumber,
  encodeRecord,
  encodeSegmentHeader,
  HASH_BYTES,
  RECORD_HEADER_BYTES,
  SEGMENT_HEADER_BYTES,
  type SegmentHeader,
} from "./format.ts";
import { type FoundRecord, SegmentScan } from "./scan.ts";

/** Where a blob lies. */
export interface BlobPlace {
  readonly hash: Uint8Array;
  readonly at: number;
  readonly bytes: number;
  /** The entry that names it. */
  readonly entry: number;
}

/** An entry that goes in next. */
export interface NextEntry {
  readonly bytes: Uint8Array;
  readonly hash: Uint8Array;
  readonly blobs: readonly Blob[];
}

/** The appends of one process, from `start` on. What is in there may not be on the disk unless the process has closed the log. */
interface Life {
  readonly durability: Durability;
  readonly start: number;
}

/** A file grows by zeros before it grows by records: to overwrite them costs a disk less than to make room for each record. */
const GROWTH_BYTES_MIN = 16 * 1024;
const GROWTH_BYTES_MAX = 1024 * 1024;
const ZEROS = Buffer.alloc(GROWTH_BYTES_MAX);

/** How much is made durable again at once. */
const PIECE_BYTES = 1024 * 1024;

const FILE_NAME = /^(\d{16})\.log$/;
/** A segment that is not on the disk yet, as a whole. */
const UNFINISHED_NAME = /^\d{16}\.log\.tmp$/;

/** The number of the first entry that may be in a segment of that name; null if it is another file. */
export function firstOfName(name: string): number | null {
  const digits = FILE_NAME.exec(name)?.[1];
  return digits === undefined ? null : Number(digits);
}

/** Whether a file is a segment that nobody has come to use. */
export function isUnfinishedName(name: string): boolean {
  return UNFINISHED_NAME.test(name);
}

/** One file of the log: where each of its entries lies, and where the next one goes. One process appends, one append at a time. */
export class Segment {
  readonly path: string;
  readonly header: SegmentHeader;
  readonly #file: number;
  /** Of each entry in it: where it begins, its length, and the bytes of all entries up to it, with their blobs. */
  readonly #starts: number[] = [];
  readonly #lengths: number[] = [];
  readonly #bytesSoFar: number[] = [];
  #blobs: BlobPlace[] = [];
  /** SHA-256 of the last entry; of the one before the segment while it has none. */
  #lastHash: Uint8Array;
  #trimmed: number;
  /** Where the next record goes, how far the file reaches, and whether what is left of an append lies between. */
  #end = SEGMENT_HEADER_BYTES;
  #fileBytes: number;
  #torn = false;
  #life: Life;

  /**
   * Makes a segment for the entries behind `header.before`; it is on the disk when this resolves, and so is its name. Throws
   * {@link NoFileLeft} while there is nothing of it.
   */
  static async create(disk: Disk, directory: string, header: SegmentHeader): Promise<Segment> {
    const name = `${String(header.before.number + 1).padStart(16, "0")}.log`;
    const path = join(directory, name);
    const file = createFile(disk, `${path}.tmp`);
    try {
      await disk.write(file, [encodeSegmentHeader(header)], 0);
      await disk.sync(file);
      disk.rename(`${path}.tmp`, path);
      disk.syncNames(directory);
      return new Segment(path, file, header);
    } catch (error) {
      closeSync(file);
      throw error;
    }
  }

  /**
   * Reads a segment. What an append has left that was under way when its process or the power ended was acknowledged to nobody, and is
   * passed over. Throws CORRUPT for everything else that is not as it was written.
   */
  static open(path: string, access: "write" | "read"): Segment {
    const file = openSync(path, access === "write" ? "r+" : "r");
    try {
      const scan = new SegmentScan(file);
      const header = decodeSegmentHeader(scan.bytes(0, SEGMENT_HEADER_BYTES), path);
      const segment = new Segment(path, file, header);
      // By its name it is told from those that are needed no more.
      if (firstOfName(basename(path)) !== segment.first) {
        throw segment.#damaged(`it begins with entry ${segment.first}, and is called otherwise`);
      }
      segment.#load(scan);
      return segment;
    } catch (error) {
      closeSync(file);
      throw error;
    }
  }

  private constructor(path: string, file: number, header: SegmentHeader) {
    this.path = path;
    this.header = header;
    this.#file = file;
    this.#lastHash = header.before.hash;
    this.#trimmed = header.trimmed;
    this.#fileBytes = fstatSync(file).size;
    this.#life = { durability: header.durability, start: this.#end };
  }

  /** The first entry that may be in it. */
  get first(): number {
    return this.header.before.number + 1;
  }

  /** The last entry in it; the one before while it has none. */
  get last(): number {
    return this.header.before.number + this.#starts.length;
  }

  get isEmpty(): boolean {
    return this.#starts.length === 0;
  }

  get lastHash(): Uint8Array {
    return this.#lastHash;
  }

  /** The newest entry of which it says that it was given up. */
  get trimmed(): number {
    return this.#trimmed;
  }

  /** How much of the file is taken, in bytes. */
  get bytes(): number {
    return this.#end;
  }

  get torn(): boolean {
    return this.#torn;
  }

  get blobs(): readonly BlobPlace[] {
    return this.#blobs;
  }

  /** The bytes of all entries up to that one, which is in it or the one before it, with their blobs. */
  bytesSoFar(number: number): number {
    return number < this.first
      ? this.header.bytesSoFar
      : (this.#bytesSoFar[number - this.first] as number);
  }

  /** Reads the entries in it in their order; each may be kept. */
  reader(): (number: number) => Uint8Array {
    const window = new FileWindow(this.#file, 256 * 1024);
    return (number) => {
      const index = number - this.first;
      const [start, length] = [this.#starts[index] as number, this.#lengths[index] as number];
      const bytes = window.bytes(start, length, this.#end);
      if (bytes.length !== length) throw this.#damaged("it has become shorter");
      return new Uint8Array(bytes);
    };
  }

  blob({ at, bytes }: BlobPlace): Uint8Array {
    return new Uint8Array(new FileWindow(this.#file, 0).bytes(at, bytes, 0));
  }

  /**
   * Makes sure that what was read is on the disk, before anything is built on it: a process that was killed, or whose disk refused, may
   * have left it in the system's memory alone. What is left of an append is cut off.
   */
  async secure(disk: Disk): Promise<void> {
    const window = new FileWindow(this.#file, PIECE_BYTES);
    for (let at = this.#life.start; at < this.#end; at += PIECE_BYTES) {
      const count = Math.min(PIECE_BYTES, this.#end - at);
      await disk.write(this.#file, [window.bytes(at, count, this.#end)], at);
    }
    await disk.sync(this.#file);
    if (this.#torn) {
      disk.cut(this.#file, this.#end);
      this.#fileBytes = this.#end;
      this.#torn = false;
    }
  }

  /** From here on it is this process that appends. */
  async opened(disk: Disk, durability: Durability): Promise<void> {
    const start = this.#end;
    await this.#write(disk, encodeRecord(this.header.salt, "opened", encodeDurability(durability)));
    this.#life = { durability, start };
  }

  async append(
    disk: Disk,
    { bytes, hash, blobs }: NextEntry,
    durability: Durability,
  ): Promise<void> {
    const { salt } = this.header;
    const number = this.last + 1;
    const pieces: Uint8Array[] = [];
    const places: BlobPlace[] = [];
    let at = this.#end;
    let sum = this.bytesSoFar(this.last) + bytes.length;
    for (const blob of blobs) {
      pieces.push(...encodeRecord(salt, "blob", blob.hash, blob.bytes));
      const start = at + RECORD_HEADER_BYTES + HASH_BYTES;
      places.push({ hash: blob.hash, at: start, bytes: blob.bytes.length, entry: number });
      at = start + blob.bytes.length;
      sum += blob.bytes.length;
    }
    pieces.push(...encodeRecord(salt, "entry", bytes));
    await this.#write(disk, pieces, durability);
    this.#starts.push(at + RECORD_HEADER_BYTES);
    this.#lengths.push(bytes.length);
    this.#bytesSoFar.push(sum);
    this.#blobs.push(...places);
    this.#lastHash = hash;
  }

  /** Notes that the entries up to this one were given up. */
  async trim(disk: Disk, number: number): Promise<void> {
    await this.#write(disk, encodeRecord(this.header.salt, "trimmed", encodeNumber(number)));
    this.#trimmed = number;
  }

  /** Forgets the blobs of entries that were given up. */
  forgetBlobs(upTo: number): void {
    this.#blobs = this.#blobs.filter(({ entry }) => entry > upTo);
  }

  sync(disk: Disk): Promise<void> {
    return disk.sync(this.#file);
  }

  close(): void {
    closeSync(this.#file);
  }

  /** Writes records behind the last one and, if they are to be "durable", waits for the disk. */
  async #write(
    disk: Disk,
    pieces: readonly Uint8Array[],
    durability: Durability = "durable",
  ): Promise<void> {
    const end = pieces.reduce((sum, piece) => sum + piece.length, this.#end);
    const growth = Math.min(Math.max(end, GROWTH_BYTES_MIN), GROWTH_BYTES_MAX);
    let fileBytes = this.#fileBytes;
    try {
      if (end <= fileBytes) await disk.write(this.#file, pieces, this.#end);
      else fileBytes = end + (await this.#writeAndGrow(disk, pieces, growth));
      if (durability === "durable") await disk.sync(this.#file);
    } catch (error) {
      this.#cutOff(disk);
      throw error;
    }
    this.#fileBytes = fileBytes;
    this.#end = end;
  }

  /** Returns by how much the file grew beyond the records: by nothing, when a disk is so full that it has room for them alone. */
  async #writeAndGrow(disk: Disk, pieces: readonly Uint8Array[], growth: number): Promise<number> {
    try {
      await disk.write(this.#file, [...pieces, ZEROS.subarray(0, growth)], this.#end);
      return growth;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
      await disk.write(this.#file, pieces, this.#end);
      return 0;
    }
  }

  /** What was refused shall not come back. A disk that does not let us take it back either leaves that to chance. */
  #cutOff(disk: Disk): void {
    try {
      disk.cut(this.#file, this.#end);
    } catch {
      // What the disk said first is what is told.
    }
  }

  /**
   * Reads what is in it. Somebody may append meanwhile, so what looks damaged is looked at again: who has written something behind an
   * append had written all of that one before.
   */
  #load(scan: SegmentScan): void {
    for (let end = 0; ;) {
      this.#loadAppends(scan);
      this.#torn = !scan.isBlank(this.#end);
      if (!this.#torn || this.#isTear(scan)) return;
      if (end === this.#end) {
        throw this.#damaged(
          `the append at byte ${this.#end} is not the one that was written, and others follow it`,
        );
      }
      end = this.#end;
      scan.refresh();
    }
  }

  /** Reads whole appends, from `#end` on. */
  #loadAppends(scan: SegmentScan): void {
    const { salt } = this.header;
    let named: Omit<BlobPlace, "entry">[] = [];
    let lastEntry: FoundRecord | null = null;
    for (const record of scan.records(salt, this.#end)) {
      switch (record.kind) {
        case "blob":
          named.push(blobIn(scan, record));
          continue;
        case "entry":
          this.#loadEntry(scan, record, named);
          lastEntry = record;
          named = [];
          break;
        case "opened": {
          const durability = decodeDurability(scan.payload(record), this.path);
          this.#life = { durability, start: record.start };
          break;
        }
        case "trimmed":
          this.#trimmed = decodeNumber(scan.payload(record), this.path);
          break;
      }
      // A blob belongs to the entry behind it; without that one it is what is left of an append.
      this.#end = record.end;
    }
    if (lastEntry !== null) this.#lastHash = hashOf(scan.payload(lastEntry));
  }

  #loadEntry(
    scan: SegmentScan,
    record: FoundRecord,
    blobs: readonly Omit<BlobPlace, "entry">[],
  ): void {
    const payload = scan.payload(record);
    const { number } = decodeHeader(payload);
    if (number !== this.last + 1) {
      throw this.#damaged(`in place of entry ${this.last + 1} stands entry ${number}`);
    }
    const sum = blobs.reduce((bytes, blob) => bytes + blob.bytes, payload.length);
    this.#bytesSoFar.push(this.bytesSoFar(this.last) + sum);
    this.#starts.push(record.payloadStart);
    this.#lengths.push(payload.length);
    this.#blobs.push(...blobs.map((blob) => ({ ...blob, entry: number })));
  }

  /**
   * Whether what lies behind the last whole append can be the rest of one that was under way. What came after an append, came after the
   * disk had it; only the appends of a relaxed life may lack what lies before them.
   */
  #isTear(scan: SegmentScan): boolean {
    for (const record of scan.scattered(this.header.salt, this.#end)) {
      const follows =
        record.kind === "entry" && decodeHeader(scan.payload(record)).number === this.last + 1;
      const mayBeAlone = record.kind === "entry" || record.kind === "trimmed";
      if (
        record.kind === "blob" ||
        follows ||
        (mayBeAlone && this.#life.durability === "relaxed")
      ) {
        continue;
      }
      return false;
    }
    return true;
  }

  #damaged(problem: string): GeodeError {
    return new GeodeError("CORRUPT", `${this.path} is damaged: ${problem}`, {
      hint: "Restore a backup. What can still be read is said by geode check.",
    });
  }
}

/** The process has as many files open as it may. */
export class NoFileLeft extends Error {}

function createFile(disk: Disk, path: string): number {
  try {
    return disk.create(path);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw code === "EMFILE" || code === "ENFILE" ? new NoFileLeft(message, { cause }) : cause;
  }
}

function blobIn(scan: SegmentScan, record: FoundRecord): Omit<BlobPlace, "entry"> {
  const hash = new Uint8Array(scan.bytes(record.payloadStart, HASH_BYTES));
  const at = record.payloadStart + HASH_BYTES;
  return { hash, at, bytes: record.end - at };
}
