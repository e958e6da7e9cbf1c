import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { connect as connectTcp } from "node:net";
import { binaryFrame, encodeCbor } from "@geode/protocol";
import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { query, signed, subscribe, WITHOUT_PINGS } from "../test/messages.ts";
import { RunningServer, SECRET } from "../test/running-server.ts";
import { Server, type ServerOptions } from "./server.ts";

let running: RunningServer;
afterEach(() => running.close());

const start = async (options: Partial<ServerOptions> = {}) => {
  running = await RunningServer.start(options);
};

describe("PROTOCOL 2: authentication", () => {
  test("2.4 AUTH is answered by AUTH_OK with who, until when, limits and position", async () => {
    await start();
    running.database.seq = 41;
    const peer = await running.stranger();
    const token = await running.token({ name: "Ann", roles: ["admin"], ttlMs: 60_000 });
    const answer = await peer.ask({ type: "AUTH", token, client: "c1" });
    expect(answer).toMatchObject({
      type: "AUTH_OK",
      user: { id: "ann", name: "Ann" },
      roles: ["admin"],
      expires_at: new Date(running.clock.nowMs() + 60_000).toISOString(),
      limits: { frame_bytes: 1_048_576 },
      epoch: "epoch-1",
      seq: 41,
    });
    expect(answer["session"]).toMatch(/^[0-9a-f-]{36}$/);
  });

  describe("2.2 a token opens the connection from each of its places, without a frame of its own", () => {
    test.each([
      ["in the URL", (token: string) => ({ search: `?token=${token}` })],
      ["in the header", (token: string) => ({ headers: { authorization: `Bearer ${token}` } })],
      ["as a subprotocol", (token: string) => ({ protocols: ["geode.v1", `bearer.${token}`] })],
    ])("%s", async (_place, how) => {
      await start();
      const { search, ...options }: { search?: string; headers?: object; protocols?: string[] } =
        how(await running.token());
      const peer = await running.stranger(search, options as object);
      expect(await peer.ask({ type: "PING", id: 1 })).toEqual({ type: "PONG", id: 1, seq: 0 });
      if (options.protocols !== undefined) expect(peer.webSocket.protocol).toBe("geode.v1");
    });
  });

  describe("2.2 a refused token is HTTP 401 where HTTP can still say so", () => {
    test.each([
      ["in the header", { headers: { authorization: "Bearer nonsense" } }],
      ["another scheme", { headers: { authorization: "Basic YW5uOnB3" } }],
      ["as a subprotocol", { protocols: ["geode.v1", "bearer.nonsense"] }],
    ])("%s", async (_place, options) => {
      await start();
      await expect(running.stranger("", options)).rejects.toThrow("401");
    });
  });

  test("2.5 messages behind a token in the URL are handled, in order", async () => {
    await start();
    const peer = await running.stranger(`?token=${await running.token()}`);
    for (const id of [1, 2, 3]) peer.send({ type: "PING", id });
    expect([await peer.next(), await peer.next(), await peer.next()]).toMatchObject([
      { id: 1 },
      { id: 2 },
      { id: 3 },
    ]);
  });

  test("2.5 messages sent with AUTH, without waiting, are handled after it", async () => {
    await start();
    const peer = await running.stranger();
    peer.send({ type: "AUTH", token: await running.token() });
    peer.send(query(1, "value x"));
    expect([await peer.next(), await peer.next()]).toMatchObject([
      { type: "AUTH_OK" },
      { type: "RESULT", id: 1 },
    ]);
  });

  test("2.6 AUTH again renews the token and leaves subscriptions alone", async () => {
    await start({ limits: WITHOUT_PINGS });
    const peer = await running.peer({ ttlMs: 100_000 });
    await peer.ask({ type: "SUBSCRIBE", id: "s", query: "x" });
    const renewed = await peer.ask({
      type: "AUTH",
      token: await running.token({ ttlMs: 200_000 }),
    });
    expect(renewed).toMatchObject({ type: "AUTH_OK", user: { id: "ann" } });
    running.clock.pass(120_000);
    running.database.commit(5);
    expect(await peer.next()).toMatchObject({ type: "UPDATE" });
  });

  test("2.7 a minute before its end the token is announced, at its end the connection closes", async () => {
    await start({ limits: WITHOUT_PINGS });
    const peer = await running.peer({ ttlMs: 100_000 });
    running.clock.pass(40_000);
    expect(await peer.next()).toEqual({
      type: "AUTH_EXPIRING",
      expires_at: new Date(running.clock.nowMs() + 60_000).toISOString(),
    });
    running.clock.pass(60_000);
    expect(await peer.closed).toEqual({ code: 4401, reason: "Token expired" });
  });

  test("the database is told who asks, with the claims of the token", async () => {
    await start();
    const peer = await running.stranger();
    const exp = Math.floor(running.clock.nowMs() / 1000) + 60;
    const token = await signed({ sub: "bob", exp, roles: ["r1"], team: "red", level: 3 });
    await peer.ask({ type: "AUTH", token });
    await peer.ask(query(1, "value"));
    const { principal } = running.database.requests[0]!;
    expect(principal.id).toBe("bob");
    expect(principal.roles).toEqual(["r1"]);
    expect([...principal.claims]).toEqual(
      expect.arrayContaining([
        ["id", "bob"],
        ["team", "red"],
        ["level", 3],
      ]),
    );
  });
});

