// `npm test`: everything. Checks, then unit, property, wire, crash and browser tests. Arguments go to vitest and skip the checks.
import { ensureChromium } from "./chromium.mjs";
import { buildConsole } from "./console.mjs";
import { commands, run } from "./node.mjs";
import { ensureNginx } from "./nginx.mjs";
import { ensurePromtool } from "./promtool.mjs";

const only = process.argv.slice(2);
const env = {
  GEODE_CHROMIUM: ensureChromium(),
  GEODE_NGINX: ensureNginx(),
  GEODE_PROMTOOL: ensurePromtool(),
};
if (only.length === 0) await import("./check.mjs");
buildConsole();
run("tests", commands.vitest, ["run", ...only], { env });
