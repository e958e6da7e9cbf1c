import fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import { Database } from "../database.ts";
import type { Principal } from "../requests.ts";

const principal: Principal = { id: "test", roles: [], claims: new Map() };
const opened: Database[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((database) => database.close()));
});

async function opening() {
  const database = await Database.open();
  opened.push(database);
  return async (text: string) => (await database.query({ text, principal })).rows;
}

const literal = fc.constantFrom(
  "0",
  "1",
  "2",
  "1.5",
  "-1",
  "'a'",
  "'ab'",
  "'b'",
  "''",
  "TRUE",
  "FALSE",
  "NULL",
  "[1, 2]",
  "DATE '2024-02-29'",
  "(0.0 / 0.0)",
  "(1.0 / 0.0)",
);
const condition = fc.oneof(
  fc
    .tuple(fc.constantFrom("<", "<=", ">", ">="), literal)
    .map(([operator, value]) => `n.x ${operator} ${value}`),
  fc
    .tuple(fc.constantFrom("<", "<=", ">", ">="), literal)
    .map(([operator, value]) => `${value} ${operator} n.x`),
  literal.map((value) => `n.x STARTS WITH ${value}`),
);
/** Nodes come, change and go, and queries stand in between. */
const change = fc.oneof(
  literal.map((value) => `INSERT (:N {x: ${value}})`),
  fc.tuple(literal, literal).map(([from, to]) => `MATCH (n:N {x: ${from}}) SET n.x = ${to}`),
  literal.map((value) => `MATCH (n:N {x: ${value}}) DELETE n`),
);

test("a range over an index finds what looking at all nodes finds", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(change, fc.array(condition, { minLength: 1, maxLength: 2 })), {
        maxLength: 12,
      }),
      async (steps) => {
        const [indexed, plain] = [await opening(), await opening()];
        await indexed("CREATE INDEX by_x FOR (n:N) ON (n.x)");
        for (const [write, conditions] of steps) {
          await indexed(write);
          await plain(write);
          const query = `MATCH (n:N) WHERE ${conditions.join(" AND ")} RETURN count(*), min(n.x), max(n.x)`;
          expect(await indexed(query)).toEqual(await plain(query));
        }
      },
    ),
    { numRuns: 150 },
  );
}, 60_000);
