// Builds the web console when its sources are newer than what was built last.
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { commands, root, run } from "./node.mjs";

const newest = (directory) =>
  readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.name !== "node_modules" && entry.name !== "dist")
    .map((entry) => join(directory, entry.name))
    .reduce(
      (latest, path) =>
        Math.max(latest, statSync(path).isDirectory() ? newest(path) : statSync(path).mtimeMs),
      0,
    );

export function buildConsole() {
  const built = join(root, "console", "dist", "index.html");
  const sources = ["console", "packages/client", "packages/protocol", "packages/values"].map(
    (folder) => newest(join(root, folder)),
  );
  if (existsSync(built) && statSync(built).mtimeMs > Math.max(...sources)) return;
  run("console", commands.vite, ["build", "--logLevel", "warn"], { cwd: join(root, "console") });
}
