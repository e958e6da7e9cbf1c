import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Database } from "@geode/engine";
import { afterEach, beforeEach, expect, test } from "vitest";

const ROUNDS = 20;
/** A kill comes after this many acknowledgements of a round; another number each time. */
const acknowledgementsIn = (round: number): number => 1 + ((round * 397) % 1000);

const WRITER = new URL("./writer.ts", import.meta.url).pathname;
const principal = { id: "reader", roles: [], claims: new Map() };

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "geode-kill-"));
});

afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

test(
  "a server that is killed while it writes has every acknowledged write when it starts again, and none by half",
  { timeout: 300_000 },
  async () => {
    await inDatabase((query) => query("INSERT (:Counter {value: 0})"));
    const acknowledged = new Set<number>();
    let first = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const n of await writeUntilKilled(first, acknowledgementsIn(round))) acknowledged.add(n);
      first = 1 + Math.max(...(await checkAgainst(acknowledged)));
    }
    expect(acknowledged.size).toBeGreaterThan(ROUNDS);
    // Some of it came from checkpoints, and the log behind them was trimmed.
    expect(readdirSync(join(directory, "checkpoints"))).not.toEqual([]);
  },
);

/** Starts a writer and kills it when it has acknowledged that many writes; returns all that it acknowledged until it was dead. */
async function writeUntilKilled(
  first: number,
  acknowledgements: number,
): Promise<readonly number[]> {
  const child = spawn(process.execPath, ["--conditions=source", WRITER, directory, String(first)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  const acknowledged: number[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    acknowledged.push(Number(line));
    if (acknowledged.length === acknowledgements) child.kill("SIGKILL");
  }
  const [, signal] = (await exited) as [number | null, NodeJS.Signals | null];
  expect(signal).toBe("SIGKILL");
  return acknowledged;
}

/** Opens the database, holds it against what was acknowledged, and returns the writes that it has, in the graph or in the document. */
async function checkAgainst(acknowledged: ReadonlySet<number>): Promise<readonly number[]> {
  return inDatabase(async (query, database) => {
    const pairs = await query(
      "MATCH (a:Half)-[p:PAIR]->(b:Half) WHERE a.n = p.n AND b.n = p.n RETURN p.n AS n",
    );
    const present = new Set(pairs.map(([n]) => Number(n)));
    expect(present.size, "no write is there twice").toBe(pairs.length);
    expect([...acknowledged].filter((n) => !present.has(n))).toEqual([]);
    expect(await query("MATCH (h:Half) RETURN count(*) AS c")).toEqual([[2 * pairs.length]]);
    expect(await query("MATCH ()-[p:PAIR]->() RETURN count(*) AS c")).toEqual([[pairs.length]]);
    expect(await query("MATCH (c:Counter) RETURN c.value")).toEqual([[pairs.length]]);
    expect(database.check()).toEqual([]);
    const edits = editsOf(database);
    expect(new Set(edits).size, "no edit is there twice").toBe(edits.length);
    expect([...acknowledged].filter((n) => !edits.includes(n))).toEqual([]);
    return [...present, ...edits];
  });
}

/** What the edits of the document say, compacted or not. */
function editsOf(database: Database): readonly number[] {
  const edits = [...(database.documents.get("all")?.editsBehind(0) ?? [])];
  const text = edits.map(({ bytes }) => Buffer.from(bytes).toString()).join("");
  return text
    .split(" ")
    .filter((n) => n !== "")
    .map(Number);
}

type Query = (text: string) => Promise<readonly (readonly unknown[])[]>;

async function inDatabase<T>(work: (query: Query, database: Database) => Promise<T>): Promise<T> {
  const database = await Database.open({ directory });
  try {
    return await work(async (text) => (await database.query({ text, principal })).rows, database);
  } finally {
    await database.close();
  }
}
