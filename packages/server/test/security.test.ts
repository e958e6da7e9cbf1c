import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect as connectTcp, type Socket } from "node:net";
import { deflateRawSync } from "node:zlib";
import { Database } from "@geode/engine";
import { decodeClientMessage, limitsWith } from "@geode/protocol";
import { afterEach, describe, expect, test } from "vitest";
import type { DatabasePort } from "../src/port.ts";
import type { ServerOptions } from "../src/server.ts";
import { alive, query, signed, WITHOUT_PINGS } from "./messages.ts";
import { RunningServer } from "./running-server.ts";

/** How many are cut off. Opening one takes up to two milliseconds, so it is a fifth of 10,000; `GEODE_CUT_OFF=10000` is all of them. */
const CUT_OFF = Number(process.env["GEODE_CUT_OFF"] ?? 2_000);

/** What has brought other servers down, or opened them: each has to find this one unmoved. */
let running: RunningServer;
let database: Database | undefined;
afterEach(async () => {
  await running.close();
  await database?.close();
  database = undefined;
});

const start = async (options: Partial<ServerOptions> = {}) => {
  running = await RunningServer.start(options);
};
/** With a database that executes. */
const startReal = async (options: Partial<ServerOptions> = {}) => {
  database = await Database.open();
  await start({ database: database as DatabasePort, ...options });
};
const gauge = async (name: string): Promise<number> => {
  const lines = (await running.server.metrics()).split("\n");
  return Number(lines.find((line) => line.startsWith(`${name} `))?.slice(name.length + 1));
};
const turn = () => new Promise((resolve) => setImmediate(resolve));

const KEY = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==";
const UPGRADE = `GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n${KEY}\r\n`;
async function tcp(): Promise<Socket> {
  const socket = connectTcp(running.server.port, "127.0.0.1");
  socket.on("error", () => undefined);
  await once(socket, "connect");
  return socket;
}
const answerTo = async (text: string): Promise<string> => {
  const socket = await tcp();
  socket.write(text);
  const [chunk] = (await once(socket, "data")) as [Buffer];
  socket.destroy();
  return chunk.toString("latin1");
};

