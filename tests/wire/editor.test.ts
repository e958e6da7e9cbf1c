import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Database, type Principal } from "@geode/engine";
import { configuredSecret, Server, signToken, systemClock } from "@geode/server";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { launchChromium } from "../e2e/browser.ts";

/*
 * The collaborative editor of the document that asked for Geode, word for word, in pages that edit one document. What differs is the
 * address as a whole, with the token; what the class leaves to the page (the editor itself, and showing who is there) comes from here.
 */

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const snippet = readFileSync(here("seed/editor.js"), "utf8");
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

/**
 * Puts the editor into the page, on the document "plan". Its text is a list of lines; a change says which line becomes what. Resolves when
 * it has joined; whom it showed is in `shown`.
 */
async function edit(page: Page, user: string): Promise<Page> {
  const token = await signToken({ user, name: user, ttlMs: 3_600_000 }, secret, systemClock);
  const code = snippet.replace(ADDRESS, `ws://127.0.0.1:${server.port}/ws?token=${token}`);
  await page.evaluate(`${code}
    window.shown = [];
    window.lines = [];
    window.client = new CollaborativeEditor("plan");
    client.editor = { applyChange: ({ line, text }) => { lines[line] = text; } };
    client.showUser = (user) => shown.push(user);
    window.change = (line, text) => {
      client.editor.applyChange({ line, text });
      client.sendEdit({ line, text });
    };
    new Promise((joined) => client.ws.addEventListener("message", (event) => {
      if (JSON.parse(event.data).type === "SESSION_JOINED") joined();
    }))`);
  return page;
}

/** Resolves with the lines of the page's editor once there are so many. */
const linesIn = (page: Page, count: number): Promise<unknown> =>
  page.evaluate(
    `new Promise((met) => {
      const look = () => lines.length >= ${count} ? met(lines) : setTimeout(look, 5);
      look();
    })`,
  );

test("the snippet is that of the document, word for word", () => {
  const document = here("../../../shared/seed/websocket-support-in-geode.txt");
  if (!existsSync(document)) return;
  expect(readFileSync(document, "utf8")).toContain(snippet.trimEnd());
});

test("two people edit one document: who comes is shown, and edits reach the other page", async () => {
  const ada = await edit(await open(), "ada");
  const kim = await edit(await open(), "kim");
  await ada.evaluate("change(0, 'Hello')");
  expect(await linesIn(kim, 1)).toEqual(["Hello"]);
  await kim.evaluate("change(1, 'Hi')");
  expect(await linesIn(ada, 2)).toEqual(["Hello", "Hi"]);
  expect(await ada.evaluate("shown")).toEqual([{ id: "kim", name: "kim" }]);
  expect(await kim.evaluate("shown")).toEqual([]);
  const { rows } = await database.query({
    text: "MATCH (p:GeodePresence)-[:IN]->(d:GeodeDocument) RETURN d.id, p.user ORDER BY p.user",
    principal: admin,
  });
  expect(rows).toEqual([
    ["plan", "ada"],
    ["plan", "kim"],
  ]);
});

test("a page that is loaded anew has everything, its own edits too, and goes on", async () => {
  const ada = await edit(await open(), "ada");
  const kim = await edit(await open(), "kim");
  await ada.evaluate("change(0, 'one')");
  await linesIn(kim, 1);
  await kim.evaluate("change(1, 'two')");
  await linesIn(ada, 2);
  await ada.reload();
  await kim.evaluate("change(2, 'three, while she was gone')");
  await edit(ada, "ada");
  const whole = ["one", "two", "three, while she was gone"];
  expect(await linesIn(ada, 3)).toEqual(whole);
  await ada.evaluate("change(3, 'four')");
  expect(await linesIn(kim, 4)).toEqual([...whole, "four"]);
});