describe("PROTOCOL 1: the handshake", () => {
  test("1.1 anything but /ws is HTTP 404", async () => {
    await start();
    const { WebSocket } = await import("ws");
    const webSocket = new WebSocket(`${running.ws}/other`);
    const [error] = (await once(webSocket, "error")) as [Error];
    expect(error.message).toContain("404");
  });

  test("1.3 a page of another host is HTTP 403, before its token is looked at", async () => {
    await start();
    const headers = { authorization: "Bearer nonsense" };
    await expect(running.stranger("", { origin: "https://evil.example", headers })).rejects.toThrow(
      "403",
    );
  });

  test("1.3 a page of this machine, or no page at all, passes", async () => {
    await start();
    await running.stranger("", { origin: "http://localhost:5173" });
    await running.stranger();
  });

  const from = (address: string) => ({ headers: { "x-forwarded-for": address } });

  test("1.6 more connections than one address may have are HTTP 503; another address has its own", async () => {
    await start({ limits: { connectionsPerAddressMax: 2 } });
    const first = await running.stranger("", from("203.0.113.5"));
    await running.stranger("", from("203.0.113.5"));
    await expect(running.stranger("", from("203.0.113.5"))).rejects.toThrow("503");
    await running.stranger("", from("203.0.113.6"));
    await first.close();
    await running.connections(2);
    await running.stranger("", from("203.0.113.5"));
  });

  test("1.6 this machine, and a proxy that does not say for whom it asks, are not limited by address", async () => {
    await start({ limits: { connectionsPerAddressMax: 1 } });
    await running.stranger();
    await running.stranger();
  });

  test("1.6 more handshakes than the server takes in a second are HTTP 503, with when to come back", async () => {
    await start({ limits: { handshakesPerSecond: 1 } });
    await running.stranger();
    await running.stranger();
    const { WebSocket } = await import("ws");
    const webSocket = new WebSocket(running.ws);
    const [, response] = (await once(webSocket, "unexpected-response")) as [
      unknown,
      IncomingMessage,
    ];
    expect([response.statusCode, response.headers["retry-after"]]).toEqual([503, "1"]);
    response.destroy();
    running.clock.pass(1_000);
    await running.stranger();
  });

  test("1.4 no subprotocol is selected that was not offered, and never the token", async () => {
    await start();
    const peer = await running.stranger("", {
      protocols: [`bearer.${await running.token()}`, "geode.v1"],
    });
    expect(peer.webSocket.protocol).toBe("geode.v1");
  });
});

