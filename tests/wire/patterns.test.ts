import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Database, type Principal } from "@geode/engine";
import { configuredSecret, Server, signToken, systemClock } from "@geode/server";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { WebSocket as NodeSocket } from "ws";
import { launchChromium } from "../e2e/browser.ts";
import { certificateFor, Nginx } from "./nginx.ts";

/*
 * The classes of the document that asked for Geode, "Best Practices" and "Advanced WebSocket Patterns", word for word in a real browser.
 * What differs is the address as a whole and the token; calls are made after `open`. Straight, and behind nginx with TLS on both sides
 * and the document's configuration.
 */

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const snippet = (name: string): string => readFileSync(here(`seed/${name}.js`), "utf8");
const NAMES = [
  "reliable",
  "rpc",
  "rpc-usage",
  "multiplexed",
  "multiplexed-usage",
  "binary",
  "batcher",
] as const;
const ADDRESS = "wss://geode.example.com/ws";
const HOUR_MS = 3_600_000;
const admin: Principal = { id: "ada", roles: ["admin"], claims: new Map() };
const secret = configuredSecret("a secret of at least thirty-two bytes, for tests");

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser.close());

let database: Database;
let server: Server;
let nginx: Nginx | undefined;
let page: Page;
/** Where the page is, and the WebSocket. */
let origin: string;
const errors: Error[] = [];

const write = (text: string): Promise<unknown> => database.query({ text, principal: admin });
const token = (roles: readonly string[] = []): Promise<string> =>
  signToken({ user: "ada", roles: [...roles], ttlMs: HOUR_MS }, secret, systemClock);
const wsUrl = async (more = "", roles: readonly string[] = []): Promise<string> =>
  `${origin.replace("http", "ws")}/ws?token=${await token(roles)}${more}`;

/** Runs code in the page, with what it asks for, and answers with what it returns. */
function run(body: string, given: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
  const names = Object.keys(given).join(",");
  return page.evaluate(`(async ({${names}}) => {${body}\n})(${JSON.stringify(given)})`);
}

/** The first statement of a sample's usage, and what follows it: in between, the connection opens. */
function usage(name: "rpc-usage" | "multiplexed-usage", url: string): readonly [string, string] {
  const text = snippet(name).replace(ADDRESS, url);
  const end = text.indexOf(";\n") + 2;
  return [text.slice(0, end), text.slice(end)];
}

const OPENED = (ws: string) => `await new Promise((open) => ${ws}.addEventListener("open", open));`;

test("the snippets are those of the document, word for word", () => {
  const document = here("../../../shared/seed/websocket-support-in-geode.txt");
  if (!existsSync(document)) return;
  const text = readFileSync(document, "utf8");
  for (const name of NAMES) expect(text).toContain(snippet(name).trimEnd());
  expect(text).toContain(readFileSync(here("seed/nginx.conf"), "utf8").trimEnd());
});

