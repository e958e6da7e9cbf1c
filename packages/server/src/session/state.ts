import type { AuthMessage, ClientMessage, CloseName, Decoded } from "@geode/protocol";
import { unreachable } from "@geode/values";
import type { Identity } from "../auth/token.ts";
import type { Reply } from "./reply.ts";

/** A frame that arrived: decoded, or binary with a header that means nothing. `reply` is how it is answered. */
export type Frame = (Decoded | { readonly kind: "binary" }) & { readonly reply?: Reply };

/**
 * The life of one connection. Each state holds only what it needs. Frames that arrive while a token is being checked wait in the shell
 * and are handled in order afterwards.
 */
export type SessionState =
  /** Open, and no token yet: the deadline runs. */
  | { readonly name: "waiting" }
  /** The first token is being checked; `answer` says whether it came by AUTH, which is answered. */
  | { readonly name: "verifying"; readonly answer: boolean }
  | { readonly name: "open"; readonly identity: Identity }
  /** Another token of the same user is being checked; the present one still counts. */
  | { readonly name: "renewing"; readonly identity: Identity }
  | { readonly name: "closed" };

/** What may be asked once the connection is open. */
export type Request = Exclude<ClientMessage, AuthMessage>;

export type SessionEvent =
  | { readonly name: "frame"; readonly frame: Frame }
  | { readonly name: "verified"; readonly identity: Identity }
  | { readonly name: "refused" }
  /** Nobody can tell at present whether the token is good. */
  | { readonly name: "unverifiable" }
  | { readonly name: "authDeadline" }
  | { readonly name: "expiryNear" }
  | { readonly name: "expired" }
  /** The server is about to stop. */
  | { readonly name: "draining"; readonly retryAfterMs: number }
  /** Somebody else's decision: slow, idle, replaced, restart, … */
  | { readonly name: "closeAsked"; readonly close: CloseName }
  /** The socket is gone, whoever closed it. */
  | { readonly name: "gone" };

/** What the shell does, in order. */
export type SessionAction =
  | {
      readonly do: "verify";
      readonly token: string;
      /** What the client calls itself over reconnects. */
      readonly client: string | undefined;
      readonly reply: Reply | undefined;
    }
  /** Count the connection to its user and watch the token's end; AUTH_OK if `answer`. */
  | { readonly do: "admit"; readonly identity: Identity; readonly answer: boolean }
  | { readonly do: "renew"; readonly identity: Identity }
  /** Says that the new token could not be checked, and that the present one goes on. */
  | { readonly do: "postponeRenewal" }
  | { readonly do: "handle"; readonly message: Request; readonly reply: Reply | undefined }
  /** Says what is wrong, and then closes unless invalid messages are tolerated. */
  | {
      readonly do: "refuseMessage";
      readonly error: string;
      readonly id: string | number | undefined;
      readonly reply: Reply | undefined;
    }
  | { readonly do: "warnExpiry" }
  /** Says GOAWAY, and closes once nothing is unanswered. */
  | { readonly do: "goAway"; readonly retryAfterMs: number }
  /** Keep the frame until `readOn`. */
  | { readonly do: "hold"; readonly frame: Frame }
  /** Take no more from the socket than has arrived. */
  | { readonly do: "stopReading" }
  /** Let the held frames through, in order, each as an event of its own; then read the socket again. */
  | { readonly do: "readOn" }
  | { readonly do: "close"; readonly close: CloseName }
  /** Let go of timers, subscriptions and requests. */
  | { readonly do: "release" };

export interface Transition {
  readonly state: SessionState;
  readonly actions: readonly SessionAction[];
}

const CLOSED: SessionState = { name: "closed" };

