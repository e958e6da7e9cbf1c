import type { ErrorCode } from "@geode/values";
import Type from "typebox";

/**
 * Every message of PROTOCOL.md as a schema, from which its type follows. Unknown fields are allowed everywhere (rule 3.4), so that a newer
 * peer can talk to an older one. `description` of a field completes the sentence "`field` must be …" in error messages.
 */

/** The longest id, idempotency key and client id, in bytes of UTF-8. */
export const ID_BYTES_MAX = 128;

const SafeInteger = (description: string, minimum = Number.MIN_SAFE_INTEGER) =>
  Type.Integer({ minimum, maximum: Number.MAX_SAFE_INTEGER, description });
const ShortText = (description: string) => Type.String({ maxBytes: ID_BYTES_MAX, description });
const Text = (description: string) => Type.String({ description });

/** Chosen by the client, returned with its type. */
const Id = Type.Union([ShortText("a string"), SafeInteger("a safe integer")], {
  description: `a string of at most ${ID_BYTES_MAX} bytes or a safe integer`,
});
/** Keys are chosen by users: read it with Object.entries, never by name. */
const JsonObject = (description: string) =>
  Type.Unsafe<Readonly<Record<string, unknown>>>({ type: "object", description });
const Seq = SafeInteger("a sequence number (a non-negative integer)", 0);
const Resume = Type.Object(
  {
    epoch: ShortText("the epoch that came with the result"),
    seq: Seq,
    digest: Type.Optional(Text("16 hexadecimal digits")),
  },
  { description: "an object with `epoch`, `seq` and optionally `digest`" },
);

// Client to server.

export const Auth = Type.Object({
  type: Type.Literal("AUTH"),
  token: Text("a string: the token"),
  client: Type.Optional(ShortText(`a string of at most ${ID_BYTES_MAX} bytes`)),
});
export const Query = Type.Object({
  type: Type.Literal("QUERY"),
  id: Id,
  query: Text("a string: the GQL text"),
  parameters: Type.Optional(JsonObject("an object: parameter values by name")),
  graph: Type.Optional(Text("a string: the name of a graph")),
  min_seq: Type.Optional(Seq),
  timeout_ms: Type.Optional(SafeInteger("a positive integer: milliseconds", 1)),
  idempotency_key: Type.Optional(
    Type.String({
      minLength: 1,
      maxBytes: ID_BYTES_MAX,
      description: `a string of 1 to ${ID_BYTES_MAX} bytes`,
    }),
  ),
});
export const Subscribe = Type.Object({
  type: Type.Literal("SUBSCRIBE"),
  id: Id,
  query: Text("a string: the GQL text"),
  parameters: Type.Optional(JsonObject("an object: parameter values by name")),
  graph: Type.Optional(Text("a string: the name of a graph")),
  min_seq: Type.Optional(Seq),
  resume: Type.Optional(Resume),
  mode: Type.Optional(
    Type.Union([Type.Literal("after"), Type.Literal("before")], {
      description: '"after" or "before"',
    }),
  ),
  backpressure: Type.Optional(
    Type.Union([Type.Literal("conflate"), Type.Literal("latest"), Type.Literal("disconnect")], {
      description: '"conflate", "latest" or "disconnect"',
    }),
  ),
});
export const Unsubscribe = Type.Object({ type: Type.Literal("UNSUBSCRIBE"), id: Id });
export const Cancel = Type.Object({ type: Type.Literal("CANCEL"), id: Id });
export const Ping = Type.Object({ type: Type.Literal("PING"), id: Type.Optional(Id) });
/** The longest time that pushes may be held back for a BATCH, in milliseconds. */
export const BATCH_MS_MAX = 60_000;

