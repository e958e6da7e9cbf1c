import { describe, expect, test } from "vitest";
import { FakeClock } from "../test/fake-clock.ts";
import { AUTH_OK, digestOf, FakeServer } from "../test/fake-server.ts";
import type { Frame } from "../test/fake-server.ts";
import type { SocketConstructor } from "./connection/socket.ts";
import { connect, Geode } from "./geode.ts";
import type { GeodeOptions } from "./geode.ts";

function setUp(options: GeodeOptions = {}): { server: FakeServer; clock: FakeClock; geode: Geode } {
  const server = new FakeServer();
  const clock = new FakeClock();
  const geode = new Geode("ws://here/ws", {
    token: "secret",
    client: "me",
    webSocket: server.webSocket,
    clock,
    random: () => 0,
    ...options,
  });
  return { server, clock, geode };
}

function ready(options: GeodeOptions = {}): ReturnType<typeof setUp> {
  const all = setUp(options);
  all.server.socket.accept();
  return all;
}

/** Loses the connection and lets the client come back. */
function reconnect(server: FakeServer, clock: FakeClock): void {
  server.socket.drop();
  clock.advance(1_000);
  server.socket.accept();
}

const answer = (request: Frame, more: object = {}): object => ({
  type: "RESULT",
  id: request["id"],
  data: [],
  columns: [],
  seq: 1,
  ...more,
});

/** Lets promises that are already settled be seen. */
const settled = async (): Promise<void> => {
  for (let i = 0; i < 10; i += 1) await Promise.resolve();
};

