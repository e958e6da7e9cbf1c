import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Database, type Principal } from "@geode/engine";
import { configuredSecret, Server, signToken, systemClock } from "@geode/server";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

/*
 * The classes and functions of the document that asked for Geode, word for word (seed/*.js), run against a server. What differs is the
 * address as a whole and the token; calls are made after `open`; names that the snippets leave to the page come from here.
 */

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const snippet = (name: string): string => readFileSync(here(`seed/${name}.js`), "utf8");
const admin: Principal = { id: "ada", roles: ["admin"], claims: new Map() };

let database: Database;
let server: Server;
let token: string;
const sockets: WebSocket[] = [];

beforeEach(async () => {
  database = await Database.open();
  const secret = configuredSecret("a secret of at least thirty-two bytes, for tests");
  token = await signToken({ user: "ada", roles: ["admin"], ttlMs: 60_000 }, secret, systemClock);
  server = await Server.start({ database, secret, port: 0 });
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.close();
  await server.close();
  await database.close();
});

const write = (text: string): Promise<unknown> => database.query({ text, principal: admin });

/** A promise, and the function that resolves it. */
function arrival<T>(): { readonly arrived: Promise<T>; readonly arrive: (value: T) => void } {
  const { promise, resolve } = Promise.withResolvers<T>();
  return { arrived: promise, arrive: resolve };
}

/** WebSocket as the snippets see it: their address is replaced as a whole. */
function webSocketTo(url: string): typeof WebSocket {
  return new Proxy(WebSocket, {
    construct(target) {
      const socket = new target(url);
      sockets.push(socket);
      return socket;
    },
  });
}

/** Runs snippets in one scope, as a page would, and returns what they define. */
function page(
  code: string,
  names: readonly string[],
  given: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const body = `${code}\nreturn {${names.join(",")}};`;
  // oxlint-disable-next-line typescript/no-implied-eval -- the snippets are scripts
  return new Function(...Object.keys(given), body)(...Object.values(given)) as Record<
    string,
    unknown
  >;
}

const wsUrl = (): string => `ws://127.0.0.1:${server.port}/ws`;
const silent = { log: () => {}, error: () => {} };

test("the snippets are those of the document, word for word", () => {
  const document = here("../../../shared/seed/websocket-support-in-geode.txt");
  if (!existsSync(document)) return;
  const text = readFileSync(document, "utf8");
  for (const name of ["connecting", "executing-queries", "subscription-queries", "live-dashboards"])
    expect(text).toContain(snippet(name).trimEnd());
});

describe("Connecting", () => {
  test("authenticates with AUTH as the first message", async () => {
    const received = arrival<unknown>();
    const said: unknown[] = [];
    const console = {
      log: (...words: unknown[]) => {
        said.push(words[0]);
        if (words[0] === "Received:") received.arrive(words[1]);
      },
      error: () => {},
    };
    page(snippet("connecting").replace("your-jwt-token", token), ["ws"], {
      WebSocket: webSocketTo(wsUrl()),
      console,
    });
    expect(await received.arrived).toMatchObject({
      type: "AUTH_OK",
      user: { id: "ada" },
      roles: ["admin"],
    });
    expect(said[0]).toBe("Connected to Geode");
  });
});

describe("Executing Queries", () => {
  test("runs a query with parameters, and shows an error", async () => {
    await write("INSERT (:Person {name: 'Ada', age: 36}), (:Person {name: 'Kim', age: 12})");
    const results = arrival<unknown>();
    const failed = arrival<unknown>();
    const console = {
      log: (_: string, data: unknown) => results.arrive(data),
      error: (_: string, error: unknown) => failed.arrive(error),
    };
    const ws = new (webSocketTo(`${wsUrl()}?token=${token}`))("");
    await new Promise((resolve) => (ws.onopen = resolve));
    const { executeQuery } = page(snippet("executing-queries"), ["executeQuery"], {
      ws,
      console,
      generateRequestId: () => crypto.randomUUID(),
    });
    expect(await results.arrived).toMatchObject([
      { p: { name: "Ada", age: 36, $labels: ["Person"] } },
    ]);
    (executeQuery as (query: string) => void)("MATCH (p:Person RETURN p");
    expect(await failed.arrived).toEqual(expect.stringContaining("Expected"));
  });
});

describe("Subscription Queries", () => {
  test("a subscriber hears of every change, and of none after it unsubscribed", async () => {
    const updates: unknown[] = [];
    let heard = arrival<void>();
    const ws = new (webSocketTo(`${wsUrl()}?token=${token}`))("");
    await new Promise((resolve) => (ws.onopen = resolve));
    const { subscribeToUserUpdates, unsubscribe } = page(
      snippet("subscription-queries"),
      ["subscribeToUserUpdates", "unsubscribe"],
      {
        ws,
        console: silent,
        updateUI: (data: unknown) => {
          updates.push(data);
          heard.arrive();
        },
      },
    );
    const frames = countFrames(ws);
    (subscribeToUserUpdates as () => void)();
    await frames.next("RESULT");
    await write("INSERT (:users {name: 'Kim', age: 12}), (:users {name: 'Ada', age: 36})");
    await heard.arrived;
    expect(updates).toEqual([{ name: "Ada", age: 36 }]);
    heard = arrival();
    await write("MATCH (u:users {name: 'Ada'}) SET u.age = 37");
    await heard.arrived;
    expect(updates[1]).toEqual({ name: "Ada", age: 37 });
    (unsubscribe as (id: string) => void)("user-updates");
    await frames.next("UNSUBSCRIBED");
    await write("MATCH (u:users {name: 'Ada'}) SET u.age = 38");
    ws.send(JSON.stringify({ type: "PING" }));
    await frames.next("PONG");
    expect(updates).toHaveLength(2);
  });
});

describe("Live Dashboards", () => {
  test("the numbers on the page follow the graph", async () => {
    await write("INSERT (:metrics {host: 'a', cpu: 10, memory: 40})");
    const shown = new Map<string, string>();
    let complete = arrival<void>();
    const document = {
      getElementById: (id: string) => ({
        set textContent(text: string) {
          shown.set(id, text);
          if (id === "memory-usage") complete.arrive();
        },
      }),
    };
    const { dashboard } = page(snippet("live-dashboards"), ["dashboard"], {
      WebSocket: webSocketTo(`${wsUrl()}?token=${token}`),
      document,
    });
    await countFrames((dashboard as { ws: WebSocket }).ws).next("RESULT");
    expect(shown.size).toBe(0);
    await write("MATCH (m:metrics) SET m.cpu = 55");
    await complete.arrived;
    expect(shown).toEqual(
      new Map([
        ["cpu-usage", "55%"],
        ["memory-usage", "40%"],
      ]),
    );
    complete = arrival();
    await write("MATCH (m:metrics) SET m.memory = 41");
    await complete.arrived;
    expect(shown.get("memory-usage")).toBe("41%");
  });
});

/** Waits for frames of a type beside whatever the snippet does with them. */
function countFrames(ws: WebSocket): { next: (type: string) => Promise<unknown> } {
  const waiting = new Map<string, (message: unknown) => void>();
  const early = new Map<string, unknown>();
  ws.addEventListener("message", (event) => {
    const message = JSON.parse(String(event.data)) as { type: string };
    const resolve = waiting.get(message.type);
    waiting.delete(message.type);
    if (resolve) resolve(message);
    else early.set(message.type, message);
  });
  return {
    next: (type) =>
      new Promise((resolve) => {
        if (early.has(type)) {
          resolve(early.get(type));
          early.delete(type);
        } else {
          waiting.set(type, resolve);
        }
      }),
  };
}