/** The whole behaviour of a session's states: total and pure. */
export function next(state: SessionState, event: SessionEvent): Transition {
  if (state.name === "closed") return stay(state);
  switch (event.name) {
    case "frame":
      return onFrame(state, event.frame);
    case "verified":
      return onVerified(state, event.identity);
    case "refused":
      return state.name === "verifying" || state.name === "renewing"
        ? close("invalidToken")
        : stay(state);
    case "unverifiable":
      return onUnverifiable(state);
    case "authDeadline":
      return state.name === "waiting" || state.name === "verifying"
        ? close("authenticationRequired")
        : stay(state);
    case "expiryNear":
      return state.name === "open" || state.name === "renewing"
        ? stay(state, { do: "warnExpiry" })
        : stay(state);
    case "expired":
      return state.name === "open" || state.name === "renewing"
        ? close("tokenExpired")
        : stay(state);
    case "draining":
      return state.name === "open" || state.name === "renewing"
        ? stay(state, { do: "goAway", retryAfterMs: event.retryAfterMs })
        : close("restart");
    case "closeAsked":
      return close(event.close);
    case "gone":
      return { state: CLOSED, actions: [{ do: "release" }] };
    default:
      return unreachable(event);
  }
}

type LiveState = Exclude<SessionState, { name: "closed" }>;

function onFrame(state: LiveState, frame: Frame): Transition {
  switch (state.name) {
    case "waiting":
      return beforeToken(frame);
    case "verifying":
    case "renewing":
      return stay(state, { do: "hold", frame });
    case "open":
      return whenOpen(state, frame);
    default:
      return unreachable(state);
  }
}

function beforeToken(frame: Frame): Transition {
  switch (frame.kind) {
    case "message":
      if (frame.message.type !== "AUTH") return close("authenticationRequired");
      return {
        state: { name: "verifying", answer: true },
        actions: [{ do: "stopReading" }, verify(frame.message, frame.reply)],
      };
    case "notJson":
      return close("invalidJson");
    case "invalid":
      // Only who tries to authenticate is told what is wrong.
      if (frame.type !== "AUTH") return close("authenticationRequired");
      return {
        state: CLOSED,
        actions: [
          { do: "refuseMessage", error: frame.error, id: frame.id, reply: frame.reply },
          ...close("invalidMessage").actions,
        ],
      };
    case "binary":
      return close("authenticationRequired");
    default:
      return unreachable(frame);
  }
}

function whenOpen(state: Extract<SessionState, { name: "open" }>, frame: Frame): Transition {
  switch (frame.kind) {
    case "message":
      if (frame.message.type !== "AUTH")
        return stay(state, { do: "handle", message: frame.message, reply: frame.reply });
      return {
        state: { name: "renewing", identity: state.identity },
        actions: [{ do: "stopReading" }, verify(frame.message, frame.reply)],
      };
    case "notJson":
      return close("invalidJson");
    case "invalid":
      return stay(state, {
        do: "refuseMessage",
        error: frame.error,
        id: frame.id,
        reply: frame.reply,
      });
    case "binary":
      return stay(state, {
        do: "refuseMessage",
        error: "a binary frame begins with its version, type and length",
        id: undefined,
        reply: frame.reply,
      });
    default:
      return unreachable(frame);
  }
}

function verify({ client, token }: AuthMessage, reply: Reply | undefined): SessionAction {
  return { do: "verify", token, client, reply };
}

function onVerified(state: LiveState, identity: Identity): Transition {
  switch (state.name) {
    case "waiting":
    case "open":
      return stay(state);
    case "verifying":
      return stay(
        { name: "open", identity },
        { do: "admit", identity, answer: state.answer },
        { do: "readOn" },
      );
    case "renewing":
      if (identity.principal.id !== state.identity.principal.id) return close("invalidToken");
      return stay({ name: "open", identity }, { do: "renew", identity }, { do: "readOn" });
    default:
      return unreachable(state);
  }
}

function onUnverifiable(state: LiveState): Transition {
  switch (state.name) {
    case "waiting":
    case "open":
      return stay(state);
    case "verifying":
      return close("internal");
    case "renewing":
      return stay(
        { name: "open", identity: state.identity },
        { do: "postponeRenewal" },
        { do: "readOn" },
      );
    default:
      return unreachable(state);
  }
}

function stay(state: SessionState, ...actions: SessionAction[]): Transition {
  return { state, actions };
}

function close(name: CloseName): Transition {
  return { state: CLOSED, actions: [{ do: "close", close: name }, { do: "release" }] };
}
