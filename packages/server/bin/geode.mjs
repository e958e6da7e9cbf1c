#!/usr/bin/env node
// Starts the `geode` command: from its TypeScript source in a checkout, from dist/ in an installed package. If this Node cannot run it,
// the one that came with the dependencies does.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const source = join(here, "../src/cli/main.ts");
const built = join(here, "../dist/cli/main.js");
const fromSource = existsSync(source);
const entry = fromSource ? source : built;
const conditions = fromSource ? ["--conditions=source"] : [];

if (!existsSync(entry)) fail(`geode is not built: ${built} is missing. Run: npx tsc -b`);
if (runs(process.versions.node)) {
  if (!fromSource || process.execArgv.includes("--conditions=source")) {
    await import(pathToFileURL(entry).href);
  } else run(process.execPath);
} else {
  const node = ownNode(here);
  if (node === undefined) {
    fail(
      `geode needs Node.js ${fromSource ? "22.18" : "22"} or newer; this is ${process.versions.node}.`,
    );
  }
  run(node);
}

/** Whether that version runs the entry: source needs type stripping without a flag. */
function runs(version) {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (!fromSource) return major >= 22;
  return major >= 24 || (major === 23 && minor >= 6) || (major === 22 && minor >= 18);
}

/** The Node.js that the root package lists as an optional dependency. */
function ownNode(from) {
  for (let directory = from; ; directory = dirname(directory)) {
    const node = join(directory, "node_modules/.bin/node");
    if (existsSync(node)) return node;
    if (dirname(directory) === directory) return undefined;
  }
}

/** Becomes that process where the platform can, so that signals and the exit code are its own; otherwise stands in for it. */
function run(node) {
  const args = [...conditions, entry, ...process.argv.slice(2)];
  if (typeof process.execve === "function" && process.platform !== "win32") {
    process.execve(node, [node, ...args], process.env);
  }
  // The channel tells the child when this process is gone, however it went.
  const child = spawn(node, args, { stdio: ["inherit", "inherit", "inherit", "ipc"] });
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => fail(`cannot start ${node}: ${error.message}`));
  child.on("exit", (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    for (const name of signals) process.removeAllListeners(name);
    process.kill(process.pid, signal);
  });
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
