import { fromBase64, toBase64 } from "lib0/buffer";
import { ObservableV2 } from "lib0/observable";
import { Awareness, encodeAwarenessUpdate } from "y-protocols/awareness";
import * as Y from "yjs";
import { GeodeError } from "@geode/values";
import type { DocumentListener, SharedDocument } from "../document/document.ts";
import type { ServerError } from "../error.ts";
import type { Geode } from "../geode.ts";
import type { AwarenessMessage, EditMessage, SessionJoinedMessage } from "../wire/messages.ts";
import { missingFrom } from "./missing.ts";
import { Others } from "./others.ts";
import { Outbox } from "./outbox.ts";
import { piecesOf } from "./pieces.ts";
import { isInside, nextSession, type SessionEvent, type SessionState } from "./state.ts";

export type ProviderStatus = "connecting" | "connected" | "disconnected";

export interface ProviderOptions {
  /** What this page shows of itself, e.g. its cursor. Default: one of its own. */
  readonly awareness?: Awareness;
  /** Whether it begins at once. Default true; otherwise with `connect`. */
  readonly connect?: boolean;
}

/** Those that y-websocket has too are called the same there. */
export interface ProviderEvents {
  status: (event: { readonly status: ProviderStatus }) => void;
  /** Whether the copy has everything that the server has; again after every reconnect. */
  sync: (synced: boolean) => void;
  /** Whether the server has everything that the copy has, durably. */
  saved: (saved: boolean) => void;
  /**
   * FORBIDDEN: the document may not be read; or only read, when {@link GeodeProvider.readOnly} is set. TOO_LARGE, INVALID_MESSAGE: what was
   * written here is not taken. The copy goes on to follow if it may.
   */
  error: (error: GeodeError) => void;
}

/**
 * Keeps a document of Yjs the same as everybody else's, over the connection of a client. What is written without a connection is in the
 * copy and goes when there is one; what others wrote meanwhile comes. Give it to whatever takes a provider of Yjs (`doc`, `awareness`).
 *
 * ```ts
 * const provider = new GeodeProvider(geode, "team/plan", doc);
 * ```
 */
export class GeodeProvider extends ObservableV2<ProviderEvents> {
  readonly doc: Y.Doc;
  readonly awareness: Awareness;
  /** The document's id. */
  readonly documentId: string;
  readonly #document: SharedDocument;
  readonly #others: Others;
  readonly #outbox = new Outbox();
  readonly #ownsAwareness: boolean;
  #state: SessionState = { kind: "away" };
  /** Whether the application wants to be in the document. */
  #wanted: boolean;
  /** Whether what we show of ourselves is to be sent. */
  #showDue = false;
  #flushDue = false;
  #stopWait: () => void = () => {};
  #told = { status: "disconnected" as ProviderStatus, synced: false, saved: false };