describe.each(["straight", "behind nginx"] as const)("%s", (way) => {
  beforeEach(async () => {
    database = await Database.open();
    if (way === "straight") {
      server = await Server.start({ database, secret, port: 0 });
      origin = `http://127.0.0.1:${server.port}`;
    } else {
      const certificate = certificateFor("localhost");
      server = await Server.start({ database, secret, port: 0, tls: certificate });
      const configuration = readFileSync(here("seed/nginx.conf"), "utf8");
      nginx = await Nginx.start(configuration, server.port, certificate);
      origin = `https://localhost:${nginx.port}`;
    }
    page = await browser.newPage({ ignoreHTTPSErrors: true });
    errors.length = 0;
    page.on("pageerror", (error) => errors.push(error));
    await page.goto(`${origin}/ws`);
  });
  afterEach(async () => {
    await page.close();
    nginx?.close();
    nginx = undefined;
    await server.close();
    await database.close();
    expect(errors).toEqual([]);
  });

  describe("Connection Management", () => {
    test("ReliableWebSocket connects again when it was closed, and is spoken to as before", async () => {
      const said = await run(
        `${snippet("reliable")}
      const ws = new ReliableWebSocket(url);
      ws.reconnectDelay = 1;
      const said = [];
      const ask = () => new Promise((done) => {
        ws.onmessage = (event) => { said.push(JSON.parse(event.data)); done(); };
        ws.send(JSON.stringify({ type: "PING", id: said.length }));
      });
      await new Promise((open) => (ws.onopen = open));
      await ask();
      const again = new Promise((open) => (ws.onopen = open));
      ws.ws.close();
      await again;
      await ask();
      ws.connect = () => {};
      ws.ws.close();
      return said;`,
        { url: await wsUrl() },
      );
      expect(said).toMatchObject([
        { type: "PONG", id: 0 },
        { type: "PONG", id: 1 },
      ]);
    });
  });

  describe("Request-Response Pattern", () => {
    test("WebSocketRPC: the sample's query gives result.data[0].count", async () => {
      await write("INSERT (:Person), (:Person), (:Person)");
      const [connect, use] = usage("rpc-usage", await wsUrl());
      const logged = await run(
        `${snippet("rpc")}
      const logged = [];
      const console = { log: (...words) => logged.push(words) };
      ${connect}
      ${OPENED("rpc.ws")}
      ${use}
      return logged;`,
      );
      expect(logged).toEqual([["Count:", 3]]);
    });

    test("WebSocketRPC: what fails rejects, and the next call is answered", async () => {
      const [connect] = usage("rpc-usage", await wsUrl());
      const answers = await run(
        `${snippet("rpc")}
      ${connect}
      ${OPENED("rpc.ws")}
      const failed = await rpc.call("query", { gql: "MATCH (" }).catch((error) => error instanceof Error);
      const unknown = await rpc.call("nonsense", {}).catch((error) => error instanceof Error);
      return [failed, unknown, await rpc.call("ping", {})];`,
      );
      expect(answers).toMatchObject([true, true, { seq: expect.any(Number) as number }]);
    });
  });

  describe("Multiplexed Channels", () => {
    test("MultiplexedWebSocket: queries are answered in their channel, notifications and metrics come in theirs", async () => {
      const url = await wsUrl("&channels=notifications,metrics", ["admin"]);
      const [connect, use] = usage("multiplexed-usage", url);
      const heard = await run(
        `${snippet("multiplexed")}
      const heard = {};
      let left = 3;
      const done = Promise.withResolvers();
      const hear = (what, data) => {
        if (what in heard) return;
        heard[what] = data;
        if (--left === 0) done.resolve();
      };
      const console = { log: (_, data) => hear("query", data) };
      const showNotification = (message) => hear("notification", message);
      const updateDashboard = (metrics) => hear("metrics", metrics);
      ${connect}
      ${use}
      ${OPENED("mux.ws")}
      queryChannel.send({ type: "QUERY", id: 1, query: "RETURN 1 AS one" });
      mux.ws.send(JSON.stringify({ type: "NOTIFY", message: "hello" }));
      await done.promise;
      return heard;`,
      );
      expect(heard).toMatchObject({
        query: { type: "RESULT", id: 1, data: [{ one: 1 }] },
        notification: "hello",
        metrics: { connections_total: 1 },
      });
    });

    test("MultiplexedWebSocket: what is no message reaches other pages in the channel", async () => {
      const other = new NodeSocket(await wsUrl("&channels=lobby"), { rejectUnauthorized: false });
      const heard = new Promise((resolve) =>
        other.on("message", (data: Buffer) => resolve(JSON.parse(data.toString()))),
      );
      await new Promise((resolve) => other.on("open", resolve));
      await run(
        `${snippet("multiplexed")}
      const mux = new MultiplexedWebSocket(url);
      ${OPENED("mux.ws")}
      mux.createChannel("lobby").send({ hello: "world" });`,
        { url: await wsUrl() },
      );
      expect(await heard).toEqual({ channel: "lobby", data: { hello: "world" } });
      other.close();
    });
  });

  describe("Binary Protocol Support", () => {
    test("BinaryWebSocket: a binary query is answered by a binary result", async () => {
      await write("INSERT (:Person {name: 'Ada'})");
      const results = await run(
        `${snippet("binary")}
      const ws = new BinaryWebSocket(url);
      ${OPENED("ws.ws")}
      const results = [];
      const done = new Promise((resolve) => {
        ws.onresult = (result) => { if (results.push(result) === 2) resolve(); };
      });
      ws.sendBinaryQuery("MATCH (p:Person) RETURN p.name AS name");
      ws.sendBinaryQuery("RETURN 'é水' AS text");
      await done;
      return results;`,
        { url: await wsUrl() },
      );
      expect(results).toMatchObject([{ data: [{ name: "Ada" }] }, { data: [{ text: "é水" }] }]);
    });
  });

  describe("Message Batching", () => {
    test("MessageBatcher as a client: each message of its BATCH is answered", async () => {
      const answers = await run(
        `${snippet("batcher")}
      const ws = new WebSocket(url);
      ${OPENED("ws")}
      const answers = [];
      const done = new Promise((resolve) => {
        ws.onmessage = (event) => { if (answers.push(JSON.parse(event.data)) === 3) resolve(); };
      });
      const batcher = new MessageBatcher(ws, 10);
      for (const id of [1, 2]) batcher.enqueue({ type: "QUERY", id, query: "RETURN " + id + " AS n" });
      batcher.enqueue({ type: "PING", id: 3 });
      await done;
      return answers;`,
        { url: await wsUrl() },
      );
      expect(answers).toMatchObject([
        { type: "RESULT", id: 1, data: [{ n: 1 }] },
        { type: "RESULT", id: 2, data: [{ n: 2 }] },
        { type: "PONG", id: 3 },
      ]);
    });

    test("the server's own batching, at the sample's interval: one BATCH of the updates of 100 ms", async () => {
      const batch = run(
        `const ws = new WebSocket(url);
      ${OPENED("ws")}
      const ask = (message) => new Promise((resolve) => {
        ws.onmessage = (event) => resolve(JSON.parse(event.data));
        ws.send(JSON.stringify(message));
      });
      await ask({ type: "CONFIGURE", batch_ms: 100 });
      await ask({ type: "SUBSCRIBE", id: "s", query: "SUBSCRIBE TO users" });
      const batch = new Promise((resolve) => {
        ws.onmessage = (event) => {
          const message = JSON.parse(event.data);
          if (message.type === "BATCH") resolve(message);
        };
      });
      ws.send(JSON.stringify({ type: "QUERY", id: 1, query: "INSERT (:users {n: 1}), (:users {n: 2})" }));
      return batch;`,
        { url: await wsUrl() },
      );
      expect(await batch).toMatchObject({
        type: "BATCH",
        messages: [
          { type: "UPDATE", subscription: "s", data: { n: 1 } },
          { type: "UPDATE", subscription: "s", data: { n: 2 } },
        ],
      });
    });
  });

  describe("Compression", () => {
    test("a browser negotiates what the sample asks for, and reads results and updates that were compressed", async () => {
      const text = "compressible ".repeat(1000);
      const heard = (await run(
        `const ws = new WebSocket(url);
      ${OPENED("ws")}
      const heard = [];
      let wake = () => {};
      ws.onmessage = (event) => { heard.push(JSON.parse(event.data)); wake(); };
      const wait = async (count) => { while (heard.length < count) await new Promise((resolve) => (wake = resolve)); };
      ws.send(JSON.stringify({ type: "SUBSCRIBE", id: "sé", query: "SUBSCRIBE TO notes" }));
      await wait(1);
      ws.send(JSON.stringify({ type: "QUERY", id: 1, query: "INSERT (:notes {text: $text})", parameters: { text } }));
      await wait(3);
      ws.send(JSON.stringify({ type: "QUERY", id: 2, query: "MATCH (n:notes) RETURN n.text AS text" }));
      await wait(4);
      return { extensions: ws.extensions, heard };`,
        { url: await wsUrl(), text },
      )) as { extensions: string; heard: unknown[] };
      expect(heard.heard.slice(1)).toMatchObject([
        { type: "RESULT", id: 1 },
        { type: "UPDATE", subscription: "sé", data: { text } },
        { type: "RESULT", id: 2, data: [{ text }] },
      ]);
      for (const parameter of [
        "permessage-deflate",
        "server_no_context_takeover",
        "client_no_context_takeover",
        "server_max_window_bits=10",
      ])
        expect(heard.extensions).toContain(parameter);
    });
  });
});
