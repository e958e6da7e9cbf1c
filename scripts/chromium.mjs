import { ensureProgram } from "./program.mjs";

export function ensureChromium() {
  return ensureProgram({
    name: "Chromium",
    purpose: "the browser tests",
    paths: [
      process.env.GEODE_CHROMIUM,
      "/usr/bin/chromium",
      "/usr/bin/chromium-browser",
      "/usr/bin/google-chrome",
      "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    ],
    debianPackage: "chromium",
    elsewhere: "install Chromium or Chrome and set GEODE_CHROMIUM to its path",
  });
}
