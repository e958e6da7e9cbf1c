import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  Database,
  type Checkpoint,
  type InsertEdge,
  type InsertNode,
  type Principal,
} from "@geode/engine";
import { compareStrings, Edge, float, Node, type Properties, type Value } from "@geode/values";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { temporal, toFile } from "../import/file-value.ts";
import { inspect } from "../import/manifest.ts";
import { Problems } from "../import/problem.ts";
import { sourceOf } from "../import/source.ts";
import { databaseTarget } from "../import/target.ts";
import { write } from "../import/write.ts";
import { contentsOf } from "./contents.ts";
import { EXPORT_FORMATS, type ExportFormat } from "./command.ts";
import { csv } from "./csv.ts";
import { gql } from "./gql.ts";
import { jsonLines } from "./json-lines.ts";

/*
 * export → import into an empty database → the same graph, up to element ids. Every node has a property of its own, `key`, by which
 * the two are compared.
 */
const principal: Principal = { id: "cli", roles: ["admin"], claims: new Map() };
let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "geode-export-"));
});
afterEach(() => rm(directory, { recursive: true }));

interface Sample {
  readonly nodes: readonly {
    readonly labels: readonly string[];
    readonly properties: Properties;
  }[];
  readonly edges: readonly {
    readonly label: string;
    readonly from: number;
    readonly to: number;
    readonly properties: Properties;
  }[];
}

const LABELS = [
  "A",
  "B",
  "a;b",
  "__proto__",
  "back\\slash",
  "tick`",
  "two words",
  "line\nbreak",
  "ünï",
  '"q",',
];
const NAMES = [
  "name",
  "id",
  "__proto__",
  "constructor",
  "$id",
  "$date",
  "$$",
  "a:b",
  "x:ID",
  "a,b",
  'quo"te',
  "line\nbreak",
  " padded ",
  "ünï",
  "back\\slash",
  "tick`",
];
const TEXTS = [
  "",
  " ",
  "a;b",
  "a,b",
  'quo"te',
  "it's",
  "line\nbreak",
  "\r\n",
  "\u0000\u2028",
  "\\n \\",
  "𝕏 ünï",
  "null",
  "12",
  "2024-01-31",
  "'; DROP GRAPH g",
];

const scalar: fc.Arbitrary<Value> = fc.oneof(
  fc.constantFrom(...TEXTS),
  fc.string({ unit: "binary" }).filter((text) => text.isWellFormed()),
  fc.boolean(),
  fc.constantFrom<Value>(0, -1, 2 ** 53 - 1, 2n ** 53n, 2n ** 63n - 1n, -(2n ** 63n)),
  fc.constantFrom(2, -0, Number.NaN, Infinity, -Infinity, 1e300, 1e21).map(float),
  fc.constantFrom(1.5, -0.1, 5e-324, 123456789.125),
  fc.uint8Array({ maxLength: 4 }),
  fc.constantFrom<Value>(
    temporal("DATE", "2024-02-29"),
    temporal("LOCAL TIME", "12:00:00.000000001"),
    temporal("ZONED TIME", "12:00:00+01:00"),
    temporal("LOCAL DATETIME", "-0044-03-15T12:00:00"),
    temporal("ZONED DATETIME", "2024-10-27T02:30:00+01:00[Europe/Paris]"),
    temporal("ZONED DATETIME", "2024-10-27T02:30:00Z"),
    temporal("DURATION", "P1Y2M3DT4H5M6.7S"),
    temporal("DURATION", "-PT0.1S"),
  ),
);
const value: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    { arbitrary: scalar, weight: 4 },
    fc.array(scalar, { maxLength: 3 }),
    fc.array(tie("value"), { maxLength: 3 }),
    fc
      .array(fc.tuple(fc.constantFrom(...NAMES), tie("value")), { maxLength: 2 })
      .map((fields) => new Map(fields)),
  ),
})).value;
const properties = fc
  .array(fc.tuple(fc.constantFrom(...NAMES), value), { maxLength: 4 })
  .map((fields) => new Map(fields));
const sample: fc.Arbitrary<Sample> = fc
  .array(
    fc.record({ labels: fc.uniqueArray(fc.constantFrom(...LABELS), { maxLength: 3 }), properties }),
    {
      minLength: 1,
      maxLength: 6,
    },
  )
  .chain((nodes) => {
    const end = fc.nat({ max: nodes.length - 1 });
    const edge = fc.record({ label: fc.constantFrom(...LABELS), from: end, to: end, properties });
    return fc.record({ nodes: fc.constant(nodes), edges: fc.array(edge, { maxLength: 5 }) });
  });

test.each(EXPORT_FORMATS)(
  "what is exported as %s and imported is the same graph",
  async (format) => {
    await fc.assert(
      fc.asyncProperty(sample, async (given) => {
        const database = await Database.open();
        try {
          await bringBack(format, given, database);
          expect(await graphOf(database)).toEqual(expectedOf(given));
          expect(database.check()).toEqual([]);
        } finally {
          await database.close();
        }
      }),
      { numRuns: 60 },
    );
  },
);