/** Each of the messages is read on its own, so that one that is wrong concerns no other. */
export const Batch = Type.Object({
  type: Type.Literal("BATCH"),
  messages: Type.Array(Type.Unknown(), { minItems: 1, description: "a list of messages" }),
});
export const Configure = Type.Object({
  type: Type.Literal("CONFIGURE"),
  batch_ms: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: BATCH_MS_MAX,
      description: `an integer from 0 to ${BATCH_MS_MAX}`,
    }),
  ),
  batch_commits: Type.Optional(Type.Boolean({ description: "true or false" })),
  encoding: Type.Optional(
    Type.Union([Type.Literal("json"), Type.Literal("cbor")], { description: '"json" or "cbor"' }),
  ),
  numbers: Type.Optional(
    Type.Union([Type.Literal("exact"), Type.Literal("plain")], {
      description: '"exact" or "plain"',
    }),
  ),
});
const ChannelName = Type.String({
  minLength: 1,
  maxBytes: ID_BYTES_MAX,
  description: `a string of 1 to ${ID_BYTES_MAX} bytes`,
});
export const OpenChannel = Type.Object({
  type: Type.Literal("OPEN_CHANNEL"),
  channel: ChannelName,
});
export const CloseChannel = Type.Object({
  type: Type.Literal("CLOSE_CHANNEL"),
  channel: ChannelName,
});
export const Publish = Type.Object({
  type: Type.Literal("PUBLISH"),
  channel: ChannelName,
  data: Type.Unknown({ description: "any JSON value" }),
});
export const Notify = Type.Object({
  type: Type.Literal("NOTIFY"),
  id: Type.Optional(Id),
  user: Type.Optional(ShortText(`a string of at most ${ID_BYTES_MAX} bytes: the id of a user`)),
  message: Text("a string"),
  data: Type.Optional(Type.Unknown({ description: "any JSON value" })),
});

const RoomName = Type.String({
  minLength: 1,
  maxBytes: ID_BYTES_MAX,
  description: `a string of 1 to ${ID_BYTES_MAX} bytes: the id of a room`,
});
const UserId = Type.String({
  minLength: 1,
  maxBytes: ID_BYTES_MAX,
  description: `a string of 1 to ${ID_BYTES_MAX} bytes: the id of a user`,
});
/** The most messages of a room that are sent at once. */
export const HISTORY_MAX = 500;
const Count = Type.Integer({
  minimum: 0,
  maximum: HISTORY_MAX,
  description: `an integer from 0 to ${HISTORY_MAX}`,
});
const AnyJson = Type.Unknown({ description: "any JSON value" });

export const JoinRoom = Type.Object({
  type: Type.Literal("JOIN_ROOM"),
  id: Type.Optional(Id),
  room_id: RoomName,
  history: Type.Optional(Count),
});
export const LeaveRoom = Type.Object({
  type: Type.Literal("LEAVE_ROOM"),
  id: Type.Optional(Id),
  room_id: RoomName,
});
export const Post = Type.Object({
  type: Type.Literal("MESSAGE"),
  id: Type.Optional(Id),
  room_id: Type.Optional(RoomName),
  to: Type.Optional(UserId),
  text: Type.Optional(Text("a string")),
  data: Type.Optional(AnyJson),
  timestamp: Type.Optional(ShortText("a string: a time, ISO 8601")),
});
export const Acknowledge = Type.Object({ type: Type.Literal("ACK"), message_id: Id });
export const SayTyping = Type.Object({ type: Type.Literal("TYPING"), room_id: RoomName });
export const SetPresence = Type.Object({
  type: Type.Literal("PRESENCE"),
  room_id: RoomName,
  state: AnyJson,
});
export const AskHistory = Type.Object({
  type: Type.Literal("HISTORY"),
  id: Id,
  room_id: RoomName,
  before: Type.Optional(Seq),
  since: Type.Optional(Seq),
  limit: Type.Optional(Count),
});

const DocumentName = Type.String({
  minLength: 1,
  maxBytes: ID_BYTES_MAX,
  description: `a string of 1 to ${ID_BYTES_MAX} bytes: the id of a document`,
});
export const JoinSession = Type.Object({
  type: Type.Literal("JOIN_SESSION"),
  id: Type.Optional(Id),
  document_id: DocumentName,
  state_vector: Type.Optional(Text("a string: a state vector of Yjs in base64")),
});
export const LeaveSession = Type.Object({
  type: Type.Literal("LEAVE_SESSION"),
  id: Type.Optional(Id),
  document_id: DocumentName,
});
export const MakeEdit = Type.Object({
  type: Type.Literal("EDIT"),
  id: Type.Optional(Id),
  document_id: DocumentName,
  edit: Type.Unknown({
    description: 'any JSON value, or {"yjs": …} with an update of Yjs in base64',
  }),
  snapshot: Type.Optional(Type.Boolean({ description: "true or false" })),
});
export const SetAwareness = Type.Object({
  type: Type.Literal("AWARENESS"),
  document_id: DocumentName,
  state: AnyJson,
});