describe("connecting", () => {
  test("authenticates with the first message and says who it is", () => {
    const { server, geode } = setUp();
    server.socket.open();
    expect(server.socket.take()).toEqual({ type: "AUTH", token: "secret", client: "me" });
    expect(server.socket.protocols).toEqual(["geode.v1"]);
    server.socket.says(AUTH_OK);
    expect(geode.state.kind).toBe("ready");
    expect(geode.session?.user).toEqual({ id: "ada" });
  });

  test("a token in the address needs no message", () => {
    const server = new FakeServer();
    const geode = new Geode("ws://here/ws?token=secret", {
      webSocket: server.webSocket,
      clock: new FakeClock(),
    });
    server.socket.open();
    expect(geode.state.kind).toBe("ready");
    expect(server.socket.sent).toEqual([]);
  });

  test("connect resolves when the token is accepted", async () => {
    const server = new FakeServer();
    const connecting = connect("ws://here/ws", {
      token: "t",
      webSocket: server.webSocket,
      clock: new FakeClock(),
    });
    server.socket.accept();
    expect((await connecting).state.kind).toBe("ready");
  });

  test("connect fails when the token is refused", async () => {
    const server = new FakeServer();
    const clock = new FakeClock();
    const connecting = connect("ws://here/ws", { token: "t", webSocket: server.webSocket, clock });
    server.socket.open();
    server.socket.drop(1008, "Invalid token");
    await expect(connecting).rejects.toMatchObject({ code: "FORBIDDEN" });
    expect(clock.pending).toBe(0);
  });

  test("connect gives up after its time, closes, and does not repeat the token of the address", async () => {
    const server = new FakeServer();
    const clock = new FakeClock();
    const connecting = connect("ws://here/ws?token=secret", {
      webSocket: server.webSocket,
      clock,
      random: () => 0,
    });
    server.socket.drop();
    clock.advance(15_000);
    await expect(connecting).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await expect(connecting).rejects.not.toThrow(/secret/);
    expect(clock.pending).toBe(0);
  });

  test.each(["", "localhost:8443", "ftp://here/ws", "//"])("%j is no address", (url) => {
    expect(() => new Geode(url)).toThrow(TypeError);
  });

  test("a browser that refuses to connect is asked again later, and its words are not repeated", () => {
    const refusing = class {
      constructor(url: string) {
        throw new Error(`refused to connect to ${url}`);
      }
    };
    const geode = new Geode("ws://here/ws?token=secret", {
      webSocket: refusing as unknown as SocketConstructor,
      clock: new FakeClock(),
    });
    expect(geode.state).toMatchObject({ kind: "waiting" });
    expect(JSON.stringify(geode.state)).not.toContain("secret");
  });

  test("a server that does not answer the handshake is tried again", () => {
    const { server, clock } = setUp();
    clock.advance(10_000);
    expect(server.socket.closedByClient).toBe(1000);
    clock.advance(125);
    expect(server.sockets).toHaveLength(2);
  });

  test("a lost connection comes back with growing waits and a fresh token each time", async () => {
    let asked = 0;
    const { server, clock } = setUp({ token: () => `token ${(asked += 1)}` });
    await settled();
    for (const waitMs of [125, 250, 500]) {
      const before = server.sockets.length;
      server.socket.drop();
      clock.advance(waitMs - 1);
      await settled();
      expect(server.sockets).toHaveLength(before);
      clock.advance(1);
      await settled();
      expect(server.sockets).toHaveLength(before + 1);
    }
    server.socket.open();
    expect(server.socket.take()).toMatchObject({ token: "token 4" });
  });

  test("a token that is about to expire is renewed on the open connection", async () => {
    let asked = 0;
    const { server, geode } = setUp({ token: () => `token ${(asked += 1)}` });
    await settled();
    server.socket.accept();
    server.socket.says({ type: "AUTH_EXPIRING", expires_at: "2030-01-01T00:00:00Z" });
    await settled();
    expect(server.socket.take()).toMatchObject({ type: "AUTH", token: "token 2" });
    server.socket.says({ ...AUTH_OK, session: "n2" });
    expect(geode.session?.session).toBe("n2");
    expect(server.sockets).toHaveLength(1);
  });

  test("a token function that fails is asked again later", async () => {
    let asked = 0;
    const { server, clock, geode } = setUp({
      token: () => {
        asked += 1;
        if (asked === 1) throw new Error("the login service sleeps");
        return "t";
      },
    });
    await settled();
    expect(geode.state).toMatchObject({
      kind: "waiting",
      reason: "no token: the login service sleeps",
    });
    clock.advance(125);
    await settled();
    expect(server.sockets).toHaveLength(1);
  });

  test("silence while something is awaited is asked about, and then taken for death", () => {
    const { server, clock, geode } = ready();
    geode.live("MATCH (n) RETURN n");
    server.socket.take();
    clock.advance(30_000);
    expect(server.socket.take()).toEqual({ type: "PING" });
    server.socket.says({ type: "PONG", seq: 1 });
    clock.advance(10_000);
    expect(geode.state.kind).toBe("ready");
    clock.advance(30_000);
    expect(server.socket.take()).toEqual({ type: "PING" });
    clock.advance(10_000);
    expect(geode.state.kind).toBe("waiting");
  });

  test("a connection closed for idleness opens again with the next query", () => {
    const { server, geode } = ready();
    server.socket.drop(1000, "Idle timeout");
    expect(geode.state.kind).toBe("idle");
    void geode.query("RETURN 1");
    server.socket.accept();
    expect(server.socket.take()).toMatchObject({ type: "QUERY" });
  });

  test.each([["hello"], [new ArrayBuffer(6)], ['{"type":"RESULT"}']])(
    "a peer that sends %o is dropped",
    (data) => {
      const { server, geode } = ready();
      server.socket.saysRaw(data);
      expect(geode.state.kind).toBe("waiting");
      expect(server.socket.closedByClient).toBe(1000);
    },
  );

  test("states are announced in order, also when a listener acts on them", () => {
    const { server, geode } = setUp();
    const seen: string[] = [];
    geode.onState((state) => {
      seen.push(state.kind);
      if (state.kind === "ready") geode.close();
    });
    server.socket.open();
    server.socket.says(AUTH_OK);
    expect(seen).toEqual(["authenticating", "ready", "closed"]);
    expect(server.socket.closedByClient).toBe(1000);
  });
});

