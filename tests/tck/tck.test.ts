import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { DIFFERENCES } from "./differences.ts";
import { type Scenario, scenarios, TCK } from "./features.ts";
import { runLive } from "./run-live.ts";
import { runScenario } from "./run-scenario.ts";

/*
 * The openCypher TCK through the public interface, unchanged: every scenario passes, or is listed with its reason in `differences.ts`.
 * Machine-expanded folders (quantifier, temporal) are counted apart by being folders of their own.
 */

if (existsSync(TCK)) {
  const byFolder = Map.groupBy(scenarios(), (scenario) => scenario.folder);
  describe("openCypher TCK", () => {
    for (const [folder, cases] of byFolder) {
      test(`${folder} (${cases.length})`, async () => {
        const wrong: string[] = [];
        for (const scenario of cases) {
          const failure = await runScenario(scenario);
          const reason = differenceOf(scenario);
          if (failure !== null && reason === null)
            wrong.push(`${scenario.file} ${scenario.name}: ${failure}`);
          if (failure === null && reason !== null && !isPrefix(scenario))
            wrong.push(`${scenario.file} ${scenario.name} passes, but is listed as different`);
        }
        expect(wrong).toEqual([]);
      });
    }
  });
  describe("openCypher TCK, every read as a live query whose graph arrives commit by commit", () => {
    for (const [folder, cases] of byFolder) {
      test(`${folder} (${cases.length})`, async () => {
        const wrong: string[] = [];
        for (const scenario of cases) {
          const outcome = await runLive(scenario);
          if (typeof outcome === "object" && differenceOf(scenario) === null)
            wrong.push(`${scenario.file} ${scenario.name}: ${outcome.wrong}`);
        }
        expect(wrong).toEqual([]);
      });
    }
  });
} else {
  test.skip(`openCypher TCK: not found at ${TCK}; set GEODE_TCK to where it lies`, () => {});
  // oxlint-disable-next-line no-console -- a suite that does not run has to say so
  console.warn(
    `\n*** The openCypher TCK was NOT run: nothing at ${TCK}. Set GEODE_TCK to its folder. ***\n`,
  );
}

function differenceOf({ file, name }: Scenario): string | null {
  const number = /^\[\d+\]/.exec(name)?.[0] ?? "";
  return DIFFERENCES.get(`${file} ${number}`) ?? (isPrefix({ file }) ? "a whole folder" : null);
}

/** Whole folders are listed with a slash at the end; single scenarios of them may pass. */
function isPrefix({ file }: Pick<Scenario, "file">): boolean {
  for (const key of DIFFERENCES.keys()) if (key.endsWith("/") && file.startsWith(key)) return true;
  return false;
}
