export { asyncApiDocument, type AsyncApiServer } from "./asyncapi.ts";
export { CLOSES, closeNamed, type Close, type CloseName } from "./close.ts";
export {
  decodeClientMessage,
  decodeParameters,
  encodeRows,
  encodeServerMessage,
  encodeWithText,
  tooLarge,
  updateHead,
  updateTails,
  type CommitChanges,
  type Decoded,
  type JsonBounds,
  type RowChange,
} from "./codec.ts";
export {
  LIMIT_NAMES,
  LIMITS,
  limitsOnWire,
  limitsWith,
  type Limit,
  type LimitName,
  type Limits,
} from "./limits.ts";
export {
  CLIENT_MESSAGES,
  ID_BYTES_MAX,
  SERVER_MESSAGES,
  type AuthExpiringMessage,
  type AuthMessage,
  type AuthOkMessage,
  type CancelMessage,
  type ClientMessage,
  type ClientMessageType,
  type ErrorMessage,
  type GoAwayMessage,
  type LiveResultMessage,
  type PingMessage,
  type PongMessage,
  type QueryMessage,
  type QueryResultMessage,
  type RequestId,
  type ServerMessage,
  type SubscribeMessage,
  type UnsubscribedMessage,
  type UnsubscribeMessage,
  type UpdateMessage,
  type WireColumn,
  type WireNotice,
  type WireRow,
} from "./messages.ts";
export { RATINGS, type RateClass, type Rating } from "./rate.ts";
export { schemaCompiler } from "./validate.ts";
