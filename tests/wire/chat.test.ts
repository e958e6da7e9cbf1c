import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Database, type Principal } from "@geode/engine";
import { configuredSecret, Server, signToken, systemClock } from "@geode/server";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { launchChromium } from "../e2e/browser.ts";

/*
 * The chat and acknowledgement classes of the document that asked for Geode, word for word, in pages that talk to each other. What
 * differs is the address as a whole, with the token; calls are made after the room was joined; what the classes leave to the page
 * (showing messages) comes from here.
 */

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const snippet = (name: string): string => readFileSync(here(`seed/${name}.js`), "utf8");
const ADDRESS = "wss://geode.local:8443/ws";
const secret = configuredSecret("a secret of at least thirty-two bytes, for tests");
const admin: Principal = { id: "ada", roles: ["admin"], claims: new Map() };

let browser: Browser;
let database: Database;
let server: Server;
const pages: Page[] = [];

beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser.close());
beforeEach(async () => {
  database = await Database.open();
  server = await Server.start({ database, secret, port: 0 });
});
afterEach(async () => {
  for (const page of pages.splice(0)) await page.close();
  await server.close();
  await database.close();
});

async function open(): Promise<Page> {
  const page = await browser.newPage();
  pages.push(page);
  await page.goto(`http://127.0.0.1:${server.port}/`);
  return page;
}

async function addressOf(user: string, more = ""): Promise<string> {
  const token = await signToken({ user, name: user, ttlMs: 3_600_000 }, secret, systemClock);
  return `ws://127.0.0.1:${server.port}/ws?token=${token}${more}`;
}

/** Resolves when the condition holds in the page, whose policy forbids what evaluates text inside of it. */
const until = (page: Page, condition: string): Promise<unknown> =>
  page.evaluate(
    `new Promise((met) => { const look = () => (${condition}) ? met() : setTimeout(look, 5); look(); })`,
  );

test("the snippets are those of the document, word for word", () => {
  const document = here("../../../shared/seed/websocket-support-in-geode.txt");
  if (!existsSync(document)) return;
  const text = readFileSync(document, "utf8");
  for (const name of ["chat", "acknowledged"]) expect(text).toContain(snippet(name).trimEnd());
});

/** A page with a ChatClient in the room; what it shows is in `shown`. */
async function chatting(user: string): Promise<Page> {
  const page = await open();
  const code = snippet("chat").replace(ADDRESS, await addressOf(user));
  await page.evaluate(`${code}
    window.shown = [];
    window.client = new ChatClient("red");
    client.displayMessage = (message) => shown.push(message.user.id + ": " + message.text);
    client.showTypingIndicator = (user) => shown.push(user.id + " is typing");
    new Promise((joined) => client.ws.addEventListener("message", (event) => {
      if (JSON.parse(event.data).type === "ROOM_JOINED") joined();
    }))`);
  return page;
}

const shownIn = async (page: Page, count: number): Promise<unknown> => {
  await until(page, `shown.length >= ${count}`);
  return page.evaluate("shown");
};

test("two people chat: messages reach both, typing the other one", async () => {
  const [ada, kim] = [await chatting("ada"), await chatting("kim")];
  await ada.evaluate("client.sendTypingIndicator(); client.sendMessage('Hello')");
  expect(await shownIn(kim, 2)).toEqual(["ada is typing", "ada: Hello"]);
  await kim.evaluate("client.sendMessage('Hi')");
  expect(await shownIn(ada, 2)).toEqual(["ada: Hello", "kim: Hi"]);
  const { rows } = await database.query({
    text: "MATCH (m:GeodeMessage)-[:IN]->(:GeodeRoom {id: 'red'}) RETURN m.user, m.text ORDER BY m.seq",
    principal: admin,
  });
  expect(rows).toEqual([
    ["ada", "Hello"],
    ["kim", "Hi"],
  ]);
});

/** Puts an AcknowledgedWebSocket into the page; what it is told is in `shown`. */
async function acknowledged(page: Page, url: string): Promise<void> {
  await page.evaluate(`${snippet("acknowledged")}
    window.shown = [];
    window.acknowledging = new AcknowledgedWebSocket(${JSON.stringify(url)});
    acknowledging.handleMessage = (message) => shown.push(message.data);
    new Promise((open) => acknowledging.ws.addEventListener("open", open))`);
}

const SEND = (data: string) =>
  `acknowledging.send(${JSON.stringify(data)}).catch(() => {}), undefined`;

test("every message is acknowledged, and nothing is lost by a page that begins to count anew", async () => {
  const listener = await open();
  await acknowledged(listener, await addressOf("kim", "&room=default&client=kim-1"));
  const page = await open();
  const url = await addressOf("ada");
  await acknowledged(page, url);
  await page.evaluate(SEND("one"));
  await page.evaluate(SEND("two"));
  await until(page, "acknowledging.pendingMessages.size === 0");
  expect(await shownIn(listener, 2)).toEqual(["one", "two"]);
  await page.reload();
  await acknowledged(page, url);
  await page.evaluate(SEND("three"));
  await until(page, "acknowledging.pendingMessages.size === 0");
  expect(await shownIn(listener, 3)).toEqual(["one", "two", "three"]);
});

test("what the page has not acknowledged comes again when it is back", async () => {
  const listener = await open();
  const url = await addressOf("kim", "&room=default&client=kim-1");
  await acknowledged(listener, url);
  const page = await open();
  await acknowledged(page, await addressOf("ada"));
  await page.evaluate(SEND("one"));
  await shownIn(listener, 1);
  await listener.evaluate("acknowledging.ws.close()");
  await until(listener, "acknowledging.ws.readyState === 3");
  await page.evaluate(SEND("two"));
  await until(page, "acknowledging.pendingMessages.size === 0");
  await listener.reload();
  await acknowledged(listener, url);
  expect(await shownIn(listener, 1)).toEqual(["two"]);
});
