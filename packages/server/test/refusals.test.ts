import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { afterEach, describe, expect, test } from "vitest";
import { WebSocket, type ClientOptions } from "ws";
import { signToken } from "../src/auth/token.ts";
import type { ServerOptions } from "../src/server.ts";
import type { Peer } from "./peer.ts";
import { query, signed, WITHOUT_PINGS } from "./messages.ts";
import { RunningServer } from "./running-server.ts";

/** Every way to be refused, with exactly what the refused one sees: HTTP status and body, error text, close code and reason. */
let running: RunningServer;
afterEach(() => running.close());

const start = async (options: Partial<ServerOptions> = {}) => {
  running = await RunningServer.start(options);
};

describe("a handshake that is refused gets an HTTP status and a sentence, and no WebSocket", () => {
  type Attempt = ClientOptions & { path?: string; protocols?: string[] };
  const bearer = (token: string): Attempt => ({ headers: { authorization: `Bearer ${token}` } });
  const nowSeconds = () => Math.floor(running.clock.nowMs() / 1000);
  const refusal = async ({ path = "/ws", protocols = [], ...options }: Attempt) => {
    const webSocket = new WebSocket(running.ws.replace(/\/ws$/, path), protocols, options);
    const [, response] = (await once(webSocket, "unexpected-response")) as [
      unknown,
      IncomingMessage,
    ];
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    return [response.statusCode, Buffer.concat(chunks).toString().trim()];
  };

  test.each<[string, () => Attempt | Promise<Attempt>, number, string]>([
    ["nonsense as a token", () => bearer("nonsense"), 401, "Invalid token"],
    ["an empty token", () => bearer(""), 401, "Invalid token"],
    ["another scheme", () => ({ headers: { authorization: "Basic YTpi" } }), 401, "Invalid token"],
    [
      "a token that ended",
      async () => bearer(await signed({ sub: "a", exp: nowSeconds() })),
      401,
      "Invalid token",
    ],
    [
      "a token of another algorithm",
      async () => bearer(await signed({ sub: "a", exp: nowSeconds() + 9 }, "HS384")),
      401,
      "Invalid token",
    ],
    [
      "a token of another secret",
      async () => {
        const other = new Uint8Array(32);
        return bearer(await signToken({ user: "a", ttlMs: 9_000 }, other, running.clock));
      },
      401,
      "Invalid token",
    ],
    [
      "a bad token as a subprotocol",
      () => ({ protocols: ["geode.v1", "bearer.nonsense"] }),
      401,
      "Invalid token",
    ],
    [
      "a foreign origin, whatever its token",
      () => ({ origin: "https://evil.example", ...bearer("nonsense") }),
      403,
      "Origin not allowed",
    ],
    ["a sandboxed page", () => ({ origin: "null" }), 403, "Origin not allowed"],
    [
      "another path",
      () => ({ path: "/other" }),
      404,
      "Not found: WebSocket connections go to /ws, or to /yjs/<document>",
    ],
    [
      "a path that only begins like it",
      () => ({ path: "/ws/x" }),
      404,
      "Not found: WebSocket connections go to /ws, or to /yjs/<document>",
    ],
  ])("%s", async (_name, attempt, status, body) => {
    await start();
    expect(await refusal(await attempt())).toEqual([status, body]);
  });

  test("too many new connections in a second", async () => {
    await start({ limits: { handshakesPerSecond: 1 } });
    await running.stranger();
    await running.stranger();
    expect(await refusal({})).toEqual([503, "Too many new connections"]);
  });

  test("too many connections from one address", async () => {
    await start({ limits: { connectionsPerAddressMax: 1 } });
    const headers = { "x-forwarded-for": "203.0.113.5" };
    await running.stranger("", { headers });
    expect(await refusal({ headers })).toEqual([503, "Too many connections from this address"]);
  });

  test("an address without room does not use up the handshakes of others", async () => {
    await start({ limits: { connectionsPerAddressMax: 1, handshakesPerSecond: 1 } });
    const from = (address: string) => ({ headers: { "x-forwarded-for": address } });
    await running.stranger("", from("203.0.113.5"));
    for (let count = 0; count < 5; count++)
      expect((await refusal(from("203.0.113.5")))[0]).toBe(503);
    await running.stranger("", from("203.0.113.6"));
  });

  test("a server that is about to stop", async () => {
    await start();
    const busy = await running.peer();
    busy.send(query(1, "value hold"));
    await running.requests(1);
    const closing = running.server.close();
    expect(await refusal({})).toEqual([503, "Service restart"]);
    running.database.release();
    await closing;
  });

  test("keys that cannot be read at present", async () => {
    const { KeySet } = await import("../src/auth/key-set.ts");
    const { systemClock } = await import("../src/clock.ts");
    const { silentLog } = await import("../src/log.ts");
    const keys = new KeySet({
      load: () => Promise.reject(new Error("no answer")),
      clock: systemClock,
      log: silentLog,
    });
    await start({ tokenKeys: [keys] });
    const token = `${Buffer.from('{"alg":"RS256"}').toString("base64url")}.e30.AAAA`;
    const sentence = "the keys that tokens are checked with cannot be read";
    expect(await refusal(bearer(token))).toEqual([503, sentence]);
    const stranger = await running.stranger(`?token=${token}`);
    expect(await stranger.closed).toEqual({ code: 1011, reason: "Internal error" });
    // Whoever is in stays in, and is told.
    const peer = await running.peer();
    expect(await peer.ask({ type: "AUTH", token })).toMatchObject({
      type: "ERROR",
      code: "UNAVAILABLE",
      retryable: true,
    });
    expect(await peer.ask({ type: "PING" })).toMatchObject({ type: "PONG" });
    running.clock.pass(10_000);
    expect(await peer.next()).toMatchObject({ type: "AUTH_EXPIRING" });
    await peer.ask({ type: "AUTH", token: await running.token() });
    expect(await peer.ask({ type: "PING" })).toMatchObject({ type: "PONG" });
  });
});

