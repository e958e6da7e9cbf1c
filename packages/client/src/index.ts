export { systemClock, type Clock } from "./clock.ts";
export { type Backoff } from "./connection/backoff.ts";
export { type TokenSource } from "./connection/connection.ts";
export { type Socket, type SocketConstructor } from "./connection/socket.ts";
export { type ConnectionState, type Session } from "./connection/state.ts";
export { type DocumentListener, type SharedDocument } from "./document/document.ts";
export { ServerError } from "./error.ts";
export {
  connect,
  Geode,
  type GeodeOptions,
  type LiveOptions,
  type Parameters,
  type QueryOptions,
} from "./geode.ts";
export { type Change, type Commit } from "./live/changes.ts";
export { Live, type LiveSnapshot } from "./live/live.ts";
export { type AnyRow, type Result } from "./request/result.ts";
export { type Floats } from "./wire/decode.ts";
export {
  type AwarenessMessage,
  type Column,
  type EditMessage,
  type Notice,
  type Op,
  type SessionJoinedMessage,
  type User,
} from "./wire/messages.ts";
export {
  GraphEdge,
  GraphNode,
  GraphPath,
  type PlainProperties,
  type PlainValue,
} from "./wire/value.ts";
export { float, Float, GeodeError, type ErrorCode, type Position } from "@geode/values";
export type { Encoding } from "./wire/encoding.ts";
