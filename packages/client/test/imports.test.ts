import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const sources = fileURLToPath(new URL("../src/", import.meta.url));

test("who only queries needs nothing of Yjs: it is imported in yjs/ alone, and yjs/ by nobody else", () => {
  const files = globSync("**/*.ts", { cwd: sources }).filter((path) => !path.startsWith("yjs/"));
  expect(files.length).toBeGreaterThan(20);
  const needing = files.filter((path) =>
    /from "(yjs|y-protocols|lib0|\.[^"]*\/yjs\/)/.test(readFileSync(sources + path, "utf8")),
  );
  expect(needing).toEqual([]);
});
