import type { Position } from "@geode/values";
import { BrokenFrame } from "./broken-frame.ts";
import { decodeFrame } from "./encoding.ts";
import type {
  Column,
  ErrorMessage,
  LiveHead,
  Notice,
  Op,
  ResultMessage,
  ServerMessage,
  SessionJoinedMessage,
  UpdateMessage,
  User,
} from "./messages.ts";

type Frame = Readonly<Record<string, unknown>>;

/**
 * The messages of one frame, checked once, here: one, or several when it is a BATCH. Types that this client does not know are left out.
 * Throws BrokenFrame.
 */
export function readFrame(data: unknown): readonly ServerMessage[] {
  const frame = object(decodeFrame(data), "frame");
  if (frame["type"] !== "BATCH") return present(readMessage(frame));
  return list(frame["messages"], "messages").flatMap((message) =>
    present(readMessage(object(message, "message"))),
  );
}

function present(message: ServerMessage | null): readonly ServerMessage[] {
  return message === null ? [] : [message];
}

function readMessage(frame: Frame): ServerMessage | null {
  switch (frame["type"]) {
    case "AUTH_OK": {
      const expiresAt = frame["expires_at"];
      return {
        type: "AUTH_OK",
        user: readUser(frame["user"]),
        roles: list(frame["roles"] ?? [], "roles").map((role) => string(role, "roles")),
        session: string(frame["session"] ?? "", "session"),
        expiresAt:
          typeof expiresAt === "string" || typeof expiresAt === "number" ? expiresAt : null,
        epoch: string(frame["epoch"] ?? "", "epoch"),
        seq: number(frame["seq"] ?? 0, "seq"),
      };
    }
    case "AUTH_EXPIRING":
      return { type: "AUTH_EXPIRING" };
    case "RESULT":
      return readResult(frame);
    case "UPDATE":
      return readUpdate(frame);
    case "ERROR":
      return readError(frame);
    case "PONG":
      return { type: "PONG" };
    case "GOAWAY":
      return {
        type: "GOAWAY",
        retryAfterMs: number(frame["retry_after_ms"] ?? 0, "retry_after_ms"),
      };
    case "ACK": {
      const id = frame["message_id"];
      return typeof id === "string" ? { type: "ACK", id } : null;
    }
    case "SESSION_JOINED":
      return readSessionJoined(frame);
    case "EDIT":
      return {
        type: "EDIT",
        document: string(frame["document_id"], "document_id"),
        edit: frame["edit"],
        user: readUser(frame["user"]),
        version: number(frame["version"], "version"),
      };
    case "AWARENESS":
      return {
        type: "AWARENESS",
        document: string(frame["document_id"], "document_id"),
        connection: string(frame["connection"], "connection"),
        user: readUser(frame["user"]),
        state: frame["state"],
      };
    default:
      return null;
  }
}

/** Null for an answer that is not ours: our ids are strings. */
function readSessionJoined(frame: Frame): SessionJoinedMessage | null {
  const { id } = frame as { readonly id: unknown };
  if (typeof id !== "string") return null;
  const state = optionalString(frame["state"], "state");
  return {
    type: "SESSION_JOINED",
    id,
    document: string(frame["document_id"], "document_id"),
    users: list(frame["users"] ?? [], "users").map(readUser),
    version: number(frame["version"], "version"),
    yjs:
      state === null ? null : { state, stateVector: string(frame["state_vector"], "state_vector") },
  };
}

/** Null for an answer that is not ours: our ids are strings. */
function readResult(frame: Frame): ResultMessage | null {
  const { id } = frame as { readonly id: unknown };
  if (typeof id !== "string") return notOurs(id);
  return {
    type: "RESULT",
    id,
    data: list(frame["data"] ?? [], "data"),
    columns: list(frame["columns"] ?? [], "columns").map(readColumn),
    seq: number(frame["seq"] ?? 0, "seq"),
    stats: readStats(frame["stats"]),
    notices: list(frame["notices"] ?? [], "notices").map(readNotice),
    live: frame["live"] === true ? readLiveHead(frame) : null,
  };
}

