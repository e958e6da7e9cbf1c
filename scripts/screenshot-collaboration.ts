// Takes the picture of shared documents: `node --conditions=source scripts/screenshot-collaboration.ts`.
import { fileURLToPath } from "node:url";
import { connect } from "@geode/client";
import { Database } from "@geode/engine";
import { configuredSecret, Server, signToken, systemClock } from "@geode/server";
import type { Page } from "playwright-core";
import { launchChromium } from "../tests/e2e/browser.ts";
import { type EditorFields, EditorSite } from "../tests/e2e/editor/site.ts";

const target = fileURLToPath(new URL("../docs/collaboration.png", import.meta.url));
const secret = configuredSecret("a secret of at least thirty-two bytes, for pictures");
const DOCUMENT = "team/launch";
const QUERY = `MATCH (p:GeodePresence)-[:IN]->(d:GeodeDocument)
RETURN d.title AS title, COUNT(p) AS here, d.text AS text`;

const database = await Database.open();
const server = await Server.start({ database, secret, port: 0 });
const [browser, site] = await Promise.all([launchChromium(), EditorSite.start()]);
const context = await browser.newContext({
  viewport: { width: 616, height: 340 },
  deviceScaleFactor: 2,
});

const tokenOf = (user: string, roles: readonly string[] = []): Promise<string> =>
  signToken({ user, name: user, roles, ttlMs: 3_600_000 }, secret, systemClock);

async function editor(provider: EditorFields["provider"], name: string, color: string) {
  const page = await context.newPage();
  const token = await tokenOf(name);
  const { url } = server;
  await page.goto(site.address({ server: url, provider, name, color, token, document: DOCUMENT }));
  await page.waitForFunction("editor.provider.synced");
  await page.locator(".cm-content").focus();
  return page;
}

/** Puts the cursor behind what is found, with so many characters of it selected, and types. */
async function type(page: Page, behind: string, text: string, selected = 0): Promise<void> {
  await page.waitForFunction(`editor.text.includes(${JSON.stringify(behind)})`);
  await page.evaluate(`{
    const at = editor.text.indexOf(${JSON.stringify(behind)}) + ${behind.length};
    editor.view.dispatch({ selection: { anchor: at - ${selected}, head: at } });
  }`);
  if (text !== "") await page.keyboard.type(text);
}

const ada = await editor("y-websocket", "Ada", "#7048e8");
await type(
  ada,
  "",
  "# Launch plan\n\n- [x] One log for everything\n- [x] Every query can be live\n",
);
const kim = await editor("y-websocket", "Kim", "#e8590c");
const lee = await editor("geode", "Lee", "#0c8599");
await type(kim, "live\n", "- [ ] Pictures for the README\n");
await type(ada, "README\n", "- [ ] Tell the others\n");
await type(lee, "others\n", "\nOffline is fine: what is missing is sent later.");
const text: string = await lee.evaluate("editor.text");
await type(kim, "Pictures", "", 8);
await type(lee, "Offline is fine", "");
await type(ada, "Tell the others", "");
for (const page of [ada, kim, lee])
  await page.waitForFunction(`editor.text === ${JSON.stringify(text)}`);
for (const page of [ada, kim, lee])
  await page.waitForFunction("document.querySelectorAll('.cm-ySelectionCaret').length === 2");

const geode = await connect(`${server.url.replace("http", "ws")}/ws`, {
  token: await tokenOf("root", ["admin"]),
});
const live = geode.live<Readonly<Record<string, unknown>>>(QUERY);
await live.ready;
await new Promise<void>((shown) => {
  const look = (): void => {
    if (live.rows[0]?.["text"] === text && live.rows[0]["here"] === 3) shown();
  };
  live.subscribe(look);
  look();
});
// The own caret blinks; the picture is of when it is there.
const pictures = await Promise.all(
  [ada, kim, lee].map(async (page) => {
    await page.addStyleTag({ content: ".cm-cursorLayer { animation: none !important }" });
    return (await page.screenshot()).toString("base64");
  }),
);

const escaped = (value: unknown): string =>
  String(value).replaceAll("&", "&amp;").replaceAll("<", "&lt;");
const [row] = live.rows;
const cells = live.columns.map(({ name }) => `<tr><th>${name}<td>${escaped(row![name])}`).join("");

const wall = await context.newPage();
await wall.setViewportSize({ width: 1304, height: 792 });
await wall.setContent(`<!doctype html><style>
  body { margin: 0; padding: 24px; box-sizing: border-box; height: 792px; display: grid; grid-template: 1fr 1fr / 1fr 1fr; gap: 24px; background: linear-gradient(160deg, #eef1f8, #f6f3fb); font: 13px system-ui, "DejaVu Sans", sans-serif; color: #1f2733; }
  section { overflow: hidden; border-radius: 12px; background: #fff; box-shadow: 0 1px 2px #1f273314, 0 8px 28px #1f273317; }
  img { display: block; width: 616px; }
  header { display: flex; align-items: center; gap: 10px; height: 51px; padding: 0 16px; border-bottom: 1px solid #e8ebf0; background: #fafbfc; box-sizing: border-box; font: 600 12px ui-monospace, "DejaVu Sans Mono", monospace; color: #4a5566; }
  i { width: 8px; height: 8px; border-radius: 50%; background: #22a06b; }
  pre, td { font: 12px/1.65 ui-monospace, "DejaVu Sans Mono", monospace; white-space: pre-wrap; }
  pre { margin: 0; padding: 12px 16px; border-bottom: 1px solid #e8ebf0; color: #4a3aa7; }
  table { padding: 8px 16px; border-spacing: 0; }
  th { padding: 2px 20px 2px 0; text-align: left; vertical-align: top; font-weight: 600; color: #8a93a3; line-height: 20px; }
  td { padding: 2px 0; }
</style>
${pictures.map((picture) => `<section><img src="data:image/png;base64,${picture}"></section>`).join("")}
<section><header><i></i>a live query</header><pre>${escaped(QUERY)}</pre><table>${cells}</table></section>`);
await wall.locator("img").last().waitFor();
await wall.screenshot({ path: target });
geode.close();
await browser.close();
await site.close();
await server.close();
await database.close();
