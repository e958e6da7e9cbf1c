import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Database, type Principal } from "@geode/engine";
import type { Value } from "@geode/values";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { SECRET } from "../../test/running-server.ts";
import { ScriptTerminal } from "../../test/script-terminal.ts";
import { signToken } from "../auth/token.ts";
import { runCheck } from "../cli/check.ts";
import { EXIT } from "../cli/exit.ts";
import { systemClock } from "../clock.ts";
import { Server } from "../server.ts";
import { runBackup, runRestore } from "./backup.ts";

const principal: Principal = { id: "cli", roles: ["admin"], claims: new Map() };
const env = { JWT_SECRET: Buffer.from(SECRET).toString() };
let root: string;
let data: string;
let terminal: ScriptTerminal;
let database: Database;
let server: Server;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "geode-backup-"));
  data = join(root, "data");
  terminal = new ScriptTerminal(env);
  database = await Database.open({ directory: data });
  server = await Server.start({ database, secret: SECRET, port: 0 });
});
afterEach(async () => {
  await server.close();
  await database.close();
  await rm(root, { recursive: true });
});

const online = (more: object = {}) => ({
  url: `${server.url.replace("http", "ws")}/ws`,
  data: join(root, "elsewhere"),
  offline: false,
  ...more,
});
const add = (n: number) =>
  database.query({ text: "INSERT (:N {n: $n})", principal, parameters: new Map([["n", n]]) });

async function rows(
  directory: string,
  text = "MATCH (x:N) RETURN x.n ORDER BY x.n",
): Promise<Value[]> {
  const opened = await Database.open({ directory });
  try {
    return (await opened.query({ text, principal })).rows.map(([value]) => value!);
  } finally {
    await opened.close();
  }
}

describe("geode backup and geode restore", () => {
  test("of a running server: a sound directory with what was committed, and a new one made of it", async () => {
    await add(1);
    const { seq } = await add(2);
    const backup = join(root, "monday");
    await runBackup(backup, online(), terminal);
    expect(terminal.output).toBe(`Backed up to ${backup}, as of commit ${seq}.\n`);
    await add(3);
    const restored = join(root, "restored");
    await runRestore(backup, restored, terminal);
    expect(await rows(restored)).toEqual([1, 2]);
    await runCheck(backup, terminal);
    await runCheck(restored, terminal);
    expect(terminal.output).toContain(`${restored} is sound: 2 nodes, 0 edges`);
    expect((await readdir(root)).sort()).toEqual(["data", "monday", "restored"]);
  });

  test("a restored database has another epoch, so a client that knows the old one starts afresh", async () => {
    await add(1);
    const { epoch, seq } = database;
    const [backup, restored] = [join(root, "backup"), join(root, "restored")];
    await runBackup(backup, online(), terminal);
    await runRestore(backup, restored, terminal);
    const opened = await Database.open({ directory: restored });
    const live = await opened.subscribe(
      { text: "MATCH (x:N) RETURN x.n", principal, resume: { epoch, seq } },
      () => undefined,
    );
    expect(opened.epoch).not.toBe(epoch);
    expect(live).toMatchObject({ resumed: false, reset: true, rows: [[1]] });
    await opened.close();
  });

  test("of a directory that no server uses", async () => {
    await add(1);
    const options = online({ offline: true, data });
    await server.close();
    await database.close();
    const backup = join(root, "backup");
    await runBackup(backup, options, terminal);
    expect(await rows(backup)).toEqual([1]);
  });

  test("what is refused, says what to do and leaves nothing", async () => {
    const full = join(root, "full");
    await runBackup(full, online(), terminal);
    const reader = await signToken({ user: "ann", ttlMs: 60_000 }, SECRET, systemClock);
    const absent = join(root, "absent");
    const refusals: [() => Promise<void>, object][] = [
      [() => runBackup(full, online(), terminal), { code: "UNAVAILABLE" }],
      [
        () => runBackup(absent, online({ token: reader }), terminal),
        { exitCode: EXIT.unreachable, message: expect.stringContaining("role admin") },
      ],
      [
        () => runBackup(absent, online({ url: "ws://127.0.0.1:1/ws" }), terminal),
        { exitCode: EXIT.unreachable },
      ],
      [
        () => runBackup(absent, online({ offline: true, data: join(root, "no") }), terminal),
        { exitCode: EXIT.usage },
      ],
      [() => runRestore(root, absent, terminal), { code: "NOT_FOUND" }],
      [() => runRestore(join(root, "no"), absent, terminal), { exitCode: EXIT.usage }],
      [() => runRestore(full, data, terminal), { code: "UNAVAILABLE" }],
    ];
    for (const [refused, error] of refusals) await expect(refused()).rejects.toMatchObject(error);
    await writeFile(join(full, "checkpoints", (await readdir(join(full, "checkpoints")))[0]!), "");
    await expect(runRestore(full, absent, terminal)).rejects.toMatchObject({ code: "CORRUPT" });
    expect((await readdir(root)).sort()).toEqual(["data", "full"]);
  });

  test("an interrupted backup leaves nothing", async () => {
    const absent = join(root, "absent");
    terminal.interrupt();
    await expect(runBackup(absent, online(), terminal)).rejects.toMatchObject({
      exitCode: EXIT.interrupted,
      message: "interrupted; no backup was made",
    });
    expect(await readdir(root)).toEqual(["data"]);
  });

  test("a database in memory says that it has no backup", async () => {
    const memory = await Database.open();
    const other = await Server.start({ database: memory, secret: SECRET, port: 0 });
    const url = `${other.url.replace("http", "ws")}/ws`;
    await expect(runBackup(join(root, "x"), online({ url }), terminal)).rejects.toMatchObject({
      exitCode: EXIT.failed,
      message: expect.stringContaining("in memory"),
    });
    await other.close();
    await memory.close();
  });
});
