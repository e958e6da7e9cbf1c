import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { GeodeError } from "@geode/values";
import { expect, test } from "vitest";
import { parse } from "./parser.ts";

/** The openCypher TCK is data that the repository does not contain: GEODE_TCK, or beside the repository. */
const TCK = process.env["GEODE_TCK"] ?? join(import.meta.dirname, "../../../../../shared/tck");
const isMissing = !existsSync(join(TCK, "features"));
if (isMissing)
  console.warn(`\n!!! The TCK is missing at ${TCK}: its queries are NOT parsed. Set GEODE_TCK.\n`);

test.skipIf(isMissing)(
  "every TCK query that is not expected to be refused when it is compiled parses",
  () => {
    const refused: string[] = [];
    for (const { text, isRefused } of readQueries()) {
      if (isRefused) continue;
      try {
        parse(text);
      } catch (error) {
        refused.push(`${String(error)}\n${text}`);
      }
    }
    expect(refused).toEqual([]);
  },
);

test.skipIf(isMissing)("every TCK query that parses or not does so with 42001 only", () => {
  for (const { text } of readQueries()) {
    try {
      parse(text);
    } catch (error) {
      expect(error, text).toBeInstanceOf(GeodeError);
      expect((error as GeodeError).code, text).toBe("42001");
    }
  }
});

interface TckQuery {
  readonly text: string;
  readonly isRefused: boolean;
}

function readQueries(): TckQuery[] {
  return globSync("features/**/*.feature", { cwd: TCK }).flatMap((file) =>
    readFeature(readFileSync(join(TCK, file), "utf8")),
  );
}

/** The little of Gherkin that the TCK uses: scenarios, doc strings, and outlines with the tables that fill them in. */
function readFeature(source: string): TckQuery[] {
  const scenarios = source
    .replaceAll(/^ *#.*$/gm, "")
    .split(/^ *Scenario(?: Outline)?:/m)
    .slice(1);
  return scenarios.flatMap((scenario) => {
    const [body = "", ...tables] = scenario.split(/^ *Examples:.*$/m);
    const templates = readTemplates(body);
    const rows = tables.flatMap(readTable);
    const fillings = rows.length === 0 ? [new Map<string, string>()] : rows;
    return fillings.flatMap((row) =>
      templates.map(({ text, isRefused }) => ({ text: fillIn(text, row), isRefused })),
    );
  });
}

/** The last query of a scenario is the one under test; an expected error at compile time is its. */
function readTemplates(body: string): TckQuery[] {
  const texts = [...body.matchAll(/"""([^]*?)"""/g)].map((match) => match[1]!);
  const isError = /(?:SyntaxError|SemanticError|TypeError) should be raised at compile time/.test(
    body,
  );
  return texts.map((text, i) => ({ text, isRefused: isError && i === texts.length - 1 }));
}

function readTable(table: string): Map<string, string>[] {
  const lines = table
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line.startsWith("|"));
  const [header = [], ...rows] = lines.map(readCells);
  return rows.map((cells) => new Map(header.map((name, i) => [name, cells[i] ?? ""])));
}

function readCells(line: string): string[] {
  const cells = line.slice(1, -1).split(/(?<!\\)\|/);
  return cells.map((cell) =>
    cell.trim().replaceAll("\\|", "|").replaceAll("\\n", "\n").replaceAll("\\\\", "\\"),
  );
}

function fillIn(template: string, row: ReadonlyMap<string, string>): string {
  return template.replaceAll(
    /<([^<>\s]+)>/g,
    (placeholder, name: string) => row.get(name) ?? placeholder,
  );
}
