import type { Value } from "@geode/values";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Database } from "./database.ts";

const principal = { id: "anna", roles: [], claims: new Map() };
/** More than it takes for inserts to be left out of the graph until they are durable. */
const MANY = 1_500;

let database: Database;
beforeEach(async () => {
  database = await Database.open();
});
afterEach(() => database.close());

async function run(text: string, parameters: Record<string, Value> = {}): Promise<unknown> {
  const request = { text, principal, parameters: new Map(Object.entries(parameters)) };
  return (await database.query(request)).rows;
}

function numbers(count: number): Value {
  return Array.from({ length: count }, (_, number) => number);
}

test("a bulk insert is there, with its counts, when it is answered", async () => {
  const { stats } = await database.query({
    text: "FOR i IN $rows INSERT (:A {i: i, gone: NULL})-[:X {w: i}]->(:B&C)",
    parameters: new Map([["rows", numbers(MANY)]]),
    principal,
  });
  expect(stats).toMatchObject({
    nodesInserted: 2 * MANY,
    edgesInserted: MANY,
    labelsAdded: 3 * MANY,
    propertiesSet: 2 * MANY,
  });
  const found =
    "MATCH (a:A)-[x:X]->(b:B&C) WHERE a.i = x.w RETURN count(*), sum(a.i), count(a.gone)";
  expect(await run(found)).toEqual([[MANY, (MANY * (MANY - 1)) / 2, 0]]);
  expect(database.check()).toEqual([]);
});

test("what waits behind a bulk insert sees it, and what was before it is seen by it", async () => {
  const all = await Promise.all([
    run("INSERT (:Hub {name: 'h'})"),
    run("MATCH (h:Hub) FOR i IN $rows INSERT (h)-[:TO]->(:Spoke {i: i})", { rows: numbers(MANY) }),
    run("MATCH (s:Spoke) WHERE s.i < 3 SET s.near = TRUE RETURN count(*)"),
    run("MATCH (h:Hub)-[t:TO]->(s:Spoke) FOR i IN $rows INSERT (s)-[:SEEN]->(h)", { rows: [1] }),
    run("MATCH (:Hub)<-[x:SEEN]-(s:Spoke) RETURN count(*), count(s.near)"),
  ]);
  expect(all[2]).toEqual([[3]]);
  expect(await run("MATCH (:Hub)<-[x:SEEN]-(s:Spoke) RETURN count(*), count(s.near)")).toEqual([
    [MANY, 3],
  ]);
});

test("a bulk insert that fails at its last row leaves nothing behind, and nothing in its way", async () => {
  const rows = [...(numbers(MANY) as Value[]), "no record"];
  const failing = "FOR r IN $rows INSERT (:A {i: 1 / CASE r WHEN 'no record' THEN 0 ELSE 1 END})";
  const [failed, done] = await Promise.allSettled([
    run(failing, { rows }),
    run("INSERT (:B) RETURN 1"),
  ]);
  expect(failed).toMatchObject({ status: "rejected", reason: { code: "22012" } });
  expect(done.status).toBe("fulfilled");
  expect(await run("MATCH (n) RETURN labels(n)")).toEqual([[["B"]]]);
});

test("an insert whose properties look around sees what was there before all of its rows", async () => {
  await run("INSERT (:A)");
  await run("FOR i IN $rows INSERT (:A {before: COUNT { MATCH (:A) }})", { rows: numbers(MANY) });
  expect(await run("MATCH (a:A) RETURN min(a.before), max(a.before), count(*)")).toEqual([
    [1, 1, MANY + 1],
  ]);
});

test.each([
  ["returns what it inserted", "RETURN n.i AS i ORDER BY i LIMIT 2", [[0], [1]]],
  ["counts what it inserted", "RETURN count(n) AS c", [[MANY]]],
  ["counts its rows", "RETURN count(*) AS c, max(i) AS m", [[MANY, MANY - 1]]],
  ["looks around behind it", "FILTER EXISTS { MATCH (:A) } RETURN count(*) AS c", [[MANY]]],
  ["matches behind it", "MATCH (m:A {i: 7}) RETURN count(*) AS c", [[MANY]]],
  ["changes what it inserted", "SET n.j = n.i + 1 RETURN max(n.j) AS m", [[MANY]]],
])("a bulk insert that %s gives what a small one would", async (_, rest, expected) => {
  expect(await run(`FOR i IN $rows INSERT (n:A {i: i}) ${rest}`, { rows: numbers(MANY) })).toEqual(
    expected,
  );
  expect(await run("MATCH (n:A) RETURN count(*)")).toEqual([[MANY]]);
});

test("a transaction that has read what a bulk insert adds to has lost", async () => {
  const transaction = database.begin({ principal });
  await transaction.query({ text: "MATCH (a:A) RETURN count(*)", principal });
  await transaction.query({ text: "INSERT (:Other)", principal });
  await run("FOR i IN $rows INSERT (:A {i: i})", { rows: numbers(MANY) });
  await expect(transaction.commit()).rejects.toMatchObject({ code: "40000" });
});

test("a transaction in the queue behind a bulk insert that touches it loses", async () => {
  const transaction = database.begin({ principal });
  await transaction.query({ text: "MATCH (a:A) RETURN count(*)", principal });
  await transaction.query({ text: "INSERT (:Other)", principal });
  const [, commit] = await Promise.allSettled([
    run("FOR i IN $rows INSERT (:A {i: i})", { rows: numbers(MANY) }),
    transaction.commit(),
  ]);
  expect(commit).toMatchObject({ status: "rejected", reason: { code: "40000" } });
});

test("in a transaction, its own bulk insert is seen at once", async () => {
  const transaction = database.begin({ principal });
  await transaction.query({
    text: "FOR i IN $rows INSERT (:A {i: i})",
    parameters: new Map([["rows", numbers(MANY)]]),
    principal,
  });
  const { rows } = await transaction.query({ text: "MATCH (a:A) RETURN count(*)", principal });
  expect(rows).toEqual([[MANY]]);
  await transaction.commit();
  expect(await run("MATCH (a:A) RETURN count(*)")).toEqual([[MANY]]);
});

test("a live query gets a bulk insert as one change", async () => {
  const changed = Promise.withResolvers<unknown>();
  const live = await database.subscribe(
    { text: "MATCH (a:A) RETURN count(*) AS c", principal },
    changed.resolve,
  );
  expect(live.rows).toEqual([[0]]);
  const insert = run("FOR i IN $rows INSERT (:A {i: i})", { rows: numbers(MANY) });
  expect(await changed.promise).toMatchObject({ changes: [{ op: "update", row: [MANY] }] });
  await insert;
  live.close();
});
