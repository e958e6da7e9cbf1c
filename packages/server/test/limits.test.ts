import { once } from "node:events";
import { connect as connectTcp } from "node:net";
import { randomBytes } from "node:crypto";
import { Database, type DatabaseOptions } from "@geode/engine";
import { LIMIT_NAMES, LIMITS, limitsWith, type LimitName } from "@geode/protocol";
import * as Y from "yjs";
import { afterEach, describe, expect, test } from "vitest";
import type { DatabasePort } from "../src/port.ts";
import { databaseLimits } from "../src/limits/database-limits.ts";
import type { ServerOptions } from "../src/server.ts";
import { ManualClock } from "./manual-clock.ts";
import type { Peer } from "./peer.ts";
import { alive, query, subscribe } from "./messages.ts";
import { RunningServer } from "./running-server.ts";

/**
 * Every limit of the server: what is at it passes, what is one above is refused as PROTOCOL.md says, and the metric counts that. A new
 * limit does not compile before it has its row.
 */
interface Row {
  /** What the limit is set to in the test. */
  readonly set: number;
  readonly also?: { readonly [Name in LimitName]?: number };
  readonly options?: Partial<ServerOptions>;
  /** Whether a real database is needed, and whose time it has; otherwise a scripted one does. */
  readonly real?: "the machine's time" | "its own time";
  readonly at: () => Promise<void>;
  readonly above: () => Promise<void>;
  /** A period is met all the time, and not counted. */
  readonly period?: true;
}

let running: RunningServer;
let database: Database | undefined;
let databaseClock: ManualClock;
afterEach(async () => {
  await running.close();
  await database?.close();
  database = undefined;
});

async function start(name: LimitName, { also, options, real, set }: Row): Promise<void> {
  const limits = { pingMs: 86_400_000, [name]: set, ...also };
  if (real !== undefined) {
    databaseClock = new ManualClock();
    database = await Database.open({
      ...databaseLimits(limitsWith(limits)),
      ...(real === "its own time" ? { environment: environmentOf(databaseClock) } : {}),
    });
  }
  running = await RunningServer.start({
    limits,
    ...options,
    ...(database === undefined ? {} : { database: database as DatabasePort }),
  });
}

/** The machine's, but for its timers. */
function environmentOf(clock: ManualClock): NonNullable<DatabaseOptions["environment"]> {
  return {
    nowMs: () => clock.nowMs(),
    monotonicMs: () => performance.now(),
    random: () => Math.random(),
    randomBytes: (count) => randomBytes(count),
    later: (task) => void setImmediate(task),
    after: (delayMs, task) => {
      const timer = clock.timer(delayMs, task);
      return () => timer.cancel();
    },
    report: (error) => {
      throw error;
    },
  };
}

async function met(name: LimitName): Promise<number> {
  const prefix = `geode_limit_reached_total{limit="${LIMITS[name].option}"} `;
  const line = (await running.server.metrics()).split("\n").find((each) => each.startsWith(prefix));
  return Number(line?.slice(prefix.length));
}

/** A PING of so many bytes. */
const pingOf = (bytes: number) => {
  const bare = JSON.stringify({ type: "PING", pad: "" });
  return JSON.stringify({ type: "PING", pad: "x".repeat(bytes - bare.length) });
};
const succeeds = async (peer: Peer, message: object) =>
  expect(await peer.ask(message)).toMatchObject({ type: "RESULT" });
const failsWith = async (peer: Peer, message: object, code: string) =>
  expect(await peer.ask(message)).toMatchObject({ type: "ERROR", code });
const closesWith = async (peer: Peer, code: number, reason: string) => {
  expect(await peer.closed).toEqual({ code, reason });
  await running.connections(0);
};
const from = (address: string) => ({ headers: { "x-forwarded-for": address } });
const adminPut = async (path: string) =>
  fetch(`${running.http}/admin/${path}`, {
    method: "PUT",
    headers: { authorization: `Bearer ${await running.token({ user: "root", roles: ["admin"] })}` },
  });

/** GET /metrics through a proxy, for an address, as somebody who may not. */
const metricsFrom = async (address: string, user?: string) =>
  fetch(`${running.http}/metrics`, {
    headers: {
      ...from(address).headers,
      ...(user === undefined ? {} : { authorization: `Bearer ${await running.token({ user })}` }),
    },
  });

