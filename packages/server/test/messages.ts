import { SignJWT } from "jose";
import { expect } from "vitest";
import type { Peer } from "./peer.ts";
import { SECRET } from "./running-server.ts";

/** Time leaps in tests, and pongs do not: with these limits it may leap far. The heartbeat has tests of its own. */
export const WITHOUT_PINGS = { pingMs: 86_400_000 };

export const query = (id: string | number, text: string, more: object = {}) => ({
  type: "QUERY",
  id,
  query: text,
  ...more,
});

export const subscribe = (id: string | number, text = "x", more: object = {}) => ({
  type: "SUBSCRIBE",
  id,
  query: text,
  ...more,
});

/** A token that says whatever a test wants it to. */
export const signed = (claims: object, alg = "HS256", secret: Uint8Array = SECRET) =>
  new SignJWT(claims as Record<string, unknown>).setProtectedHeader({ alg }).sign(secret);

/** Asserts that the server answers this peer. */
export const alive = async (peer: Peer) =>
  expect(await peer.ask({ type: "PING", id: "alive" })).toMatchObject({ id: "alive" });
