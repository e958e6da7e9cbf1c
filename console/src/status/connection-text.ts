import type { ConnectionState } from "@geode/client";

/** A connection in two words, and how much reason there is to worry. */
export function connectionText(state: ConnectionState): {
  readonly text: string;
  readonly tone: "good" | "waiting" | "bad";
} {
  switch (state.kind) {
    case "ready":
      return { text: "Connected", tone: "good" };
    case "idle":
      return { text: "Asleep", tone: "waiting" };
    case "authorizing":
    case "opening":
    case "authenticating":
      return state.attempt === 0
        ? { text: "Connecting…", tone: "waiting" }
        : { text: "Reconnecting…", tone: "waiting" };
    case "waiting":
      return { text: "Reconnecting…", tone: "bad" };
    case "closed":
      return { text: "Disconnected", tone: "bad" };
  }
}
