// Takes the picture of the console that the README shows: `node --conditions=source scripts/screenshot.ts`.
import { fileURLToPath } from "node:url";
import { launchChromium } from "../tests/e2e/browser.ts";
import { GeodeProcess } from "../tests/e2e/geode.ts";

const target = fileURLToPath(new URL("../docs/console.png", import.meta.url));
const [browser, geode] = await Promise.all([launchChromium(), GeodeProcess.start("--demo")]);
const page = await browser.newPage({
  viewport: { width: 1280, height: 800 },
  deviceScaleFactor: 1.5,
});
await page.goto(geode.link);
await page.getByTestId("saved-query").filter({ hasText: "Why is X installed?" }).click();
await page.getByTestId("graph").locator("canvas").first().waitFor();
// The layout is animated; the picture is of its end.
await page.waitForTimeout(3_000);
await page.screenshot({ path: target });
await browser.close();
await geode.stop();