describe("queries", () => {
  test("answer with decoded rows", async () => {
    const { server, geode } = ready();
    const query = geode.query("MATCH (p:Person) WHERE p.age > $age RETURN p.name", { age: 18 });
    const request = server.socket.take();
    expect(request).toEqual({
      type: "QUERY",
      id: "q1",
      query: "MATCH (p:Person) WHERE p.age > $age RETURN p.name",
      parameters: { age: 18 },
    });
    const columns = [{ name: "p.name", text: "p.name", type: "STRING" }];
    server.socket.says(answer(request, { data: [{ "p.name": "Ada" }], columns, seq: 7 }));
    expect(await query).toEqual({
      data: [{ "p.name": "Ada" }],
      columns,
      seq: 7,
      stats: null,
      notices: [],
    });
  });

  test("fail with everything the server said", async () => {
    const { server, geode } = ready();
    const query = geode.query("MATCH (p RETURN p");
    const position = { line: 1, column: 10, offset: 9 };
    server.socket.says({
      type: "ERROR",
      id: "q1",
      error: "expected `)`",
      code: "42001",
      retryable: false,
      position,
      hint: "close it",
    });
    await expect(query).rejects.toMatchObject({
      name: "GeodeError",
      message: "expected `)`",
      code: "42001",
      position,
      hint: "close it",
      retryable: false,
    });
  });

  test("a code of a newer server is kept beside INTERNAL", async () => {
    const { server, geode } = ready();
    const query = geode.query("RETURN 1");
    server.socket.says({
      type: "ERROR",
      id: "q1",
      error: "no",
      code: "TOMORROW",
      retryable: true,
      retry_after_ms: 50,
    });
    await expect(query).rejects.toMatchObject({
      code: "INTERNAL",
      sentCode: "TOMORROW",
      retryable: true,
      retryAfterMs: 50,
    });
  });

  test("made before the connection stands are sent in order once it does", () => {
    const { server, geode } = setUp();
    void geode.query("RETURN 1");
    void geode.query("RETURN 2");
    server.socket.accept();
    expect(server.socket.sent.map((frame) => frame["query"])).toEqual(["RETURN 1", "RETURN 2"]);
  });

  test("no more than 64 are on the wire, and a full queue says so", async () => {
    const { server, geode } = ready({ queueMax: 2 });
    for (let i = 0; i < 66; i += 1) void geode.query("RETURN 1");
    expect(server.socket.sent).toHaveLength(64);
    await expect(geode.query("RETURN 1")).rejects.toMatchObject({
      code: "LIMIT",
      message: "2 queries are waiting to be sent",
    });
    server.socket.says(answer(server.socket.take()));
    expect(server.socket.sent).toHaveLength(64);
  });

  test("an answer that does not come in time is no longer waited for", async () => {
    const { server, clock, geode } = ready();
    const query = geode.query("RETURN 1", {}, { timeoutMs: 500 });
    expect(server.socket.take()).toMatchObject({ timeout_ms: 500 });
    clock.advance(500);
    await expect(query).rejects.toMatchObject({ code: "TIMEOUT" });
    server.socket.says(answer({ id: "q1" }));
    expect(geode.state.kind).toBe("ready");
  });

  test("can be cancelled, before or after they are sent", async () => {
    const { server, geode } = ready();
    const cancel = new AbortController();
    const query = geode.query("RETURN 1", {}, { signal: cancel.signal });
    const { id } = server.socket.take();
    cancel.abort();
    await expect(query).rejects.toMatchObject({ code: "CANCELLED" });
    expect(server.socket.take()).toEqual({ type: "CANCEL", id });
    await expect(geode.query("RETURN 1", {}, { signal: cancel.signal })).rejects.toMatchObject({
      code: "CANCELLED",
    });
    expect(server.socket.sent).toEqual([]);
  });

  test("a parameter without a GQL value is refused before anything is sent", async () => {
    const { server, geode } = ready();
    await expect(geode.query("RETURN $x", { x: undefined })).rejects.toMatchObject({
      code: "22G03",
    });
    expect(server.socket.sent).toEqual([]);
  });

  test("beyond what a frame may hold are refused before they cost the connection", async () => {
    const { server, geode } = ready();
    const long = "ä".repeat(600_000);
    await expect(geode.query("RETURN $long", { long })).rejects.toMatchObject({
      code: "TOO_LARGE",
    });
    expect(() => geode.live("RETURN $long", { long })).toThrow(/more than 1048576 bytes/);
    void geode.query("RETURN $short", { short: "ä".repeat(500_000) });
    expect(server.socket.sent).toHaveLength(1);
  });

  test("closing ends what waits, and every timer", async () => {
    const { clock, geode } = ready();
    const query = geode.query("RETURN 1");
    geode.close();
    geode.close();
    await expect(query).rejects.toMatchObject({ code: "CANCELLED" });
    await expect(geode.query("RETURN 1")).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(clock.pending).toBe(0);
  });
});