  /** Throws LIMIT for a document that the client has open already, UNAVAILABLE on a closed client. */
  constructor(geode: Geode, documentId: string, doc: Y.Doc, options: ProviderOptions = {}) {
    super();
    this.doc = doc;
    this.documentId = documentId;
    this.#document = geode.document(documentId, this.#listener());
    this.#ownsAwareness = options.awareness === undefined;
    this.awareness = options.awareness ?? new Awareness(doc);
    this.#others = new Others(this.awareness, this);
    this.#wanted = options.connect ?? true;
    doc.on("update", this.#written);
    doc.on("destroy", this.#destroyed);
    this.awareness.on("update", this.#ownShown);
    if (this.#wanted) this.#join();
  }

  get status(): ProviderStatus {
    const { kind } = this.#state;
    if (isInside(this.#state)) return "connected";
    return kind === "joining" || kind === "behind" ? "connecting" : "disconnected";
  }

  /** Whether the copy has everything that the server has. */
  get synced(): boolean {
    return isInside(this.#state);
  }

  /** Whether the server has everything that the copy has, durably. */
  get saved(): boolean {
    return this.#state.kind === "following" && this.#outbox.isEmpty;
  }

  /** Whether the server said that this user may not write. What is written all the same stays here. */
  get readOnly(): boolean {
    return this.#state.kind === "reading" && this.#state.error.code === "FORBIDDEN";
  }

  /** Comes back after `disconnect`. Idempotent. */
  connect(): void {
    this.#wanted = true;
    if (this.#state.kind === "away" || this.#state.kind === "refused") this.#join();
  }

  /** Leaves the document until `connect`; the copy stays as it is and may be written to. The connection stays open. Idempotent. */
  disconnect(): void {
    this.#wanted = false;
    this.#flush();
    this.#document.leave();
    this.#leave();
  }

  /** Leaves for good. Neither the document nor an awareness that was given is destroyed. Idempotent. */
  override destroy(): void {
    if (this.#state.kind === "closed") return;
    this.disconnect();
    this.#document.close();
    this.#move({ kind: "closed" });
    this.doc.off("update", this.#written);
    this.doc.off("destroy", this.#destroyed);
    this.awareness.off("update", this.#ownShown);
    if (this.#ownsAwareness) this.awareness.destroy();
    super.destroy();
  }

  /** What a listener throws is an uncaught error, and stops nothing else. */
  override emit<Name extends keyof ProviderEvents>(
    name: Name,
    args: Parameters<ProviderEvents[Name]>,
  ): void {
    reported(() => super.emit(name, args));
  }

  readonly #destroyed = (): void => this.destroy();

  readonly #written = (update: Uint8Array, origin: unknown): void => {
    // Otherwise it is found out when the document is joined.
    if (origin === this || this.#state.kind !== "following") return;
    if (!this.#outbox.add(update)) this.#fallBehind({ kind: "overflowed" });
    this.#flushSoon();
    this.#tell();
  };

  readonly #ownShown = (changed: {
    readonly added: readonly number[];
    readonly updated: readonly number[];
    readonly removed: readonly number[];
  }): void => {
    const { clientID } = this.awareness;
    const { added, removed, updated } = changed;
    if (![added, updated, removed].some((clients) => clients.includes(clientID))) return;
    this.#showDue = true;
    this.#flushSoon();
  };

  #listener(): DocumentListener {
    return {
      connected: () => {
        if (this.#wanted) this.#join();
      },
      disconnected: () => this.#leave(),
      closed: (error) => {
        this.#leave();
        if (error !== null) this.emit("error", [error]);
        this.destroy();
      },
      joined: (message) => this.#joined(message),
      edited: (message) => this.#edited(message),
      shown: (message) => this.#shown(message),
      acknowledged: (id) => {
        if (!this.#outbox.answered(id)) return;
        this.#move({ kind: "taken" });
        this.#goOn();
      },
      failed: (id, error) => this.#failed(id, error),
    };
  }

  #join(): void {
    this.#stopWait();
    const request = this.#document.join(toBase64(Y.encodeStateVector(this.doc)));
    if (request === null) return;
    this.#move({ kind: "asked", request });
    this.#tell();
  }

  #joined({ id, yjs }: SessionJoinedMessage): void {
    const before = this.#state;
    if (before.kind !== "joining" || before.request !== id) return;
    if (yjs === null) return this.#joinFailed(notOfYjs(this.documentId), 0);
    const state = fromBase64(yjs.state);
    reported(() => Y.applyUpdate(this.doc, state, this));
    // Those who listen to the document may have ended it.
    if (this.#state !== before) return;
    this.#outbox.clear();
    this.#move({ kind: "joined" });
    const missing = missingFrom(this.doc, { state, stateVector: fromBase64(yjs.stateVector) });
    if (missing !== null) this.#send(missing);
    if (!before.inside) this.#showAnew();
    this.#tell();
  }

  /** What we show was removed everywhere when we went: it is believed again only as something newer. */
  #showAnew(): void {
    const own = this.awareness.getLocalState();
    if (own !== null) this.awareness.setLocalState(own);
  }

  #edited({ edit }: EditMessage): void {
    if (!isInside(this.#state) && this.#state.kind !== "joining") return;
    reported(() => {
      const update = yjsIn(edit);
      if (update !== null) Y.applyUpdate(this.doc, update, this);
    });
  }

  #shown({ connection, state }: AwarenessMessage): void {
    if (!isInside(this.#state)) return;
    if (state === null) return this.#others.gone(connection);
    reported(() => {
      const update = yjsIn(state);
      if (update !== null) this.#others.show(connection, update);
    });
  }

  #failed(id: string, error: ServerError): void {
    const { retryAfterMs = 0 } = error;
    if (this.#state.kind === "joining" && this.#state.request === id)
      return this.#joinFailed(error, retryAfterMs);
    if (!this.#outbox.answered(id)) return;
    this.#editFailed(error, retryAfterMs);
    this.#goOn();
  }

  #joinFailed(error: GeodeError, retryAfterMs: number): void {
    this.#fallBehind({ kind: "joinFailed", error, retryAfterMs });
    if (this.#state.kind !== "refused") return this.#tell();
    this.#document.leave();
    this.#others.clear();
    this.#tell();
    this.emit("error", [error]);
  }

  #editFailed(error: GeodeError, retryAfterMs: number): void {
    const before = this.#state;
    this.#fallBehind({ kind: "editFailed", error, retryAfterMs });
    if (this.#state.kind !== "reading" || before.kind === "reading") return;
    this.#tell();
    this.emit("error", [error]);
  }

  /** Something could not be brought to the server: what waits is of no use, and what is lacking is found out by joining again. */
  #fallBehind(event: SessionEvent): void {
    const before = this.#state;
    this.#move(event);
    if (this.#state === before) return;
    this.#outbox.drop();
    if (this.#state.kind !== "behind" || this.#state.waited) return;
    const { attempt, leastMs } = this.#state;
    // Longer each time: joining costs as much as an edit, and would use up what came to be allowed again.
    const delayMs = Math.max(leastMs * attempt, this.#document.backoffMs(attempt));
    this.#stopWait();
    this.#stopWait = this.#document.clock.after(delayMs, () => {
      this.#move({ kind: "waited" });
      this.#catchUp();
    });
  }

  /** What is under way is waited for: until then the server's answer to a join would say nothing about it. */
  #catchUp(): void {
    if (this.#state.kind === "behind" && this.#state.waited && this.#outbox.isAnswered)
      this.#join();
  }

  /** Goes on with what can be sent now. */
  #goOn(): void {
    this.#flush();
    this.#catchUp();
    this.#tell();
  }

  #leave(): void {
    this.#stopWait();
    this.#outbox.clear();
    this.#others.clear();
    this.#move({ kind: "left" });
    this.#tell();
  }

  /** What is written in one go, goes as one edit. */
  #flushSoon(): void {
    if (this.#flushDue) return;
    this.#flushDue = true;
    queueMicrotask(() => {
      this.#flushDue = false;
      this.#goOn();
    });
  }

  #flush(): void {
    if (this.#state.kind === "following") {
      const update = this.#outbox.next();
      if (update !== null) this.#send(update);
    }
    if (!this.#showDue || !isInside(this.#state)) return;
    this.#showDue = false;
    const { awareness } = this;
    const yjs = toBase64(encodeAwarenessUpdate(awareness, [awareness.clientID]));
    try {
      this.#document.show({ yjs });
    } catch (error) {
      if (!(error instanceof GeodeError)) throw error;
      this.emit("error", [error]);
    }
  }

  #send(update: Uint8Array): void {
    try {
      for (const piece of piecesOf(update)) {
        const id = this.#document.edit({ yjs: toBase64(piece) });
        if (id !== null) this.#outbox.sent(id);
      }
    } catch (error) {
      if (!(error instanceof GeodeError)) throw error;
      this.#editFailed(error, 0);
    }
  }

  #move(event: SessionEvent): void {
    this.#state = nextSession(this.#state, event);
  }

  /** Tells what is different from what was told last. */
  #tell(): void {
    const { saved, status, synced } = this;
    const before = this.#told;
    this.#told = { saved, status, synced };
    if (status !== before.status) this.emit("status", [{ status }]);
    if (synced !== before.synced) this.emit("sync", [synced]);
    if (saved !== before.saved) this.emit("saved", [saved]);
  }
}

/** The bytes of `{"yjs": …}`; null for something else, which others may well send. */
function yjsIn(content: unknown): Uint8Array | null {
  if (typeof content !== "object" || content === null || !("yjs" in content)) return null;
  const { yjs } = content;
  return typeof yjs === "string" ? fromBase64(yjs) : null;
}

/** What those who listen to the document throw, or what is no update, is an uncaught error, without stopping what else comes. */
function reported(work: () => void): void {
  try {
    work();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

function notOfYjs(id: string): GeodeError {
  return new GeodeError("INVALID_MESSAGE", `The document ${JSON.stringify(id)} is not one of Yjs`, {
    hint: "Its first edit was another one. Take another document",
  });
}
