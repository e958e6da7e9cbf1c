import { readFileSync, readdirSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type OracleCase, playCase } from "../../test/oracle.ts";
import {
  randomEntries,
  randomEntriesOfTwoGraphs,
  randomQuery,
  randomQueryOfTwoGraphs,
  randomSetup,
  randomSetupOfTwoGraphs,
} from "../../test/random-gql.ts";

/** More of them: GEODE_ORACLE_RUNS. The seed of a run that failed is in its message; GEODE_ORACLE_SEED repeats it. */
const RUNS = Number(process.env["GEODE_ORACLE_RUNS"] ?? 150);
const SEED = process.env["GEODE_ORACLE_SEED"];

/** What was wrong once, here or in an experiment that broke the code on purpose. A case that fails is printed as such a file. */
const CASES = new URL("../../test/oracle-cases/", import.meta.url);

const anyCase: fc.Arbitrary<OracleCase> = fc.record({
  setup: randomSetup,
  queries: fc.array(randomQuery, { minLength: 3, maxLength: 8, size: "max" }),
  entries: randomEntries,
});

const anyCaseOfTwoGraphs: fc.Arbitrary<OracleCase> = fc.record({
  setup: randomSetupOfTwoGraphs,
  queries: fc.array(randomQueryOfTwoGraphs, { minLength: 3, maxLength: 8, size: "max" }),
  entries: randomEntriesOfTwoGraphs,
});

describe.each(["every", "jumps"] as const)("a live query that shows %s", (shows) => {
  test("equals the query run from scratch, at every commit that it shows", async () => {
    let checked = 0;
    await fc.assert(
      fc.asyncProperty(anyCase, async (found) => {
        checked += await playCase(found, { shows });
      }),
      { numRuns: RUNS, ...(SEED === undefined ? {} : { seed: Number(SEED) }) },
    );
    // The random statements do meet each other.
    expect(checked).toBeGreaterThan(RUNS);
  });

  test("equals it also over two graphs, of which one may go and come back", async () => {
    let checked = 0;
    await fc.assert(
      fc.asyncProperty(anyCaseOfTwoGraphs, async (found) => {
        checked += await playCase(found, { shows });
      }),
      { numRuns: RUNS, ...(SEED === undefined ? {} : { seed: Number(SEED) }) },
    );
    expect(checked).toBeGreaterThan(RUNS);
  });

  test.each(readdirSync(CASES))("does so in %s", async (file) => {
    await playCase(JSON.parse(readFileSync(new URL(file, CASES), "utf8")) as OracleCase, { shows });
  });
});
