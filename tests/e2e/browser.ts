import { type Browser, chromium } from "playwright-core";

/** What Chromium needs as root, and so that it does not look for anything outside of this machine. */
const ARGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Playwright gives it an empty profile of its own. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env["GEODE_CHROMIUM"] ?? "/usr/bin/chromium",
    args: ARGS,
  });
}
