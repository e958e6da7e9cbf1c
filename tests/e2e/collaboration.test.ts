import { Database, type Principal } from "@geode/engine";
import { configuredSecret, Server, signToken, systemClock } from "@geode/server";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { launchChromium } from "./browser.ts";
import { type EditorFields, EditorSite } from "./editor/site.ts";

/*
 * Three people with CodeMirror on one document, in three pages: two over y-websocket as it comes from its package, one over the provider
 * of the client. They type with keys.
 */

const secret = configuredSecret("a secret of at least thirty-two bytes, for tests");
const admin: Principal = { id: "root", roles: ["admin"], claims: new Map() };

let browser: Browser;
let site: EditorSite;
let database: Database;
let server: Server;
const pages: Page[] = [];
const faults: string[] = [];

beforeAll(async () => {
  [browser, site] = await Promise.all([launchChromium(), EditorSite.start()]);
});
afterAll(async () => {
  await browser.close();
  await site.close();
});
beforeEach(async () => {
  database = await Database.open();
  server = await Server.start({ database, secret, port: 0 });
});
afterEach(async () => {
  for (const page of pages.splice(0)) await page.close();
  await server.close();
  await database.close();
  expect(faults.splice(0)).toEqual([]);
});

/** An editor on the document "plan", in step with the server. */
async function editor(
  provider: EditorFields["provider"],
  name: string,
  color: string,
): Promise<Page> {
  const page = await browser.newPage();
  pages.push(page);
  page.on("pageerror", (error) => faults.push(error.message));
  const token = await signToken({ user: name, name, ttlMs: 3_600_000 }, secret, systemClock);
  const { url } = server;
  await page.goto(site.address({ server: url, provider, name, color, token, document: "plan" }));
  await page.waitForFunction("editor.provider.synced", undefined, { timeout: 10_000 });
  return page;
}

const three = (): Promise<[Page, Page, Page]> =>
  Promise.all([
    editor("y-websocket", "Ada", "#7048e8"),
    editor("y-websocket", "Kim", "#e8590c"),
    editor("geode", "Lee", "#0c8599"),
  ]);

/** Puts the cursor behind the text and types. */
async function type(page: Page, text: string): Promise<void> {
  await page.locator(".cm-content").focus();
  await page.keyboard.press("Control+End");
  await page.keyboard.type(text);
}

const textOf = (page: Page): Promise<string> => page.evaluate("editor.text");

const becomes = (page: Page, text: string): Promise<unknown> =>
  page.waitForFunction(`editor.text === ${JSON.stringify(text)}`);

/** Resolves with the text that all of them have, once they have the same with all that is in `words`. */
async function agreed(all: readonly Page[], words: readonly string[]): Promise<string> {
  await expect
    .poll(
      async () => {
        const texts = await Promise.all(all.map(textOf));
        const [first = ""] = texts;
        return texts.every((text) => text === first) && words.every((word) => first.includes(word));
      },
      { timeout: 20_000, interval: 20 },
    )
    .toBe(true);
  const [page] = all;
  expect(await page!.evaluate("editor.shared")).toBe(await textOf(page!));
  return textOf(page!);
}

/** The text as a query shows it, which is a moment later. */
const inGraph = (text: string): Promise<void> =>
  expect
    .poll(
      async () => {
        const { rows } = await database.query({
          text: "MATCH (d:GeodeDocument {id: 'plan'}) RETURN d.text",
          principal: admin,
        });
        return rows;
      },
      { timeout: 10_000 },
    )
    .toEqual([[text]]);

const carets = (page: Page): Promise<string[]> =>
  page
    .locator(".cm-ySelectionCaret")
    .evaluateAll((all) =>
      all.map((caret) => caret.textContent!.replaceAll("\u2060", "")).toSorted(),
    );

const seesCarets = (page: Page, names: readonly string[]): Promise<void> =>
  expect.poll(() => carets(page), { timeout: 10_000, interval: 20 }).toEqual(names);

test("they type at once: every page has the same text, and so has the graph; each sees the others' cursors", async () => {
  const [ada, kim, lee] = await three();
  await Promise.all([type(ada, "alpha "), type(kim, "kappa "), type(lee, "lambda ")]);
  const text = await agreed([ada, kim, lee], []);
  // Letters of different people may have come in between each other; none is lost.
  expect([...text].toSorted()).toEqual([..."alpha kappa lambda "].toSorted());
  await inGraph(text);
  await seesCarets(ada, ["Kim", "Lee"]);
  await seesCarets(kim, ["Ada", "Lee"]);
  await seesCarets(lee, ["Ada", "Kim"]);
  await lee.close();
  await seesCarets(ada, ["Kim"]);
  await seesCarets(kim, ["Ada"]);
});

test.each([
  ["y-websocket", 0],
  ["geode", 2],
] as const)(
  "what one writes offline over %s arrives, and what others wrote meanwhile",
  async (_, at) => {
    const all = await three();
    const away = all[at];
    const others = all.filter((page) => page !== away);
    await type(away, "Together. ");
    await Promise.all(all.map((page) => becomes(page, "Together. ")));
    await away.evaluate("editor.provider.disconnect()");
    await type(away, "Alone. ");
    for (const [n, page] of others.entries()) await type(page, `Meanwhile ${n}. `);
    await agreed(others, ["Meanwhile 0.", "Meanwhile 1."]);
    expect(await textOf(away)).toBe("Together. Alone. ");
    expect(await textOf(others[0]!)).not.toContain("Alone");
    await away.evaluate("editor.provider.connect()");
    const text = await agreed(all, ["Together. ", "Alone. ", "Meanwhile 0. ", "Meanwhile 1. "]);
    await inGraph(text);
    await seesCarets(away, at === 2 ? ["Ada", "Kim"] : ["Kim", "Lee"]);
  },
);

test("a server that goes away in the middle and comes back loses nothing of what was typed", async () => {
  const all = await three();
  await type(all[0], "One. ");
  await Promise.all(all.map((page) => becomes(page, "One. ")));
  const { port } = server;
  await server.close();
  for (const [n, page] of all.entries()) await type(page, `Then ${n}. `);
  server = await Server.start({ database, secret, port });
  const text = await agreed(all, ["One. ", "Then 0. ", "Then 1. ", "Then 2. "]);
  await inGraph(text);
});

test("undo takes back one's own typing, and nobody else's", async () => {
  const [ada, kim, lee] = await three();
  await type(ada, "Ada was here. ");
  await becomes(lee, "Ada was here. ");
  await type(lee, "Lee too. ");
  await becomes(kim, "Ada was here. Lee too. ");
  await type(kim, "And Kim.");
  await becomes(lee, "Ada was here. Lee too. And Kim.");
  await lee.keyboard.press("Control+z");
  for (const page of [ada, kim, lee]) await becomes(page, "Ada was here. And Kim.");
  await lee.keyboard.press("Control+y");
  for (const page of [ada, kim, lee]) await becomes(page, "Ada was here. Lee too. And Kim.");
});
