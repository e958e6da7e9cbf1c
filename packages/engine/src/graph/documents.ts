import { GeodeError } from "@geode/values";
import type { AppendEdit, CompactDocument, DocumentFormat, DocumentId } from "./effect.ts";
import type { Undo } from "./undo.ts";

/** What a document costs in memory besides its edits, in bytes, about. */
const DOCUMENT_BYTES = 256;
const EDITS_MIN = 8;
const BYTES_MIN = 256;

/** One edit as it is kept: a view that is valid until the document changes. */
export interface Edit {
  readonly version: number;
  readonly bytes: Uint8Array;
}

/**
 * The edits of one document since its last whole state, in one growing buffer: thousands of small arrays would cost twenty times their
 * contents. The first one always stands for the document as it was at its version; every other one builds on those before it.
 */
export class Document {
  readonly format: DocumentFormat;
  /** The version of the first edit that is kept. */
  readonly firstVersion: number;
  #count = 0;
  /** Where each edit ends. */
  #ends = new Uint32Array(EDITS_MIN);
  #bytes = new Uint8Array(BYTES_MIN);

  constructor(format: DocumentFormat, firstVersion: number) {
    this.format = format;
    this.firstVersion = firstVersion;
  }

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  /** How many edits it ever had; that of the last one. */
  get version(): number {
    return this.firstVersion + this.#count - 1;
  }

  /** The length of the edits that are kept, in bytes. */
  get editBytes(): number {
    return this.#count === 0 ? 0 : this.#ends[this.#count - 1]!;
  }

  /** In memory. */
  get memoryBytes(): number {
    return DOCUMENT_BYTES + this.#ends.byteLength + this.#bytes.byteLength;
  }

  /**
   * Those behind a version, in order. If some of them are kept no more, the first one stands for these. Views, valid until the document
   * changes.
   */
  *editsBehind(version: number): Generator<Edit> {
    for (let at = Math.max(0, version + 1 - this.firstVersion); at < this.#count; at++)
      yield { version: this.firstVersion + at, bytes: this.#edit(at) };
  }

  append(bytes: Uint8Array): void {
    const start = this.editBytes;
    const end = start + bytes.length;
    if (end > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(end, 2 * this.#bytes.length));
      grown.set(this.#bytes.subarray(0, start));
      this.#bytes = grown;
    }
    if (this.#count === this.#ends.length) {
      const grown = new Uint32Array(2 * this.#count);
      grown.set(this.#ends);
      this.#ends = grown;
    }
    this.#bytes.set(bytes, start);
    this.#ends[this.#count] = end;
    this.#count += 1;
  }

  removeLast(): void {
    this.#count -= 1;
  }

  #edit(at: number): Uint8Array {
    return this.#bytes.subarray(at === 0 ? 0 : this.#ends[at - 1], this.#ends[at]);
  }
}

/** The shared documents of a database: for each, edits in one total order. What is in an edit means nothing here. */
export class Documents {
  readonly #documents = new Map<DocumentId, Document>();

  get size(): number {
    return this.#documents.size;
  }

  get(id: DocumentId): Document | undefined {
    return this.#documents.get(id);
  }

  ids(): IterableIterator<DocumentId> {
    return this.#documents.keys();
  }

  get bytes(): number {
    let bytes = 0;
    for (const document of this.#documents.values()) bytes += document.memoryBytes;
    return bytes;
  }

  /** Throws CORRUPT, with nothing changed, when the edit is not the next one. */
  append(effect: AppendEdit, undo: Undo | undefined): void {
    const { bytes, document: id, format, version, whole } = effect;
    const before = this.#documents.get(id);
    const next = (before?.version ?? 0) + 1;
    if (version !== next)
      throw corrupt(id, `gets edit ${version}, but the next one would be ${next}`);
    this.#requireFormat(id, before, format);
    if (before !== undefined && !whole) {
      before.append(bytes);
      undo?.push({ kind: "editAppended", documents: this, document: id });
      return;
    }
    const after = new Document(format, version);
    after.append(bytes);
    this.#replace(id, before, after, undo);
  }

  /** Throws CORRUPT, with nothing changed, when the document has no edit of that version any more, or yet. */
  compact(effect: CompactDocument, undo: Undo | undefined): void {
    const { bytes, document: id, format, version } = effect;
    const before = this.#documents.get(id);
    if (!Number.isSafeInteger(version) || version < 1)
      throw corrupt(id, `has a version ${version}`);
    if (before !== undefined && (version < before.firstVersion || version > before.version))
      throw corrupt(
        id,
        `is compacted up to ${version}, but has edits ${before.firstVersion} to ${before.version}`,
      );
    this.#requireFormat(id, before, format);
    const after = new Document(format, version);
    after.append(bytes);
    for (const edit of before?.editsBehind(version) ?? []) after.append(edit.bytes);
    this.#replace(id, before, after, undo);
  }

  undoAppended(id: DocumentId): void {
    this.#documents.get(id)?.removeLast();
  }

  undoReplaced(id: DocumentId, before: Document | undefined): void {
    if (before === undefined) this.#documents.delete(id);
    else this.#documents.set(id, before);
  }

  /** What makes the same documents: by id, so that it does not depend on the way that led here. */
  *effects(): Generator<AppendEdit | CompactDocument> {
    for (const id of [...this.#documents.keys()].sort()) {
      const document = this.#documents.get(id)!;
      const { firstVersion, format } = document;
      for (const edit of document.editsBehind(0)) {
        const { version } = edit;
        const bytes = edit.bytes.slice();
        yield version === firstVersion
          ? { kind: "compactDocument", document: id, format, version, bytes }
          : { kind: "appendEdit", document: id, format, version, bytes, whole: false };
      }
    }
  }

  #replace(
    id: DocumentId,
    before: Document | undefined,
    after: Document,
    undo: Undo | undefined,
  ): void {
    this.#documents.set(id, after);
    undo?.push({ kind: "documentReplaced", documents: this, document: id, before });
  }

  #requireFormat(id: DocumentId, before: Document | undefined, wanted: DocumentFormat): void {
    if (before !== undefined && before.format !== wanted)
      throw corrupt(
        id,
        `has the format ${before.format}, but gets an edit of the format ${wanted}`,
      );
  }
}

function corrupt(id: DocumentId, what: string): GeodeError {
  return new GeodeError("CORRUPT", `document ${id} ${what}`);
}
