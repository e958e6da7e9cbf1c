import type { UpdateMessage as UpdateMessageOnWire, WireColumn, WireNotice } from "@geode/protocol";
import type { Position } from "@geode/values";

/** A column of a result: its key in row objects, its source text, and what is known of its values. */
export type Column = Readonly<WireColumn>;

/** Something worth saying that is not an error, e.g. an unknown label with the nearest known one. */
export type Notice = Readonly<WireNotice>;

export type Op = UpdateMessageOnWire["op"];

/**
 * The frames that a client acts on, as `readFrame` makes them of the wire: in our own spelling, with null for what is not there. A
 * frame of another type is ignored: a newer server may send more.
 */
export type ServerMessage =
  | AuthOkMessage
  | { readonly type: "AUTH_EXPIRING" }
  | ResultMessage
  | UpdateMessage
  | ErrorMessage
  | { readonly type: "PONG" }
  | { readonly type: "GOAWAY"; readonly retryAfterMs: number }
  | AckMessage
  | SessionJoinedMessage
  | EditMessage
  | AwarenessMessage;

export interface User {
  readonly id: string;
  readonly name?: string;
}

export interface AuthOkMessage {
  readonly type: "AUTH_OK";
  readonly user: User;
  readonly roles: readonly string[];
  readonly session: string;
  readonly expiresAt: string | number | null;
  readonly epoch: string;
  readonly seq: number;
}

export interface ResultMessage {
  readonly type: "RESULT";
  readonly id: string;
  /** Rows as they came: decoded by whoever asked. */
  readonly data: readonly unknown[];
  readonly columns: readonly Column[];
  readonly seq: number;
  readonly stats: Readonly<Record<string, number>> | null;
  readonly notices: readonly Notice[];
  /** Present on the answer to SUBSCRIBE. */
  readonly live: LiveHead | null;
}

export interface LiveHead {
  readonly keys: readonly string[];
  readonly epoch: string;
  readonly digest: string | null;
  readonly maintenance: string | null;
  readonly resumed: boolean;
  readonly reset: boolean;
}

export interface UpdateMessage {
  readonly type: "UPDATE";
  readonly subscription: string;
  readonly op: Op;
  readonly key: string;
  readonly data: unknown;
  /** Final position of the row when the result is ordered. */
  readonly index: number | null;
  readonly seq: number;
  readonly prevSeq: number;
  readonly last: boolean;
  readonly digest: string | null;
}

export interface ErrorMessage {
  readonly type: "ERROR";
  readonly id: string | null;
  readonly subscription: string | null;
  readonly error: string;
  readonly code: string;
  readonly retryable: boolean;
  readonly retryAfterMs: number | null;
  readonly position: Position | null;
  readonly hint: string | null;
}

/** What was sent under that id is durable. */
export interface AckMessage {
  readonly type: "ACK";
  readonly id: string;
}

/** The answer to JOIN_SESSION. */
export interface SessionJoinedMessage {
  readonly type: "SESSION_JOINED";
  readonly id: string;
  readonly document: string;
  readonly users: readonly User[];
  readonly version: number;
  /** Of a document of Yjs, base64: what the client lacks, and what the server has. */
  readonly yjs: { readonly state: string; readonly stateVector: string } | null;
}

/** An edit that somebody else made. */
export interface EditMessage {
  readonly type: "EDIT";
  readonly document: string;
  readonly edit: unknown;
  readonly user: User;
  readonly version: number;
}

/** What another connection shows of itself; a `state` of null: it is gone. */
export interface AwarenessMessage {
  readonly type: "AWARENESS";
  readonly document: string;
  readonly connection: string;
  readonly user: User;
  readonly state: unknown;
}
