import { mkdtemp, readFile, rename, rm, stat } from "node:fs/promises";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { fileLog } from "./log-output.ts";

let directory: string;
let failures: string[];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "geode-log-"));
  failures = [];
});
afterEach(() => rm(directory, { recursive: true }));
const open = (path: string) => fileLog(path, (why) => void failures.push(why));

test("a line per event, for its owner's eyes alone; a line break in a name stays inside its line", async () => {
  const path = join(directory, "audit.jsonl");
  const { log } = open(path);
  log.info({ user: "ann\n{}" }, "authenticated");
  log.info({}, "another");
  const lines = (await readFile(path, "utf8")).split("\n");
  expect(lines).toHaveLength(3);
  expect(JSON.parse(lines[0]!)).toMatchObject({ user: "ann\n{}", msg: "authenticated" });
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test("what was moved away is left alone from then on", async () => {
  const path = join(directory, "audit.jsonl");
  const file = open(path);
  file.log.info({}, "first");
  await rename(path, `${path}.1`);
  file.reopen();
  file.log.info({}, "second");
  expect(await readFile(`${path}.1`, "utf8")).not.toContain("second");
  expect(await readFile(path, "utf8")).toContain("second");
  expect(failures).toEqual([]);
});

test("a file that cannot be opened is refused at the start", () => {
  expect(() => open(join(directory, "nowhere", "audit.jsonl"))).toThrow("cannot write");
});

test.skipIf(!existsSync("/dev/full"))("a full disk is told once, and ends nothing", () => {
  const { log } = open("/dev/full");
  for (let count = 0; count < 10_000; count++) log.info({ pad: "x".repeat(1_000) }, "event");
  expect(failures).toHaveLength(1);
  expect(failures[0]).toContain("ENOSPC");
});
