import {
  encodeServerMessage,
  type JoinSessionMessage,
  type LeaveSessionMessage,
  type MakeEditMessage,
  type RequestId,
  type SetAwarenessMessage,
} from "@geode/protocol";
import { GeodeError, unreachable } from "@geode/values";
import type { Identity } from "../auth/token.ts";
import type { Documents } from "../documents/documents.ts";
import { stateVectorFrame } from "../documents/y-websocket.ts";
import type { Access, Principal } from "../port.ts";
import type { RoomMember } from "../rooms/room.ts";
import type { OutFrame } from "../transport/out-frame.ts";
import type { SharedMessage } from "../transport/shared-message.ts";
import type { Reply } from "./reply.ts";
import type { Requests } from "./requests.ts";
import type { Voice } from "./voice.ts";

export type DocumentRequest =
  | JoinSessionMessage
  | LeaveSessionMessage
  | MakeEditMessage
  | SetAwarenessMessage;

export interface CollaborationOptions {
  /** Names the connection. */
  readonly session: string;
  readonly documents: Documents;
  readonly requests: Requests;
  readonly identity: () => Identity;
  readonly client: () => string | undefined;
  /** How the connection is spoken to by default. */
  readonly voice: () => Voice;
  /** Of what waits under one topic, the latest is enough. */
  push(frame: OutFrame, topic?: string): void;
  /** Resolves when the connection has taken what waits for it, or is gone. */
  readonly relieved: () => Promise<void>;
  readonly failure: (about: { readonly id?: RequestId | undefined }, error: unknown) => string;
}

/** What one connection does in documents. */
export class Collaboration implements RoomMember {
  readonly #options: CollaborationOptions;
  /** In which form each document was joined: what happens there comes in the same. */
  readonly #voices = new Map<string, Voice>();

  constructor(options: CollaborationOptions) {
    this.#options = options;
  }

  get session(): string {
    return this.#options.session;
  }

  get user(): RoomMember["user"] {
    const { name, principal } = this.#options.identity();
    return { id: principal.id, ...(name === undefined ? {} : { name }) };
  }

  get principal(): Principal {
    return this.#options.identity().principal;
  }

  get client(): string | undefined {
    return this.#options.client();
  }

  /** Whether it hears of anything. */
  get isBusy(): boolean {
    return this.#voices.size > 0;
  }

  hear(message: SharedMessage, document: string | null, topic?: string): void {
    const own = document === null ? undefined : this.#voices.get(document);
    const frame = (own ?? this.#options.voice()).shared(message);
    if (frame !== undefined) this.#options.push(frame, topic);
  }

  dismissed(document: string): void {
    const voice = this.#voices.get(document) ?? this.#options.voice();
    this.#voices.delete(document);
    const left = encodeServerMessage({ type: "SESSION_LEFT", document_id: document });
    const frame = voice.push(left);
    if (frame !== undefined) this.#options.push(frame);
  }

  /** It speaks for other roles or claims of its user now. */
  renewed(): void {
    this.#options.documents.review(this);
  }

  relieved(): Promise<void> {
    return this.#options.relieved();
  }

  /** Tells a connection that is about one document what the server has of it, so that it sends the rest. */
  greet(document: string, reply: Reply): void {
    try {
      const stateVector = this.#options.documents.greet(this, document);
      this.#options.push(stateVectorFrame(stateVector));
    } catch (error) {
      reply.answer(this.#options.failure({}, error));
    }
  }

  depart(): void {
    this.#voices.clear();
    this.#options.documents.depart(this);
  }

  handle(message: DocumentRequest, reply: Reply): void {
    const { documents } = this.#options;
    switch (message.type) {
      case "JOIN_SESSION":
        return this.#join(message, reply);
      case "LEAVE_SESSION":
        return this.#later(message, reply, "write", async () => {
          const { document_id: document } = message;
          await documents.leave(this, document);
          this.#voices.delete(document);
          const id = message.id === undefined ? {} : { id: message.id };
          reply.answer(encodeServerMessage({ type: "SESSION_LEFT", ...id, document_id: document }));
        });
      case "EDIT":
        return this.#later(message, reply, "write", async () => {
          const { id } = message;
          const { seq, version } = await documents.edit(this, message);
          if (id === undefined) reply.nothing();
          else reply.answer(encodeServerMessage({ type: "ACK", message_id: id, seq, version }));
        });
      case "AWARENESS":
        // Behind a JOIN_SESSION that is under way.
        return this.#later(message, reply, "read", async () => {
          documents.show(this, message.document_id, message.state);
          reply.nothing();
        });
      default:
        return unreachable(message);
    }
  }

  #join(message: JoinSessionMessage, reply: Reply): void {
    const { document_id: document } = message;
    this.#later(message, reply, "write", async () => {
      const before = this.#voices.get(document);
      let answered = false;
      this.#voices.set(document, reply.voice);
      try {
        await this.#options.documents.join(this, message, (answer) => {
          answered = true;
          reply.answer(answer);
        });
      } catch (error) {
        // It is in the document, but what it lacks could not be read: it has to join anew.
        if (answered) return reply.push(this.#options.failure({ id: message.id }, error));
        if (before === undefined) this.#voices.delete(document);
        else this.#voices.set(document, before);
        throw error;
      }
    });
  }

  #later(message: DocumentRequest, reply: Reply, access: Access, work: () => Promise<void>): void {
    const id = "id" in message ? message.id : undefined;
    const { failure, requests } = this.#options;
    requests.submit({
      access,
      run: async () => {
        try {
          await work();
        } catch (error) {
          reply.answer(failure({ id }, error));
        }
      },
    });
  }
}

/** What is answered where nobody keeps documents. */
export function noDocuments(): GeodeError {
  return new GeodeError("NOT_FOUND", "This server has no documents.");
}