describe("PROTOCOL 4: queries", () => {
  test("4.1 a query is answered by its rows, with the id as it was sent", async () => {
    await start();
    const peer = await running.peer();
    expect(await peer.ask(query("1", "value x"))).toEqual({
      type: "RESULT",
      id: "1",
      columns: [{ name: "value", text: "value", type: "STRING" }],
      data: [{ value: "x" }],
      seq: 0,
    });
    expect(await peer.ask(query(1, "value x"))).toMatchObject({ id: 1 });
  });

  test("4.1 everything that a query says reaches the database, and no more time than is allowed", async () => {
    await start();
    const peer = await running.peer();
    const parameters = { big: { $int: "9007199254740993" }, __proto__: null, constructor: [1] };
    await peer.ask({
      ...query(1, "value"),
      parameters,
      graph: "g",
      min_seq: 3,
      timeout_ms: 5,
      idempotency_key: "k",
    });
    await peer.ask({ ...query(2, "value"), timeout_ms: 999_999_999 });
    const [first, second] = running.database.requests;
    expect(first).toMatchObject({ graph: "g", minSeq: 3, timeoutMs: 5, idempotencyKey: "k" });
    expect([...first!.parameters]).toEqual([
      ["big", 9007199254740993n],
      ["constructor", [1]],
    ]);
    expect(second!.timeoutMs).toBe(30_000);
  });

  test("4.4 a read behind a write on the same connection waits for it", async () => {
    await start();
    const peer = await running.peer();
    peer.send(query("w", "write hold"));
    peer.send(query("r", "value"));
    await peer.ask({ type: "PING" });
    expect(running.database.requests.map(({ text }) => text)).toEqual(["write hold"]);
    running.database.release();
    expect([await peer.next(), await peer.next()]).toMatchObject([
      { id: "w", seq: 1 },
      { id: "r", seq: 1 },
    ]);
  });

  test("4.4 the writes of one connection do not hold up another", async () => {
    await start();
    const [slow, quick] = [await running.peer(), await running.peer()];
    slow.send(query("w", "write hold"));
    await slow.ask({ type: "PING" });
    expect(await quick.ask(query("r", "value"))).toMatchObject({ type: "RESULT" });
  });

  test("4.7 an id that is not answered yet cannot be used again; afterwards it can", async () => {
    await start();
    const peer = await running.peer();
    peer.send(query("a", "value hold"));
    expect(await peer.ask(query("a", "value"))).toMatchObject({
      type: "ERROR",
      id: "a",
      code: "ID_IN_USE",
    });
    expect(await peer.ask({ type: "SUBSCRIBE", id: "a", query: "x" })).toMatchObject({
      code: "ID_IN_USE",
    });
    running.database.release();
    expect(await peer.next()).toMatchObject({ type: "RESULT", id: "a" });
    expect(await peer.ask(query("a", "value"))).toMatchObject({ type: "RESULT" });
  });

  test("7.1 an error of the statement says what, where, and what to do", async () => {
    await start();
    const peer = await running.peer();
    expect(await peer.ask(query(1, "fail"))).toEqual({
      type: "ERROR",
      id: 1,
      error: "expected `)`",
      code: "42001",
      retryable: false,
      position: { line: 1, column: 7, offset: 6 },
      hint: "close the pattern",
    });
  });

  test("a fault of the server is INTERNAL, tells nothing of its inside, and ends nothing", async () => {
    await start();
    const peer = await running.peer();
    expect(await peer.ask(query(1, "bug"))).toEqual({
      type: "ERROR",
      id: 1,
      error: expect.stringMatching(/^internal error; see [0-9a-f-]{36} in the log$/) as string,
      code: "INTERNAL",
      retryable: false,
    });
    await peer.ask({ type: "PING" });
  });

  test("a fault of the server outside of a request closes that connection only: 1011", async () => {
    await start();
    const [peer, other] = [await running.peer(), await running.peer()];
    running.database.access = () => {
      throw new Error("a bug");
    };
    peer.send(query(1, "value"));
    expect(await peer.closed).toEqual({ code: 1011, reason: "Internal error" });
    await other.ask({ type: "PING" });
  });

  test("6.3 a parameter that is no value is an error of that request only", async () => {
    await start();
    const peer = await running.peer();
    const answer = await peer.ask({ ...query(1, "value"), parameters: { p: { $int: "x" } } });
    expect(answer).toMatchObject({ type: "ERROR", id: 1, code: "22G03" });
    expect(answer["error"]).toContain("$p");
    expect(running.database.requests).toEqual([]);
  });

  test("4.9 an answer over the limit is an error that says so; one at the limit arrives whole", async () => {
    await start({ limits: { resultBytesMax: 2_000_000 } });
    const peer = await running.peer();
    const answer = await peer.ask(query(1, "large 1999000"));
    expect((answer["data"] as { value: string }[])[0]!.value).toHaveLength(1_999_000);
    expect(await peer.ask(query(2, "large 2000001"))).toMatchObject({ code: "TOO_LARGE" });
  });

  test("3.7 beyond the rate a query is dropped with when to come back; what takes load away is carried out, and PING is free", async () => {
    await start({ rate: { burst: 2, perSecond: 2 } });
    const peer = await running.peer();
    await peer.ask(query(1, "value"));
    await peer.ask(query(2, "value"));
    expect(await peer.ask(query(3, "value"))).toEqual({
      type: "ERROR",
      id: 3,
      error: "Rate limit exceeded",
      code: "RATE_LIMITED",
      retryable: true,
      retry_after_ms: 500,
    });
    peer.send({ type: "CANCEL", id: 3 });
    expect(await peer.ask({ type: "UNSUBSCRIBE", id: 3 })).toMatchObject({ type: "UNSUBSCRIBED" });
    expect(await peer.ask({ type: "PING" })).toMatchObject({ type: "PONG" });
    running.clock.pass(500);
    expect(await peer.ask(query(3, "value"))).toMatchObject({ type: "RESULT" });
  });

  test("3.8 at 64 unanswered requests the connection is not read, and nothing is lost", async () => {
    await start({ limits: { inFlightMax: 3 } });
    const peer = await running.peer();
    for (let id = 1; id <= 5; id++) peer.send(query(id, "value hold"));
    const other = await running.peer();
    await other.ask({ type: "PING" });
    expect(running.database.heldCount).toBe(3);
    for (let id = 1; id <= 5; id++) {
      running.database.release();
      expect(await peer.next()).toMatchObject({ type: "RESULT", id });
    }
  });

  test("4.11 CANCEL takes back what is not answered yet, and nothing else", async () => {
    await start();
    const peer = await running.peer();
    peer.send(query("a", "value hold"));
    peer.send(query("b", "value hold"));
    peer.send({ type: "CANCEL", id: "a" });
    peer.send({ type: "CANCEL", id: "never there" });
    await peer.ask({ type: "PING" });
    expect(running.database.requests.map(({ signal }) => signal!.aborted)).toEqual([true, false]);
    running.database.release();
    running.database.release();
    expect([await peer.next(), await peer.next()]).toMatchObject([
      { type: "ERROR", id: "a", code: "CANCELLED", retryable: true },
      { type: "RESULT", id: "b" },
    ]);
    peer.send({ type: "CANCEL", id: "a" });
    expect(await peer.ask(query("a", "value"))).toMatchObject({ type: "RESULT", id: "a" });
  });

  test("a connection that goes takes its requests back", async () => {
    await start();
    const peer = await running.peer();
    peer.send(query(1, "value hold"));
    await peer.ask({ type: "PING" });
    const { signal } = running.database.requests[0]!;
    expect(signal!.aborted).toBe(false);
    const aborted = new Promise<void>((heard) => signal!.addEventListener("abort", heard));
    peer.webSocket.terminate();
    await aborted;
    running.database.release();
  });
});