function readLiveHead(frame: Frame): LiveHead {
  return {
    keys: list(frame["keys"] ?? [], "keys").map((key) => string(key, "keys")),
    epoch: string(frame["epoch"], "epoch"),
    digest: optionalString(frame["digest"], "digest"),
    maintenance: optionalString(frame["maintenance"], "maintenance"),
    resumed: frame["resumed"] === true,
    reset: frame["reset"] === true,
  };
}

function readUpdate(frame: Frame): UpdateMessage | null {
  const { subscription } = frame as { readonly subscription: unknown };
  if (typeof subscription !== "string") return notOurs(subscription);
  return {
    type: "UPDATE",
    subscription,
    op: readOp(frame["op"]),
    key: string(frame["key"], "key"),
    data: frame["data"],
    index: optionalNumber(frame["index"], "index"),
    seq: number(frame["seq"], "seq"),
    prevSeq: number(frame["prev_seq"], "prev_seq"),
    last: frame["last"] === true,
    digest: optionalString(frame["digest"], "digest"),
  };
}

function readError(frame: Frame): ErrorMessage {
  const id = frame["id"];
  const subscription = frame["subscription"];
  return {
    type: "ERROR",
    id: typeof id === "string" ? id : null,
    subscription: typeof subscription === "string" ? subscription : null,
    error: string(frame["error"], "error"),
    code: string(frame["code"] ?? "INTERNAL", "code"),
    retryable: frame["retryable"] === true,
    retryAfterMs: optionalNumber(frame["retry_after_ms"], "retry_after_ms"),
    position: readPosition(frame["position"]),
    hint: optionalString(frame["hint"], "hint"),
  };
}

function readUser(raw: unknown): User {
  const user = object(raw, "user");
  const id = string(user["id"], "user.id");
  const { name } = user as { readonly name: unknown };
  return typeof name === "string" ? { id, name } : { id };
}

function readColumn(raw: unknown): Column {
  const column = object(raw, "column");
  const name = string(column["name"], "column.name");
  return {
    name,
    text: string(column["text"] ?? name, "column.text"),
    type: string(column["type"] ?? "ANY", "column.type"),
  };
}

function readNotice(raw: unknown): Notice {
  const notice = object(raw, "notice");
  const hint = optionalString(notice["hint"], "notice.hint");
  const said = {
    code: string(notice["code"] ?? "", "notice.code"),
    message: string(notice["message"], "notice.message"),
  };
  return hint === null ? said : { ...said, hint };
}

function readStats(raw: unknown): Readonly<Record<string, number>> | null {
  if (raw === undefined || raw === null) return null;
  const stats: Record<string, number> = Object.create(null);
  for (const [name, count] of Object.entries(object(raw, "stats")))
    if (typeof count === "number") stats[name] = count;
  return stats;
}

function readPosition(raw: unknown): Position | null {
  if (raw === undefined || raw === null) return null;
  const position = object(raw, "position");
  return {
    line: number(position["line"], "position.line"),
    column: number(position["column"], "position.column"),
    offset: number(position["offset"], "position.offset"),
  };
}

function notOurs(id: unknown): null {
  return id === undefined ? missingId() : null;
}

function missingId(): never {
  throw new BrokenFrame("the id is missing");
}

function readOp(raw: unknown): Op {
  if (raw === "insert" || raw === "update" || raw === "delete") return raw;
  throw new BrokenFrame("op is not insert, update or delete");
}

function object(raw: unknown, name: string): Frame {
  if (typeof raw !== "object" || raw === null || Array.isArray(raw))
    throw new BrokenFrame(`${name} is not an object`);
  return raw as Frame;
}

function list(raw: unknown, name: string): readonly unknown[] {
  if (!Array.isArray(raw)) throw new BrokenFrame(`${name} is not a list`);
  return raw;
}

function string(raw: unknown, name: string): string {
  if (typeof raw !== "string") throw new BrokenFrame(`${name} is not a string`);
  return raw;
}

function number(raw: unknown, name: string): number {
  if (typeof raw !== "number") throw new BrokenFrame(`${name} is not a number`);
  return raw;
}

function optionalString(raw: unknown, name: string): string | null {
  return raw === undefined || raw === null ? null : string(raw, name);
}

function optionalNumber(raw: unknown, name: string): number | null {
  return raw === undefined || raw === null ? null : number(raw, name);
}
