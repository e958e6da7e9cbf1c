import { GeodeError, unreachable } from "@geode/values";
import type { AuthOkMessage } from "../wire/messages.ts";

/** Who this connection is, as the server sees it; null where the token travelled in the URL and nothing was said. */
export type Session = Omit<AuthOkMessage, "type"> | null;

/**
 * The life of a connection. `attempt` counts the tries since it last stood firm; `refusals` counts the tokens refused in a row.
 * Each state holds only what it needs.
 */
export type ConnectionState =
  /** No socket and no need of one: the next request opens it. */
  | { readonly kind: "idle" }
  /** Waiting for the application to hand out a token. */
  | { readonly kind: "authorizing"; readonly attempt: number; readonly refusals: number }
  | {
      readonly kind: "opening";
      readonly attempt: number;
      readonly refusals: number;
      readonly token: string | null;
    }
  | { readonly kind: "authenticating"; readonly attempt: number; readonly refusals: number }
  | {
      readonly kind: "ready";
      readonly attempt: number;
      readonly session: Session;
      readonly resumeAfterMs: number;
    }
  /** Until the back-off has passed. `unreadable`: the server closed because of something that it was sent. */
  | {
      readonly kind: "waiting";
      readonly attempt: number;
      readonly refusals: number;
      readonly reason: string;
      readonly unreadable: boolean;
    }
  /** For good; `error` is null when the application closed it. */
  | { readonly kind: "closed"; readonly error: GeodeError | null };

export type ConnectionEvent =
  /** Somebody needs the connection. */
  | { readonly kind: "wanted" }
  | { readonly kind: "token"; readonly token: string | null }
  | { readonly kind: "tokenFailed"; readonly cause: unknown }
  | { readonly kind: "opened" }
  | { readonly kind: "authenticated"; readonly session: Session }
  /** The socket is gone, whoever closed it. */
  | { readonly kind: "lost"; readonly code: number; readonly reason: string }
  /** Nothing came for too long, or what came was not our protocol. */
  | { readonly kind: "failed"; readonly reason: string }
  /** The server will close soon and says when to come back. */
  | { readonly kind: "goingAway"; readonly retryAfterMs: number }
  /** Ready for long enough that the next loss starts counting from the beginning. */
  | { readonly kind: "settled" }
  /** The back-off has passed, or there is reason to believe that the network is back. */
  | { readonly kind: "retry" }
  | { readonly kind: "close" };

/** What the shell has to do. In order. */
export type Command =
  | { readonly kind: "askToken" }
  | { readonly kind: "open" }
  | { readonly kind: "authenticate"; readonly token: string }
  /** At least `leastMs`; otherwise by the back-off of that attempt. */
  | { readonly kind: "wait"; readonly attempt: number; readonly leastMs: number }
  | { readonly kind: "drop" };

export interface Policy {
  /** Whether a refused or expired token can be replaced: the application gave a function. */
  readonly freshTokens: boolean;
  /** Whether a lost connection is opened again. */
  readonly reconnect: boolean;
}

export interface Step {
  readonly state: ConnectionState;
  readonly commands: readonly Command[];
}

/** Why a connection that stood is gone. */
export interface Loss {
  readonly reason: string;
  /** The server closed because of something that it was sent: sending that again would end the same way. */
  readonly unreadable: boolean;
}

/** The server could not read, or would not take, a frame of ours. */
const UNREADABLE: ReadonlySet<number> = new Set([1002, 1003, 1007, 1009]);

/** Tokens refused in a row before the connection gives up: the second one was made for this very attempt. */
const REFUSALS_MAX = 2;

