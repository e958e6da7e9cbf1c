import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Database } from "@geode/engine";
import { describe, expect, onTestFinished, test } from "vitest";
import { ScriptTerminal } from "../../test/script-terminal.ts";
import { runCheck } from "./check.ts";
import { EXIT } from "./exit.ts";

const principal = { id: "test", roles: [], claims: new Map() };

describe("geode check", () => {
  test("says what there is, also while the database is in use", async () => {
    const { database, directory } = await opened();
    const terminal = new ScriptTerminal();
    await runCheck(directory, terminal);
    expect(terminal.output).toMatch(
      /is sound: 2 nodes, 1 edge, \d+ commits, 1 checkpoint, \d+ entries in the log\.\n$/,
    );
    await database.close();
    await runCheck(directory, terminal);
  });

  test("names what is damaged and what to do, and leaves it as it is", async () => {
    const { database, directory } = await opened();
    await database.close();
    const log = join(directory, "log");
    const [name] = readdirSync(log).filter((file) => file.endsWith(".log"));
    const file = join(log, name as string);
    const bytes = readFileSync(file);
    bytes.write("Eva", bytes.indexOf("Ann"));
    writeFileSync(file, bytes);
    const terminal = new ScriptTerminal();
    await expect(runCheck(directory, terminal)).rejects.toMatchObject({
      exitCode: EXIT.failed,
      message: `1 error in ${directory}`,
    });
    expect(terminal.output).toMatch(
      /^error: the log: .*\.log is damaged: .*\n {2}Restore a backup/,
    );
    expect(readFileSync(file)).toEqual(bytes);
  });

  test("tells a damaged checkpoint, for which the log stands in, as a warning", async () => {
    const { database, directory } = await opened();
    await database.close();
    const checkpoints = join(directory, "checkpoints");
    for (const name of readdirSync(checkpoints)) writeFileSync(join(checkpoints, name), "no");
    const terminal = new ScriptTerminal();
    await runCheck(directory, terminal);
    expect(terminal.output).toMatch(/^warning: .*it is cut short\n[^]*is sound: 2 nodes, 1 edge/);
  });

  test.each([
    ["what is no directory", "nothing-here", EXIT.usage],
    ["a directory of something else", ".", undefined],
  ])("refuses %s", async (_, name, exitCode) => {
    const directory = temporaryDirectory();
    const refused = runCheck(join(directory, name), new ScriptTerminal());
    await expect(refused).rejects.toMatchObject(
      exitCode === undefined ? { code: "NOT_FOUND" } : { exitCode },
    );
    expect(readdirSync(directory)).toEqual([]);
  });
});

/** A database with a checkpoint, and a commit behind it. */
async function opened(): Promise<{ readonly database: Database; readonly directory: string }> {
  const directory = temporaryDirectory();
  const database = await Database.open({ directory });
  onTestFinished(() => database.close());
  await database.query({ text: "INSERT (:Person {name: 'Ann'})", principal });
  await database.checkpoint();
  await database.query({
    text: "MATCH (p:Person) INSERT (p)-[:KNOWS]->(:Person {name: 'Bob'})",
    principal,
  });
  return { database, directory };
}

function temporaryDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), "geode-check-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}