describe("a connection lost before the answer", () => {
  test("reads are sent again", async () => {
    const { server, clock, geode } = ready();
    const query = geode.query("MATCH (n) RETURN n");
    const first = server.socket.take();
    reconnect(server, clock);
    expect(server.socket.take()).toEqual(first);
    server.socket.says(answer(first));
    expect((await query).seq).toBe(1);
  });

  test("writes are sent again with the key that lets them happen once", () => {
    const { server, clock, geode } = ready();
    void geode.query("INSERT (:Person)");
    const first = server.socket.take();
    expect(first["idempotency_key"]).toMatch(/^[0-9a-f-]{36}$/);
    reconnect(server, clock);
    expect(server.socket.take()).toEqual(first);
  });

  test("writes without a key are not, and say that nobody knows", async () => {
    const { server, clock, geode } = ready();
    const write = geode.query("INSERT (:Person)", {}, { idempotencyKey: false });
    expect(server.socket.take()).not.toHaveProperty("idempotency_key");
    reconnect(server, clock);
    await expect(write).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(server.socket.sent).toEqual([]);
  });

  test("because the server could not take a message, nothing that was unanswered is sent again", async () => {
    const { server, clock, geode } = ready();
    const query = geode.query("RETURN 1");
    server.socket.drop(1003, "Invalid message format");
    await expect(query).rejects.toMatchObject({ code: "INVALID_MESSAGE" });
    void geode.query("RETURN 2");
    clock.advance(1_000);
    server.socket.accept();
    expect(server.socket.sent.map((frame) => frame["query"])).toEqual(["RETURN 2"]);
  });

  test("a query that costs the connection three times is given up", async () => {
    const { server, clock, geode } = ready();
    const query = geode.query("RETURN 1", {}, { timeoutMs: 600_000 });
    reconnect(server, clock);
    reconnect(server, clock);
    server.socket.drop();
    await expect(query).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });

  test("the statements of a transaction fail, also those that come later", async () => {
    const { server, clock, geode } = ready();
    void geode.query("START TRANSACTION");
    server.socket.says(answer(server.socket.take()));
    const write = geode.query("INSERT (:Person)");
    expect(server.socket.take()).not.toHaveProperty("idempotency_key");
    reconnect(server, clock);
    await expect(write).rejects.toMatchObject({ code: "40000", retryable: true });
    await expect(geode.query("INSERT (:Person)")).rejects.toMatchObject({ code: "40000" });
    await expect(geode.query("COMMIT")).rejects.toMatchObject({ code: "40000" });
    expect(server.socket.sent).toEqual([]);
    void geode.query("INSERT (:Person)");
    expect(server.socket.sent).toHaveLength(1);
  });

  test("rolling a lost transaction back succeeds: it has been", async () => {
    const { server, clock, geode } = ready();
    void geode.query("START TRANSACTION");
    server.socket.says(answer(server.socket.take()));
    reconnect(server, clock);
    await expect(geode.query("ROLLBACK")).resolves.toMatchObject({ data: [] });
    void geode.query("INSERT (:Person)");
    expect(server.socket.sent).toHaveLength(1);
  });

  test("a transaction that was refused leaves later statements alone", async () => {
    const { server, clock, geode } = ready();
    const start = geode.query("START TRANSACTION");
    server.socket.says({
      type: "ERROR",
      id: "q1",
      error: "not yet",
      code: "25000",
      retryable: false,
    });
    await expect(start).rejects.toMatchObject({ code: "25000" });
    server.socket.take();
    reconnect(server, clock);
    void geode.query("INSERT (:Person)");
    expect(server.socket.take()).toHaveProperty("idempotency_key");
  });
});