export const CLIENT_MESSAGES = {
  AUTH: Auth,
  QUERY: Query,
  SUBSCRIBE: Subscribe,
  UNSUBSCRIBE: Unsubscribe,
  CANCEL: Cancel,
  PING: Ping,
  BATCH: Batch,
  CONFIGURE: Configure,
  OPEN_CHANNEL: OpenChannel,
  CLOSE_CHANNEL: CloseChannel,
  PUBLISH: Publish,
  NOTIFY: Notify,
  JOIN_ROOM: JoinRoom,
  LEAVE_ROOM: LeaveRoom,
  MESSAGE: Post,
  ACK: Acknowledge,
  TYPING: SayTyping,
  PRESENCE: SetPresence,
  HISTORY: AskHistory,
  JOIN_SESSION: JoinSession,
  LEAVE_SESSION: LeaveSession,
  EDIT: MakeEdit,
  AWARENESS: SetAwareness,
} as const;

export type RequestId = Type.Static<typeof Id>;
export type AuthMessage = Type.Static<typeof Auth>;
export type QueryMessage = Type.Static<typeof Query>;
export type SubscribeMessage = Type.Static<typeof Subscribe>;
export type UnsubscribeMessage = Type.Static<typeof Unsubscribe>;
export type CancelMessage = Type.Static<typeof Cancel>;
export type PingMessage = Type.Static<typeof Ping>;
export type BatchMessage = Type.Static<typeof Batch>;
export type ConfigureMessage = Type.Static<typeof Configure>;
export type OpenChannelMessage = Type.Static<typeof OpenChannel>;
export type CloseChannelMessage = Type.Static<typeof CloseChannel>;
export type PublishMessage = Type.Static<typeof Publish>;
export type NotifyMessage = Type.Static<typeof Notify>;
export type JoinRoomMessage = Type.Static<typeof JoinRoom>;
export type LeaveRoomMessage = Type.Static<typeof LeaveRoom>;
export type PostMessage = Type.Static<typeof Post>;
export type AcknowledgeMessage = Type.Static<typeof Acknowledge>;
export type SayTypingMessage = Type.Static<typeof SayTyping>;
export type SetPresenceMessage = Type.Static<typeof SetPresence>;
export type AskHistoryMessage = Type.Static<typeof AskHistory>;
export type JoinSessionMessage = Type.Static<typeof JoinSession>;
export type LeaveSessionMessage = Type.Static<typeof LeaveSession>;
export type MakeEditMessage = Type.Static<typeof MakeEdit>;
export type SetAwarenessMessage = Type.Static<typeof SetAwareness>;
export type ClientMessage =
  | AuthMessage
  | QueryMessage
  | SubscribeMessage
  | UnsubscribeMessage
  | CancelMessage
  | PingMessage
  | BatchMessage
  | ConfigureMessage
  | OpenChannelMessage
  | CloseChannelMessage
  | PublishMessage
  | NotifyMessage
  | JoinRoomMessage
  | LeaveRoomMessage
  | PostMessage
  | AcknowledgeMessage
  | SayTypingMessage
  | SetPresenceMessage
  | AskHistoryMessage
  | JoinSessionMessage
  | LeaveSessionMessage
  | MakeEditMessage
  | SetAwarenessMessage;
export type ClientMessageType = ClientMessage["type"];

// Server to client.

const Column = Type.Object({ name: Type.String(), text: Type.String(), type: Type.String() });
const Notice = Type.Object({
  code: Type.String(),
  message: Type.String(),
  hint: Type.Optional(Type.String()),
});
/** One row: column name to value in its JSON form (PROTOCOL.md §6). Names are chosen by users. */
const RowObject = JsonObject("a row");

