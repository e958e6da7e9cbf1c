import type { Document, Documents } from "../graph/documents.ts";
import {
  type CompactDocument,
  DEFAULT_GRAPH,
  type DocumentFormat,
  type DocumentId,
  type SpliceText,
} from "../graph/effect.ts";
import type { Feed } from "./feed.ts";
import type { EditCommit } from "./news.ts";
import type { Write, WriteOutcome } from "./write.ts";

/** An edit of a document: bytes that mean nothing here. */
export interface EditRequest {
  readonly document: DocumentId;
  readonly format: DocumentFormat;
  readonly bytes: Uint8Array;
  /** The edit holds all of the document: those before it are given up. Default: false. */
  readonly whole?: boolean;
  /** The most bytes of edits that the document may keep. */
  readonly bytesMax: number;
  readonly principal: { readonly id: string };
  /** As for a query. */
  readonly idempotencyKey?: string;
}

export type StoredDocument = Pick<Document, "format" | "version" | "editBytes" | "editsBehind">;

/** Shared documents as a server sees them. */
export class DocumentEdits {
  readonly #documents: Documents;
  readonly #news: Feed<EditCommit>;
  readonly #submit: (write: Write) => Promise<WriteOutcome>;

  constructor(
    documents: Documents,
    news: Feed<EditCommit>,
    submit: (write: Write) => Promise<WriteOutcome>,
  ) {
    this.#documents = documents;
    this.#news = news;
    this.#submit = submit;
  }

  /**
   * Adds an edit to a document, which the first one makes. Resolves when it is durable; without a version when it was done before, under
   * the same key. Rejects with INVALID_MESSAGE when the document has another format, with TOO_LARGE when it would grow too much, and
   * like every write.
   */
  async edit({
    principal,
    whole = false,
    ...request
  }: EditRequest): Promise<{ readonly seq: number; readonly version?: number }> {
    const { seq, version } = await this.#submit({
      kind: "edit",
      principal: principal.id,
      whole,
      ...request,
    });
    return version === undefined ? { seq } : { seq, version };
  }

  /** A document as it is now; undefined when it never had an edit. Valid until the end of the turn. */
  get(id: DocumentId): StoredDocument | undefined {
    return this.#documents.get(id);
  }

  ids(): Iterable<DocumentId> {
    return this.#documents.ids();
  }

  /** All edits of a document up to that version are kept as this one, which has to say the same. */
  async compact(
    compaction: Pick<CompactDocument, "document" | "format" | "version" | "bytes">,
  ): Promise<void> {
    await this.#submit({
      kind: "system",
      patch: [{ kind: "compactDocument", ...compaction }],
    });
  }

  /**
   * Changes what a node of the default graph shows of a document: a part of one of its texts, and other properties. Rejects with CORRUPT
   * when that text is not as long as it is said to be.
   */
  async splice(change: Omit<SpliceText, "kind" | "graph">): Promise<void> {
    await this.#submit({
      kind: "system",
      patch: [{ kind: "spliceText", graph: DEFAULT_GRAPH, ...change }],
    });
  }

  /** Tells of edits that became durable, in order, in a turn behind that in which they were answered. Returns how to stop. */
  watch(listener: (edit: EditCommit) => void): () => void {
    return this.#news.listen(listener);
  }
}
