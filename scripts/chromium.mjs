// Finds a Chromium for the browser tests; installs Debian's through apt when it is missing and we may.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

const CANDIDATES = [
  process.env.GEODE_CHROMIUM,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

const found = () => CANDIDATES.find((path) => path !== undefined && existsSync(path));

export function ensureChromium() {
  const already = found();
  if (already) return already;
  const mayInstall =
    process.platform === "linux" && process.getuid?.() === 0 && existsSync("/usr/bin/apt-get");
  if (mayInstall) {
    console.log("▸ installing Chromium for the browser tests (apt-get install chromium)");
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    for (const args of [
      ["update", "-q"],
      ["install", "-y", "-q", "--no-install-recommends", "chromium"],
    ]) {
      const result = spawnSync("apt-get", args, { stdio: ["ignore", "ignore", "inherit"], env });
      if (result.status !== 0) break;
    }
    const installed = found();
    if (installed) return installed;
  }
  console.error("The browser tests need Chromium, and it is not installed.");
  console.error("  Debian, Ubuntu:  sudo apt-get install chromium");
  console.error("  elsewhere:       install Chromium or Chrome and set GEODE_CHROMIUM to its path");
  process.exit(1);
}
