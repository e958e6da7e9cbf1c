import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { DataDirectory } from "./directory.ts";

const synced = vi.hoisted((): string[] => []);

vi.mock("./durable-files.ts", async (importOriginal) => {
  const files = await importOriginal<typeof import("./durable-files.ts")>();
  return {
    ...files,
    syncDirectory: (directory: string) => {
      synced.push(directory);
      files.syncDirectory(directory);
    },
  };
});

test("the names in a data directory are durable when it is open, whoever made them", async () => {
  const path = mkdtempSync(join(tmpdir(), "geode-directory-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  for (const _ of ["made", "opened, as if who made it had been ended before they were"]) {
    synced.length = 0;
    const directory = await DataDirectory.open({ path });
    expect(synced).toEqual(expect.arrayContaining([join(path, "log"), path, dirname(path)]));
    await directory.close();
  }
});
