import { unreachable } from "@geode/values";
import type { GeodeError } from "@geode/values";

/**
 * The life of a live result. `subscription` is the id under which its messages come; every new SUBSCRIBE has a new one, so that what
 * is still under way for an older one cannot be mistaken.
 */
export type LiveState =
  /** Nothing has come yet; `subscription` is null while there is no connection. */
  | { readonly kind: "connecting"; readonly subscription: string | null }
  | {
      readonly kind: "live";
      readonly subscription: string;
      readonly epoch: string;
      readonly seq: number;
    }
  /** The rows are the last known ones; `epoch` and `seq` say of when. */
  | {
      readonly kind: "stale";
      readonly subscription: string | null;
      readonly epoch: string;
      readonly seq: number;
    }
  /** For good; `error` is null when the application closed it. */
  | { readonly kind: "closed"; readonly error: GeodeError | null };

export type LiveEvent =
  /** SUBSCRIBE was sent under that id. */
  | { readonly kind: "subscribed"; readonly subscription: string }
  /** The copy is what it was at that commit. */
  | { readonly kind: "current"; readonly epoch: string; readonly seq: number }
  /** No connection, or the copy can no longer be kept up: it must be subscribed again. */
  | { readonly kind: "detached" }
  | { readonly kind: "closed"; readonly error: GeodeError | null };

/** The transition function: pure and total. */
export function nextLive(state: LiveState, event: LiveEvent): LiveState {
  if (state.kind === "closed") return state;
  switch (event.kind) {
    case "closed":
      return { kind: "closed", error: event.error };
    case "subscribed":
      if (state.kind === "connecting")
        return { kind: "connecting", subscription: event.subscription };
      return {
        kind: "stale",
        subscription: event.subscription,
        epoch: state.epoch,
        seq: state.seq,
      };
    case "current":
      if (state.subscription === null) return state;
      return { kind: "live", subscription: state.subscription, epoch: event.epoch, seq: event.seq };
    case "detached":
      if (state.kind === "connecting") return { kind: "connecting", subscription: null };
      return { kind: "stale", subscription: null, epoch: state.epoch, seq: state.seq };
    default:
      return unreachable(event);
  }
}
