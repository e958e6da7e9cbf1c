import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Database, type Principal } from "@geode/engine";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { SECRET } from "../../test/running-server.ts";
import { ScriptTerminal } from "../../test/script-terminal.ts";
import { EXIT } from "../cli/exit.ts";
import { systemClock } from "../clock.ts";
import { signToken } from "../auth/token.ts";
import { runImport } from "../import/command.ts";
import { Server } from "../server.ts";
import { EXPORT_FORMATS, runExport, type ExportOptions } from "./command.ts";

const principal: Principal = { id: "cli", roles: ["admin"], claims: new Map() };
const env = { JWT_SECRET: Buffer.from(SECRET).toString() };
let root: string;
let data: string;
let terminal: ScriptTerminal;
let database: Database;
let server: Server;
let url: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "geode-export-"));
  data = join(root, "data");
  terminal = new ScriptTerminal(env);
  database = await Database.open({ directory: data });
  server = await Server.start({ database, secret: SECRET, port: 0 });
  url = `${server.url.replace("http", "ws")}/ws`;
});
afterEach(async () => {
  await server.close();
  await database.close();
  await rm(root, { recursive: true });
});

const query = (text: string) => database.query({ text, principal });
const run = (more: Partial<ExportOptions> = {}): Promise<void> =>
  runExport({ url, data, offline: false, format: "jsonl", ...more }, terminal);

