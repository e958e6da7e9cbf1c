import { afterEach, beforeEach, expect, test } from "vitest";
import { Database, type Principal } from "../index.ts";

/*
 * A database with a reader. With no time at all on the main thread, every read of more than a few thousand steps goes to the reader.
 */

const principal: Principal = { id: "ann", roles: ["admin"], claims: new Map() };
let database: Database;

beforeEach(async () => {
  database = await Database.open({ readers: 1, readerLimits: { mainThreadMs: 0 } });
  await database.query({ text: "FOR i IN range(1, 200) INSERT (:P {i: i})", principal });
});

afterEach(() => database.close());

const PAIRS = "MATCH (a:P), (b:P) RETURN count(*) AS pairs";

test("a long read is answered as a short one is", async () => {
  const { rows, columns, shape } = await database.query({ text: PAIRS, principal });
  expect(rows).toEqual([[40_000]]);
  expect(columns).toEqual([{ name: "pairs", text: "count(*)", type: "INTEGER" }]);
  expect(shape).toBe("columns");
});

test("it shows the commit at which it was asked, not those that came while it ran", async () => {
  const before = database.seq;
  const long = database.query({ text: PAIRS, principal });
  await database.query({ text: "INSERT (:P {i: 0})", principal });
  const { rows, seq } = await long;
  expect(rows).toEqual([[40_000]]);
  expect(seq).toBe(before);
  expect((await database.query({ text: PAIRS, principal })).rows).toEqual([[201 * 201]]);
});

test("short reads are answered while a long one runs", async () => {
  const order: string[] = [];
  const long = database
    .query({ text: "MATCH (a:P), (b:P), (c:P) RETURN count(*) AS k", principal })
    .then(() => order.push("long"));
  await database.query({ text: "MATCH (a:P {i: 7}) RETURN a.i", principal });
  order.push("short");
  await long;
  expect(order).toEqual(["short", "long"]);
});

test("its budget, its errors and its parameters are those of the request", async () => {
  const text = "MATCH (a:P), (b:P) WHERE a.i + b.i < $limit RETURN 1 / (a.i - a.i) AS x";
  await expect(
    database.query({ text, parameters: new Map([["limit", 10_000]]), principal }),
  ).rejects.toMatchObject({ code: "22012", position: { line: 1 } });
  await expect(
    database.query({
      text: "MATCH (a:P), (b:P), (c:P), (d:P), (e:P) RETURN count(*)",
      timeoutMs: 20,
      principal,
    }),
  ).rejects.toMatchObject({ code: "TIMEOUT" });
});
