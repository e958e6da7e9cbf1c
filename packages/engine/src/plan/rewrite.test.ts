import type { Value } from "@geode/values";
import { expect, test } from "vitest";
import { Database } from "../database.ts";

const principal = { id: "anna", roles: [], claims: new Map() };

async function run(statements: readonly string[], row: Value): Promise<unknown> {
  const database = await Database.open();
  try {
    let last: unknown = null;
    for (const text of statements) {
      const parameters = new Map<string, Value>([["rows", [row]]]);
      last = (await database.query({ text, parameters, principal })).rows;
    }
    return last;
  } finally {
    await database.close();
  }
}

test.each([
  ["FOR row IN $rows INSERT (n:A) SET n += row.p", "MATCH (n:A) RETURN n.x, n.y"],
  ["FOR row IN $rows INSERT (:A)-[e:E]->(:B) SET e += row.p", "MATCH ()-[e:E]->() RETURN e.x, e.y"],
])("%s inserts with the properties of the record", async (insert, found) => {
  const row = new Map([
    [
      "p",
      new Map<string, Value>([
        ["x", 1],
        ["y", null],
      ]),
    ],
  ]);
  expect(await run([`EXPLAIN ${insert}`], row)).not.toContainEqual(
    expect.arrayContaining([expect.stringContaining("Set")]),
  );
  expect(await run([insert, found], row)).toEqual([[1, null]]);
});

test.each([
  ["NULL", null],
  ["nothing", undefined],
])("INSERT and SET from %s inserts without properties", async (_, p) => {
  const row = new Map<string, Value>(p === undefined ? [] : [["p", p]]);
  const insert = "FOR row IN $rows INSERT (n:A) SET n += row.p";
  expect(await run([insert, "MATCH (n:A) RETURN n.x"], row)).toEqual([[null]]);
});

test("INSERT and SET from what is no record is refused", async () => {
  const insert = "FOR row IN $rows INSERT (n:A) SET n += row.p";
  await expect(run([insert], new Map<string, Value>([["p", 1]]))).rejects.toMatchObject({
    code: "22G03",
  });
});

test.each([
  ["properties of its own", "INSERT (n:A {x: 0, z: 9}) SET n += row.p"],
  ["another element", "MATCH (m:M) INSERT (n:A {x: 1, z: 9}) SET m += row.p"],
  ["a replacement", "INSERT (n:A {x: 0, z: 9}) SET n = row.p SET n.z = 9"],
  ["more assignments", "INSERT (n:A) SET n += row.p, n.z = 9"],
])("SET behind an INSERT that has %s stays a step of its own", async (_, clauses) => {
  const row = new Map([["p", new Map<string, Value>([["x", 1]])]]);
  const statements = ["INSERT (:M)", `FOR row IN $rows ${clauses}`, "MATCH (n:A) RETURN n.x, n.z"];
  expect(await run(statements, row)).toEqual([[1, 9]]);
});
