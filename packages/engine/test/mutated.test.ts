import { readdirSync, readFileSync } from "node:fs";
import { GeodeError } from "@geode/values";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Database } from "../src/database.ts";
import type { Principal } from "../src/requests.ts";
import { mutated } from "./mutation.ts";

/** More of them: GEODE_FUZZ_RUNS. The seed of a run that failed is in its message; FC_SEED repeats it, or tries others. */
const RUNS = Number(process.env["GEODE_FUZZ_RUNS"] ?? 2_000);
const SEED = process.env["FC_SEED"] ?? "1";

const CONFORMANCE = new URL("../../../tests/conformance/", import.meta.url);

/** What was wrong once: statements, separated by a line `---`. */
const CASES = new URL("./mutated-cases.gql", import.meta.url);

const GRAPH = `INSERT (a:P {n: 1, name: 'a'})-[:R {w: 1}]->(b:P&Q {n: 2, x: [1, 2]})-[:R {w: 2}]->(c:P {n: 3}),
  (a)-[:S {w: 3}]->(c), (c)-[:S]->(c), (:Q {x: 1.5}), (:N {d: DATE '2024-02-29'})`;

/** A statement may write: after so many, they go on with a new graph. */
const STATEMENTS_PER_GRAPH = 40;
const TIMEOUT_MS = 500;

const principal: Principal = { id: "tester", roles: ["admin"], claims: new Map() };

function conformanceStatements(): string[] {
  return readdirSync(CONFORMANCE)
    .filter((name) => name.endsWith(".md"))
    .flatMap((name) => [
      ...readFileSync(new URL(name, CONFORMANCE), "utf8").matchAll(/^```gql\n([^]*?)\n```$/gm),
    ])
    .map((match) => match[1] ?? "");
}

/** Answers rows, or an error that says what was wrong and, if it is the grammar, where. Anything else fails the test. */
async function runOrRefuse(database: Database, text: string): Promise<void> {
  try {
    await database.query({ text, principal, timeoutMs: TIMEOUT_MS });
  } catch (error) {
    if (!(error instanceof GeodeError) || error.code === "INTERNAL")
      throw new Error(`neither run nor refused: ${JSON.stringify(text)}`, { cause: error });
    if (error.code === "42001")
      expect({ text, position: error.position }).toMatchObject({ position: expect.anything() });
  }
}

async function newGraph(): Promise<Database> {
  const database = await Database.open();
  await database.query({ text: GRAPH, principal });
  return database;
}

test("a statement with some of its words changed is run, or refused with a code", async () => {
  let database = await newGraph();
  let statements = 0;
  await fc.assert(
    fc.asyncProperty(mutated(conformanceStatements()), async (text) => {
      if (++statements % STATEMENTS_PER_GRAPH === 0) {
        await database.close();
        database = await newGraph();
      }
      await runOrRefuse(database, text);
    }),
    { numRuns: RUNS, seed: Number(SEED) },
  );
  await database.close();
}, 3_600_000);

test.each(readFileSync(CASES, "utf8").split(/^---$/m))("and so is %s", async (text) => {
  const database = await newGraph();
  await runOrRefuse(database, text.trim());
  await database.close();
});