describe("a connection that is refused is closed with a code and a reason", () => {
  const nowSeconds = () => Math.floor(running.clock.nowMs() / 1000);
  const auth = async (claims: object, ...how: [string?, Uint8Array?]) => ({
    type: "AUTH",
    token: await signed(claims, ...how),
  });
  const invalidToken = { code: 1008, reason: "Invalid token" };
  const required = { code: 1008, reason: "Authentication required" };
  const invalidMessage = { code: 1003, reason: "Invalid message format" };

  test.each<[string, object, (peer: Peer) => unknown]>([
    ["nothing within 10 s", required, () => running.clock.pass(10_000)],
    ["another message first", required, (peer) => peer.send(query(1, "value"))],
    ["PING first", required, (peer) => peer.send({ type: "PING" })],
    ["an unknown type first", required, (peer) => peer.send({ type: "HELLO" })],
    ["a binary frame first", required, (peer) => peer.webSocket.send(Buffer.from([1, 2]))],
    ["no JSON first", { code: 1003, reason: "Invalid JSON" }, (peer) => peer.send("{")],
    ["AUTH without a token", invalidMessage, (peer) => peer.send({ type: "AUTH" })],
    ["nonsense as a token", invalidToken, (peer) => peer.send({ type: "AUTH", token: "x" })],
    [
      "a token of another secret",
      invalidToken,
      async (peer) =>
        peer.send(await auth({ sub: "a", exp: nowSeconds() + 9 }, "HS256", new Uint8Array(32))),
    ],
    [
      "a token of another algorithm",
      invalidToken,
      async (peer) => peer.send(await auth({ sub: "a", exp: nowSeconds() + 9 }, "HS512")),
    ],
    [
      "a token that names no algorithm",
      invalidToken,
      (peer) => {
        const part = (json: object) => Buffer.from(JSON.stringify(json)).toString("base64url");
        const claims = part({ sub: "a", exp: nowSeconds() + 9 });
        peer.send({ type: "AUTH", token: `${part({ alg: "none" })}.${claims}.` });
      },
    ],
    [
      "a token that ended",
      invalidToken,
      async (peer) => peer.send(await auth({ sub: "a", exp: nowSeconds() })),
    ],
    ["a token without exp", invalidToken, async (peer) => peer.send(await auth({ sub: "a" }))],
    [
      "a token with exp: null",
      invalidToken,
      async (peer) => peer.send(await auth({ sub: "a", exp: null })),
    ],
    [
      "a token without sub",
      invalidToken,
      async (peer) => peer.send(await auth({ exp: nowSeconds() + 9 })),
    ],
    [
      "a token with an empty sub",
      invalidToken,
      async (peer) => peer.send(await auth({ sub: "", exp: nowSeconds() + 9 })),
    ],
    [
      "a token whose roles are no list",
      invalidToken,
      async (peer) => peer.send(await auth({ sub: "a", exp: nowSeconds() + 9, roles: "admin" })),
    ],
    [
      "16 KiB and one byte before AUTH",
      { code: 1009, reason: "Message too big" },
      (peer) => peer.send("x".repeat(16 * 1024 + 1)),
    ],
  ])("%s: %o", async (_name, expected, provoke) => {
    await start();
    const peer = await running.stranger();
    await provoke(peer);
    expect(await peer.closed).toEqual(expected);
  });

  test.each<[string, object, (peer: Peer) => unknown]>([
    ["no JSON", { code: 1003, reason: "Invalid JSON" }, (peer) => peer.send('{"type":')],
    ["an unknown type", invalidMessage, (peer) => peer.send({ type: "HELLO" })],
    ["a missing field", invalidMessage, (peer) => peer.send({ type: "QUERY", id: 1 })],
    ["a binary frame", invalidMessage, (peer) => peer.webSocket.send(Buffer.from([1, 2]))],
    [
      "a frame of 1 MiB and one byte",
      { code: 1009, reason: "Message too big" },
      (peer) => peer.send("x".repeat(1024 * 1024 + 1)),
    ],
    [
      "a frame of 20 MiB",
      { code: 1009, reason: "Message too big" },
      (peer) => peer.send("x".repeat(20 * 1024 * 1024)),
    ],
    [
      "bytes that are not UTF-8",
      { code: 1007, reason: "" },
      (peer) => peer.webSocket.send(Buffer.from([0x7b, 0xff, 0xfe]), { binary: false }),
    ],
    [
      "AUTH as another user",
      invalidToken,
      async (peer) => peer.send({ type: "AUTH", token: await running.token({ user: "bob" }) }),
    ],
    [
      "AUTH with a bad token",
      invalidToken,
      (peer) => peer.send({ type: "AUTH", token: "nonsense" }),
    ],
    [
      "silence for five minutes",
      { code: 1000, reason: "Idle timeout" },
      () => running.clock.pass(300_000),
    ],
    [
      "the server's end",
      { code: 1012, reason: "Service restart" },
      () => void running.server.close(),
    ],
  ])("authenticated, %s: %o", async (_name, expected, provoke) => {
    await start({ limits: WITHOUT_PINGS });
    const peer = await running.peer();
    await provoke(peer);
    expect(await peer.closed).toEqual(expected);
    await running.connections(0);
  });

  test.each<[string, string, (peer: Peer) => unknown]>([
    ["no object", "a message is a JSON object", (peer) => peer.send("1")],
    ["no type", "the field `type` is missing", (peer) => peer.send({})],
    ["a type that is no text", "the field `type` is missing", (peer) => peer.send({ type: 1 })],
    ["an unknown type", 'unknown message type "HELLO"', (peer) => peer.send({ type: "HELLO" })],
    [
      "a message of the server's",
      'unknown message type "RESULT"',
      (peer) => peer.send({ type: "RESULT", id: 1 }),
    ],
    [
      "a missing field",
      "QUERY: the field `query` is missing",
      (peer) => peer.send({ type: "QUERY", id: 1 }),
    ],
    [
      "a field of the wrong type",
      "QUERY: `query` must be a string: the GQL text",
      (peer) => peer.send({ type: "QUERY", id: 1, query: 1 }),
    ],
    [
      "an id that is none",
      "QUERY: `id` must be a string of at most 128 bytes or a safe integer",
      (peer) => peer.send({ type: "QUERY", id: 1.5, query: "value" }),
    ],
    [
      "an id that is too long",
      "QUERY: `id` must be a string of at most 128 bytes or a safe integer",
      (peer) => peer.send(query("é".repeat(65), "value")),
    ],
    [
      "nesting of 65 levels",
      "the message is nested deeper than 64 levels",
      (peer) => peer.send(`{"type":"PING","x":${"[".repeat(64)}${"]".repeat(64)}}`),
    ],
    [
      "nesting that would exhaust a stack",
      "the message is nested deeper than 64 levels",
      (peer) => peer.send(`{"type":"PING","x":${"[".repeat(200_000)}${"]".repeat(200_000)}}`),
    ],
    [
      "1,001 keys",
      "an object of the message has more than 1000 keys",
      (peer) =>
        peer.send({
          type: "PING",
          ...Object.fromEntries(Array.from("x".repeat(1_000), (_, n) => [n, 1])),
        }),
    ],
  ])("authenticated, %s: told why, and closed", async (_name, error, provoke) => {
    await start();
    const peer = await running.peer();
    await provoke(peer);
    expect(await peer.next()).toMatchObject({ type: "ERROR", code: "INVALID_MESSAGE", error });
    expect(await peer.closed).toEqual(invalidMessage);
  });

  test("PROTOCOL 3.4: a message that is not understood is answered before the close, by name", async () => {
    await start();
    const peer = await running.peer();
    peer.send({ type: "QUERY", id: "q7" });
    expect(await peer.next()).toEqual({
      type: "ERROR",
      id: "q7",
      error: "QUERY: the field `query` is missing",
      code: "INVALID_MESSAGE",
      retryable: false,
    });
    expect(await peer.closed).toMatchObject({ code: 1003 });
  });

  test("PROTOCOL 3.4: tolerated, five a minute are answered and the sixth closes", async () => {
    await start({ invalidMessages: "tolerate" });
    const peer = await running.peer();
    for (let count = 0; count < 5; count++) {
      expect(await peer.ask({ type: "HELLO" })).toMatchObject({ code: "INVALID_MESSAGE" });
    }
    expect(await peer.ask({ type: "PING" })).toMatchObject({ type: "PONG" });
    running.clock.pass(60_000);
    for (let count = 0; count < 5; count++) await peer.ask({ type: "HELLO" });
    peer.send({ type: "HELLO" });
    expect(await peer.closed).toMatchObject({ code: 1003, reason: "Invalid message format" });
  });

  test("PROTOCOL 1.6: the connection beyond capacity is told so", async () => {
    await start({ limits: { connectionsMax: 1 } });
    const first = await running.peer();
    const second = await running.stranger();
    expect(await second.closed).toEqual({ code: 1008, reason: "Server at capacity" });
    await first.close();
    await running.connections(0);
    await running.peer();
  });

  test("PROTOCOL 1.6: one connection too many of a user ends the oldest of that user", async () => {
    await start({ limits: { connectionsPerUserMax: 2 } });
    const bob = await running.peer({ user: "bob" });
    const [first, second] = [await running.peer(), await running.peer()];
    const third = await running.peer();
    expect(await first.closed).toEqual({ code: 1000, reason: "Replaced by new connection" });
    for (const peer of [bob, second, third]) await peer.ask({ type: "PING" });
  });
});
