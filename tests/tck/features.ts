import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { AstBuilder, compile, GherkinClassicTokenMatcher, Parser } from "@cucumber/gherkin";
import { IdGenerator, type PickleStep } from "@cucumber/messages";

/** The openCypher TCK: data that is not ours, read where it lies. */
export const TCK =
  process.env["GEODE_TCK"] ?? fileURLToPath(new URL("../../../shared/tck", import.meta.url));

/** One scenario, or one row of a scenario outline. */
export interface Scenario {
  /** Below `features`, e.g. `clauses/match`. */
  readonly folder: string;
  readonly file: string;
  readonly name: string;
  readonly steps: readonly Step[];
}

export interface Step {
  readonly text: string;
  readonly docString: string | null;
  readonly table: readonly (readonly string[])[] | null;
}

export function scenarios(): Scenario[] {
  const root = join(TCK, "features");
  const files = readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".feature"))
    .sort();
  return files.flatMap((file) => {
    const newId = IdGenerator.incrementing();
    const parser = new Parser(new AstBuilder(newId), new GherkinClassicTokenMatcher());
    const document = parser.parse(readFileSync(join(root, file), "utf8"));
    const folder = relative(root, join(root, file, ".."));
    return compile(document, file, newId).map((pickle, index) => ({
      folder,
      file,
      name: `${pickle.name} #${index + 1}`,
      steps: pickle.steps.map(stepOf),
    }));
  });
}

function stepOf(step: PickleStep): Step {
  const table =
    step.argument?.dataTable?.rows.map((row) => row.cells.map((cell) => cell.value)) ?? null;
  return { text: step.text, docString: step.argument?.docString?.content ?? null, table };
}