describe("PROTOCOL 5: live results", () => {
  test("5.1 a snapshot, then every commit's rows, the last with the digest", async () => {
    await start();
    const peer = await running.peer();
    expect(await peer.ask(subscribe("s"))).toEqual({
      type: "RESULT",
      id: "s",
      subscription: "s",
      live: true,
      columns: [{ name: "age", text: "age", type: "INTEGER" }],
      data: [{ age: 1 }],
      keys: ["k1"],
      epoch: "epoch-1",
      seq: 0,
      digest: "00000000000000ff",
      maintenance: "reexecution",
    });
    running.database.commit(5, 6);
    const row = { type: "UPDATE", subscription: "s", op: "insert", seq: 1, prev_seq: 0 };
    expect([await peer.next(), await peer.next()]).toEqual([
      { ...row, key: "k5", data: { age: 5 }, last: false },
      { ...row, key: "k6", data: { age: 6 }, last: true, digest: "00000000000000aa" },
    ]);
  });

  test("5.1 a commit between the snapshot and its RESULT comes after the RESULT", async () => {
    await start();
    const peer = await running.peer();
    peer.send(subscribe("s", "hold"));
    await peer.ask({ type: "PING" });
    running.database.commit(4);
    running.database.release();
    expect(await peer.next()).toMatchObject({ type: "RESULT", seq: 1 });
    running.database.commit(5);
    expect(await peer.next()).toMatchObject({ type: "UPDATE", key: "k5" });
  });

  test("5.8 the answer to a write comes before the updates of the same turn", async () => {
    await start();
    const peer = await running.peer();
    await peer.ask(subscribe("s"));
    peer.send(query("w", "write hold"));
    await peer.ask({ type: "PING" });
    running.database.commit(7);
    running.database.release();
    expect([await peer.next(), await peer.next()]).toMatchObject([
      { type: "RESULT", id: "w" },
      { type: "UPDATE", key: "k7" },
    ]);
  });

  test("5.9 where to resume from, and the wish for the row before, reach the database", async () => {
    await start();
    const peer = await running.peer();
    const resume = { epoch: "e", seq: 4, digest: "0".repeat(16) };
    await peer.ask(subscribe("s", "x", { resume, mode: "before" }));
    expect(running.database.live[0]!.request).toMatchObject({ resume, before: true });
  });

  test("5.10 after UNSUBSCRIBED nothing of it follows, not even what was queued", async () => {
    await start();
    const peer = await running.peer();
    await peer.ask(subscribe("s"));
    await peer.ask(subscribe("t"));
    running.database.commit(5);
    await peer.next();
    await peer.next();
    peer.send({ type: "UNSUBSCRIBE", id: "s" });
    expect(await peer.next()).toEqual({ type: "UNSUBSCRIBED", id: "s" });
    expect(running.database.live[0]!.closed).toBe(true);
    running.database.commit(6);
    expect(await peer.next()).toMatchObject({ subscription: "t" });
    expect(peer.unread).toBe(0);
  });

  test("5.10 a subscription that is still starting never answers once it was ended", async () => {
    await start();
    const peer = await running.peer();
    peer.send(subscribe("s", "hold"));
    expect(await peer.ask({ type: "UNSUBSCRIBE", id: "s" })).toEqual({
      type: "UNSUBSCRIBED",
      id: "s",
    });
    running.database.release();
    expect(await peer.ask({ type: "PING" })).toMatchObject({ type: "PONG" });
    expect(running.database.live[0]!.closed).toBe(true);
  });

  test("5.10 UNSUBSCRIBE of what was never there is answered all the same", async () => {
    await start();
    const peer = await running.peer();
    expect(await peer.ask({ type: "UNSUBSCRIBE", id: "__proto__" })).toEqual({
      type: "UNSUBSCRIBED",
      id: "__proto__",
    });
  });

  test("5.11 the same id again replaces the subscription, even by one that fails", async () => {
    await start();
    const peer = await running.peer();
    await peer.ask(subscribe("s", "first"));
    expect(await peer.ask(subscribe("s", "second"))).toMatchObject({ type: "RESULT", id: "s" });
    expect(running.database.live.map(({ closed }) => closed)).toEqual([true, false]);
    expect(await peer.ask(subscribe("s", "fail"))).toMatchObject({ type: "ERROR", code: "42002" });
    expect(running.database.live.map(({ closed }) => closed)).toEqual([true, true]);
    running.database.commit(5);
    expect(await peer.ask({ type: "PING" })).toMatchObject({ type: "PONG" });
  });

  test("3.6 ids of different types are different subscriptions", async () => {
    await start();
    const peer = await running.peer();
    await peer.ask(subscribe(1));
    await peer.ask(subscribe("1"));
    running.database.commit(5);
    const [first, second] = [await peer.next(), await peer.next()];
    expect([first["subscription"], second["subscription"]]).toEqual([1, "1"]);
  });

  test("5.12 one subscription too many is LIMIT, and the others go on", async () => {
    await start({ limits: { subscriptionsMax: 2 } });
    const peer = await running.peer();
    await peer.ask(subscribe("a"));
    await peer.ask(subscribe("b"));
    expect(await peer.ask(subscribe("c"))).toMatchObject({ type: "ERROR", id: "c", code: "LIMIT" });
    expect(await peer.ask(subscribe("b"))).toMatchObject({ type: "RESULT" });
  });

  test("5.13 a result that cannot be kept up to date ends with an ERROR of the subscription", async () => {
    await start();
    const peer = await running.peer();
    await peer.ask(subscribe("s"));
    const { GeodeError } = await import("@geode/values");
    running.database.live[0]!.listener.onEnd(new GeodeError("22012", "division by zero"));
    expect(await peer.next()).toEqual({
      type: "ERROR",
      subscription: "s",
      error: "division by zero",
      code: "22012",
      retryable: false,
    });
    running.database.commit(5);
    expect(await peer.ask({ type: "PING" })).toMatchObject({ type: "PONG" });
  });

  test("5.14 who wants every update and takes nothing is closed as a slow consumer, and nobody else", async () => {
    await start({ limits: { outboxBytesMax: 100_000 } });
    const [slow, quick] = [await running.peer(), await running.peer({ user: "bob" })];
    await slow.ask({ ...subscribe("s"), backpressure: "disconnect" });
    slow.webSocket.pause();
    const ages = Array.from({ length: 1000 }, (_, age) => age);
    // Until the socket's own buffers are full nothing piles up here.
    while (running.server.connections === 2 && running.database.live[0]!.closed === false) {
      running.database.commit(...ages);
      await quick.ask({ type: "PING" });
    }
    slow.webSocket.resume();
    expect(await slow.closed).toEqual({ code: 4008, reason: "Slow consumer" });
    expect(await quick.ask({ type: "PING" })).toMatchObject({ type: "PONG" });
  });

  test("5.16 who takes nothing for 30 seconds, although something waits, is a slow consumer too", async () => {
    await start({ limits: WITHOUT_PINGS });
    const peer = await running.peer();
    peer.webSocket.pause();
    // The first is held, so that its end tells of the connection's.
    peer.send(query(1, "value hold"));
    peer.send(query(2, "large 40000000"));
    await running.requests(2);
    const { signal } = running.database.requests[0]!;
    // The operating system takes some of it; once it is full, two looks 30 seconds apart see no difference.
    while (!signal!.aborted) {
      running.clock.pass(30_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    peer.webSocket.resume();
    expect(await peer.closed).toEqual({ code: 4008, reason: "Slow consumer" });
  });

  test("3.8 while a peer does not take its answers, no further requests are started", async () => {
    await start({ limits: WITHOUT_PINGS });
    const peer = await running.peer();
    peer.webSocket.pause();
    for (let id = 0; id < 40; id++) peer.send(query(id, "large 5000000"));
    const other = await running.peer({ user: "bob" });
    for (let count = 0; count < 20; count++) await other.ask({ type: "PING" });
    expect(running.database.requests.length).toBeLessThanOrEqual(16);
    peer.webSocket.resume();
    const ids = new Set<unknown>();
    while (ids.size < 40) ids.add((await peer.next())["id"]);
  });

  test("1.7 a peer that is gone is found out, although small updates seem to reach it", async () => {
    await start();
    const peer = await running.peer();
    await peer.ask(subscribe("s"));
    // Paused, it answers no pings; the operating system still takes what is sent to it.
    peer.webSocket.pause();
    for (let count = 0; running.server.connections > 0; count++) {
      running.clock.pass(1_000);
      running.database.commit(count);
      await new Promise((resolve) => setImmediate(resolve));
      expect(count).toBeLessThan(71);
    }
  });

  test("1.8 a connection with a subscription is not idle", async () => {
    await start({ limits: WITHOUT_PINGS });
    const peer = await running.peer();
    await peer.ask(subscribe("s"));
    running.clock.pass(1_800_000);
    running.database.commit(5);
    expect(await peer.next()).toMatchObject({ type: "UPDATE" });
    await peer.ask({ type: "UNSUBSCRIBE", id: "s" });
    running.clock.pass(600_000);
    expect(await peer.closed).toEqual({ code: 1000, reason: "Idle timeout" });
  });

  test("a connection that goes ends its subscriptions, and leaves no timer behind", async () => {
    await start();
    const before = running.clock.armed;
    const peer = await running.peer();
    await peer.ask(subscribe("s"));
    await peer.close();
    await running.connections(0);
    expect(running.database.live[0]!.closed).toBe(true);
    running.clock.pass(10_000);
    expect(running.clock.armed).toBe(before);
  });
});

describe("the server survives", () => {
  const raw = async (...pieces: (string | Buffer)[]): Promise<string> => {
    const socket = connectTcp(running.server.port, "127.0.0.1");
    const chunks: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    socket.on("error", () => undefined);
    await once(socket, "connect");
    for (const piece of pieces) socket.write(piece);
    await once(socket, "close");
    return Buffer.concat(chunks).toString("latin1");
  };
  const closing = "Host: x\r\nConnection: close\r\n\r\n";

  test.each([
    ["GET //", `GET // HTTP/1.1\r\n${closing}`, "404"],
    ["GET http://[", `GET http://[ HTTP/1.1\r\n${closing}`, "404"],
    ["GET /%", `GET /%E0%A4%A HTTP/1.1\r\n${closing}`, "404"],
    ["GET *", `GET * HTTP/1.1\r\n${closing}`, "404"],
    ["a path that climbs", `GET /../../../../etc/passwd HTTP/1.1\r\n${closing}`, "404"],
    ["an encoded one", `GET /..%2f..%2fetc%2fpasswd HTTP/1.1\r\n${closing}`, "404"],
    ["no HTTP", "\u0016\u0003\u0001 hello\r\n\r\n", "400"],
    ["a body nobody asked for", `POST / HTTP/1.1\r\nContent-Length: 5\r\n${closing}hello`, "405"],
    ["headers without end", `GET / HTTP/1.1\r\nX: ${"x".repeat(20_000)}\r\n${closing}`, "431"],
    [
      "an upgrade of //",
      `GET // HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`,
      "404",
    ],
    [
      "an upgrade to something else",
      `GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: h2c\r\n\r\n`,
      "200",
    ],
    [
      "a handshake without a key",
      `GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n`,
      "400",
    ],
  ])("%s", async (_name, request, status) => {
    await start();
    expect(await raw(request)).toContain(`HTTP/1.1 ${status} `);
    await running.peer();
  });

  test("a connection that is cut in the middle of a message", async () => {
    await start();
    const socket = connectTcp(running.server.port, "127.0.0.1");
    await once(socket, "connect");
    socket.write(
      `GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`,
    );
    await once(socket, "data");
    // A masked text frame of 100 bytes, of which five arrive.
    socket.write(Buffer.from([0x81, 0x80 | 100, 1, 2, 3, 4, 5, 6, 7, 8, 9]));
    await running.peer();
    socket.destroy();
    await running.peer();
  });

  test("more fragments than a message may have", async () => {
    await start();
    const peer = await running.peer();
    for (let count = 0; count < 1100; count++) peer.webSocket.send("", { fin: false });
    expect(await peer.closed).toEqual({ code: 1009, reason: "Message too big" });
    await running.peer();
  });

  test("an unmasked frame, which RFC 6455 forbids a client", async () => {
    await start();
    const peer = await running.stranger();
    (peer.webSocket as unknown as { _socket: { write(bytes: Buffer): void } })._socket.write(
      Buffer.from([0x81, 1, 0x7b]),
    );
    expect(await peer.closed).toMatchObject({ code: 1002 });
  });
});

describe("whatever one connection sends", () => {
  const id = fc.constantFrom<unknown>(1, 2, "1", "a", "__proto__", "", null, {}, 1.5);
  const message = fc.oneof(
    fc.record({
      type: fc.constantFrom("QUERY", "SUBSCRIBE"),
      id,
      query: fc.constantFrom("value", "value hold", "write", "write hold", "hold", "fail", "bug"),
      parameters: fc.constantFrom<unknown>({}, { __proto__: 1 }, { a: { $int: "x" } }, []),
      mode: fc.constantFrom("after", "before"),
    }),
    fc.record({ type: fc.constantFrom("UNSUBSCRIBE", "PING", "AUTH", "HELLO"), id }),
    fc.record({
      type: fc.constant("CONFIGURE"),
      batch_ms: fc.constantFrom(0, 5, -1),
      batch_commits: fc.boolean(),
      encoding: fc.constantFrom("json", "cbor"),
      numbers: fc.constantFrom("exact", "plain"),
    }),
    fc.record({
      type: fc.constantFrom("OPEN_CHANNEL", "CLOSE_CHANNEL", "PUBLISH", "NOTIFY"),
      channel: fc.constantFrom<unknown>("lobby", "metrics", "__proto__", "", 7),
      data: fc.jsonValue(),
      message: fc.constant("hello"),
    }),
    fc.jsonValue().map((json) => ({ type: json })),
  );
  const call = message.map(({ type, ...params }) => ({
    jsonrpc: "2.0",
    method: String(type).toLowerCase(),
    ...("id" in params ? { id: params.id } : {}),
    params,
  }));
  const frame = fc.oneof(
    message,
    fc.constantFrom("release", "commit"),
    call,
    fc.array(fc.oneof(call, fc.jsonValue()), { maxLength: 5 }),
    fc.record({ type: fc.constant("BATCH"), messages: fc.array(message, { maxLength: 5 }) }),
    fc.record({ channel: fc.constantFrom("lobby", "metrics", ""), data: message }),
    message.map((json) => binaryFrame("message", encodeCbor(json))),
    fc
      .constantFrom("value", "value hold", "fail")
      .map((text) => binaryFrame("query", new TextEncoder().encode(text))),
    fc.uint8Array({ maxLength: 20 }),
  );

  test("it is answered or closed, nobody else notices, and nothing of it stays", async () => {
    await start({ invalidMessages: "tolerate", limits: { invalidPerMinuteMax: 3 } });
    const other = await running.peer({ user: "bob" });
    await fc.assert(
      fc.asyncProperty(fc.array(frame, { maxLength: 30 }), async (frames) => {
        const peer = await running.peer();
        for (const each of frames) {
          if (each === "release") running.database.release();
          else if (each === "commit") running.database.commit(1, 2);
          else if (each instanceof Uint8Array) peer.webSocket.send(each);
          else peer.send(each);
        }
        expect(await other.ask({ type: "PING" })).toMatchObject({ type: "PONG" });
        peer.webSocket.terminate();
        await running.connections(1);
        while (running.database.heldCount > 0) running.database.release();
        await other.ask({ type: "PING" });
        expect(running.database.live.filter(({ closed }) => !closed)).toEqual([]);
        running.clock.pass(5_000);
      }),
      { numRuns: 150 },
    );
  });
});

describe("PROTOCOL 1.5: the server is told to stop", () => {
  const goAway = { type: "GOAWAY", retry_after_ms: 750 };
  const restart = { code: 1012, reason: "Service restart" };

  test("it says GOAWAY, answers what was asked, and then closes", async () => {
    await start({ random: () => 0.5 });
    const [quiet, busy] = [await running.peer(), await running.peer()];
    busy.send(query(1, "value hold"));
    await running.requests(1);
    const closing = running.server.close();
    expect([await quiet.next(), await busy.next()]).toEqual([goAway, goAway]);
    expect(await quiet.closed).toEqual(restart);
    expect(await busy.ask(query(2, "value"))).toMatchObject({ type: "RESULT", id: 2 });
    running.database.release();
    expect(await busy.next()).toMatchObject({ type: "RESULT", id: 1 });
    expect(await busy.closed).toEqual(restart);
    await closing;
  });

  test("meanwhile it is not ready, and lets nobody in: 503", async () => {
    await start();
    const busy = await running.peer();
    busy.send(query(1, "value hold"));
    await running.requests(1);
    const closing = running.server.close();
    const ready = await fetch(`${running.http}/health/ready`);
    expect(ready.status).toBe(503);
    expect(await ready.json()).toMatchObject({ reason: "the server is shutting down" });
    expect((await fetch(`${running.http}/health/live`)).status).toBe(200);
    await expect(running.stranger()).rejects.toThrow("503");
    running.database.release();
    await closing;
  });

  test("it waits for two seconds at most", async () => {
    await start();
    const busy = await running.peer();
    busy.send(query(1, "value hold"));
    await running.requests(1);
    const closing = running.server.close();
    expect(await busy.next()).toMatchObject({ type: "GOAWAY" });
    running.clock.pass(2_000);
    expect(await busy.closed).toEqual(restart);
    await closing;
    running.database.release();
  });

  test("who has not said who they are is closed at once", async () => {
    await start();
    const stranger = await running.stranger();
    const closing = running.server.close();
    expect(await stranger.closed).toEqual(restart);
    await closing;
  });
});

describe("starting", () => {
  test("a host on the network needs TLS or --insecure", async () => {
    await start();
    const options = { database: running.database, secret: SECRET, port: 0 };
    await expect(Server.start({ ...options, host: "0.0.0.0" })).rejects.toMatchObject({
      code: "FORBIDDEN",
      hint: expect.stringContaining("--insecure") as string,
    });
    const server = await Server.start({ ...options, host: "0.0.0.0", insecure: true });
    await server.close();
  });

  test("a port in use is an error that says what to do", async () => {
    await start();
    const options = { database: running.database, secret: SECRET, port: running.server.port };
    await expect(Server.start(options)).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringContaining("is in use") as string,
    });
  });

  test("closing twice is closing once, and afterwards nobody gets in", async () => {
    await start();
    const peer = await running.peer();
    const { ws } = running;
    await Promise.all([running.server.close(), running.server.close()]);
    expect(await peer.closed).toEqual({ code: 1012, reason: "Service restart" });
    const { Peer } = await import("../test/peer.ts");
    await expect(Peer.connect(ws)).rejects.toThrow("ECONNREFUSED");
  });
});
