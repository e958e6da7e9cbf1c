import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { launchChromium } from "./browser.ts";
import { GeodeProcess } from "./geode.ts";

/*
 * A newcomer's first minutes, in a real browser against a real server: `geode serve --demo`, the printed link, the saved queries, a
 * query of one's own, and a change in one tab that moves the other.
 */

let browser: Browser;
let geode: GeodeProcess;
const pages: Page[] = [];
const faults: string[] = [];

beforeAll(async () => {
  [browser, geode] = await Promise.all([launchChromium(), GeodeProcess.start("--demo")]);
});

afterEach(async () => {
  for (const page of pages.splice(0)) await page.close();
  expect(faults.splice(0)).toEqual([]);
});

afterAll(async () => {
  await browser.close();
  expect(await geode.stop()).toBe(0);
});

async function open(): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  pages.push(page);
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") faults.push(message.text());
  });
  await page.goto(geode.link);
  await page.getByTestId("connection-state").filter({ hasText: "Connected" }).waitFor();
  return page;
}

/** Replaces the text of the editor. */
function write(page: Page, text: string): Promise<void> {
  return page.getByTestId("editor").fill(text);
}

const saved = (page: Page, title: string) =>
  page.getByTestId("saved-query").filter({ hasText: title });

test("the link signs in, and the token leaves the address bar", async () => {
  const page = await open();
  expect(page.url()).not.toContain("token");
});

test("a saved query over the package graph is drawn", async () => {
  const page = await open();
  await saved(page, "Why is X installed?").click();
  const graph = page.getByTestId("graph");
  await graph.locator("canvas").first().waitFor();
  expect(Number(await graph.getAttribute("data-nodes"))).toBeGreaterThan(5);
  expect(Number(await graph.getAttribute("data-edges"))).toBeGreaterThan(5);
});

test("a query of one's own fills the table", async () => {
  const page = await open();
  await write(page, "MATCH (p:Package {name: 'ws'}) RETURN p.name AS name, p.license AS license");
  await page.getByTestId("run").click();
  const row = page.getByTestId("result-table").locator("tbody tr").first();
  await row.filter({ hasText: "ws" }).filter({ hasText: "MIT" }).waitFor();
});

test("the machine's load moves by itself", async () => {
  const page = await open();
  await saved(page, "Machine load, live").click();
  const at = page.getByTestId("result-table").locator("tbody tr").first();
  await at.waitFor();
  const before = await at.innerText();
  await expect.poll(() => at.innerText(), { timeout: 20_000 }).not.toBe(before);
});

test("a value changed in one tab moves in another", async () => {
  const [watcher, writer] = [await open(), await open()];
  await write(writer, "INSERT (:Note {text: 'one'})");
  await writer.getByTestId("run").click();
  await write(watcher, "MATCH (n:Note) RETURN n.text AS text");
  await watcher.getByTestId("live").click();
  await watcher.getByTestId("run").click();
  const table = watcher.getByTestId("result-table");
  await table.getByText("one", { exact: true }).waitFor();
  await write(writer, "MATCH (n:Note) SET n.text = 'two'");
  await writer.getByTestId("run").click();
  await table.getByText("two", { exact: true }).waitFor();
  expect(await table.getByText("one", { exact: true }).count()).toBe(0);
});

test("a server that is killed and comes back is found again, and the live result goes on", async () => {
  const page = await open();
  await write(page, "INSERT (:Beat {n: 1})");
  await page.getByTestId("run").click();
  await write(page, "MATCH (b:Beat) RETURN 'beat ' || CAST(b.n AS STRING) AS beat");
  await page.getByTestId("live").click();
  await page.getByTestId("run").click();
  const table = page.getByTestId("result-table");
  await table.getByText("beat 1", { exact: true }).waitFor();
  await geode.killAndRestart();
  const writer = await open();
  await write(writer, "INSERT (:Beat {n: 2})");
  await writer.getByTestId("run").click();
  await table.getByText("beat 2", { exact: true }).waitFor();
  await page.getByTestId("connection-state").filter({ hasText: "Connected" }).waitFor();
  // A browser reports every attempt that failed.
  faults.length = 0;
});

test("another graph is chosen where there is one, and asked", async () => {
  const page = await open();
  for (const text of ["CREATE GRAPH travel", "USE travel INSERT (:City {name: 'Bern'})"]) {
    await write(page, text);
    await page.getByTestId("run").click();
    await page.getByTestId("graph-choice").waitFor();
  }
  await page.getByTestId("graph-choice").selectOption("travel");
  await page.getByRole("button", { name: "City" }).waitFor();
  await write(page, "MATCH (c:City) RETURN c.name AS name");
  await page.getByTestId("run").click();
  await page.getByTestId("result-table").getByText("Bern", { exact: true }).waitFor();
});

test("a syntax error is shown with its place and what was expected", async () => {
  const page = await open();
  await write(page, "MATCH (p:Package RETURN p");
  await page.getByTestId("run").click();
  const error = page.getByTestId("error");
  await error.waitFor();
  expect(await error.innerText()).toMatch(/42001[^]*expected|expected[^]*42001/i);
});

test("an administrator sees who is connected, and can end another connection but not this page's", async () => {
  const [page, other] = [await open(), await open()];
  await page.getByTestId("show-connections").click();
  const dialog = page.getByTestId("connections");
  const rows = dialog.locator("tbody tr");
  await dialog.getByText("2 open").waitFor();
  expect(await rows.count()).toBe(2);
  expect(await rows.filter({ hasText: "this page" }).count()).toBe(1);
  await rows.getByRole("button", { name: "End" }).click();
  await other.getByText("The access of this user was revoked").waitFor();
  await dialog.getByText("1 open").waitFor();
  expect(await rows.count()).toBe(1);
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "hidden" });
  await page.getByTestId("connection-state").filter({ hasText: "Connected" }).waitFor();
});
