import { readFileSync, readdirSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Choices } from "./choices.ts";
import { type NaiveCase, playNaiveCase } from "./judge.ts";
import { randomGraph, randomRead, randomWrite } from "./statements.ts";

/** More of them: GEODE_NAIVE_RUNS. The seed of a run that failed is in its message; FC_SEED repeats it, or tries others. */
const RUNS = Number(process.env["GEODE_NAIVE_RUNS"] ?? 40);
const SEED = process.env["FC_SEED"] ?? "1";

/** What was wrong once. A case that fails is printed as such a file. */
const CASES = new URL("./cases/", import.meta.url);

const tape = fc.noBias(fc.array(fc.nat({ max: 0xffff }), { maxLength: 900, size: "max" }));

const anyCase: fc.Arbitrary<NaiveCase> = tape.map((numbers) => {
  const choices = new Choices(numbers);
  const graph = randomGraph(choices);
  const statements = choices.many(2, 5, () =>
    choices.chance(35) ? randomWrite(choices) : randomRead(choices),
  );
  return { graph, statements };
});

describe("the engine does what the naive evaluator does", () => {
  test("with random statements on random graphs", () => {
    let compared = 0;
    fc.assert(
      fc.property(anyCase, (found) => {
        compared += playNaiveCase(found);
      }),
      { numRuns: RUNS, seed: Number(SEED) },
    );
    expect(compared).toBeGreaterThan(RUNS);
  }, 300_000);

  test.each(readdirSync(CASES))("in %s", (file) => {
    playNaiveCase(JSON.parse(readFileSync(new URL(file, CASES), "utf8")) as NaiveCase);
  });
});
