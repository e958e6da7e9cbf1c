import fc from "fast-check";
import { expect, test } from "vitest";
import { randomSetup, randomWrite } from "../../test/random-gql.ts";
import { Database } from "../database.ts";

/*
 * A write whose rows have nothing to do with each other does the same alone, in CALL, for one row after the other, and inside of a CALL
 * inside of a CALL. More of them: GEODE_ORACLE_RUNS; GEODE_ORACLE_SEED repeats a run that failed.
 */

const RUNS = Number(process.env["GEODE_ORACLE_RUNS"] ?? 60);
const SEED = process.env["GEODE_ORACLE_SEED"];

const principal = { id: "ann", roles: ["admin"], claims: new Map() };

/** The rows, and what is done with each. */
const PARTS = /^(MATCH .*?) ((?:INSERT|SET|REMOVE|DETACH DELETE|DELETE) .*)$/;

type Form = (statement: string) => string;

const inCall: Form = (statement) => `CALL { ${statement} }`;
const perRow: Form = (statement) => statement.replace(PARTS, "$1 CALL { $2 }");
const inTwo: Form = (statement) => statement.replace(PARTS, "CALL { $1 CALL { CALL { $2 } } }");
const forOne: Form = (statement) => `FOR i IN [1] OPTIONAL CALL { ${statement} }`;

/** Ids are drawn in the order of the inserts, so everything is the same down to them. */
async function stateBehind(statements: readonly string[]): Promise<unknown> {
  const database = await Database.open();
  try {
    for (const text of statements) await database.query({ text, principal });
    expect(database.check()).toEqual([]);
    const rowsOf = async (text: string) => (await database.query({ text, principal })).rows;
    return [
      await rowsOf(
        "MATCH (n) RETURN element_id(n) AS id, labels(n) AS l, properties(n) AS p ORDER BY id",
      ),
      await rowsOf(
        "MATCH (a)-[e]->(b) RETURN element_id(e) AS id, element_id(a), element_id(b), type(e), properties(e) ORDER BY id",
      ),
    ];
  } finally {
    await database.close();
  }
}

test.each([
  ["as a whole", inCall],
  ["per row", perRow],
  ["in a CALL in a CALL", inTwo],
  ["behind FOR", forOne],
] as const)("a write in CALL, %s, does what it does alone", async (_, form) => {
  await fc.assert(
    fc.asyncProperty(
      randomSetup,
      fc.array(randomWrite, { minLength: 1, maxLength: 6 }),
      async (setup, writes) => {
        const alone = await stateBehind([...setup, ...writes]);
        expect(await stateBehind([...setup, ...writes.map(form)])).toEqual(alone);
      },
    ),
    { numRuns: RUNS, ...(SEED === undefined ? {} : { seed: Number(SEED) }) },
  );
});