/** One frame, unmasked in effect (the mask is zero), as a header and so many writes of one byte that arrive one by one. */
async function trickle(peer: Peer, count: number): Promise<void> {
  const { _socket: socket } = peer.webSocket as unknown as {
    _socket: { write(bytes: Buffer): void };
  };
  const other = await running.peer({ user: "bob" });
  const message = Buffer.from(pingOf(count));
  socket.write(Buffer.from([0x81, 0x80 | message.length, 0, 0, 0, 0]));
  for (const byte of message) {
    // Whatever was sent before is read by the time this is answered.
    await alive(other);
    socket.write(Buffer.from([byte]));
  }
  await other.close();
}

const opens = async (peer: Peer, channel: string) =>
  expect(await peer.ask({ type: "OPEN_CHANNEL", channel })).toMatchObject({
    type: "CHANNEL_OPENED",
  });

/** Subscribes to a row that {@link written} changes. */
async function watching(watcher: Peer, writer: Peer): Promise<void> {
  await succeeds(writer, query(0, "INSERT (:N {x: ''})"));
  await succeeds(watcher, subscribe("s", "MATCH (n:N) RETURN n.x AS x"));
}

let commits = 0;
/** A commit of 50 KB. Answers its seq. */
async function written(writer: Peer): Promise<number> {
  const parameters = { x: "x".repeat(50_000 + (commits++ % 2)) };
  const { seq } = await writer.ask(query(1, "MATCH (n:N) SET n.x = $x", { parameters }));
  return seq as number;
}

/** The seqs of the updates that a watcher hears of, up to that one. */
async function told(watcher: Peer, lastSeq: number): Promise<number[]> {
  const seqs: number[] = [];
  while (seqs.at(-1) !== lastSeq) {
    const { seq, type } = await watcher.next();
    if (type === "UPDATE") seqs.push(seq as number);
  }
  return seqs;
}

/** Gives up the connection's reading side, and lets the server find that nothing is taken. */
async function untaken(peer: Peer): Promise<void> {
  peer.webSocket.pause();
  peer.send(query("held", "value hold"));
  peer.send(query("large", "large 40000000"));
  await running.requests(2);
}