describe("live results over a lost connection", () => {
  const rows = [["a", { age: 1 }]] as const;
  const snapshot = (id: unknown, more: object = {}): object => ({
    type: "RESULT",
    id,
    subscription: id,
    live: true,
    data: rows.map(([, row]) => row),
    keys: rows.map(([key]) => key),
    columns: [],
    epoch: "e1",
    seq: 5,
    digest: digestOf(rows),
    maintenance: "reexecution",
    ...more,
  });

  test("ask to resume, under a new id", () => {
    const { server, clock, geode } = ready();
    const live = geode.live("MATCH (p:Person) RETURN p.age AS age");
    server.socket.says(snapshot(server.socket.take()["id"]));
    reconnect(server, clock);
    expect(live.state).toBe("stale");
    expect(live.rows).toEqual([{ age: 1 }]);
    const again = server.socket.take();
    expect(again).toEqual({
      type: "SUBSCRIBE",
      id: "s2",
      query: "MATCH (p:Person) RETURN p.age AS age",
      resume: { epoch: "e1", seq: 5, digest: digestOf(rows) },
    });
    server.socket.says(snapshot("s2", { resumed: true, data: [], keys: [], seq: 9 }));
    expect(live.state).toBe("live");
    expect(live.seq).toBe(9);
  });

  test("end with the client, which is no failure", async () => {
    const { geode } = setUp();
    const live = geode.live("MATCH (n) RETURN n");
    const next = live[Symbol.asyncIterator]().next();
    geode.close();
    expect(live.state).toBe("closed");
    expect(live.error).toBeNull();
    expect(await next).toEqual({ done: true, value: undefined });
    await expect(live.ready).rejects.toMatchObject({ code: "CANCELLED" });
  });

  test("fail with a client that is not let in any more", async () => {
    const { server, geode } = ready();
    const live = geode.live("MATCH (n) RETURN n");
    const next = live[Symbol.asyncIterator]().next();
    server.socket.drop(1008, "Revoked");
    expect(live.error).toMatchObject({ code: "FORBIDDEN" });
    await expect(next).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(live.ready).rejects.toMatchObject({ code: "FORBIDDEN" });
  });
});

describe("the graph", () => {
  test("of the connection goes with every request that names no other", () => {
    const { server, geode } = ready({ graph: "travel" });
    const taken = (): unknown => server.socket.take()["graph"];
    void geode.query("RETURN 1");
    expect(taken()).toBe("travel");
    void geode.query("RETURN 1", {}, { graph: "default" });
    expect(taken()).toBe("default");
    geode.live("MATCH (n) RETURN n");
    expect(taken()).toBe("travel");
  });

  test("is left to the server where nobody names one", () => {
    const { server, geode } = ready();
    void geode.query("RETURN 1");
    expect(server.socket.take()).not.toHaveProperty("graph");
  });

  test("is not set for the session, which a new connection would not know of", async () => {
    const { server, geode } = ready();
    await expect(geode.query("SESSION SET GRAPH travel")).rejects.toMatchObject({ code: "42000" });
    expect(server.socket.sent).toEqual([]);
  });
});