export const AuthOk = Type.Object({
  type: Type.Literal("AUTH_OK"),
  user: Type.Object({ id: Type.String(), name: Type.Optional(Type.String()) }),
  roles: Type.Array(Type.String()),
  /** Names this connection in the server's log. */
  session: Type.String(),
  /** ISO 8601, UTC. */
  expires_at: Type.String(),
  limits: Type.Record(Type.String(), Type.Number()),
  epoch: Type.String(),
  seq: Seq,
});
export const AuthExpiring = Type.Object({
  type: Type.Literal("AUTH_EXPIRING"),
  expires_at: Type.String(),
});
/** The server is about to close the connection. */
export const GoAway = Type.Object({ type: Type.Literal("GOAWAY"), retry_after_ms: Seq });
export const QueryResultMessage = Type.Object({
  type: Type.Literal("RESULT"),
  id: Id,
  columns: Type.Array(Column),
  data: Type.Array(RowObject),
  seq: Seq,
  stats: Type.Optional(Type.Record(Type.String(), Type.Number())),
  notices: Type.Optional(Type.Array(Notice)),
});
export const LiveResultMessage = Type.Object({
  type: Type.Literal("RESULT"),
  id: Id,
  subscription: Id,
  live: Type.Literal(true),
  columns: Type.Array(Column),
  data: Type.Array(RowObject),
  /** One per row of `data`. */
  keys: Type.Array(Type.String()),
  epoch: Type.String(),
  seq: Seq,
  digest: Type.String({ pattern: "^[0-9a-f]{16}$" }),
  maintenance: Type.String(),
  resumed: Type.Optional(Type.Boolean()),
  reset: Type.Optional(Type.Boolean()),
  notices: Type.Optional(Type.Array(Notice)),
});
export const Update = Type.Object({
  type: Type.Literal("UPDATE"),
  subscription: Id,
  op: Type.Union([Type.Literal("insert"), Type.Literal("update"), Type.Literal("delete")]),
  key: Type.String(),
  /** The new row; for a delete the last one. */
  data: RowObject,
  /** The row before, when asked for by `mode: "before"`. */
  before: Type.Optional(RowObject),
  /** Position of the row after this commit, when the query is ordered. */
  index: Type.Optional(Seq),
  /** Position of the row before this commit, when the query is ordered. */
  from: Type.Optional(Seq),
  seq: Seq,
  prev_seq: Seq,
  /** Whether this is the last row of its commit; the last one carries the digest. */
  last: Type.Boolean(),
  digest: Type.Optional(Type.String({ pattern: "^[0-9a-f]{16}$" })),
});
export const Unsubscribed = Type.Object({ type: Type.Literal("UNSUBSCRIBED"), id: Id });
export const Pong = Type.Object({ type: Type.Literal("PONG"), id: Type.Optional(Id), seq: Seq });
export const ErrorAnswer = Type.Object({
  type: Type.Literal("ERROR"),
  id: Type.Optional(Id),
  subscription: Type.Optional(Id),
  error: Type.String(),
  code: Type.Unsafe<ErrorCode>({ type: "string" }),
  retryable: Type.Boolean(),
  retry_after_ms: Type.Optional(Seq),
  position: Type.Optional(
    Type.Object({ line: Type.Integer(), column: Type.Integer(), offset: Type.Integer() }),
  ),
  hint: Type.Optional(Type.String()),
});

/**
 * Several messages in one frame. `seq`: all of them tell of that commit. `behind`: subscriptions that it may concern as well, and that will
 * tell of a later one in its place.
 */
export const ServerBatch = Type.Object({
  type: Type.Literal("BATCH"),
  seq: Type.Optional(Seq),
  behind: Type.Optional(Type.Array(Id)),
  messages: Type.Array(JsonObject("a message")),
});
/** How the connection is spoken to from now on. */
export const Configured = Type.Object({
  type: Type.Literal("CONFIGURED"),
  batch_ms: Type.Integer(),
  batch_commits: Type.Boolean(),
  encoding: Type.Union([Type.Literal("json"), Type.Literal("cbor")]),
  numbers: Type.Union([Type.Literal("exact"), Type.Literal("plain")]),
});
export const ChannelOpened = Type.Object({
  type: Type.Literal("CHANNEL_OPENED"),
  channel: Type.String(),
});
export const ChannelClosed = Type.Object({
  type: Type.Literal("CHANNEL_CLOSED"),
  channel: Type.String(),
});
export const Notified = Type.Object({
  type: Type.Literal("NOTIFIED"),
  id: Type.Optional(Id),
  /** How many connections it was sent to. */
  connections: Type.Integer(),
});

