import { Float } from "@geode/values";
import { afterEach, expect, test } from "vitest";
import { Database } from "../database.ts";
import type { Principal } from "../requests.ts";

const principal: Principal = { id: "test", roles: [], claims: new Map() };
const opened: Database[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((database) => database.close()));
});

async function opening(...given: string[]) {
  const database = await Database.open();
  opened.push(database);
  for (const text of given) await database.query({ text, principal });
  return database;
}

/** Operator and rows of each line. */
async function profiled(database: Database, text: string) {
  const { rows } = await database.query({ text, principal });
  return rows.map((row) => [row[0], row[3]]);
}

test("PROFILE counts the rows that come out of each line", async () => {
  const database = await opening(
    "INSERT (a:P {n: 1})-[:R]->(b:P {n: 2}), (a)-[:R]->(c:P {n: 3}), (b)-[:R]->(c)",
  );
  const text = "PROFILE MATCH (a:P)-[:R]->(b) WHERE b.n = 3 RETURN a.n ORDER BY a.n LIMIT 1";
  expect(await profiled(database, text)).toEqual([
    ["Match", 2],
    ["  Scan", 3],
    ["  Expand", 3],
    ["  Filter", 2],
    ["Let", 2],
    ["Sort", 1],
    ["Slice", 1],
  ]);
});

test("PROFILE tells how long each line took, with what stands below it", async () => {
  const database = await opening("FOR i IN range(1, 50) INSERT (:P {n: i})-[:R]->(:Q {n: i})");
  const text = "PROFILE MATCH (a:P)-[:R]->(b:Q) WHERE b.n > 9 RETURN a.n, COUNT { (a)-[:R]->() }";
  const { columns, rows } = await database.query({ text, principal });
  expect(columns[4]).toMatchObject({ name: "timeMs", type: "FLOAT" });
  const times = rows.map(
    (row) => [String(row[0]), Number(row[4] instanceof Float ? row[4].value : row[4])] as const,
  );
  for (const [line, [operator, timeMs]] of times.entries()) {
    const own = /^ */.exec(operator)![0].length;
    let below = 0;
    for (const [deeper, deeperMs] of times.slice(line + 1)) {
      const depth = /^ */.exec(deeper)![0].length;
      if (depth <= own) break;
      if (depth === own + 2) below += deeperMs;
    }
    expect(timeMs, operator).toBeGreaterThanOrEqual(below * 0.999);
  }
  expect(times[0]![1]).toBeGreaterThan(0);
});

test("PROFILE of a write writes", async () => {
  const database = await opening();
  const { stats } = await database.query({ text: "PROFILE INSERT (:P), (:P)", principal });
  expect(stats?.nodesInserted).toBe(2);
});

test("EXPLAIN of a write does not, and needs no right to write", async () => {
  const database = await opening();
  expect(database.access("EXPLAIN INSERT (:P)")).toBe("read");
  await database.query({ text: "EXPLAIN INSERT (:P)", principal });
  expect(database.status().nodes).toBe(0);
});

test("PROFILE cannot be live", async () => {
  const database = await opening();
  const subscription = database.subscribe({ text: "PROFILE RETURN 1", principal }, () => {});
  await expect(subscription).rejects.toMatchObject({ code: "42000" });
});

test("a pattern that is too long for a plan is refused as too long, or shown", async () => {
  const database = await opening();
  const text = `EXPLAIN MATCH ()${"-->()".repeat(120)} RETURN 1 AS one`;
  const shown = database.query({ text, principal }).then(
    () => "shown",
    (error: { readonly code: string }) => error.code,
  );
  expect(["shown", "LIMIT"]).toContain(await shown);
});
