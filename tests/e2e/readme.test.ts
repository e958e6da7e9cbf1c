import { execFile, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { GeodeProcess } from "./geode.ts";

/*
 * What README.md shows is what a newcomer types: it is taken from there and run, beside `geode serve --demo`.
 */

const root = fileURLToPath(new URL("../../", import.meta.url));
const readme = readFileSync(join(root, "README.md"), "utf8");
const bin = join(root, "packages", "server", "bin", "geode.mjs");

let geode: GeodeProcess;
let directory: string;
beforeAll(async () => {
  geode = await GeodeProcess.start("--demo");
  // Inside the repository, where the packages are found.
  mkdirSync(join(root, ".cache"), { recursive: true });
  directory = mkdtempSync(join(root, ".cache", "readme-"));
  writeFileSync(
    join(directory, "people.csv"),
    "id:ID,name,:LABEL\nann,Ann,Person\nbob,Bob,Person\n",
  );
  writeFileSync(join(directory, "knows.csv"), ":START_ID,:END_ID,:TYPE\nann,bob,KNOWS\n");
});
afterAll(async () => {
  await geode.stop();
  rmSync(directory, { recursive: true, force: true });
});

/** The first block in that language under "Use it". */
function block(language: string): string {
  const found = new RegExp(`## Use it[^]*?\`\`\`${language}\\n([^]*?)\`\`\``).exec(readme);
  return found?.[1] ?? "";
}

const ws = () => `${new URL(geode.link).origin.replace("http", "ws")}/ws`;
/** The server of the test instead of the one on the usual port. */
const environment = () => ({ ...process.env, GEODE_URL: ws(), GEODE_DATA: geode.directory });

/** A line as the shell runs it, with `geode` as this repository has it. */
const shellLine = (line: string) =>
  line.replace(/^npx geode/, `exec "${process.execPath}" "${bin}"`);

const commands = block("sh").trim().split("\n");

test("there is something to run", () => {
  expect(commands.length).toBeGreaterThan(3);
  expect(block("ts")).toContain("connect(");
});

test.each(commands)("%s", async (line) => {
  expect(line).toMatch(/^npx geode /);
  const options = { cwd: directory, env: environment() };
  if (line.includes("--live")) {
    const child = spawn("sh", ["-c", shellLine(line)], options);
    for await (const chunk of child.stdout) if (String(chunk).startsWith("~")) break;
    child.kill("SIGINT");
    return;
  }
  await promisify(execFile)("sh", ["-c", shellLine(line)], options);
});

test("the program", async () => {
  const [token] = /(?<=#token=).*/.exec(geode.link)!;
  writeFileSync(join(directory, "hello.ts"), block("ts").replace("ws://127.0.0.1:8443/ws", ws()));
  const child = spawn(process.execPath, ["--conditions=source", "hello.ts"], {
    cwd: directory,
    env: { ...process.env, TOKEN: token },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let printed = "";
  for await (const chunk of child.stdout) {
    printed += String(chunk);
    if (printed.includes("Ada")) break;
  }
  child.kill();
  expect(printed).toContain("name: 'Ada'");
});
