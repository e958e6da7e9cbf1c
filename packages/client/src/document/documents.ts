import type { ClientMessage } from "@geode/protocol";
import { GeodeError } from "@geode/values";
import { ServerError } from "../error.ts";
import type {
  AckMessage,
  AwarenessMessage,
  EditMessage,
  ErrorMessage,
  SessionJoinedMessage,
} from "../wire/messages.ts";
import { type DocumentHost, type DocumentListener, SharedDocument } from "./document.ts";

/** The shared documents of one client, and who gets what comes for them. */
export class Documents {
  readonly #host: Omit<DocumentHost, "register" | "closed">;
  readonly #open = new Map<string, SharedDocument>();
  /** Whose answer is awaited, by the id of the message. */
  readonly #asked = new Map<string, SharedDocument>();
  #nextId = 1;

  constructor(host: Omit<DocumentHost, "register" | "closed">) {
    this.#host = host;
  }

  get busy(): boolean {
    return this.#open.size > 0;
  }

  /** Throws LIMIT for one that is open: the server tells a connection of a document once, and never of its own edits. */
  open(id: string, listener: DocumentListener): SharedDocument {
    if (this.#open.has(id)) {
      throw new GeodeError("LIMIT", `The document ${JSON.stringify(id)} is open already`, {
        hint: "Use the copy that there is, close it first, or connect a second time",
      });
    }
    const { backoff, clock, random } = this.#host;
    const document = new SharedDocument(
      {
        backoff,
        clock,
        random,
        register: (asking) => {
          const messageId = `d${this.#nextId}`;
          this.#nextId += 1;
          this.#asked.set(messageId, asking);
          return messageId;
        },
        send: (message: ClientMessage) => this.#host.send(message),
        closed: (closed) => {
          this.#open.delete(id);
          for (const [asked, by] of this.#asked) if (by === closed) this.#asked.delete(asked);
        },
      },
      id,
      listener,
    );
    this.#open.set(id, document);
    return document;
  }

  connected(): void {
    for (const { listener } of Array.from(this.#open.values())) listener.connected();
  }

  disconnected(): void {
    this.#asked.clear();
    for (const { listener } of Array.from(this.#open.values())) listener.disconnected();
  }

  clientClosed(error: GeodeError | null): void {
    for (const document of Array.from(this.#open.values())) {
      document.close();
      document.listener.closed(error);
    }
  }

  received(message: AckMessage | SessionJoinedMessage | EditMessage | AwarenessMessage): void {
    switch (message.type) {
      case "ACK":
        return this.#answered(message.id)?.listener.acknowledged(message.id);
      case "SESSION_JOINED":
        return this.#answered(message.id)?.listener.joined(message);
      case "EDIT":
        return this.#open.get(message.document)?.listener.edited(message);
      case "AWARENESS":
        return this.#open.get(message.document)?.listener.shown(message);
    }
  }

  /** False when nobody waits for it here. */
  failed(message: ErrorMessage): boolean {
    if (message.id === null) return false;
    const document = this.#answered(message.id);
    document?.listener.failed(message.id, new ServerError(message));
    return document !== undefined;
  }

  #answered(id: string): SharedDocument | undefined {
    const document = this.#asked.get(id);
    this.#asked.delete(id);
    return document;
  }
}