describe("defects of samples that many have copied", () => {
  test("a schema that accepts none of the shapes in use: fields count inside `data` and outside", async () => {
    await start();
    const peer = await running.peer();
    for (const message of [
      { type: "QUERY", id: 1, query: "value x" },
      { type: "QUERY", data: { id: 1, query: "value x" } },
      { type: "QUERY", id: 1, data: { query: "value x", id: 2 } },
    ])
      expect(await peer.ask(message)).toMatchObject({ type: "RESULT", id: 1 });
  });

  test("a schema that is compiled with every message, at 1.5 ms and 7 KB each", async () => {
    await start();
    const message = JSON.stringify(query(1, "value x"));
    const startMs = performance.now();
    for (let count = 0; count < 10_000; count++) decodeClientMessage(message, limitsWith());
    // Compiled each time, they would take fifteen seconds; they take a hundredth of one.
    expect(performance.now() - startMs).toBeLessThan(5_000);
    await alive(await running.peer());
  });

  test("a rate limiter that never stores its first entry: the first user is limited, too", async () => {
    await start({ rate: { burst: 100, perSecond: 100 / 60 } });
    const peer = await running.peer();
    for (let id = 1; id <= 101; id++) peer.send(query(id, "value"));
    const answers = [];
    for (let id = 1; id <= 101; id++) answers.push(await peer.next());
    expect(answers.filter(({ type }) => type === "RESULT")).toHaveLength(100);
    expect(answers.find(({ type }) => type === "ERROR")).toMatchObject({
      id: 101,
      error: "Rate limit exceeded",
      retry_after_ms: 600,
    });
  });

  test("a rate limiter that another connection, or a new one, resets", async () => {
    await start({ rate: { burst: 2, perSecond: 1 } });
    const first = await running.peer();
    await first.ask(query(1, "value"));
    await first.ask(query(2, "value"));
    await first.close();
    const again = await running.peer();
    expect(await again.ask(query(3, "value"))).toMatchObject({ code: "RATE_LIMITED" });
  });

  test("a pool whose old socket's close handler forgets the new one", async () => {
    await start({ limits: { connectionsPerUserMax: 1 } });
    const first = await running.peer();
    const second = await running.peer();
    expect(await first.closed).toEqual({ code: 1000, reason: "Replaced by new connection" });
    await running.connections(1);
    await alive(second);
    expect(await gauge("websocket_connections_active")).toBe(1);
  });

  test("two tabs of one user do not push each other out", async () => {
    await start();
    const tabs = [await running.peer(), await running.peer(), await running.peer()];
    for (const tab of tabs) await alive(tab);
  });

  test("an idle timer that runs once, and closes who only listens", async () => {
    await start({ limits: WITHOUT_PINGS });
    const [listener, idler] = [await running.peer(), await running.peer()];
    await listener.ask({ type: "SUBSCRIBE", id: "s", query: "x" });
    for (let minute = 0; minute < 4; minute++) {
      running.clock.pass(60_000);
      await alive(idler);
    }
    running.clock.pass(299_999);
    await alive(idler);
    running.clock.pass(300_000);
    expect(await idler.closed).toEqual({ code: 1000, reason: "Idle timeout" });
    running.database.commit(5);
    expect(await listener.next()).toMatchObject({ type: "UPDATE" });
  });

  test("a broadcast that fills the memory for one who has stopped reading", async () => {
    await start({ limits: { ...WITHOUT_PINGS, outboxBytesMax: 1_000_000 } });
    const [stopped, other] = [await running.peer(), await running.peer({ user: "bob" })];
    await stopped.ask({ type: "SUBSCRIBE", id: "s", query: "x", backpressure: "disconnect" });
    stopped.webSocket.pause();
    const ages = Array.from({ length: 2_000 }, (_, age) => age);
    while (!running.database.live[0]!.closed) {
      running.database.commit(...ages);
      await alive(other);
    }
    stopped.webSocket.resume();
    expect(await stopped.closed).toEqual({ code: 4008, reason: "Slow consumer" });
  });

  test("answers that nobody takes fill the memory: PING after PING without reading", async () => {
    await start({ limits: WITHOUT_PINGS });
    const [stopped, other] = [await running.peer(), await running.peer({ user: "bob" })];
    stopped.webSocket.pause();
    const pings = Array.from({ length: 2_000 }, () => '{"type":"PING","id":"x"}');
    let sentBytes = 0;
    // The server stops reading once answers wait; then the peer's own buffer grows, and the server's does not. Before that, the operating
    // system takes several megabytes in each direction.
    for (let burst = 0; burst < 900 && stopped.webSocket.bufferedAmount < 1_000_000; burst++) {
      for (const ping of pings) {
        stopped.webSocket.send(ping);
        sentBytes += ping.length;
      }
      await alive(other);
    }
    expect(stopped.webSocket.bufferedAmount).toBeGreaterThanOrEqual(1_000_000);
    expect(sentBytes).toBeLessThan(50_000_000);
  });

  test("a token that was good when the connection opened, and is not any more", async () => {
    await start({ limits: WITHOUT_PINGS });
    const peer = await running.peer({ ttlMs: 10_000 });
    running.clock.pass(1);
    expect(await peer.next()).toMatchObject({ type: "AUTH_EXPIRING" });
    running.clock.pass(9_999);
    expect(await peer.closed).toEqual({ code: 4401, reason: "Token expired" });
  });

  test("metrics without a final line break, which promtool refuses", async () => {
    await start();
    expect(await running.server.metrics()).toMatch(/\n$/);
  });
});

