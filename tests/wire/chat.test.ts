import type { Principal } from "@geode/engine";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { SeedPages, seedText, snippet } from "./seed-pages.ts";

/*
 * The chat and acknowledgement classes of the document that asked for Geode, word for word, in pages that talk to each other. What
 * differs is the address as a whole, with the token; calls are made after the room was joined; what the classes leave to the page
 * (showing messages) comes from here.
 */

const admin: Principal = { id: "ada", roles: ["admin"], claims: new Map() };

let seed: SeedPages;

beforeAll(async () => {
  seed = await SeedPages.launch();
});
afterAll(() => seed.close());
beforeEach(() => seed.start());
afterEach(() => seed.stop());

/** Resolves when the condition holds in the page, whose policy forbids what evaluates text inside of it. */
const until = (page: Page, condition: string): Promise<unknown> =>
  page.evaluate(
    `new Promise((met) => { const look = () => (${condition}) ? met() : setTimeout(look, 5); look(); })`,
  );

test("the snippets are those of the document, word for word", () => {
  const text = seedText();
  if (text === null) return;
  for (const name of ["chat", "acknowledged"]) expect(text).toContain(snippet(name).trimEnd());
});

/** A page with a ChatClient in the room; what it shows is in `shown`. */
async function chatting(user: string): Promise<Page> {
  const page = await seed.open();
  const code = await seed.codeFor("chat", user);
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
  const { rows } = await seed.database.query({
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
  const listener = await seed.open();
  await acknowledged(listener, await seed.addressOf("kim", "&room=default&client=kim-1"));
  const page = await seed.open();
  const url = await seed.addressOf("ada");
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
  const listener = await seed.open();
  const url = await seed.addressOf("kim", "&room=default&client=kim-1");
  await acknowledged(listener, url);
  const page = await seed.open();
  await acknowledged(page, await seed.addressOf("ada"));
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
