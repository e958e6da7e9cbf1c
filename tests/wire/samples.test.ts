import { request } from "node:http";
import { Database } from "@geode/engine";
import {
  configuredSecret,
  Server,
  signToken,
  systemClock,
  type ServerOptions,
} from "@geode/server";
import { afterEach, beforeEach, expect, test } from "vitest";
import { WebSocket } from "ws";

/*
 * The samples for servers in the document that asked for Geode: their code is not run, what a client sees of each is. One test per sample.
 */

const HOUR_MS = 3_600_000;
const secret = configuredSecret("a secret of at least thirty-two bytes, for tests");

let database: Database;
let server: Server;
const sockets: WebSocket[] = [];
beforeEach(async () => {
  database = await Database.open();
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate();
  await server.close();
  await database.close();
});

const start = async (options: Partial<ServerOptions> = {}) => {
  server = await Server.start({ database, secret, port: 0, ...options });
};
const token = (user = "ada", roles: readonly string[] = []) =>
  signToken({ user, roles: [...roles], ttlMs: HOUR_MS }, secret, systemClock);

interface Client {
  readonly socket: WebSocket;
  readonly next: () => Promise<Record<string, unknown>>;
  readonly closed: Promise<{ code: number; reason: string }>;
}

async function connect(search: string, options = {}): Promise<Client> {
  const socket = new WebSocket(`ws://127.0.0.1:${server.port}/ws${search}`, options);
  sockets.push(socket);
  const heard: Record<string, unknown>[] = [];
  let wake = () => {};
  socket.on("message", (data: Buffer) => {
    heard.push(JSON.parse(data.toString()) as Record<string, unknown>);
    wake();
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) =>
    socket.on("close", (code, reason) => resolve({ code, reason: reason.toString() })),
  );
  await new Promise((resolve, reject) => socket.on("open", resolve).on("error", reject));
  return {
    socket,
    closed,
    async next() {
      while (heard.length === 0) await new Promise<void>((resolve) => (wake = resolve));
      return heard.shift()!;
    },
  };
}

const connectAs = async (user?: string, options = {}) =>
  connect(`?token=${await token(user)}`, options);

/** Says something, and answers with what comes back. */
function ask({ next, socket }: Client, message: object): Promise<Record<string, unknown>> {
  socket.send(JSON.stringify(message));
  return next();
}

test("Connection Scaling: capacity, one more of the same user, idleness, and the pool's figures", async () => {
  await start({ limits: { connectionsMax: 3, connectionsPerUserMax: 1 } });
  const first = await connectAs("ada");
  await connectAs("ada");
  expect(await first.closed).toEqual({ code: 1000, reason: "Replaced by new connection" });
  await connectAs("bob");
  await connectAs("cem");
  const oneTooMany = await connectAs("dan");
  expect(await oneTooMany.closed).toEqual({ code: 1008, reason: "Server at capacity" });
  const figures = await fetch(`${server.url}/admin/connections`, {
    headers: { authorization: `Bearer ${await token("root", ["admin"])}` },
  });
  expect(await figures.json()).toMatchObject({ total_connections: 3, capacity_used: "100.0%" });
  await server.close();
  await start({ limits: { idleMsMax: 50 } });
  const idle = await connectAs();
  expect(await idle.closed).toEqual({ code: 1000, reason: "Idle timeout" });
});

test("Authentication middleware: a token in the address is needed, and has to be good", async () => {
  await start({ limits: { authMsMax: 50 } });
  expect(await (await connect("")).closed).toEqual({
    code: 1008,
    reason: "Authentication required",
  });
  expect(await (await connect("?token=bad")).closed).toEqual({
    code: 1008,
    reason: "Invalid token",
  });
  expect(await ask(await connectAs(), { type: "PING" })).toMatchObject({ type: "PONG" });
});

test("Rate limiting: over 100 a minute is answered by the sample's error, and the connection stays", async () => {
  await start({ rate: { burst: 100, perSecond: 100 / 60 } });
  const client = await connectAs();
  const query = { type: "QUERY", id: 1, query: "RETURN 1" };
  for (let count = 0; count < 100; count++)
    expect(await ask(client, query)).toMatchObject({ type: "RESULT" });
  expect(await ask(client, query)).toMatchObject({ type: "ERROR", error: "Rate limit exceeded" });
  expect(await ask(client, { type: "PING" })).toMatchObject({ type: "PONG" });
});

test("Message validation: the sample's shape is understood; what is no JSON, or no message, closes", async () => {
  await start();
  const shaped = { type: "QUERY", data: { id: 1, query: "RETURN 1 AS one" } };
  expect(await ask(await connectAs(), shaped)).toMatchObject({
    type: "RESULT",
    data: [{ one: 1 }],
  });
  const noJson = await connectAs();
  noJson.socket.send("{");
  expect(await noJson.closed).toEqual({ code: 1003, reason: "Invalid JSON" });
  const noMessage = await connectAs();
  noMessage.socket.send(JSON.stringify({ type: "DROP", data: {} }));
  expect(await noMessage.closed).toEqual({ code: 1003, reason: "Invalid message format" });
});

test("Metrics Collection: the sample's names, and what they count", async () => {
  await start();
  const client = await connectAs();
  await ask(client, { type: "PING" });
  client.socket.send("{");
  await client.closed;
  await connectAs();
  const text = await (await fetch(`${server.url}/metrics`)).text();
  const value = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1]);
  expect(value("websocket_connections_active")).toBe(1);
  expect(value("websocket_messages_sent_total")).toBe(1);
  expect(value("websocket_errors_total")).toBe(1);
  expect(text).toContain("# TYPE websocket_connections_active gauge\n");
  expect(text.endsWith("\n")).toBe(true);
});

test("Compression: the sample's parameters are negotiated, and text takes less than two fifths of the bytes", async () => {
  await start();
  await database.query({
    text: "FOR n IN range(1, 200) INSERT (:Person {id: n, name: 'Person number ' || CAST(n AS STRING), city: 'Berlin'})",
    principal: { id: "root", roles: ["admin"], claims: new Map() },
  });
  const people = { type: "QUERY", id: 1, query: "MATCH (p:Person) RETURN p" };
  const bytesOf = async (perMessageDeflate: boolean) => {
    const client = await connectAs("ada", { perMessageDeflate });
    const { _socket: tcp } = client.socket as unknown as { _socket: { bytesRead: number } };
    const before = tcp.bytesRead;
    expect((await ask(client, people))["data"]).toHaveLength(200);
    return { bytes: tcp.bytesRead - before, extensions: client.socket.extensions };
  };
  const [plain, packed] = [await bytesOf(false), await bytesOf(true)];
  expect(plain.extensions).toBe("");
  expect(packed.extensions).toBe("permessage-deflate");
  expect(packed.bytes).toBeLessThan(0.4 * plain.bytes);
  expect(await negotiated()).toBe(
    "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10",
  );
});

/** What the server makes of an offer of compression. */
function negotiated(): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const call = request({
      host: "127.0.0.1",
      port: server.port,
      path: "/ws",
      headers: {
        connection: "Upgrade",
        upgrade: "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
        "sec-websocket-extensions": "permessage-deflate; client_max_window_bits",
      },
    });
    call.on("error", reject);
    call.on("upgrade", (response, socket) => {
      socket.destroy();
      resolve(response.headers["sec-websocket-extensions"]);
    });
    call.end();
  });
}
