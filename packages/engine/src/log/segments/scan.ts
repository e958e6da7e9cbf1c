import { fstatSync } from "node:fs";
import { crc32 } from "node:zlib";
import { FileWindow } from "./file-window.ts";
import { decodeRecordHeader, RECORD_HEADER_BYTES, recordMark, type RecordKind } from "./format.ts";

/** A record that is whole. */
export interface FoundRecord {
  readonly kind: RecordKind;
  /** Where it begins, where its payload does, and where the next may. */
  readonly start: number;
  readonly payloadStart: number;
  readonly end: number;
}

const PIECE_BYTES = 1024 * 1024;
const BLANK = Buffer.alloc(PIECE_BYTES);

/** Finds the records in a file; what is in it does not have to be a segment. */
export class SegmentScan {
  readonly #window: FileWindow;
  /** As large as it was at first. */
  readonly #fileBytes: number;

  constructor(file: number) {
    this.#window = new FileWindow(file, PIECE_BYTES);
    this.#fileBytes = fstatSync(file).size;
  }

  /** That many bytes, or what there is of them; good until something else is read. */
  bytes(at: number, count: number): Buffer {
    return this.#window.bytes(at, count, this.#fileBytes);
  }

  /** What is read from here on is what the file holds now. */
  refresh(): void {
    this.#window.forget();
  }

  payload(record: FoundRecord): Buffer {
    return this.bytes(record.payloadStart, record.end - record.payloadStart);
  }

  /** The records from there on, up to the first place where none is. */
  *records(salt: number, from: number): Iterable<FoundRecord> {
    for (let at = from; ;) {
      const record = this.#recordAt(salt, at);
      if (record === null) return;
      yield record;
      at = record.end;
    }
  }

  /** Whole records anywhere from there on, whatever lies between them. */
  *scattered(salt: number, from: number): Iterable<FoundRecord> {
    const mark = recordMark(salt);
    for (let at = this.#indexOf(mark, from); at !== -1;) {
      const record = this.#recordAt(salt, at);
      if (record !== null) yield record;
      at = this.#indexOf(mark, record?.end ?? at + 1);
    }
  }

  /** Whether nothing but zeros follows. */
  isBlank(from: number): boolean {
    for (const { bytes } of this.#pieces(from, this.#fileBytes)) {
      if (!bytes.equals(BLANK.subarray(0, bytes.length))) return false;
    }
    return true;
  }

  #recordAt(salt: number, start: number): FoundRecord | null {
    const bytes = this.bytes(start, RECORD_HEADER_BYTES);
    const header = decodeRecordHeader(salt, bytes);
    if (header === null) return null;
    const payloadStart = start + RECORD_HEADER_BYTES;
    const end = payloadStart + header.payloadBytes;
    if (end > this.#fileBytes) return null;
    let crc = header.crcOfHeader;
    for (const piece of this.#pieces(payloadStart, end)) crc = crc32(piece.bytes, crc);
    return crc === header.crc ? { kind: header.kind, start, payloadStart, end } : null;
  }

  #indexOf(mark: Uint8Array, from: number): number {
    // A mark may begin in one piece and end in the next.
    const overlap = mark.length - 1;
    for (const { at, bytes } of this.#pieces(from, this.#fileBytes, overlap)) {
      const found = bytes.indexOf(mark);
      if (found !== -1) return at + found;
    }
    return -1;
  }

  *#pieces(
    from: number,
    to: number,
    overlap = 0,
  ): Iterable<{ readonly at: number; readonly bytes: Buffer }> {
    for (let at = from; at < to;) {
      const most = Math.min(PIECE_BYTES, to - at);
      // Many small records in one piece are not many times that piece.
      const bytes = this.#window.some(at, Math.min(overlap + 1, most), most);
      yield { at, bytes };
      // A file that has become shorter meanwhile ends here.
      if (bytes.length <= overlap || at + bytes.length >= to) return;
      at += bytes.length - overlap;
    }
  }
}