const User = Type.Object({ id: Type.String(), name: Type.Optional(Type.String()) });
const RoomMessageFields = {
  type: Type.Literal("MESSAGE"),
  /** The server's: unique in the database. */
  id: Type.String(),
  /** The sender's. */
  client_id: Type.Optional(Id),
  room_id: Type.Optional(Type.String()),
  to: Type.Optional(Type.String()),
  user: User,
  text: Type.Optional(Type.String()),
  data: Type.Optional(Type.Unknown()),
  timestamp: Type.String(),
  seq: Seq,
};
export const RoomMessage = Type.Object({
  ...RoomMessageFields,
  redelivered: Type.Optional(Type.Literal(true)),
});
export const RoomJoined = Type.Object({
  type: Type.Literal("ROOM_JOINED"),
  id: Type.Optional(Id),
  room_id: Type.String(),
  members: Type.Array(
    Type.Object({
      id: Type.String(),
      name: Type.Optional(Type.String()),
      state: Type.Optional(Type.Unknown()),
    }),
  ),
  history: Type.Array(Type.Object(RoomMessageFields)),
  seq: Seq,
  gap: Type.Optional(Type.Literal(true)),
});
export const RoomLeft = Type.Object({
  type: Type.Literal("ROOM_LEFT"),
  id: Type.Optional(Id),
  room_id: Type.String(),
});
/** In a room, or in a document. */
export const UserJoined = Type.Object({
  type: Type.Literal("USER_JOINED"),
  room_id: Type.Optional(Type.String()),
  document_id: Type.Optional(Type.String()),
  user: User,
});
export const UserLeft = Type.Object({
  type: Type.Literal("USER_LEFT"),
  room_id: Type.Optional(Type.String()),
  document_id: Type.Optional(Type.String()),
  user: User,
});
export const Acknowledged = Type.Object({
  type: Type.Literal("ACK"),
  message_id: Id,
  seq: Seq,
  /** Of an edit: one of the document's that has it. */
  version: Type.Optional(Seq),
});
export const Typing = Type.Object({
  type: Type.Literal("TYPING"),
  room_id: Type.String(),
  user: User,
});
export const PresenceTold = Type.Object({
  type: Type.Literal("PRESENCE"),
  room_id: Type.String(),
  user: User,
  state: Type.Unknown(),
});
export const HistoryPage = Type.Object({
  type: Type.Literal("HISTORY"),
  id: Id,
  room_id: Type.String(),
  messages: Type.Array(Type.Object(RoomMessageFields)),
  more: Type.Boolean(),
});

export const SessionJoined = Type.Object({
  type: Type.Literal("SESSION_JOINED"),
  id: Type.Optional(Id),
  document_id: Type.String(),
  users: Type.Array(User),
  version: Seq,
  /** Of a document of Yjs, base64: what the client lacks. */
  state: Type.Optional(Type.String()),
  /** Of a document of Yjs, base64: what the server has. */
  state_vector: Type.Optional(Type.String()),
});
export const SessionLeft = Type.Object({
  type: Type.Literal("SESSION_LEFT"),
  id: Type.Optional(Id),
  document_id: Type.String(),
});
export const EditMade = Type.Object({
  type: Type.Literal("EDIT"),
  document_id: Type.String(),
  edit: Type.Unknown(),
  snapshot: Type.Optional(Type.Literal(true)),
  user: User,
  version: Seq,
  replay: Type.Optional(Type.Literal(true)),
});
export const AwarenessTold = Type.Object({
  type: Type.Literal("AWARENESS"),
  document_id: Type.String(),
  user: User,
  /** Names the connection whose state it is. */
  connection: Type.String(),
  /** null: it is gone. */
  state: Type.Unknown(),
});