describe("what brought others down", () => {
  test("one bad frame, or GET //, ends nothing but itself", async () => {
    await start();
    const other = await running.peer();
    expect(await answerTo("GET // HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")).toMatch(
      / 404 /,
    );
    const socket = await tcp();
    socket.write(`${UPGRADE}\r\n`);
    await once(socket, "data");
    // A frame with reserved bits, of an opcode that does not exist, and longer than 2^63 bytes.
    socket.write(Buffer.concat([Buffer.from([0x7f, 0xff]), Buffer.alloc(8, 0xff)]));
    await once(socket, "close");
    await alive(other);
  });

  test("many headers at the handshake", async () => {
    await start();
    const headers = Array.from({ length: 1_900 }, (_, n) => `X-${n}: 1\r\n`).join("");
    expect(await answerTo(`${UPGRADE}${headers}\r\n`)).toMatch(/^HTTP\/1\.1 431 /);
    await running.peer();
  });

  test.each(["constructor", "__proto__", "hasOwnProperty", "toString; x=1"])(
    "%s as the name of an extension",
    async (extension) => {
      await start();
      const answer = await answerTo(`${UPGRADE}Sec-WebSocket-Extensions: ${extension}\r\n\r\n`);
      expect(answer).toMatch(/^HTTP\/1\.1 101 /);
      expect(answer.toLowerCase()).not.toContain("sec-websocket-extensions");
      await running.peer();
    },
  );

  test("a deflate bomb: 100 KB that would be 99 MB", async () => {
    await start();
    const peer = await running.stranger("", {
      perMessageDeflate: true,
      headers: { authorization: `Bearer ${await running.token()}` },
    });
    expect(peer.webSocket.extensions).toContain("permessage-deflate");
    const bomb = deflateRawSync(Buffer.alloc(99_000_000, 0x20));
    expect(bomb.length).toBeLessThan(110_000);
    const { _socket: socket } = peer.webSocket as unknown as { _socket: Socket };
    const head = Buffer.alloc(14);
    head[0] = 0xc1;
    head[1] = 0x80 | 127;
    head.writeBigUInt64BE(BigInt(bomb.length), 2);
    socket.write(Buffer.concat([head, bomb]));
    expect(await peer.closed).toEqual({ code: 1009, reason: "Message too big" });
    await running.peer();
  });

  test("fragments by the 100,000", async () => {
    await start();
    const peer = await running.peer();
    const { _socket: socket } = peer.webSocket as unknown as { _socket: Socket };
    const fragments = Buffer.alloc(6 * 100_000);
    for (let at = 0; at < fragments.length; at += 6) fragments[at + 1] = 0x80;
    fragments[0] = 0x01;
    socket.on("error", () => undefined);
    socket.write(fragments);
    expect(await peer.closed).toEqual({ code: 1009, reason: "Message too big" });
    await running.peer();
  });

  test("a slowloris handshake", async () => {
    await start({ limits: { handshakeMsMax: 100 } });
    const socket = await tcp();
    const answer = once(socket, "data");
    for (const letter of "GET /ws HTTP/1.1\r\n") socket.write(letter);
    expect(String((await answer)[0])).toMatch(/^HTTP\/1\.1 408 /);
    await running.peer();
  });

  test("a half-open socket", async () => {
    await start();
    const socket = await tcp();
    socket.write(`${UPGRADE}\r\n`);
    await once(socket, "data");
    socket.end();
    await running.connections(0);
    await running.peer();
  });

  test(`${CUT_OFF} connections that are cut off in the middle of everything`, async () => {
    await start({ limits: { handshakesPerSecond: 1_000 } });
    for (let round = 0; round < CUT_OFF / 100; round++) {
      const sockets = await Promise.all(Array.from({ length: 100 }, () => tcp()));
      for (const [place, socket] of sockets.entries()) {
        if (place % 4 > 0) socket.write(UPGRADE.slice(0, 60));
        if (place % 4 > 1) socket.write(`${UPGRADE.slice(60)}\r\n`);
        if (place % 4 > 2) socket.write(Buffer.from([0x81, 0xff, 0, 0, 0, 0]));
      }
      for (const socket of sockets) socket.destroy();
      running.clock.pass(1_000);
    }
    await running.connections(0);
    const peer = await running.peer();
    expect(await gauge("websocket_connections_active")).toBe(1);
    await alive(peer);
  });

  test("100,000 subscriptions that come and go: the gauge is back at zero", async () => {
    await start({ rate: { burst: 1e9, perSecond: 1e9 } });
    const peer = await running.peer();
    const ids = Array.from({ length: 100 }, (_, id) => id);
    const batch = async (more: object): Promise<void> => {
      peer.send({ type: "BATCH", messages: ids.map((id) => ({ id, ...more })) });
      for (const id of ids) expect((await peer.next())["id"]).toBe(id);
    };
    for (let round = 0; round < 1_000; round++) {
      await batch({ type: "SUBSCRIBE", query: "x" });
      if (round % 100 === 0) expect(await gauge("geode_subscriptions")).toBe(100);
      await batch({ type: "UNSUBSCRIBE" });
    }
    expect(await gauge("geode_subscriptions")).toBe(0);
    expect(running.database.live).toHaveLength(100_000);
    expect(running.database.live.filter(({ closed }) => !closed)).toEqual([]);
  });

  test("a subscriber that is stopped by a signal, and then killed", async () => {
    await start({ limits: { outboxBytesMax: 1_000_000 } });
    const reader = await running.peer({ user: "bob" });
    await reader.ask({ type: "SUBSCRIBE", id: "s", query: "x" });
    const script = `const { WebSocket } = require("ws");
      const socket = new WebSocket(process.argv[1]);
      socket.on("open", () => socket.send('{"type":"SUBSCRIBE","id":"s","query":"x"}'));
      socket.on("message", () => console.log("subscribed"));`;
    const url = `${running.ws}?token=${await running.token()}`;
    const child = spawn(process.execPath, ["-e", script, url], {
      cwd: new URL(".", import.meta.url),
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(child.stdout, "data");
    child.kill("SIGSTOP");
    const ages = Array.from({ length: 100 }, (_, age) => age);
    for (let count = 0; count < 50; count++) {
      running.database.commit(...ages);
      for (const _ of ages) await reader.next();
    }
    child.kill("SIGKILL");
    await running.connections(1);
    expect(await gauge("geode_subscriptions")).toBe(1);
    await alive(reader);
  });
});

describe("what opened others", () => {
  test("AUTH as another user while subscriptions live: nothing goes on under the other name", async () => {
    await start();
    const peer = await running.peer();
    await peer.ask({ type: "SUBSCRIBE", id: "s", query: "x" });
    peer.send({ type: "AUTH", token: await running.token({ user: "bob" }) });
    peer.send(query("behind", "write"));
    expect(await peer.closed).toEqual({ code: 1008, reason: "Invalid token" });
    expect(running.database.live[0]!.closed).toBe(true);
    expect(running.database.requests).toEqual([]);
  });

  test("1,000 interleaved requests of two principals: each is answered as its own", async () => {
    await start({ rate: { burst: 1e6, perSecond: 1e6 } });
    const peers = new Map([
      ["ann", await running.peer({ user: "ann" })],
      ["bob", await running.peer({ user: "bob" })],
    ]);
    for (let id = 0; id < 500; id++)
      for (const [user, peer] of peers) peer.send(query(id, `value ${user}-${id}`));
    for (let id = 0; id < 500; id++)
      for (const [user, peer] of peers)
        expect(await peer.next()).toMatchObject({ id, data: [{ value: `${user}-${id}` }] });
    for (const { principal, text } of running.database.requests)
      expect(text).toContain(` ${principal.id}-`);
  });

  test("an alias that shadows a name of the system", async () => {
    await startReal();
    const peer = await running.peer({ user: "ann" });
    const text = "WITH 'root' AS auth, 'admin' AS roles RETURN auth, roles, $auth.id AS me";
    expect(
      await peer.ask(query(1, text, { parameters: { auth: { id: "root" } } })),
    ).not.toMatchObject({
      data: [{ me: "root" }],
    });
    const own = await peer.ask(query(2, text));
    if (own["type"] === "RESULT") expect(own).toMatchObject({ data: [{ me: "ann" }] });
  });

  test("a token with exp: null", async () => {
    await start();
    const token = await signed({ sub: "ann", exp: null });
    const peer = await running.stranger();
    peer.send({ type: "AUTH", token });
    expect(await peer.closed).toEqual({ code: 1008, reason: "Invalid token" });
    await expect(
      running.stranger("", { headers: { authorization: `Bearer ${token}` } }),
    ).rejects.toThrow("401");
  });

  test("the same write twice with one key on two connections is done once", async () => {
    await startReal();
    const [first, second] = [await running.peer(), await running.peer()];
    const write = query(1, "INSERT (:N)", { idempotency_key: "k" });
    first.send(write);
    second.send(write);
    const [one, other] = [await first.next(), await second.next()];
    expect(one["seq"]).toBe(other["seq"]);
    expect(await first.ask(query(2, "MATCH (n:N) RETURN count(*) AS n"))).toMatchObject({
      data: [{ n: 1 }],
    });
  });

  test("a clock that jumps over the end of a token: not one more message is handled", async () => {
    await start({ limits: WITHOUT_PINGS });
    const peer = await running.peer({ ttlMs: 3_600_000 });
    peer.send(query(1, "value hold"));
    await running.requests(1);
    running.clock.jump(7_200_000);
    peer.send(query(2, "write"));
    expect(await peer.closed).toEqual({ code: 4401, reason: "Token expired" });
    expect(running.database.requests).toHaveLength(1);
    running.database.release();
  });

  test("names that JavaScript knows are ordinary ones, wherever a user chooses", async () => {
    await startReal();
    const peer = await running.peer({ user: "__proto__" });
    for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
      const quoted = `\`${name}\``;
      await peer.ask(
        query(name, `INSERT (:${quoted} {${quoted}: $${quoted}})`, {
          parameters: JSON.parse(`{"${name}": 1}`) as object,
        }),
      );
      expect(
        await peer.ask(query(name, `MATCH (n:${quoted}) RETURN n.${quoted} AS ${quoted}`)),
      ).toMatchObject({ type: "RESULT", id: name, data: [{ [name]: 1 }] });
      const live = await peer.ask({
        type: "SUBSCRIBE",
        id: name,
        query: `SUBSCRIBE TO ${quoted}`,
      });
      expect(live).toMatchObject({ type: "RESULT", subscription: name });
      await peer.ask({ type: "UNSUBSCRIBE", id: name });
    }
  });

  test("a token is never in the log, wherever it came, nor is what was asked", async () => {
    const lines: string[] = [];
    const record = (fields: object, message: string) =>
      void lines.push(`${JSON.stringify(fields)} ${message}`);
    await start({ log: { info: record, warn: record, error: record } });
    const token = await running.token({ user: "line\nbreak" });
    const inUrl = await running.stranger(`?token=${token}`);
    await alive(inUrl);
    const parameters = { p: "secret-parameter" };
    await inUrl.ask(query("secret-id", "value secret-text", { parameters }));
    await inUrl.ask(query("secret-id", "fail secret-text", { parameters }));
    await inUrl.ask(query("secret-id", "bug secret-text", { parameters }));
    await running.stranger("", { headers: { authorization: `Bearer ${token}` } });
    await running.stranger("", { protocols: ["geode.v1", `bearer.${token}`] });
    const bad = `${token.slice(0, -4)}AAAA`;
    await expect(
      running.stranger("", { headers: { authorization: `Bearer ${bad}` } }),
    ).rejects.toThrow("401");
    const refused = await running.stranger(`?token=${bad}`);
    await refused.closed;
    const log = lines.join("\n");
    expect(log).toContain("authenticated");
    expect(log).toContain("token refused");
    for (const part of token.split(".")) expect(log).not.toContain(part);
    expect(log).not.toMatch(/secret-(parameter|id|text)/);
    expect(lines.filter((line) => line.includes("\n"))).toEqual([]);
  });
});

test("under all of it the others are served: a turn of the server stays short", async () => {
  await start();
  const peer = await running.peer();
  for (let count = 0; count < 50; count++) {
    const socket = await tcp();
    socket.write("\u0016\u0003\u0001 hello\r\n\r\n");
    await alive(peer);
    socket.destroy();
    await turn();
  }
});
