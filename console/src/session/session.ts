import { Geode } from "@geode/client";
import type { ConnectionState } from "@geode/client";
import { Store } from "../store.ts";
import { keepToken, takeToken } from "./token.ts";

/** Who uses the console: somebody with a connection, or nobody yet (`reason` says why not any more). */
export type Session =
  | { readonly kind: "signedOut"; readonly reason: string | null }
  | { readonly kind: "signedIn"; readonly geode: Geode; readonly connection: ConnectionState };

export const session = new Store<Session>({ kind: "signedOut", reason: null });

/** Connects with the token of the address or of this tab, if there is one; and again whenever a link with another one is opened. */
export function startSession(): void {
  const begin = (): void => {
    const token = takeToken();
    if (token !== null) signIn(token);
  };
  begin();
  window.addEventListener("hashchange", begin);
}

export function signIn(token: string): void {
  leave();
  keepToken(token);
  const geode = new Geode(webSocketAddress(), { token, floats: "exact" });
  const follow = (connection: ConnectionState): void => {
    if (connection.kind === "closed" && connection.error?.code === "FORBIDDEN") {
      // A token that was refused is of no more use; what else closes a connection can be tried again with it.
      keepToken(null);
      session.set({ kind: "signedOut", reason: connection.error.message });
    } else {
      session.set({ kind: "signedIn", geode, connection });
    }
  };
  stopFollowing = geode.onState(follow);
  follow(geode.state);
}

/** Connects anew with the same token, after the server closed for good. */
export function signInAgain(): void {
  const token = takeToken();
  if (token === null) signOut();
  else signIn(token);
}

export function signOut(): void {
  leave();
  keepToken(null);
  session.set({ kind: "signedOut", reason: null });
}

let stopFollowing: () => void = () => {};

function leave(): void {
  stopFollowing();
  const { kind } = session.get();
  if (kind === "signedIn") (session.get() as Extract<Session, { kind: "signedIn" }>).geode.close();
}

/** The server that served this page. */
function webSocketAddress(): URL {
  const address = new URL("ws", window.location.href);
  address.protocol = window.location.protocol === "https:" ? "wss:" : "ws:";
  address.search = "";
  address.hash = "";
  return address;
}
