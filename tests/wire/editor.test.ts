import type { Principal } from "@geode/engine";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { SeedPages, seedText, snippet } from "./seed-pages.ts";

/*
 * The collaborative editor of the document that asked for Geode, word for word, in pages that edit one document. What differs is the
 * address as a whole, with the token; what the class leaves to the page (the editor itself, and showing who is there) comes from here.
 */

const admin: Principal = { id: "ada", roles: ["admin"], claims: new Map() };

let seed: SeedPages;

beforeAll(async () => {
  seed = await SeedPages.launch();
});
afterAll(() => seed.close());
beforeEach(() => seed.start());
afterEach(() => seed.stop());

/**
 * Puts the editor into the page, on the document "plan". Its text is a list of lines; a change says which line becomes what. Resolves when
 * it has joined; whom it showed is in `shown`.
 */
async function edit(page: Page, user: string): Promise<Page> {
  const code = await seed.codeFor("editor", user);
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
  const text = seedText();
  if (text !== null) expect(text).toContain(snippet("editor").trimEnd());
});

test("two people edit one document: who comes is shown, and edits reach the other page", async () => {
  const ada = await edit(await seed.open(), "ada");
  const kim = await edit(await seed.open(), "kim");
  await ada.evaluate("change(0, 'Hello')");
  expect(await linesIn(kim, 1)).toEqual(["Hello"]);
  await kim.evaluate("change(1, 'Hi')");
  expect(await linesIn(ada, 2)).toEqual(["Hello", "Hi"]);
  expect(await ada.evaluate("shown")).toEqual([{ id: "kim", name: "kim" }]);
  expect(await kim.evaluate("shown")).toEqual([]);
  const { rows } = await seed.database.query({
    text: "MATCH (p:GeodePresence)-[:IN]->(d:GeodeDocument) RETURN d.id, p.user ORDER BY p.user",
    principal: admin,
  });
  expect(rows).toEqual([
    ["plan", "ada"],
    ["plan", "kim"],
  ]);
});

test("a page that is loaded anew has everything, its own edits too, and goes on", async () => {
  const ada = await edit(await seed.open(), "ada");
  const kim = await edit(await seed.open(), "kim");
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
