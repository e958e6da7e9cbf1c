import type { ClientMessage } from "@geode/protocol";
import { GeodeError } from "@geode/values";
import { backoffMs } from "../connection/backoff.ts";
import type { Backoff } from "../connection/backoff.ts";
import type { Clock } from "../clock.ts";
import type { ServerError } from "../error.ts";
import { FRAME_BYTES_MAX } from "../wire/limits.ts";
import type { AwarenessMessage, EditMessage, SessionJoinedMessage } from "../wire/messages.ts";

/** Whoever keeps a copy of a shared document: it is told of the connection, and of what happens in the document. */
export interface DocumentListener {
  /** From now on the document can be joined; it has to be joined again after every loss. */
  connected(): void;
  /** What was sent and not answered may have happened or not. */
  disconnected(): void;
  /** The client is closed for good; with null, by the application. */
  closed(error: GeodeError | null): void;
  /** Answers {@link SharedDocument.join}. */
  joined(message: SessionJoinedMessage): void;
  /** Somebody else made an edit. */
  edited(message: EditMessage): void;
  /** Another connection shows something else of itself, or is gone. */
  shown(message: AwarenessMessage): void;
  /** The edit that was sent under that id is durable. */
  acknowledged(id: string): void;
  /** What was sent under that id was refused. */
  failed(id: string, error: ServerError): void;
}

/** What a shared document needs of the client that made it. */
export interface DocumentHost {
  readonly clock: Clock;
  readonly random: () => number;
  readonly backoff: Backoff;
  /** An id for a message whose answer will be routed to the document. */
  register(document: SharedDocument): string;
  /** Sends when there is a connection; false when there is none. */
  send(message: ClientMessage): boolean;
  closed(document: SharedDocument): void;
}

/** What is around an edit or a state in its frame, at most, in bytes, the id of the document (256 bytes, escaped) included. */
const ENVELOPE_BYTES = 2_048;

/**
 * The way of one shared document over the client's connection (PROTOCOL.md §17). It keeps nothing: who listens keeps the copy,
 * joins when the connection is there, and knows what was answered.
 */
export class SharedDocument {
  readonly id: string;
  readonly listener: DocumentListener;
  readonly #host: DocumentHost;
  /** Whether we may be in it, as far as the server knows. */
  #entered = false;
  #closed = false;

  /** Made by `Geode.document`. */
  constructor(host: DocumentHost, id: string, listener: DocumentListener) {
    this.#host = host;
    this.id = id;
    this.listener = listener;
  }

  get clock(): Clock {
    return this.#host.clock;
  }

  /** How long to wait before the attempt with that number (from 1), in milliseconds. */
  backoffMs(attempt: number): number {
    return backoffMs(this.#host.backoff, attempt, this.#host.random);
  }

  /** Asks to be in the document. Answers with the id under which `joined` or `failed` will come; null without a connection. */
  join(stateVector: string): string | null {
    this.#entered = true;
    return this.#ask((id) => ({
      type: "JOIN_SESSION",
      id,
      document_id: this.id,
      state_vector: stateVector,
    }));
  }

  /** Nothing of the document is wanted any more, for now. Idempotent. */
  leave(): void {
    if (!this.#entered) return;
    this.#entered = false;
    this.#send({ type: "LEAVE_SESSION", document_id: this.id });
  }

  /** Sends an edit. Answers with the id under which `acknowledged` or `failed` will come; null without a connection. Throws TOO_LARGE. */
  edit(edit: unknown): string | null {
    refuseTooLarge(edit, "edit");
    return this.#ask((id) => ({ type: "EDIT", id, document_id: this.id, edit }));
  }

  /** Shows the others something; false without a connection. Only in a document that was joined. Throws TOO_LARGE. */
  show(state: unknown): boolean {
    refuseTooLarge(state, "state");
    return this.#send({ type: "AWARENESS", document_id: this.id, state });
  }

  /** Leaves, and listens no more. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.leave();
    this.#closed = true;
    this.#host.closed(this);
  }

  #ask(message: (id: string) => ClientMessage): string | null {
    const id = this.#host.register(this);
    return this.#send(message(id)) ? id : null;
  }

  #send(message: ClientMessage): boolean {
    return !this.#closed && this.#host.send(message);
  }
}

/** A frame that is too long costs the connection, and everybody on it; so it is not sent. */
function refuseTooLarge(content: unknown, what: string): void {
  const text = JSON.stringify(content);
  const bytesMax = FRAME_BYTES_MAX - ENVELOPE_BYTES;
  // A UTF-16 unit is three bytes at most.
  if (text.length * 3 <= bytesMax || new TextEncoder().encode(text).length <= bytesMax) return;
  throw new GeodeError("TOO_LARGE", `The ${what} takes more than ${FRAME_BYTES_MAX} bytes`);
}
