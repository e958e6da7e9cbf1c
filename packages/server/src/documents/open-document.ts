import * as Y from "yjs";
import type { DocumentFormat, StoredDocument } from "../port.ts";
import { Audience } from "../audience/audience.ts";
import type { Member } from "../audience/member.ts";
import { Awareness } from "./awareness.ts";
import type { Shown } from "./document-store.ts";
import { YjsDocument } from "./yjs-document.ts";

/** A document that somebody has open here, or is editing. */
export class OpenDocument {
  readonly id: string;
  readonly audience: Audience;
  readonly awareness = new Awareness<Member>();
  /** Who made the edits that are durable and not told of yet, by version, and which document in memory has them. */
  readonly #authors = new Map<number, { readonly member: Member; readonly in: unknown }>();
  readonly #inFlight = new Set<Promise<boolean>>();
  #yjs: YjsDocument | undefined;
  /** What is seen of it in the graph, if it was shown from here. */
  shown: Shown | undefined;
  isBeingCompacted = false;
  /** Every edit up to that version was told of. */
  toldVersion: number;
  /** The length of the document when it was last known exactly, and of the edits since, in bytes. */
  size = { exact: 0, since: 0 };
  /** How many parts it has at most. */
  parts = 0;

  constructor(id: string, stored: StoredDocument | undefined) {
    this.id = id;
    this.audience = new Audience(id);
    this.toldVersion = stored?.version ?? 0;
  }

  /** Nobody needs it. */
  get isIdle(): boolean {
    return this.audience.isEmpty && this.#inFlight.size === 0;
  }

  /** As it is, with the edits that are under way: what is told of them has to wait for {@link settled}. */
  yjs(stored: StoredDocument | undefined): YjsDocument {
    if (this.#yjs === undefined) {
      this.#yjs = new YjsDocument(updatesOf(stored));
      this.size = { exact: 0, since: stored?.editBytes ?? 0 };
      this.parts = this.#yjs.parts;
    }
    return this.#yjs;
  }

  /** It may hold what never became durable: it is made anew from what did. */
  forgetYjs(): void {
    this.#yjs?.destroy();
    this.#yjs = undefined;
  }

  get stateVector(): Uint8Array | undefined {
    return this.#yjs?.stateVector;
  }

  /** The member's edit is durable. */
  made(version: number, member: Member): void {
    this.#authors.set(version, { member, in: this.#yjs });
  }

  /** An edit is durable and can be told of. Answers who made it, if that is known here. */
  told(version: number, format: DocumentFormat, bytes: Uint8Array): Member | undefined {
    const author = this.#authors.get(version);
    this.#authors.delete(version);
    this.toldVersion = version;
    // One of another server; or this one began anew while the edit was under way.
    if (format === "yjs" && author?.in !== this.#yjs) this.#yjs?.bring(bytes.slice());
    return author?.member;
  }

  /** An edit is under way. */
  track<T>(edit: Promise<T>): Promise<T> {
    const ends = edit
      .then(
        () => true,
        () => false,
      )
      .finally(() => this.#inFlight.delete(ends));
    this.#inFlight.add(ends);
    return edit;
  }

  get hasEditsUnderWay(): boolean {
    return this.#inFlight.size > 0;
  }

  /** Resolves when the edits that are under way now are durable; with false if one of them will never be. */
  async settled(): Promise<boolean> {
    const ends = await Promise.all(this.#inFlight);
    return ends.every((durable) => durable);
  }
}

/** Without making the document. */
export function stateVectorOf(stored: StoredDocument | undefined): Uint8Array {
  const clocks = new Map<number, number>();
  for (const { bytes } of stored?.editsBehind(0) ?? [])
    for (const [client, clock] of Y.parseUpdateMeta(bytes).to)
      clocks.set(client, Math.max(clock, clocks.get(client) ?? 0));
  return Y.encodeStateVector(clocks);
}

function* updatesOf(stored: StoredDocument | undefined): Generator<Uint8Array> {
  // Yjs keeps views of what it is given.
  for (const { bytes } of stored?.editsBehind(0) ?? []) yield bytes.slice();
}