export const SERVER_MESSAGES = {
  AUTH_OK: [AuthOk],
  AUTH_EXPIRING: [AuthExpiring],
  GOAWAY: [GoAway],
  RESULT: [LiveResultMessage, QueryResultMessage],
  UPDATE: [Update],
  UNSUBSCRIBED: [Unsubscribed],
  PONG: [Pong],
  ERROR: [ErrorAnswer],
  BATCH: [ServerBatch],
  CONFIGURED: [Configured],
  CHANNEL_OPENED: [ChannelOpened],
  CHANNEL_CLOSED: [ChannelClosed],
  NOTIFIED: [Notified],
  ROOM_JOINED: [RoomJoined],
  ROOM_LEFT: [RoomLeft],
  USER_JOINED: [UserJoined],
  USER_LEFT: [UserLeft],
  MESSAGE: [RoomMessage],
  ACK: [Acknowledged],
  TYPING: [Typing],
  PRESENCE: [PresenceTold],
  HISTORY: [HistoryPage],
  SESSION_JOINED: [SessionJoined],
  SESSION_LEFT: [SessionLeft],
  EDIT: [EditMade],
  AWARENESS: [AwarenessTold],
} as const;

export type WireColumn = Type.Static<typeof Column>;
export type WireNotice = Type.Static<typeof Notice>;
export type WireRow = Type.Static<typeof RowObject>;
export type AuthOkMessage = Type.Static<typeof AuthOk>;
export type AuthExpiringMessage = Type.Static<typeof AuthExpiring>;
export type GoAwayMessage = Type.Static<typeof GoAway>;
export type QueryResultMessage = Type.Static<typeof QueryResultMessage>;
export type LiveResultMessage = Type.Static<typeof LiveResultMessage>;
export type UpdateMessage = Type.Static<typeof Update>;
export type UnsubscribedMessage = Type.Static<typeof Unsubscribed>;
export type PongMessage = Type.Static<typeof Pong>;
export type ErrorMessage = Type.Static<typeof ErrorAnswer>;
export type ServerBatchMessage = Type.Static<typeof ServerBatch>;
export type ConfiguredMessage = Type.Static<typeof Configured>;
export type ChannelOpenedMessage = Type.Static<typeof ChannelOpened>;
export type ChannelClosedMessage = Type.Static<typeof ChannelClosed>;
export type NotifiedMessage = Type.Static<typeof Notified>;
export type RoomLeftMessage = Type.Static<typeof RoomLeft>;
export type AcknowledgedMessage = Type.Static<typeof Acknowledged>;
export type RoomMessageMessage = Type.Static<typeof RoomMessage>;
export type RoomJoinedMessage = Type.Static<typeof RoomJoined>;
export type UserJoinedMessage = Type.Static<typeof UserJoined>;
export type UserLeftMessage = Type.Static<typeof UserLeft>;
export type TypingMessage = Type.Static<typeof Typing>;
export type PresenceToldMessage = Type.Static<typeof PresenceTold>;
export type HistoryPageMessage = Type.Static<typeof HistoryPage>;
export type SessionJoinedMessage = Type.Static<typeof SessionJoined>;
export type SessionLeftMessage = Type.Static<typeof SessionLeft>;
export type EditMadeMessage = Type.Static<typeof EditMade>;
export type AwarenessToldMessage = Type.Static<typeof AwarenessTold>;
export type ServerMessage =
  | AuthOkMessage
  | AuthExpiringMessage
  | GoAwayMessage
  | QueryResultMessage
  | LiveResultMessage
  | UpdateMessage
  | UnsubscribedMessage
  | PongMessage
  | ErrorMessage
  | ServerBatchMessage
  | ConfiguredMessage
  | ChannelOpenedMessage
  | ChannelClosedMessage
  | NotifiedMessage
  | RoomLeftMessage
  | AcknowledgedMessage
  | RoomMessageMessage
  | RoomJoinedMessage
  | UserJoinedMessage
  | UserLeftMessage
  | TypingMessage
  | PresenceToldMessage
  | HistoryPageMessage
  | SessionJoinedMessage
  | SessionLeftMessage
  | EditMadeMessage
  | AwarenessToldMessage;
