import { Database, type Principal } from "@geode/engine";
import { configuredSecret, Server, signToken, systemClock } from "@geode/server";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launchChromium } from "./browser.ts";
import { EditorSite } from "./editor/site.ts";

/*
 * Two people with TipTap on one document, over the provider of the client: what is set in bold is so for both, and in the graph is its text.
 */

const secret = configuredSecret("a secret of at least thirty-two bytes, for tests");
const admin: Principal = { id: "root", roles: ["admin"], claims: new Map() };

let browser: Browser;
let site: EditorSite;
let database: Database;
let server: Server;

beforeAll(async () => {
  database = await Database.open();
  [browser, site, server] = await Promise.all([
    launchChromium(),
    EditorSite.start("rich-page.ts"),
    Server.start({ database, secret, port: 0 }),
  ]);
});
afterAll(async () => {
  await browser.close();
  await site.close();
  await server.close();
  await database.close();
});

async function editor(name: string, color: string): Promise<Page> {
  const page = await browser.newPage();
  const token = await signToken({ user: name, name, ttlMs: 3_600_000 }, secret, systemClock);
  const { url } = server;
  const fields = {
    server: url,
    provider: "geode",
    name,
    color,
    token,
    document: "minutes",
  } as const;
  await page.goto(site.address(fields));
  await page.waitForFunction("editor.provider.synced", undefined, { timeout: 10_000 });
  await page.locator(".tiptap").focus();
  return page;
}

/** The text with its marks, without the cursors. */
const becomes = (page: Page, html: string): Promise<unknown> =>
  expect.poll(() => page.evaluate("editor.html"), { timeout: 10_000, interval: 20 }).toBe(html);

test("rich text is the same for both, their cursors are seen, and undo is one's own", async () => {
  const [ada, kim] = [await editor("Ada", "#7048e8"), await editor("Kim", "#e8590c")];
  await ada.keyboard.type("# Minutes");
  await ada.keyboard.press("Enter");
  await ada.keyboard.type("We are **agreed** on it.");
  const agreed = "<h1>Minutes</h1><p>We are <strong>agreed</strong> on it.</p>";
  await becomes(kim, agreed);
  await kim.evaluate("editor.goToEnd()");
  await kim.keyboard.press("Enter");
  await kim.keyboard.type("Not yet.");
  await becomes(ada, `${agreed}<p>Not yet.</p>`);
  const label = (page: Page) => page.locator(".collaboration-carets__label").allInnerTexts();
  await expect.poll(() => label(ada), { timeout: 10_000 }).toEqual(["Kim"]);
  await expect.poll(() => label(kim), { timeout: 10_000 }).toEqual(["Ada"]);
  // However often: nothing of what Ada wrote goes.
  for (let n = 0; n < 10; n += 1) await kim.keyboard.press("Control+z");
  await becomes(ada, agreed);
  await expect
    .poll(
      async () => {
        const { rows } = await database.query({
          text: "MATCH (d:GeodeDocument {id: 'minutes'}) RETURN d.title, d.text",
          principal: admin,
        });
        return rows;
      },
      { timeout: 10_000 },
    )
    .toEqual([["Minutes", "Minutes\nWe are agreed on it."]]);
});