/** The transition function: pure and total. An event that means nothing in a state changes nothing. */
export function next(state: ConnectionState, event: ConnectionEvent, policy: Policy): Step {
  if (state.kind === "closed") return stay(state);
  switch (event.kind) {
    case "close":
      return { state: { kind: "closed", error: null }, commands: [{ kind: "drop" }] };
    case "wanted":
      return state.kind === "idle" ? begin(0, 0) : stay(state);
    case "token":
      if (state.kind !== "authorizing") return stay(state);
      return {
        state: {
          kind: "opening",
          attempt: state.attempt,
          refusals: state.refusals,
          token: event.token,
        },
        commands: [{ kind: "open" }],
      };
    case "tokenFailed":
      return state.kind === "authorizing"
        ? retryLater(
            state,
            { reason: `no token: ${messageOf(event.cause)}`, cause: event.cause },
            policy,
          )
        : stay(state);
    case "opened":
      if (state.kind !== "opening") return stay(state);
      if (state.token === null)
        return stay({ kind: "ready", attempt: state.attempt, session: null, resumeAfterMs: 0 });
      return {
        state: { kind: "authenticating", attempt: state.attempt, refusals: state.refusals },
        commands: [{ kind: "authenticate", token: state.token }],
      };
    case "authenticated":
      if (state.kind === "authenticating") {
        return stay({
          kind: "ready",
          attempt: state.attempt,
          session: event.session,
          resumeAfterMs: 0,
        });
      }
      return state.kind === "ready" ? stay({ ...state, session: event.session }) : stay(state);
    case "lost":
      return hasSocket(state) ? lost(state, event.code, event.reason, policy) : stay(state);
    case "failed":
      if (state.kind === "authorizing") return retryLater(state, { reason: event.reason }, policy);
      return hasSocket(state)
        ? dropFirst(retryLater(state, { reason: event.reason }, policy))
        : stay(state);
    case "goingAway":
      return state.kind === "ready"
        ? stay({ ...state, resumeAfterMs: event.retryAfterMs })
        : stay(state);
    case "settled":
      return state.kind === "ready" ? stay({ ...state, attempt: 0 }) : stay(state);
    case "retry":
      return state.kind === "waiting" ? begin(state.attempt, state.refusals) : stay(state);
    default:
      return unreachable(event);
  }
}

type Connecting = Extract<
  ConnectionState,
  { kind: "authorizing" | "opening" | "authenticating" | "ready" }
>;
type WithSocket = Exclude<Connecting, { kind: "authorizing" }>;

function stay(state: ConnectionState): Step {
  return { state, commands: [] };
}

function begin(attempt: number, refusals: number): Step {
  return { state: { kind: "authorizing", attempt, refusals }, commands: [{ kind: "askToken" }] };
}

function hasSocket(state: ConnectionState): state is WithSocket {
  return state.kind === "opening" || state.kind === "authenticating" || state.kind === "ready";
}

function dropFirst(step: Step): Step {
  return { state: step.state, commands: [{ kind: "drop" }, ...step.commands] };
}

/** What a close code means for the next try (PROTOCOL.md, "Close codes"). */
function lost(state: WithSocket, code: number, reason: string, policy: Policy): Step {
  if (code === 1000 && reason === "Idle timeout") return stay({ kind: "idle" });
  if (code === 1000 && reason === "Replaced by new connection") {
    // Coming back would push out the connection that replaced this one, and the two would take turns for ever.
    return ended(
      "LIMIT",
      "This connection was replaced: the user has as many open as the server allows",
      null,
    );
  }
  if (code === 1000 && reason === "Session closed")
    return ended("UNAVAILABLE", "This connection was closed by SESSION CLOSE", null);
  if (code === 4401) return refused(state, "The token has expired", policy);
  if (code === 1008 && reason === "Revoked")
    return ended("FORBIDDEN", "The access of this user was revoked", null);
  if (code === 1008 && (reason === "Invalid token" || reason === "Authentication required")) {
    return refused(state, `The server refused the token (${reason})`, policy);
  }
  const said = reason === "" ? `the connection was lost (${code})` : `${reason} (${code})`;
  return retryLater(state, { reason: said, unreadable: UNREADABLE.has(code) }, policy);
}

function refused(state: WithSocket, message: string, policy: Policy): Step {
  const refusals = (state.kind === "ready" ? 0 : state.refusals) + 1;
  if (!policy.freshTokens || !policy.reconnect || refusals >= REFUSALS_MAX)
    return ended("FORBIDDEN", message, null);
  // The token was the reason, not the network: no need to wait.
  return begin(state.attempt, refusals);
}

function retryLater(
  state: Connecting,
  loss: Partial<Loss> & { readonly reason: string; readonly cause?: unknown },
  policy: Policy,
): Step {
  const { reason, unreadable = false, cause = null } = loss;
  if (!policy.reconnect) return ended("UNAVAILABLE", `Not connected: ${reason}`, cause);
  const attempt = state.attempt + 1;
  const refusals = state.kind === "ready" ? 0 : state.refusals;
  const leastMs = state.kind === "ready" ? state.resumeAfterMs : 0;
  return {
    state: { kind: "waiting", attempt, refusals, reason, unreadable },
    commands: [{ kind: "wait", attempt, leastMs }],
  };
}

function ended(code: "LIMIT" | "FORBIDDEN" | "UNAVAILABLE", message: string, cause: unknown): Step {
  const hint =
    code === "FORBIDDEN"
      ? "Get a new token (`geode token --user ID`) and connect again"
      : undefined;
  const error = new GeodeError(code, message, cause === null ? { hint } : { hint, cause });
  return { state: { kind: "closed", error }, commands: [] };
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