test.each(["jsonl", "gql"] as const)(
  "an export as %s brings indexes and constraints along",
  async (format) => {
    const given: Sample = {
      nodes: [{ labels: ["A B"], properties: new Map([["p\\q", 1]]) }],
      edges: [{ label: "R", from: 0, to: 0, properties: new Map([["x", 1]]) }],
    };
    const place = {
      graph: "default",
      element: "node",
      label: "A B",
      properties: ["p\\q"],
    } as const;
    const edgePlace = {
      ...place,
      element: "edge",
      label: "R",
      properties: ["x", "__proto__"],
    } as const;
    const database = await Database.open();
    await bringBack(format, given, database, [
      { kind: "createIndex", name: "my `index`", ...edgePlace },
      {
        kind: "createConstraint",
        name: "u",
        ...edgePlace,
        properties: ["x"],
        requirement: "unique",
      },
      { kind: "createConstraint", name: "k", ...place, requirement: "key" },
      { kind: "createConstraint", name: "n\nn", ...place, requirement: "exists" },
    ]);
    const found = async (what: string): Promise<unknown> =>
      (await database.query({ text: `SHOW ${what}`, principal })).rows;
    expect(await found("CONSTRAINTS")).toEqual([
      ["k", "KEY", "NODE", "A B", ["p\\q"], "k"],
      ["n\nn", "NOT NULL", "NODE", "A B", ["p\\q"], null],
      ["u", "UNIQUE", "EDGE", "R", ["x"], "u"],
    ]);
    expect(await found("INDEXES")).toEqual([
      ["k", "NODE", "A B", ["p\\q"], "k", 1, 1],
      ["my `index`", "EDGE", "R", ["x", "__proto__"], null, 0, 0],
      ["u", "EDGE", "R", ["x"], "u", 1, 1],
    ]);
    expect(await graphOf(database)).toEqual(expectedOf(given));
    await database.close();
  },
);

async function bringBack(
  format: ExportFormat,
  given: Sample,
  database: Database,
  before: readonly object[] = [],
): Promise<void> {
  const checkpoint = checkpointOf(given, before);
  if (format === "gql") return runGql(checkpoint, database);
  const texts = new Map<string, string>();
  const contents = contentsOf(checkpoint, "default");
  if (format === "jsonl") texts.set("graph.jsonl", [...jsonLines(contents)].join(""));
  else for (const { file, text } of csv(contents)) texts.set(file, (texts.get(file) ?? "") + text);
  const files: string[] = [];
  for (const [name, text] of texts) {
    files.push(join(directory, name));
    await writeFile(files.at(-1)!, text);
  }
  const problems = new Problems();
  const manifest = await inspect(
    files.map((file) => sourceOf(file)!),
    problems,
    () => undefined,
  );
  expect(problems.found.map(({ message }) => message)).toEqual([]);
  await write(manifest!, databaseTarget(database, principal, undefined), {
    batch: 2,
    onWritten: () => undefined,
  });
}

async function runGql(checkpoint: Checkpoint, database: Database): Promise<void> {
  const lines = [...gql(contentsOf(checkpoint, "default"))].join("").split("\n");
  for (const text of lines) {
    if (text !== "" && !text.startsWith("//")) await database.query({ text, principal });
  }
}

function checkpointOf({ edges, nodes }: Sample, before: readonly object[] = []): Checkpoint {
  const effects = [
    ...before,
    ...nodes.map(({ labels, properties: given }, n): InsertNode => ({
      kind: "insertNode",
      graph: "default",
      id: n,
      labels: labels.toSorted(compareStrings),
      properties: new Map([...given, ["key", n]]),
    })),
    ...edges.map(({ from, label, properties: given, to }, n): InsertEdge => ({
      kind: "insertEdge",
      graph: "default",
      id: nodes.length + n,
      label,
      from,
      to,
      properties: given,
    })),
  ];
  return { header: { seq: 7 }, chunks: [effects] } as unknown as Checkpoint;
}

/** A graph as sorted texts; edges name their ends by `key`. */
function expectedOf({ edges, nodes }: Sample): string[] {
  return [
    ...nodes.map(({ labels, properties: given }, n) =>
      nodeText(labels, new Map([...given, ["key", n]])),
    ),
    ...edges.map(({ from, label, properties: given, to }) => edgeText(from, label, to, given)),
  ].sort();
}

async function graphOf(database: Database): Promise<string[]> {
  const found = await database.query({ text: "MATCH (n) RETURN n", principal });
  const nodes = found.rows.map(([node]) => node as Node);
  const edges = await database.query({
    text: "MATCH (a)-[e]->(b) RETURN a.key, e, b.key",
    principal,
  });
  return [
    ...nodes.map((node) => nodeText(node.labels, node.properties)),
    ...edges.rows.map(([from, edge, to]) => {
      const { label, properties: given } = edge as Edge;
      return edgeText(from as number, label, to as number, given);
    }),
  ].sort();
}

const nodeText = (labels: readonly string[], given: Properties): string =>
  `(${JSON.stringify(labels.toSorted(compareStrings))} ${propertiesText(given)})`;
const edgeText = (from: Value, label: string, to: Value, given: Properties): string =>
  `${String(from)}-[${JSON.stringify(label)} ${propertiesText(given)}]->${String(to)}`;
const propertiesText = (given: Properties): string =>
  [...given]
    .map(([name, field]) => `${JSON.stringify(name)}: ${toFile(sorted(field))}`)
    .sort()
    .join();

/** Records have no order; texts of those that hold temporal values do. */
function sorted(given: Value): Value {
  if (Array.isArray(given)) return given.map(sorted);
  if (!(given instanceof Map)) return given;
  const fields = [...(given as ReadonlyMap<string, Value>)];
  return new Map(
    fields
      .map(([name, field]) => [name, sorted(field)] as const)
      .toSorted(([a], [b]) => compareStrings(a, b)),
  );
}
