import type { ClientMessageType } from "./messages.ts";

/** What is counted together per user: each class has a bucket of its own. */
export type RateClass = "query" | "realtime";

/**
 * How a message counts against its sender's rate (PROTOCOL.md 3.7). "dropped" beyond the rate; "counted" ones use it up but are carried
 * out all the same, because they take load away and because a refusal of CANCEL would read like the answer to what it cancels.
 */
export type Rating =
  | { readonly class: RateClass; readonly beyond: "dropped" | "counted" }
  | { readonly class: "free" };

/** Every message; a new one does not compile before it is rated. */
export const RATINGS: { readonly [Type in ClientMessageType]: Rating } = {
  AUTH: { class: "free" },
  QUERY: { class: "query", beyond: "dropped" },
  SUBSCRIBE: { class: "query", beyond: "dropped" },
  UNSUBSCRIBE: { class: "query", beyond: "counted" },
  CANCEL: { class: "query", beyond: "counted" },
  PING: { class: "free" },
  // What it holds is counted.
  BATCH: { class: "free" },
  CONFIGURE: { class: "realtime", beyond: "counted" },
  OPEN_CHANNEL: { class: "realtime", beyond: "dropped" },
  CLOSE_CHANNEL: { class: "realtime", beyond: "counted" },
  PUBLISH: { class: "realtime", beyond: "dropped" },
  NOTIFY: { class: "realtime", beyond: "dropped" },
  JOIN_ROOM: { class: "realtime", beyond: "dropped" },
  LEAVE_ROOM: { class: "realtime", beyond: "counted" },
  MESSAGE: { class: "realtime", beyond: "dropped" },
  ACK: { class: "free" },
  TYPING: { class: "realtime", beyond: "dropped" },
  PRESENCE: { class: "realtime", beyond: "dropped" },
  HISTORY: { class: "query", beyond: "dropped" },
  JOIN_SESSION: { class: "realtime", beyond: "dropped" },
  LEAVE_SESSION: { class: "realtime", beyond: "counted" },
  EDIT: { class: "realtime", beyond: "dropped" },
  AWARENESS: { class: "realtime", beyond: "dropped" },
};
