import { createHash } from "node:crypto";
import { GeodeError } from "@geode/values";
import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import { type DocumentRight, NameAccess } from "../policy/name-access.ts";
import type { DatabasePort, DocumentsPort, EditCommit, StoredDocument } from "../port.ts";
import type { Member } from "../audience/member.ts";
import type { SharedMessage } from "../transport/shared-message.ts";
import { SERVER } from "../system-statements.ts";
import { DocumentStore } from "./document-store.ts";
import {
  type Author,
  awarenessMessage,
  base64Of,
  bytesOf,
  type Content,
  contentOf,
  goneMessage,
  jsonEdit,
  keptEdit,
  userMessage,
  yjsEdit,
} from "./frames.ts";
import { OpenDocument, stateVectorOf } from "./open-document.ts";
import { Showing } from "./showing.ts";
import { noUpdate } from "./update.ts";
import { partsOf } from "./update-parts.ts";
import { Torn, type YjsDocument } from "./yjs-document.ts";

export interface DocumentsOptions {
  readonly database: Pick<DatabasePort, "query" | "policyText" | "seq">;
  readonly edits: DocumentsPort;
  readonly clock: Clock;
  readonly log: Log;
  /** Documents that one connection may have open. */
  readonly perMemberMax: number;
  /** Of one document. */
  readonly documentBytesMax: number;
  /** Of one document of Yjs: what it has in memory. */
  readonly documentPartsMax: number;
  /** Of the state that a connection shows, in bytes of UTF-8. */
  readonly stateBytesMax: number;
  /** For each statement. */
  readonly timeoutMs: number;
}

export interface JoinSessionRequest {
  readonly id?: string | number | undefined;
  readonly document_id: string;
  readonly state_vector?: string | undefined;
}

export interface EditToMake {
  readonly id?: string | number | undefined;
  readonly document_id: string;
  readonly edit: unknown;
  readonly snapshot?: boolean | undefined;
}

/** Where an edit is. */
export interface Made {
  readonly seq: number;
  /** One of the document that has it. */
  readonly version: number;
}

/** Edits that are read at once for somebody who lacks them. */
const PAGE = 500;
/** A document of Yjs is compacted when its edits since are longer than this, and than the document itself. */
const COMPACT_BYTES_MIN = 64 * 1024;
/** How long a document is, is found out anew when its edits since are longer than this share of what is allowed. */
const MEASURE_SHARE = 1 / 16;

/**
 * Shared documents (PROTOCOL.md §17). Edits are in the log before anybody sees them, in one order per document; who comes later gets what
 * it lacks from there. What is in an edit matters only for documents of Yjs, which are merged here, so that a newcomer gets their state.
 */
export class Documents {
  readonly #options: DocumentsOptions;
  readonly #store: DocumentStore;
  readonly #access: NameAccess<"documents">;
  readonly #showing: Showing;
  readonly #open = new Map<string, OpenDocument>();
  /** The documents of each member. */
  readonly #joined = new Map<Member, Set<OpenDocument>>();
  /** The policy by which those who are in documents were let in. */
  #obeyed: string;
  readonly #stopWatching: () => void;
  /** What is still being written for connections that are gone. */
  readonly #unfinished = new Set<Promise<void>>();

