import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { GeodeError } from "@geode/values";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { mutated } from "../../test/mutation.ts";
import type { Span } from "./ast.ts";
import { parse } from "./parser.ts";

/** The openCypher TCK is data that the repository does not contain: GEODE_TCK, or beside the repository. */
const TCK = process.env["GEODE_TCK"] ?? join(import.meta.dirname, "../../../../../shared/tck");
const isMissing = !existsSync(join(TCK, "features"));
if (isMissing)
  process.stderr.write(
    `\n!!! The TCK is missing at ${TCK}: its queries are NOT parsed. Set GEODE_TCK.\n`,
  );

/** More of them: GEODE_FUZZ_RUNS. */
const RUNS = Number(process.env["GEODE_FUZZ_RUNS"] ?? 2_000);

/** Every construct of the language at least once; a semicolon at the end of a line ends a statement. */
const CORPUS = readFileSync(join(import.meta.dirname, "corpus.gql"), "utf8")
  .trim()
  .split(/(?<=;)\n/);

/** The second is about SHORTEST 0. */
const REFUSALS: ReadonlySet<string> = new Set(["42001", "22G0F"]);

/** What a stranger may get for a text: a tree, or a positioned refusal. Anything else fails the test. */
function parseOrRefuse(text: string): boolean {
  try {
    parse(text);
    return true;
  } catch (error) {
    if (error instanceof GeodeError && REFUSALS.has(error.code) && error.position !== undefined)
      return false;
    throw new Error(`neither parsed nor refused: ${JSON.stringify(text)}`, { cause: error });
  }
}

test.each(CORPUS)("%s", (text) => {
  expect(() => parse(text)).not.toThrow();
});

test.skipIf(isMissing)(
  "every query of the TCK parses, unless it is expected to be refused when it is compiled",
  () => {
    const queries = readQueries();
    expect(queries.length).toBeGreaterThan(4_000);
    const refused = queries.filter(({ text, isRefused }) => !parseOrRefuse(text) && !isRefused);
    expect(refused).toEqual([]);
  },
);

test("every node spans a piece of the text that lies within that of its parent", () => {
  for (const text of CORPUS) expectSpansNested(parse(text).statement, 0, text.length, text);
});

/** A tree is plain data: objects with a span, lists of them, and leaves. */
function expectSpansNested(node: unknown, start: number, end: number, text: string): void {
  if (typeof node !== "object" || node === null) return;
  const { span } = node as { span?: Span };
  if (span !== undefined && (span.start < start || span.end > end || span.start > span.end)) {
    throw new Error(`${JSON.stringify(node)} is not within ${start}..${end} of ${text}`);
  }
  for (const child of Object.values(node))
    expectSpansNested(child, span?.start ?? start, span?.end ?? end, text);
}

describe("whatever becomes of a text, it parses or is refused with a position", () => {
  const texts = [...CORPUS, ...(isMissing ? [] : readQueries().map(({ text }) => text))];

  test("every beginning of it", () => {
    for (const text of CORPUS) {
      for (let end = 0; end < text.length; end++) parseOrRefuse(text.slice(0, end));
    }
  });

  test("tokens of it left out, doubled, swapped, or replaced by those of another", () => {
    fc.assert(
      fc.property(mutated(texts), (text) => {
        parseOrRefuse(text);
      }),
      { numRuns: RUNS },
    );
  });

  test("characters of it replaced by others", () => {
    const characters = fc.constantFrom(
      ...Array.from("()[]{}<>-~|&!%*+?.,:;='\"`$@\\/#_0x9eE \n\t\0é😀\u2028"),
      "--",
      "/*",
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...texts),
        fc.nat(),
        characters,
        fc.nat({ max: 2 }),
        (text, at, character, length) => {
          const offset = at % (text.length + 1);
          parseOrRefuse(text.slice(0, offset) + character + text.slice(offset + length));
        },
      ),
      { numRuns: RUNS },
    );
  });
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
