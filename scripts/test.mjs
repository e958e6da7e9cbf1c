// `npm test`: everything. Checks, then unit, property, wire, crash and browser tests. Arguments go to vitest and skip the checks.
import { ensureChromium } from "./chromium.mjs";
import { buildConsole } from "./console.mjs";
import { commands, run } from "./node.mjs";

const only = process.argv.slice(2);
const chromium = ensureChromium();
if (only.length === 0) await import("./check.mjs");
buildConsole();
run("tests", commands.vitest, ["run", ...only], { env: { GEODE_CHROMIUM: chromium } });
