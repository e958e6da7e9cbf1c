import {
  encodeServerMessage,
  type JoinSessionMessage,
  type LeaveSessionMessage,
  type MakeEditMessage,
  type RequestId,
  type SetAwarenessMessage,
} from "@geode/protocol";
import { GeodeError, unreachable } from "@geode/values";
import type { Documents } from "../documents/documents.ts";
import { stateVectorFrame } from "../documents/y-websocket.ts";
import { Participant, type ParticipantOptions } from "./participant.ts";
import type { Reply } from "./reply.ts";

export type DocumentRequest =
  | JoinSessionMessage
  | LeaveSessionMessage
  | MakeEditMessage
  | SetAwarenessMessage;

export interface CollaborationOptions extends ParticipantOptions {
  readonly documents: Documents;
}

const WRITE = { access: "write" } as const;
/** Its answer may be as long as a document: one after the other, and none while an answer waits. */
const JOIN = { access: "unknown" } as const;
const READ = { access: "read" } as const;

/** What one connection does in documents. */
export class Collaboration extends Participant<CollaborationOptions> {
  /** Tells a connection that is about one document what the server has of it, so that it sends the rest. */
  greet(document: string, reply: Reply): void {
    try {
      const stateVector = this.options.documents.greet(this, document);
      this.options.push(stateVectorFrame(stateVector));
    } catch (error) {
      reply.answer(this.options.failure({}, error));
    }
  }

  /** It speaks for other roles or claims of its user now. */
  renewed(): void {
    this.options.documents.review(this);
  }

  depart(): void {
    this.forget();
    this.options.documents.depart(this);
  }

  handle(message: DocumentRequest, reply: Reply): void {
    const { documents } = this.options;
    const { document_id: document } = message;
    const id = "id" in message ? message.id : undefined;
    switch (message.type) {
      case "JOIN_SESSION":
        return this.later(JOIN, reply, id, () =>
          this.enter(document, { id, reply }, (answered) =>
            documents.join(this, message, answered),
          ),
        );
      case "LEAVE_SESSION":
        return this.later(WRITE, reply, id, async () => {
          await documents.leave(this, document);
          this.forget(document);
          reply.answer(this.left(document, id));
        });
      case "EDIT":
        return this.later(WRITE, reply, id, async () => {
          const { seq, version } = await documents.edit(this, message);
          if (id === undefined) reply.nothing();
          else reply.answer(encodeServerMessage({ type: "ACK", message_id: id, seq, version }));
        });
      case "AWARENESS":
        // Behind a JOIN_SESSION that is under way.
        return this.later(READ, reply, id, async () => {
          documents.show(this, document, message.state);
          reply.nothing();
        });
      default:
        return unreachable(message);
    }
  }

  protected left(document: string, id: RequestId | undefined): string {
    const named = id === undefined ? {} : { id };
    return encodeServerMessage({ type: "SESSION_LEFT", ...named, document_id: document });
  }
}

/** What is answered where nobody keeps documents. */
export function noDocuments(): GeodeError {
  return new GeodeError("NOT_FOUND", "This server has no documents.");
}
