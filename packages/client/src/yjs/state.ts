import { unreachable } from "@geode/values";
import type { GeodeError } from "@geode/values";

/**
 * The life of a provider in its document. `inside`: the server counts us among those in the document and tells us what happens there.
 * `attempt` counts what was refused in a row.
 */
export type SessionState =
  /** Without a connection, or because the application wants it so. */
  | { readonly kind: "away" }
  /** JOIN_SESSION was sent under that id. */
  | {
      readonly kind: "joining";
      readonly request: string;
      readonly inside: boolean;
      readonly attempt: number;
    }
  /** What others write comes, and what is written here goes. */
  | { readonly kind: "following"; readonly attempt: number }
  /** The server lacks something and would not have it now: to be joined again, which says what, when the wait is over. */
  | {
      readonly kind: "behind";
      readonly inside: boolean;
      readonly attempt: number;
      /** In milliseconds. */
      readonly leastMs: number;
      readonly waited: boolean;
    }
  /** What others write comes; what is written here is refused, so it stays here. For as long as the connection stands. */
  | { readonly kind: "reading"; readonly error: GeodeError }
  /** It cannot be joined. For as long as the connection stands. */
  | { readonly kind: "refused"; readonly error: GeodeError }
  | { readonly kind: "closed" };

export type SessionEvent =
  | { readonly kind: "asked"; readonly request: string }
  | { readonly kind: "joined" }
  /** An edit is durable. */
  | { readonly kind: "taken" }
  /** The answer to JOIN_SESSION is an error. */
  | { readonly kind: "joinFailed"; readonly error: GeodeError; readonly retryAfterMs: number }
  /** The answer to an edit is an error. */
  | { readonly kind: "editFailed"; readonly error: GeodeError; readonly retryAfterMs: number }
  | { readonly kind: "waited" }
  /** More was written than is kept beside the document. */
  | { readonly kind: "overflowed" }
  /** The connection is gone, or the application left. */
  | { readonly kind: "left" }
  | { readonly kind: "closed" };

/** Edits refused in a row after which nothing that is written here can be meant for this document. */
const ATTEMPTS_MAX = 3;

/** The transition function: pure and total. An event that means nothing in a state changes nothing. */
export function nextSession(state: SessionState, event: SessionEvent): SessionState {
  if (state.kind === "closed") return state;
  switch (event.kind) {
    case "closed":
      return { kind: "closed" };
    case "left":
      return { kind: "away" };
    case "asked":
      return {
        kind: "joining",
        request: event.request,
        inside: isInside(state),
        attempt: state.kind === "behind" ? state.attempt : 0,
      };
    case "joined":
      return state.kind === "joining" ? { kind: "following", attempt: state.attempt } : state;
    case "taken":
      return state.kind === "following" ? { kind: "following", attempt: 0 } : state;
    case "joinFailed":
      if (state.kind !== "joining") return state;
      if (!event.error.retryable) return { kind: "refused", error: event.error };
      return {
        kind: "behind",
        inside: state.inside,
        attempt: state.attempt + 1,
        leastMs: event.retryAfterMs,
        waited: false,
      };
    case "editFailed": {
      if (state.kind !== "following" && state.kind !== "behind") return state;
      const { error } = event;
      if (error.code === "FORBIDDEN" || error.code === "TOO_LARGE")
        return { kind: "reading", error };
      // The others that were under way build on the first one.
      if (state.kind === "behind") return state;
      const attempt = state.attempt + 1;
      if (!error.retryable && attempt >= ATTEMPTS_MAX) return { kind: "reading", error };
      const leastMs = event.retryAfterMs;
      return { kind: "behind", inside: true, attempt, leastMs, waited: false };
    }
    case "waited":
      return state.kind === "behind" ? { ...state, waited: true } : state;
    case "overflowed":
      if (state.kind !== "following") return state;
      return { kind: "behind", inside: true, attempt: state.attempt, leastMs: 0, waited: true };
    default:
      return unreachable(event);
  }
}

/** Whether what happens in the document is told to us. */
export function isInside(state: SessionState): boolean {
  switch (state.kind) {
    case "following":
    case "reading":
      return true;
    case "joining":
    case "behind":
      return state.inside;
    case "away":
    case "refused":
    case "closed":
      return false;
    default:
      return unreachable(state);
  }
}
