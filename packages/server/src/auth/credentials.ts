import type { Handshake } from "../transport/connection.ts";

/** The subprotocol that stands for this protocol's first version. */
export const SUBPROTOCOL = "geode.v1";
/** The subprotocol of a client that speaks JSON-RPC from its first frame on. */
export const RPC_SUBPROTOCOL = "jsonrpc";
const BEARER_SUBPROTOCOL = "bearer.";

/**
 * Where a handshake brings its token. One in a header is refused with HTTP; one in the URL, as browsers without subprotocols send it,
 * is refused on the open connection.
 */
export type Credentials =
  | { readonly place: "header"; readonly token: string }
  | { readonly place: "url"; readonly token: string }
  /** AUTH will bring it. */
  | { readonly place: "none" };

export function credentialsOf(handshake: Handshake): Credentials {
  if (handshake.authorization !== undefined) {
    return { place: "header", token: bearerOf(handshake.authorization) };
  }
  const bearer = handshake.protocols.find((protocol) => protocol.startsWith(BEARER_SUBPROTOCOL));
  if (bearer !== undefined)
    return { place: "header", token: bearer.slice(BEARER_SUBPROTOCOL.length) };
  const token = handshake.search.get("token");
  return token === null || token === "" ? { place: "none" } : { place: "url", token };
}

/** The token in an Authorization header. Another scheme is no token of ours: it fails as one. */
export function bearerOf(authorization: string): string {
  return /^bearer +(\S+) *$/i.exec(authorization)?.[1] ?? "";
}
