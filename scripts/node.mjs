// Runs the repository's tools on the Node that `npm install` brought along, whatever version the machine has.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));

const bundled = join(
  root,
  "node_modules",
  ".bin",
  process.platform === "win32" ? "node.cmd" : "node",
);

/** The Node to use: the bundled one where it exists for this platform, else the running one if it is new enough. */
export const node = existsSync(bundled) ? bundled : process.execPath;

if (node === process.execPath && Number(process.versions.node.split(".")[0]) < 22) {
  console.error(
    `Geode needs Node 22 or newer; this is ${process.versions.node}, and no bundled Node exists for ${process.platform}-${process.arch}.`,
  );
  console.error("Install Node 24 (https://nodejs.org), then run the command again.");
  process.exit(1);
}

/** Runs a package's command with that Node. Ends this process with its code when it fails. */
export function run(title, file, args, options = {}) {
  const started = Date.now();
  console.log(`\n▸ ${title}`);
  const result = spawnSync(node, [join(root, file), ...args], {
    cwd: root,
    stdio: "inherit",
    ...options,
    env: { ...process.env, ...options.env },
  });
  if (result.error) throw result.error;
  if (result.status !== 0) {
    console.error(`✗ ${title} failed (exit code ${result.status ?? result.signal})`);
    process.exit(result.status ?? 1);
  }
  console.log(`✓ ${title} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
}

/** The script behind a package's command. */
export const commands = {
  tsc: "node_modules/typescript/bin/tsc",
  oxlint: "node_modules/oxlint/bin/oxlint",
  oxfmt: "node_modules/oxfmt/bin/oxfmt",
  knip: "node_modules/knip/bin/knip.js",
  vitest: "node_modules/vitest/vitest.mjs",
  vite: "node_modules/vite/bin/vite.js",
};