describe("geode export", () => {
  test("prints what a server has, and beside it which commit that is", async () => {
    await query("INSERT (:Person {name: 'Ann', born: DATE '1985-03-01'})");
    const { seq } = await query(
      "MATCH (p:Person) INSERT (p)-[:KNOWS {since: 2019}]->({name: 'Bob'})",
    );
    await run();
    const [ann, bob, knows] = terminal.output.split("\n").map((line) => {
      return line === "" ? {} : (JSON.parse(line) as Record<string, unknown>);
    });
    expect([ann, bob, knows]).toEqual([
      {
        labels: ["Person"],
        ref: ann!["ref"],
        properties: { born: { $date: "1985-03-01" }, name: "Ann" },
      },
      { labels: [], ref: bob!["ref"], properties: { name: "Bob" } },
      { label: "KNOWS", from: ann!["ref"], to: bob!["ref"], properties: { since: 2019 } },
    ]);
    expect(terminal.errors).toBe(`Exported 2 nodes and 1 edges as of commit ${seq}.\n`);
  });

  test("to CSV writes a file for each kind of element, with typed columns", async () => {
    await query(
      "INSERT (a:Person {name: 'Ann, \"A\"', age: 38, tags: ['x', 'y']}), (b:Person:Admin {age: 2.5}), (c:Person {age: 1.5, note: ''}), (a)-[:KNOWS {d: DATE '2024-01-31'}]->(b)",
    );
    const out = join(root, "graph");
    await run({ format: "csv", out });
    expect((await readdir(out)).sort()).toEqual([
      "edges-KNOWS.csv",
      "nodes-Admin-Person.csv",
      "nodes-Person.csv",
    ]);
    expect((await readFile(join(out, "nodes-Person.csv"), "utf8")).replaceAll(/^\d+/gm, "#")).toBe(
      ':REF,:LABEL,age:json,name:string,tags:string[],note:json\n#,Person,38,"Ann, ""A""",x;y,\n#,Person,1.5,,,""""""\n',
    );
    expect(
      (await readFile(join(out, "edges-KNOWS.csv"), "utf8")).replaceAll(/^\d+,\d+/gm, "#,#"),
    ).toBe(":START_ID,:END_ID,:TYPE,d:date\n#,#,KNOWS,2024-01-31\n");
  });

  test("of a directory, imported into a new one and exported again, says the same but for ids", async () => {
    await query("CREATE INDEX FOR (p:P) ON (p.n)");
    await query("CREATE CONSTRAINT FOR ()-[e:E]-() REQUIRE (e.w, e.`v w`) IS UNIQUE");
    await query("CREATE CONSTRAINT FOR (p:P) REQUIRE p.n IS NOT NULL");
    await query("INSERT (:P {n: 1})-[:E {w: 2.0}]->(:P:Q {n: CAST('12:00' AS LOCAL TIME)})");
    await server.close();
    await database.close();
    const first = join(root, "first.jsonl");
    await run({ offline: true, out: first });
    const copy = { data: join(root, "copy"), url: "", offline: true };
    await runImport([first], { ...copy, dryRun: false, batch: 1000 }, terminal);
    const second = join(root, "second.gql");
    await run({ ...copy, format: "gql", out: second });
    expect((await readFile(second, "utf8")).match(/^CREATE (?!INDEX `export).*/gm)).toEqual([
      "CREATE INDEX `P_n` FOR (n:`P`) ON (n.`n`);",
      "CREATE CONSTRAINT `E_w_v w_unique` FOR ()-[n:`E`]-() REQUIRE (n.`w`, n.`v w`) IS UNIQUE;",
      "CREATE CONSTRAINT `P_n_exists` FOR (n:`P`) REQUIRE (n.`n`) IS NOT NULL;",
    ]);
    const third = join(root, "third.jsonl");
    await run({ ...copy, out: third });
    const withoutIds = async (file: string) =>
      (await readFile(file, "utf8")).replaceAll(/"(ref|from|to)":\d+/g, '"$1":#');
    expect(await withoutIds(third)).toBe(await withoutIds(first));
  });

  test("to CSV says that it leaves out indexes and constraints", async () => {
    await query("CREATE INDEX FOR (p:P) ON (p.n)");
    await run({ format: "csv", out: join(root, "graph") });
    expect(terminal.errors).toContain("1 indexes and constraints are left out;");
  });

  test.each(EXPORT_FORMATS)("of nothing is nothing, as %s", async (format) => {
    const out = join(root, "out");
    await run({ format, out });
    expect(terminal.errors).toMatch(/^Exported 0 nodes and 0 edges as of commit 1 to /);
    if (format === "csv") expect(await readdir(out)).toEqual([]);
    if (format === "jsonl") expect(await readFile(out, "utf8")).toBe("");
  });

  test("of one graph leaves the others out", async () => {
    await query("INSERT (:Here)");
    await expect(run({ graph: "elsewhere" })).rejects.toMatchObject({ exitCode: EXIT.usage });
    expect(terminal.output).toBe("");
  });

  test("shows one commit, also while others follow", async () => {
    await query("INSERT (:Pair {n: 0}), (:Pair {n: 0})");
    let stopped = false;
    const writing = (async () => {
      for (let n = 1; !stopped; n++) await query(`INSERT (:Pair {n: ${n}}), (:Pair {n: ${n}})`);
    })();
    await run();
    stopped = true;
    await writing;
    const counts = new Map<string, number>();
    for (const [n] of terminal.output.matchAll(/"n":\d+/g)) counts.set(n, (counts.get(n) ?? 0) + 1);
    expect(counts.size).toBeGreaterThan(0);
    expect(new Set(counts.values())).toEqual(new Set([2]));
  });

  test("is refused, and leaves what is there and nothing else", async () => {
    await query("INSERT (:N)");
    const file = join(root, "letter.txt");
    await writeFile(file, "Dear Bob");
    const full = join(root, "full");
    await mkdir(full);
    await writeFile(join(full, "x"), "");
    const reader = await signToken({ user: "ann", ttlMs: 60_000 }, SECRET, systemClock);
    const refusals: [Partial<ExportOptions>, number][] = [
      [{ out: file }, EXIT.usage],
      [{ out: full, format: "csv" }, EXIT.usage],
      [{ format: "csv" }, EXIT.usage],
      [{ out: join(root, "a"), token: reader }, EXIT.unreachable],
      [{ out: join(root, "a"), url: "ws://127.0.0.1:1/ws" }, EXIT.unreachable],
      [{ out: join(root, "a"), graph: "none" }, EXIT.usage],
    ];
    for (const [options, exitCode] of refusals)
      await expect(run(options)).rejects.toMatchObject({ exitCode });
    terminal.interrupt();
    await expect(run({ out: join(root, "a") })).rejects.toMatchObject({
      exitCode: EXIT.interrupted,
    });
    expect((await readdir(root)).sort()).toEqual(["data", "full", "letter.txt"]);
    expect(await readFile(file, "utf8")).toBe("Dear Bob");
  });
});