  constructor(options: DocumentsOptions) {
    const { clock, database, edits, log, timeoutMs } = options;
    this.#options = options;
    this.#store = new DocumentStore(database, edits, timeoutMs);
    this.#access = new NameAccess("documents", () => database.policyText ?? "");
    this.#obeyed = database.policyText ?? "";
    this.#showing = new Showing({
      clock,
      log,
      store: this.#store,
      stored: (id) => edits.get(id),
      open: (id) => this.#openNow(id),
      onShown: (id) => this.#mayClose(id),
    });
    this.#stopWatching = edits.watch((edit) => this.#news(edit));
  }

  /** What a server before this one could not show of its documents any more, is shown. */
  start(): Promise<void> {
    return this.#showing.catchUp(this.#options.edits.ids());
  }

  /** What the server has of a document of Yjs: its state vector. Throws FORBIDDEN. */
  greet(member: Member, id: string): Uint8Array {
    this.#require("read", id, member);
    const stored = this.#options.edits.get(id);
    this.#requireFormat(id, stored, "yjs");
    return this.#open.get(id)?.stateVector ?? stateVectorOf(stored);
  }

  /**
   * From now on edits of the document come to the member. Answers with SESSION_JOINED; what follows it, i.e. the edits that the member
   * lacks, begins when `answered` is called.
   */
  async join(
    member: Member,
    request: JoinSessionRequest,
    answered: (answer: string) => void,
  ): Promise<void> {
    const { document_id: id, state_vector: vector } = request;
    this.#require("read", id, member);
    const stateVector = vector === undefined ? undefined : bytesOf(vector, "state_vector");
    const open = this.#enter(member, id);
    const again = open.audience.has(member);
    const first = open.audience.enter(member);
    if (!again) {
      try {
        await this.#store.enter(id, member.session, member.user);
      } catch (error) {
        this.#takeOut(member, open);
        throw error;
      }
      // It may have gone while it came.
      if (!open.audience.has(member)) return this.#store.leave(member.user.id, member.session, id);
      if (first) open.audience.tell(userMessage("USER_JOINED", id, member.user), member);
    }
    const { version, yjs } = await this.#snapshot(open, stateVector);
    if (!open.audience.has(member)) return;
    const users = open.audience.users.map(({ id: user, name }) => ({ id: user, name }));
    answered(
      JSON.stringify({
        type: "SESSION_JOINED",
        id: request.id,
        document_id: id,
        users,
        version,
        ...yjs,
      }),
    );
    for (const [other, state] of open.awareness.all())
      if (other !== member) member.hear(awarenessMessage(id, other.user, other.session, state), id);
    const lacksNothing = yjs !== undefined || version === 0;
    await this.#replay(member, open, lacksNothing ? version : 0, version);
  }

  /** Leaving a document that one is not in is nothing. */
  async leave(member: Member, id: string): Promise<void> {
    const open = this.#open.get(id);
    if (open === undefined || !open.audience.has(member)) return;
    this.#takeOut(member, open);
    await this.#store.leave(member.user.id, member.session, id);
  }

  /** It is gone: from its documents too. */
  depart(member: Member): void {
    const documents = [...(this.#joined.get(member) ?? [])];
    if (documents.length === 0) return;
    for (const open of documents) this.#takeOut(member, open);
    this.#finish(this.#store.leave(member.user.id, member.session, null));
  }

  /** Whoever may not read a document any more, with other roles or claims or by another policy, is in it no more. */
  review(member: Member): void {
    for (const open of this.#joined.get(member) ?? []) {
      if (this.#access.allows("read", open.id, member.principal)) continue;
      this.#takeOut(member, open);
      member.dismissed(open.id);
      this.#finish(this.#store.leave(member.user.id, member.session, open.id));
    }
  }

  /** Before anything is told: to whom it may be told. */
  #obey(): void {
    const policy = this.#options.database.policyText ?? "";
    if (policy === this.#obeyed) return;
    this.#obeyed = policy;
    for (const member of this.#joined.keys()) this.review(member);
  }

  /** Keeps an edit. Resolves when it is durable. The same edit under the same id is kept once. */
  async edit(member: Member, request: EditToMake): Promise<Made> {
    const { document_id: id, edit, snapshot = false } = request;
    const content = contentOf(edit, "edit");
    // Who may only read may well say what is there already: providers do so when they connect.
    if (!this.#access.allows("write", id, member.principal) && !this.#isKnown(member, id, content))
      this.#require("write", id, member);
    const { edits } = this.#options;
    const open = this.#openNow(id);
    try {
      const made = await this.#keep(open, member, content, {
        whole: snapshot,
        idempotencyKey: request.id === undefined ? undefined : keyOf(member, request),
      });
      const { seq } = made;
      const version = made.version ?? edits.get(id)?.version ?? 0;
      this.#showing.touch(id);
      return { seq, version };
    } finally {
      this.#mayClose(id);
    }
  }

  /** What the member shows of itself goes to the others. Throws NOT_FOUND if it is not in the document. */
  show(member: Member, id: string, state: unknown): void {
    this.#obey();
    const open = this.#open.get(id);
    if (open === undefined || !open.audience.has(member)) {
      throw new GeodeError(
        "NOT_FOUND",
        `This connection is not in the document ${JSON.stringify(id)}.`,
        { hint: "Join it first with JOIN_SESSION." },
      );
    }
    const content = contentOf(state ?? null, "state");
    const size = content.format === "yjs" ? content.bytes.length : Buffer.byteLength(content.text);
    if (size > this.#options.stateBytesMax) {
      throw new GeodeError(
        "TOO_LARGE",
        `The state has ${size} bytes; ${this.#options.stateBytesMax} are allowed.`,
        { limit: "messageBytes" },
      );
    }
    const { session, user } = member;
    if (content.format === "json") {
      open.awareness.setPlain(member, content.text);
      const message = awarenessMessage(id, user, session, content.text);
      return open.audience.tell(message, member, topicOf(id, session));
    }
    const news = open.awareness.take(member, content.bytes);
    if (news === null) return;
    const message = awarenessMessage(id, user, session, news.update);
    open.audience.tell(message, member, topicOf(id, session, news.clients));
  }

  /** Nothing more is heard; what was edited is shown. */
  async close(): Promise<void> {
    this.#stopWatching();
    await this.#showing.close();
    await Promise.all(this.#unfinished);
  }

  async #keep(
    open: OpenDocument,
    member: Member,
    content: Content,
    how: { readonly whole: boolean; readonly idempotencyKey: string | undefined },
  ): Promise<{ readonly seq: number; readonly version?: number }> {
    const { database, documentBytesMax, edits } = this.#options;
    const { id } = open;
    const { idempotencyKey: key } = how;
    const request = {
      document: id,
      principal: member.principal,
      ...(key === undefined ? {} : { idempotencyKey: key }),
    };
    let made;
    if (content.format === "json") {
      const bytes = keptEdit(content.text, member.user, how.whole);
      const bytesMax = documentBytesMax;
      made = await open.track(
        edits.edit({ ...request, format: "json", bytes, bytesMax, whole: how.whole }),
      );
    } else {
      const stored = edits.get(id);
      this.#requireFormat(id, stored, "yjs");
      const news = this.#take(open, stored, content.bytes);
      // What it says may still be under way.
      if (news === null) {
        if (!(await open.settled())) return this.#keep(open, member, content, how);
        return { seq: database.seq };
      }
      // How long the document is was looked at, and its history is compacted: what is added to that meanwhile is what the queue takes.
      const bytesMax = Infinity;
      try {
        made = await open.track(edits.edit({ ...request, format: "yjs", bytes: news, bytesMax }));
      } catch (error) {
        open.forgetYjs();
        this.#showing.touch(id);
        throw error;
      }
    }
    if (made.version !== undefined) open.made(made.version, member);
    return made;
  }

  /** Brings an update into the document in memory. Answers what of it is new. */
  #take(
    open: OpenDocument,
    stored: StoredDocument | undefined,
    update: Uint8Array,
  ): Uint8Array | null {
    const yjs = open.yjs(stored);
    const { documentBytesMax: max } = this.#options;
    const { size } = open;
    this.#requireParts(open, yjs, update);
    if (size.exact + size.since + update.length > max && size.since > max * MEASURE_SHARE)
      open.size = { exact: yjs.diff().length, since: 0 };
    if (open.size.exact + open.size.since + update.length > max) {
      throw new GeodeError(
        "TOO_LARGE",
        `The document ${JSON.stringify(open.id)} would have more than ${max} bytes.`,
        { limit: "documentBytes" },
      );
    }
    try {
      const news = yjs.take(update);
      open.size.since += news?.length ?? 0;
      return news;
    } catch (error) {
      if (!(error instanceof Torn)) throw error;
      open.forgetYjs();
      throw new GeodeError("INVALID_MESSAGE", "The update of Yjs cannot be applied.", {
        cause: error,
      });
    }
  }

  #requireParts(open: OpenDocument, yjs: YjsDocument, update: Uint8Array): void {
    const { documentPartsMax: max } = this.#options;
    const parts = partsOf(update, max);
    if (Number.isNaN(parts)) throw noUpdate();
    // Many of them become one where they meet.
    if (open.parts + parts > max) open.parts = yjs.parts;
    if (open.parts + parts <= max) {
      open.parts += parts;
      return;
    }
    // A provider that connects anew says again what was deleted, all of it.
    if (parts <= max && yjs.isKnown(update)) return;
    throw new GeodeError(
      "TOO_LARGE",
      `The document ${JSON.stringify(open.id)} would have more than ${max} parts.`,
      { limit: "documentParts" },
    );
  }

  /** What of the document a newcomer gets with its answer. What is told is durable. */
  async #snapshot(
    open: OpenDocument,
    stateVector: Uint8Array | undefined,
  ): Promise<{
    readonly version: number;
    readonly yjs?: { readonly state: string; readonly state_vector: string };
  }> {
    for (;;) {
      const stored = this.#options.edits.get(open.id);
      const version = stored?.version ?? 0;
      // A document that has no edit yet is what the newcomer takes it for.
      if ((stored?.format ?? (stateVector === undefined ? "json" : "yjs")) === "json")
        return { version };
      const yjs = open.yjs(stored);
      const state = base64Of(yjs.diff(stateVector));
      const own = base64Of(yjs.stateVector);
      if (await open.settled()) return { version, yjs: { state, state_vector: own } };
      open.forgetYjs();
    }
  }

  /** Everything behind a version, as fast as the connection takes it, until the member hears of new edits by itself. */
  async #replay(
    member: Member,
    open: OpenDocument,
    since: number,
    joinedVersion: number,
  ): Promise<void> {
    const { edits } = this.#options;
    let position = since;
    for (;;) {
      const page: { readonly version: number; readonly bytes: Uint8Array }[] = [];
      const stored = edits.get(open.id);
      for (const { bytes, version } of stored?.editsBehind(position) ?? []) {
        page.push({ version, bytes: bytes.slice() });
        if (page.length === PAGE) break;
      }
      for (const { bytes, version } of page) {
        await member.relieved();
        if (!open.audience.has(member)) return;
        const replay = version <= joinedVersion;
        member.hear(
          editMessage(open.id, stored!.format, bytes, SOMEBODY, version, replay),
          open.id,
        );
        position = version;
      }
      if (page.length === PAGE) continue;
      if (open.audience.settle(member, position)) return;
    }
  }

  /** An edit that became durable, whoever made it. */
  #news({ bytes, document: id, format, principal, version }: EditCommit): void {
    this.#obey();
    const open = this.#open.get(id);
    if (open === undefined) return;
    const author = open.told(version, format, bytes);
    const user = author?.user ?? { id: principal };
    const message = editMessage(id, format, bytes, user, version, false);
    open.audience.deliver(message, version, author);
    this.#mayCompact(open);
  }

  /**
   * The history becomes one edit up to the last that was told of. It may hold more than that: then the edits behind it say nothing new.
   * While an edit is under way it is better to wait, for it might fail; but not until there is no room for others.
   */
  #mayCompact(open: OpenDocument): void {
    const { documentBytesMax, edits } = this.#options;
    const { id, toldVersion: version } = open;
    const stored = edits.get(id);
    if (stored?.format !== "yjs" || open.isBeingCompacted) return;
    const log = stored.editBytes;
    if (log < COMPACT_BYTES_MIN || log < 2 * open.size.exact) return;
    if (open.hasEditsUnderWay && log < documentBytesMax) return;
    const bytes = open.yjs(stored).diff();
    open.size = { exact: bytes.length, since: 0 };
    if (bytes.length > log / 2) return;
    open.isBeingCompacted = true;
    const compaction = edits.compact({ document: id, format: "yjs", version, bytes });
    this.#finish(
      compaction.finally(() => {
        open.isBeingCompacted = false;
        // Meanwhile there may have come as much again.
        if (this.#open.get(id) === open) this.#mayCompact(open);
      }),
    );
  }

  #isKnown(member: Member, id: string, content: Content): boolean {
    const stored = this.#options.edits.get(id);
    if (content.format === "json" || stored?.format === "json") return false;
    if (!this.#access.allows("read", id, member.principal)) return false;
    if (!(partsOf(content.bytes, this.#options.documentPartsMax) < Infinity)) return false;
    const known = this.#openNow(id).yjs(stored).isKnown(content.bytes);
    this.#mayClose(id);
    return known;
  }

  #openNow(id: string): OpenDocument {
    let open = this.#open.get(id);
    if (open === undefined)
      this.#open.set(id, (open = new OpenDocument(id, this.#options.edits.get(id))));
    return open;
  }

  #mayClose(id: string): void {
    const open = this.#open.get(id);
    if (open === undefined || !open.isIdle || this.#showing.isDue(id)) return;
    // Edits that were not told of yet, are told to nobody.
    open.forgetYjs();
    this.#open.delete(id);
  }

  #enter(member: Member, id: string): OpenDocument {
    let own = this.#joined.get(member);
    if (own === undefined) this.#joined.set(member, (own = new Set()));
    const known = this.#open.get(id);
    const { perMemberMax } = this.#options;
    if (own.size >= perMemberMax && (known === undefined || !own.has(known))) {
      throw new GeodeError("LIMIT", `A connection may have ${perMemberMax} documents open.`, {
        limit: "documents",
        hint: "Leave those that are not needed any more with LEAVE_SESSION.",
      });
    }
    const open = this.#openNow(id);
    own.add(open);
    return open;
  }

  #takeOut(member: Member, open: OpenDocument): void {
    const own = this.#joined.get(member);
    own?.delete(open);
    if (own?.size === 0) this.#joined.delete(member);
    const { audience, awareness, id } = open;
    const last = audience.leave(member);
    const gone = awareness.forget(member);
    if (gone !== null)
      audience.tell(goneMessage(id, member.user, member.session, gone.update), member);
    if (last === true) audience.tell(userMessage("USER_LEFT", id, member.user), member);
    this.#mayClose(id);
  }

  #require(right: DocumentRight, id: string, member: Member): void {
    if (this.#access.allows(right, id, member.principal)) return;
    const what = right === "read" ? "Reading" : "Writing to";
    throw new GeodeError(
      "FORBIDDEN",
      `${what} the document ${JSON.stringify(id)} is not permitted.`,
    );
  }

  #requireFormat(
    id: string,
    stored: StoredDocument | undefined,
    format: StoredDocument["format"],
  ): void {
    if (stored === undefined || stored.format === format) return;
    throw new GeodeError(
      "INVALID_MESSAGE",
      `The document ${JSON.stringify(id)} is of the form ${stored.format}, not ${format}.`,
      { hint: "The first edit decides. Take another document." },
    );
  }

  /** Something that nobody waits for. */
  #finish(work: Promise<void>): void {
    const done = work
      .catch((error: unknown) => {
        this.#options.log.warn({ error: String(error) }, "a document was not written");
      })
      .finally(() => this.#unfinished.delete(done));
    this.#unfinished.add(done);
  }
}

/** Updates of Yjs do not tell who made them. */
const SOMEBODY: Author = { id: SERVER };

function editMessage(
  id: string,
  format: StoredDocument["format"],
  bytes: Uint8Array,
  author: Author,
  version: number,
  replay: boolean,
): SharedMessage {
  return format === "json"
    ? jsonEdit(id, bytes, version, replay)
    : yjsEdit(id, bytes, author, version, replay);
}

/** Who is slow need not see every move of a cursor. */
function topicOf(document: string, session: string, clients: readonly number[] = []): string {
  return JSON.stringify(["AWARENESS", document, session, clients]);
}

/** The same edit under the same id is one: what it says is part of the key, so that an id that is used again hides nothing. */
function keyOf(member: Member, { document_id: document, edit, id }: EditToMake): string {
  const scope = member.client ?? member.session;
  const named = JSON.stringify(["EDIT", scope, id, document, edit]);
  return createHash("sha256").update(named).digest("base64url");
}