/** What is in the room `red`, by the texts of the messages, once everything that was said is there. */
async function inRed(peer: Peer, said: readonly string[]): Promise<string> {
  for (const text of said) await peer.ask({ type: "MESSAGE", id: text, room_id: "red", text });
  // Messages are given up behind the back of who writes them.
  for (;;) {
    const texts = await database!.query({
      text: "MATCH (m:GeodeMessage) RETURN m.text ORDER BY m.seq",
      principal: { id: "root", roles: ["admin"], claims: new Map() },
    });
    const found = texts.rows.map(([text]) => text).join(" ");
    if (said.length < 10 || texts.rows.length < said.length) return found;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** An edit that adds so many values to a list: one part, and one for each of them. */
function values(count: number): object {
  const doc = new Y.Doc();
  doc.getArray("a").push(Array.from({ length: count }, () => null));
  const update = Buffer.from(Y.encodeStateAsUpdate(doc)).toString("base64");
  return { type: "EDIT", id: 1, document_id: "a", edit: { yjs: update } };
}

const joins = async (peer: Peer, room: string) =>
  expect(await peer.ask({ type: "JOIN_ROOM", room_id: room })).toMatchObject({
    type: "ROOM_JOINED",
  });

const ROWS: { readonly [Name in LimitName]: Row } = {
  frameBytesMax: {
    set: 2_000,
    at: async () => {
      const peer = await running.peer();
      peer.send(pingOf(2_000));
      expect(await peer.next()).toMatchObject({ type: "PONG" });
    },
    above: async () => {
      const peer = await running.peer();
      peer.send(pingOf(2_001));
      await closesWith(peer, 1009, "Message too big");
    },
  },
  frameBytesBeforeAuthMax: {
    set: 1_000,
    at: async () => {
      const peer = await running.stranger();
      const bare = JSON.stringify({ type: "AUTH", token: await running.token(), pad: "" });
      peer.send(bare.replace('"pad":""', `"pad":"${"x".repeat(1_000 - bare.length)}"`));
      expect(await peer.next()).toMatchObject({ type: "AUTH_OK" });
    },
    above: async () => {
      const peer = await running.stranger();
      peer.send(pingOf(1_001));
      await closesWith(peer, 1009, "Message too big");
    },
  },
  fragmentsMax: {
    set: 4,
    at: async () => {
      const peer = await running.peer();
      for (const part of ['{"ty', 'pe":', '"PI']) peer.webSocket.send(part, { fin: false });
      peer.webSocket.send('NG"}', { fin: true });
      expect(await peer.next()).toMatchObject({ type: "PONG" });
    },
    above: async () => {
      const peer = await running.peer();
      for (let count = 0; count < 5; count++) peer.webSocket.send("", { fin: false });
      await closesWith(peer, 1009, "Message too big");
    },
  },
  bufferedChunksMax: {
    set: 30,
    at: async () => {
      const peer = await running.peer();
      await trickle(peer, 30);
      expect(await peer.next()).toMatchObject({ type: "PONG" });
    },
    above: async () => {
      const peer = await running.peer();
      await trickle(peer, 31);
      await closesWith(peer, 1009, "Message too big");
    },
  },
  jsonDepthMax: {
    set: 3,
    at: async () => {
      const peer = await running.peer();
      expect(await peer.ask({ type: "PING", pad: [[1]] })).toMatchObject({ type: "PONG" });
    },
    above: async () => {
      const peer = await running.peer();
      await failsWith(peer, { type: "PING", pad: [[[1]]] }, "INVALID_MESSAGE");
      await closesWith(peer, 1003, "Invalid message format");
    },
  },
  jsonKeysMax: {
    set: 5,
    at: async () => {
      const peer = await running.peer();
      expect(await peer.ask({ type: "PING", a: 1, b: 2, c: 3, d: 4 })).toMatchObject({
        type: "PONG",
      });
    },
    above: async () => {
      const peer = await running.peer();
      await failsWith(peer, { type: "PING", a: 1, b: 2, c: 3, d: 4, e: 5 }, "INVALID_MESSAGE");
      await closesWith(peer, 1003, "Invalid message format");
    },
  },
  connectionsMax: {
    set: 2,
    at: async () => {
      for (const peer of [await running.peer(), await running.peer()]) await alive(peer);
    },
    above: async () => {
      const first = await running.peer();
      await running.peer();
      const third = await running.stranger();
      expect(await third.closed).toEqual({ code: 1008, reason: "Server at capacity" });
      await alive(first);
    },
  },
  connectionsPerUserMax: {
    set: 2,
    at: async () => {
      for (const peer of [await running.peer(), await running.peer()]) await alive(peer);
    },
    above: async () => {
      const first = await running.peer();
      const others = [await running.peer(), await running.peer()];
      expect(await first.closed).toEqual({ code: 1000, reason: "Replaced by new connection" });
      for (const peer of others) await alive(peer);
    },
  },
  connectionsPerAddressMax: {
    set: 2,
    at: async () => {
      for (let count = 0; count < 2; count++) await running.stranger("", from("203.0.113.5"));
    },
    above: async () => {
      for (let count = 0; count < 2; count++) await running.stranger("", from("203.0.113.5"));
      await expect(running.stranger("", from("203.0.113.5"))).rejects.toThrow("503");
    },
  },
  handshakesPerSecond: {
    set: 1,
    at: async () => {
      for (let count = 0; count < 2; count++) await running.stranger();
      running.clock.pass(1_000);
      await running.stranger();
    },
    above: async () => {
      for (let count = 0; count < 2; count++) await running.stranger();
      await expect(running.stranger()).rejects.toThrow("503");
    },
  },
  httpPerSecond: {
    set: 1,
    at: async () => {
      for (let count = 0; count < 2; count++)
        expect((await metricsFrom("203.0.113.5")).status).toBe(401);
      running.clock.pass(1_000);
      expect((await metricsFrom("203.0.113.5")).status).toBe(401);
      // Another address, and another user, have rates of their own.
      expect((await metricsFrom("203.0.113.6", "ann")).status).toBe(403);
      expect((await metricsFrom("203.0.113.7", "bob")).status).toBe(403);
    },
    above: async () => {
      for (let count = 0; count < 2; count++) await metricsFrom("203.0.113.5");
      const refused = await metricsFrom("203.0.113.5");
      expect(refused.status).toBe(429);
      expect(refused.headers.get("retry-after")).toBe("1");
      // Whoever watches over the server is never refused.
      for (let count = 0; count < 10; count++)
        expect((await fetch(`${running.http}/health/live`, from("203.0.113.5"))).status).toBe(200);
      // A user is one, from wherever they ask.
      for (const place of [1, 2])
        expect((await metricsFrom(`203.0.112.${place}`, "ann")).status).toBe(403);
      expect((await metricsFrom("203.0.112.3", "ann")).status).toBe(429);
    },
  },
  revocationsMax: {
    set: 1,
    at: async () => expect((await adminPut("revocations/users/ann")).status).toBe(200),
    above: async () => {
      await adminPut("revocations/users/ann");
      expect((await adminPut("revocations/users/bob")).status).toBe(409);
    },
  },
  subscriptionsMax: {
    set: 2,
    at: async () => {
      const peer = await running.peer();
      for (const id of [1, 2, 2]) await succeeds(peer, subscribe(id));
    },
    above: async () => {
      const peer = await running.peer();
      for (const id of [1, 2]) await succeeds(peer, subscribe(id));
      await failsWith(peer, subscribe(3), "LIMIT");
    },
  },
  inFlightMax: {
    set: 3,
    at: async () => {
      const peer = await running.peer();
      for (const id of [1, 2]) peer.send(query(id, "value hold"));
      await alive(peer);
    },
    above: async () => {
      const [peer, other] = [await running.peer(), await running.peer()];
      for (const id of [1, 2, 3]) peer.send(query(id, "value hold"));
      await running.requests(3);
      peer.send({ type: "PING", id: "behind" });
      await alive(other);
      expect(peer.unread).toBe(0);
      for (let count = 0; count < 3; count++) running.database.release();
      const ids = [];
      for (let count = 0; count < 4; count++) ids.push((await peer.next())["id"]);
      expect(new Set(ids)).toEqual(new Set([1, 2, 3, "behind"]));
    },
  },
  batchMessagesMax: {
    set: 2,
    at: async () => {
      const peer = await running.peer();
      const ping = { type: "PING", id: 1 };
      expect(await peer.ask({ type: "BATCH", messages: [ping, ping] })).toMatchObject({ id: 1 });
      expect(await peer.next()).toMatchObject({ id: 1 });
    },
    above: async () => {
      const peer = await running.peer();
      const ping = { type: "PING", id: 1 };
      await failsWith(peer, { type: "BATCH", messages: [ping, ping, ping] }, "INVALID_MESSAGE");
      await closesWith(peer, 1003, "Invalid message format");
    },
  },
  roomsMax: {
    set: 2,
    real: "the machine's time",
    at: async () => {
      const peer = await running.peer();
      await joins(peer, "a");
      await joins(peer, "b");
      await joins(peer, "a");
    },
    above: async () => {
      const peer = await running.peer();
      await joins(peer, "a");
      await joins(peer, "b");
      await failsWith(peer, { type: "JOIN_ROOM", room_id: "c" }, "LIMIT");
      await alive(peer);
    },
  },
  documentsMax: {
    set: 2,
    real: "the machine's time",
    at: async () => {
      const peer = await running.peer();
      for (const document_id of ["a", "b", "a"])
        expect(await peer.ask({ type: "JOIN_SESSION", document_id })).toMatchObject({
          type: "SESSION_JOINED",
        });
    },
    above: async () => {
      const peer = await running.peer();
      for (const document_id of ["a", "b"])
        expect(await peer.ask({ type: "JOIN_SESSION", document_id })).toMatchObject({
          type: "SESSION_JOINED",
        });
      await failsWith(peer, { type: "JOIN_SESSION", document_id: "c" }, "LIMIT");
      await alive(peer);
    },
  },
  documentPartsMax: {
    set: 2,
    real: "the machine's time",
    at: async () => {
      const peer = await running.peer();
      expect(await peer.ask(values(1))).toMatchObject({ type: "ACK", version: 1 });
    },
    above: async () => {
      const peer = await running.peer();
      await failsWith(peer, values(2), "TOO_LARGE");
      await alive(peer);
    },
  },
  documentBytesMax: {
    set: 200,
    real: "the machine's time",
    at: async () => {
      const peer = await running.peer();
      // Beside the edit itself, it is kept whose it is.
      const edit = "x".repeat(200 - '"edit":"","user":{"id":"ann"}'.length);
      expect(await peer.ask({ type: "EDIT", id: 1, document_id: "a", edit })).toMatchObject({
        type: "ACK",
        version: 1,
      });
    },
    above: async () => {
      const peer = await running.peer();
      const edit = "x".repeat(201 - '"edit":"","user":{"id":"ann"}'.length);
      await failsWith(peer, { type: "EDIT", id: 1, document_id: "a", edit }, "TOO_LARGE");
      await alive(peer);
    },
  },
  roomsPerUserMax: {
    set: 2,
    real: "the machine's time",
    at: async () => {
      const peer = await running.peer();
      await joins(peer, "a");
      const message = { type: "MESSAGE", id: 1, room_id: "b", text: "x" };
      expect(await peer.ask(message)).toMatchObject({ type: "ACK" });
      await joins(peer, "b");
    },
    above: async () => {
      const peer = await running.peer();
      await joins(peer, "a");
      await joins(peer, "b");
      await failsWith(peer, { type: "JOIN_ROOM", room_id: "c" }, "LIMIT");
      await failsWith(peer, { type: "MESSAGE", id: 1, room_id: "c", text: "x" }, "LIMIT");
      await joins(peer, "a");
    },
  },
  messageBytesMax: {
    set: 10,
    real: "the machine's time",
    at: async () => {
      const peer = await running.peer();
      const message = { type: "MESSAGE", id: 1, text: "x".repeat(10), data: "x".repeat(8) };
      expect(await peer.ask(message)).toMatchObject({ type: "ACK" });
    },
    above: async () => {
      const peer = await running.peer();
      await failsWith(peer, { type: "MESSAGE", id: 1, text: "é".repeat(6) }, "TOO_LARGE");
    },
  },
  roomMessagesMax: {
    set: 5,
    real: "the machine's time",
    at: async () => {
      const peer = await running.peer();
      expect(await inRed(peer, ["a", "b", "c", "d", "e"])).toBe("a b c d e");
    },
    above: async () => {
      const peer = await running.peer();
      const said = Array.from({ length: 11 }, (_, n) => `${n}`);
      expect(await inRed(peer, said)).toBe("6 7 8 9 10");
    },
  },
  roomRetentionMsMax: {
    set: 60_000,
    period: true,
    real: "the machine's time",
    at: async () => {
      const peer = await running.peer();
      await inRed(peer, ["old"]);
      running.clock.pass(60_000);
      for (let n = 0; n < 10; n++) await peer.ask({ type: "MESSAGE", id: n, room_id: "red" });
      await alive(peer);
      expect(await inRed(peer, [])).toMatch(/^old/);
    },
    above: async () => {
      const peer = await running.peer();
      await inRed(peer, ["old"]);
      running.clock.pass(60_001);
      const said = Array.from({ length: 10 }, (_, n) => `${n}`);
      for (const text of said) await peer.ask({ type: "MESSAGE", id: text, room_id: "red", text });
      let left = "old";
      for (; left.startsWith("old"); left = await inRed(peer, [])) await alive(peer);
      expect(left).toBe(said.join(" "));
    },
  },
  channelsMax: {
    set: 2,
    at: async () => {
      const peer = await running.peer();
      for (const channel of ["a", "b", "b"]) await opens(peer, channel);
      await peer.ask({ type: "CLOSE_CHANNEL", channel: "a" });
      await opens(peer, "c");
    },
    above: async () => {
      const peer = await running.peer();
      for (const channel of ["a", "b"]) await opens(peer, channel);
      await failsWith(peer, { type: "OPEN_CHANNEL", channel: "c" }, "LIMIT");
    },
  },
  conflateBytesMin: {
    set: 100_000,
    also: { requestsPerSecond: 1_000_000 },
    real: "the machine's time",
    period: true,
    at: async () => {
      const [watcher, writer] = [await running.peer(), await running.peer()];
      await watching(watcher, writer);
      for (let count = 0; count < 3; count++) {
        const seq = await written(writer);
        expect(await told(watcher, seq)).toEqual([seq]);
      }
    },
    above: async () => {
      const [watcher, writer] = [await running.peer(), await running.peer()];
      await watching(watcher, writer);
      watcher.webSocket.pause();
      for (let count = 0; count < 300; count++) await written(writer);
      const seq = await written(writer);
      watcher.webSocket.resume();
      expect((await told(watcher, seq)).length).toBeLessThan(250);
    },
  },
  outboxBytesMax: {
    set: 200_000,
    at: async () => {
      const peer = await running.peer();
      await succeeds(peer, subscribe("s"));
      running.database.commit(...Array.from({ length: 100 }, (_, age) => age));
      for (let count = 0; count < 100; count++)
        expect(await peer.next()).toMatchObject({ type: "UPDATE" });
    },
    above: async () => {
      const peer = await running.peer();
      await succeeds(peer, { ...subscribe("s"), backpressure: "disconnect" });
      peer.webSocket.pause();
      const ages = Array.from({ length: 1_000 }, (_, age) => age);
      // Until the socket's own buffers are full nothing piles up here.
      while (!running.database.live[0]!.closed) {
        running.database.commit(...ages);
        await new Promise((resolve) => setImmediate(resolve));
      }
      peer.webSocket.resume();
      await closesWith(peer, 4008, "Slow consumer");
    },
  },
  resultBytesMax: {
    set: 500,
    at: async () => {
      const peer = await running.peer();
      const bare = JSON.stringify(await peer.ask(query(1, "large 0"))).length;
      const whole = await peer.ask(query(1, `large ${500 - bare}`));
      expect(JSON.stringify(whole)).toHaveLength(500);
    },
    above: async () => {
      const peer = await running.peer();
      const bare = JSON.stringify(await peer.ask(query(1, "large 0"))).length;
      await failsWith(peer, query(1, `large ${501 - bare}`), "TOO_LARGE");
    },
  },
  queryMsMax: {
    set: 20,
    real: "the machine's time",
    at: async () => succeeds(await running.peer(), query(1, "RETURN 1")),
    above: async () => {
      const long = "MATCH (a) MATCH (b) MATCH (c) MATCH (d) RETURN count(*)";
      const peer = await running.peer();
      await succeeds(peer, query(0, "FOR x IN range(1, 1000) INSERT (:N {x: x})"));
      // Whoever asks for more time than there is gets what there is.
      await failsWith(peer, query(1, long, { timeout_ms: 60_000 }), "TIMEOUT");
    },
  },
  resultRowsMax: {
    set: 3,
    real: "the machine's time",
    at: async () => succeeds(await running.peer(), query(1, "FOR x IN range(1, 3) RETURN x")),
    above: async () =>
      failsWith(await running.peer(), query(1, "FOR x IN range(1, 4) RETURN x"), "LIMIT"),
  },
  keptRowsMax: {
    set: 3,
    real: "the machine's time",
    at: async () =>
      succeeds(await running.peer(), query(1, "FOR x IN range(1, 3) RETURN x ORDER BY x")),
    above: async () =>
      failsWith(
        await running.peer(),
        query(1, "FOR x IN range(1, 4) RETURN x ORDER BY x"),
        "LIMIT",
      ),
  },
  queryBytesMax: {
    set: 2_000,
    real: "the machine's time",
    at: async () =>
      succeeds(await running.peer(), query(1, "FOR x IN range(1, 20) RETURN collect_list(x)")),
    above: async () =>
      failsWith(
        await running.peer(),
        query(1, "FOR x IN range(1, 200) RETURN collect_list(x)"),
        "LIMIT",
      ),
  },
  matchesMax: {
    set: 3,
    real: "the machine's time",
    at: async () => {
      const peer = await running.peer();
      await succeeds(peer, query(0, "INSERT (:A)-[:R]->()-[:R]->()-[:R]->()"));
      await succeeds(peer, query(1, "MATCH (:A)-[:R]->+() RETURN count(*)"));
    },
    above: async () => {
      const peer = await running.peer();
      await succeeds(peer, query(0, "INSERT (:A)-[:R]->()-[:R]->()-[:R]->()-[:R]->()"));
      await failsWith(peer, query(1, "MATCH (:A)-[:R]->+() RETURN count(*)"), "LIMIT");
    },
  },
  queuedWritesMax: {
    set: 2,
    real: "the machine's time",
    at: async () => {
      const peer = await running.peer();
      for (const id of [1, 2]) peer.send(query(id, "INSERT (:N)"));
      for (const id of [1, 2]) expect(await peer.next()).toMatchObject({ type: "RESULT", id });
    },
    above: async () => {
      const peer = await running.peer();
      for (const id of [1, 2, 3]) peer.send(query(id, "INSERT (:N)"));
      const answers = [await peer.next(), await peer.next(), await peer.next()];
      expect(answers.find(({ type }) => type === "ERROR")).toMatchObject({
        id: 3,
        code: "UNAVAILABLE",
      });
    },
  },
  liveResultsMax: {
    set: 1,
    real: "the machine's time",
    at: async () => {
      const peer = await running.peer();
      for (const id of [1, 2]) await succeeds(peer, subscribe(id, "MATCH (n:A) RETURN n"));
    },
    above: async () => {
      const peer = await running.peer();
      await succeeds(peer, subscribe(1, "MATCH (n:A) RETURN n"));
      await failsWith(peer, subscribe(2, "MATCH (n:B) RETURN n"), "LIMIT");
    },
  },
  transactionsMax: {
    set: 1,
    real: "the machine's time",
    at: async () => {
      const [first, second] = [await running.peer(), await running.peer()];
      await succeeds(first, query(1, "START TRANSACTION"));
      await succeeds(first, query(2, "COMMIT"));
      await succeeds(second, query(3, "START TRANSACTION"));
    },
    above: async () => {
      const [first, second] = [await running.peer(), await running.peer()];
      await succeeds(first, query(1, "START TRANSACTION"));
      await failsWith(second, query(2, "START TRANSACTION"), "UNAVAILABLE");
    },
  },
  transactionMsMax: {
    set: 1_000,
    real: "its own time",
    at: async () => {
      const peer = await running.peer();
      await succeeds(peer, query(1, "START TRANSACTION"));
      databaseClock.pass(999);
      await succeeds(peer, query(2, "INSERT (:N)"));
      await succeeds(peer, query(3, "COMMIT"));
    },
    above: async () => {
      const peer = await running.peer();
      await succeeds(peer, query(1, "START TRANSACTION"));
      databaseClock.pass(1_000);
      await failsWith(peer, query(2, "INSERT (:N)"), "TIMEOUT");
    },
  },
  transactionChangesMax: {
    set: 2,
    real: "the machine's time",
    at: async () => {
      const peer = await running.peer();
      for (const text of ["START TRANSACTION", "INSERT (:N)", "INSERT (:N)", "COMMIT"])
        await succeeds(peer, query(1, text));
    },
    above: async () => {
      const peer = await running.peer();
      for (const text of ["START TRANSACTION", "INSERT (:N)", "INSERT (:N)"])
        await succeeds(peer, query(1, text));
      await failsWith(peer, query(1, "INSERT (:N)"), "LIMIT");
    },
  },
  requestsPerSecond: {
    set: 1,
    at: async () => {
      const peer = await running.peer();
      for (const id of [1, 2]) await succeeds(peer, query(id, "value"));
      running.clock.pass(1_000);
      await succeeds(peer, query(3, "value"));
    },
    above: async () => {
      const peer = await running.peer();
      for (const id of [1, 2]) await succeeds(peer, query(id, "value"));
      await failsWith(peer, query(3, "value"), "RATE_LIMITED");
    },
  },
  realtimePerSecond: {
    set: 1,
    at: async () => {
      const peer = await running.peer();
      for (const channel of ["a", "b"]) await opens(peer, channel);
      running.clock.pass(1_000);
      await opens(peer, "c");
    },
    above: async () => {
      const peer = await running.peer();
      for (const channel of ["a", "b"]) await opens(peer, channel);
      await failsWith(peer, { type: "OPEN_CHANNEL", channel: "c" }, "RATE_LIMITED");
      // Queries have a rate of their own.
      await succeeds(peer, query(1, "value"));
    },
  },
  authMsMax: {
    set: 5_000,
    at: async () => {
      const peer = await running.stranger();
      running.clock.pass(4_999);
      await peer.ask({ type: "AUTH", token: await running.token() });
    },
    above: async () => {
      const peer = await running.stranger();
      running.clock.pass(5_000);
      await closesWith(peer, 1008, "Authentication required");
    },
  },
  handshakeMsMax: {
    set: 100,
    at: async () => alive(await running.peer()),
    above: async () => {
      const socket = connectTcp(running.server.port, "127.0.0.1");
      socket.write("GET /ws HTTP/1.1\r\nHost: x\r\n");
      const [answer] = (await once(socket, "data")) as [Buffer];
      expect(answer.toString()).toContain("408 Request Timeout");
      socket.destroy();
    },
  },
  pingMs: {
    set: 1_000,
    period: true,
    at: async () => {
      const peer = await running.peer();
      let pings = 0;
      peer.webSocket.on("ping", () => pings++);
      running.clock.pass(999);
      await alive(peer);
      expect(pings).toBe(0);
    },
    above: async () => {
      const peer = await running.peer();
      const ping = once(peer.webSocket, "ping");
      running.clock.pass(1_000);
      await ping;
    },
  },
  pongMsMax: {
    set: 1_000,
    also: { pingMs: 10_000 },
    at: async () => {
      const peer = await running.peer();
      peer.webSocket.pause();
      // One ping is late, and the one after it is still in time.
      running.clock.pass(20_999);
      peer.webSocket.resume();
      await alive(peer);
    },
    above: async () => {
      const peer = await running.peer();
      peer.webSocket.pause();
      running.clock.pass(21_000);
      await running.connections(0);
    },
  },
  progressMsMax: {
    set: 1_000,
    at: async () => {
      const peer = await running.peer();
      await untaken(peer);
      running.clock.pass(999);
      peer.webSocket.resume();
      expect(await peer.next()).toMatchObject({ id: "large" });
      running.database.release();
    },
    above: async () => {
      const peer = await running.peer();
      await untaken(peer);
      const { signal } = running.database.requests[0]!;
      // The operating system takes some of it; once it is full, two looks see no difference.
      while (!signal!.aborted) {
        running.clock.pass(1_000);
        await new Promise((resolve) => setImmediate(resolve));
      }
      peer.webSocket.resume();
      await closesWith(peer, 4008, "Slow consumer");
    },
  },
  idleMsMax: {
    set: 5_000,
    at: async () => {
      const peer = await running.peer();
      running.clock.pass(4_999);
      await alive(peer);
      running.clock.pass(4_999);
      await alive(peer);
    },
    above: async () => {
      const peer = await running.peer();
      running.clock.pass(5_000);
      await closesWith(peer, 1000, "Idle timeout");
    },
  },
  drainMsMax: {
    set: 1_000,
    at: async () => {
      const peer = await running.peer();
      peer.send(query(1, "value hold"));
      await running.requests(1);
      const closing = running.server.close();
      expect(await peer.next()).toMatchObject({ type: "GOAWAY" });
      running.clock.pass(999);
      running.database.release();
      expect(await peer.next()).toMatchObject({ type: "RESULT" });
      await closing;
    },
    above: async () => {
      const peer = await running.peer();
      peer.send(query(1, "value hold"));
      await running.requests(1);
      const closing = running.server.close();
      running.clock.pass(1_000);
      expect(await peer.closed).toEqual({ code: 1012, reason: "Service restart" });
      await closing;
      running.database.release();
    },
  },
  invalidPerMinuteMax: {
    set: 2,
    options: { invalidMessages: "tolerate" },
    at: async () => {
      const peer = await running.peer();
      for (let minute = 0; minute < 2; minute++) {
        for (let count = 0; count < 2; count++)
          await failsWith(peer, { type: "HELLO" }, "INVALID_MESSAGE");
        running.clock.pass(60_000);
      }
      await alive(peer);
    },
    above: async () => {
      const peer = await running.peer();
      for (let count = 0; count < 3; count++) peer.send({ type: "HELLO" });
      await closesWith(peer, 1003, "Invalid message format");
    },
  },
};

describe.each(LIMIT_NAMES)("%s", (name) => {
  const row = ROWS[name];

  test(`is the option --${LIMITS[name].option}: what is at it passes`, async () => {
    await start(name, row);
    await row.at();
    expect(await met(name)).toBe(0);
  });

  test("one above is refused as the protocol says, and counted", async () => {
    await start(name, row);
    await row.above();
    if (row.period === true) expect(await met(name)).toBe(0);
    else expect(await met(name)).toBeGreaterThan(0);
  });
});
