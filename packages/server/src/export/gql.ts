import type { InsertEdge, InsertNode } from "@geode/engine";
import { Float, numberText, TemporalValue, type Value } from "@geode/values";
import { catalogStatement } from "../import/catalog.ts";
import { escaped, quoted } from "../import/names.ts";
import type { Contents } from "./contents.ts";

/** Elements per statement, and how long its text may grow before it is ended, in characters. */
const ELEMENTS_MAX = 100;
const TEXT_LENGTH = 64 * 1024;

/**
 * Statements, one per line, that make the graph, its indexes and its constraints: these first, so that no statement can bring in what
 * they forbid. Nodes that edges have to find carry a label and a property of the
 * export's own until the end.
 */
export function* gql(contents: Contents): Generator<string> {
  const { edgeCount, seq } = contents;
  yield `// A Geode graph as of commit ${seq}: one statement per line.\n`;
  for (const item of contents.catalog) yield `${catalogStatement(item, { ifNotExists: false })};\n`;
  if (edgeCount > 0) yield `CREATE INDEX ${MARK} FOR (n:${MARK}) ON (n.${MARK});\n`;
  yield* grouped(nodes(contents), (list) => `INSERT ${list};\n`, ", ");
  for (const edge of contents.elements()) if (edge.kind === "insertEdge") yield edgeStatement(edge);
  if (edgeCount === 0) return;
  yield* grouped(
    references(contents),
    (list) => `FOR id IN [${list}] MATCH (n:${MARK} {${MARK}: id}) REMOVE n:${MARK}, n.${MARK};\n`,
    ", ",
  );
  yield `DROP INDEX ${MARK};\n`;
}

/** Unlikely enough in anybody's graph. */
const MARK = "`export of Geode: reference`";

function* nodes(contents: Contents): Generator<string> {
  for (const node of contents.elements()) {
    if (node.kind === "insertNode") yield nodePattern(node, contents.edgeCount > 0);
  }
}

function* references(contents: Contents): Generator<string> {
  for (const { id, kind } of contents.elements()) if (kind === "insertNode") yield String(id);
}

function nodePattern({ id, labels, properties }: InsertNode, isMarked: boolean): string {
  const names = [...labels.map(quoted), ...(isMarked ? [MARK] : [])];
  const fields = [...fieldsOf(properties), ...(isMarked ? [`${MARK}: ${id}`] : [])];
  return `(${names.length === 0 ? "" : `:${names.join("&")}`}${fields.length === 0 ? "" : ` {${fields.join(", ")}}`})`;
}

function edgeStatement({ from, label, properties, to }: InsertEdge): string {
  const fields = fieldsOf(properties);
  return (
    `MATCH (a:${MARK} {${MARK}: ${from}}), (b:${MARK} {${MARK}: ${to}}) ` +
    `INSERT (a)-[:${quoted(label)}${fields.length === 0 ? "" : ` {${fields.join(", ")}}`}]->(b);\n`
  );
}

function fieldsOf(properties: ReadonlyMap<string, Value>): string[] {
  return [...properties].map(([name, value]) => `${quoted(name)}: ${literal(value)}`);
}

/** A value as an expression that has it. */
export function literal(value: Value): string {
  switch (typeof value) {
    case "string":
      return stringLiteral(value);
    case "number":
    case "bigint":
      return String(value);
    case "boolean":
      return value ? "TRUE" : "FALSE";
    default:
      break;
  }
  if (value === null) return "NULL";
  if (value instanceof Float) return floatLiteral(value);
  if (value instanceof TemporalValue)
    return `CAST(${stringLiteral(value.toString())} AS ${value.type})`;
  if (value instanceof Uint8Array) return `X'${Buffer.from(value).toString("hex")}'`;
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  // Elements and paths are no properties.
  return `{${fieldsOf(value as ReadonlyMap<string, Value>).join(", ")}}`;
}

function floatLiteral(value: Float): string {
  if (Number.isNaN(value.value)) return "(0.0 / 0.0)";
  if (!Number.isFinite(value.value)) return value.value > 0 ? "(1.0 / 0.0)" : "(-1.0 / 0.0)";
  return numberText(value);
}

function stringLiteral(text: string): string {
  return `'${escaped(text).replaceAll("'", "\\'")}'`;
}

/** Joins parts into statements of bounded size. */
function* grouped(
  parts: Iterable<string>,
  statement: (list: string) => string,
  separator: string,
): Generator<string> {
  let group: string[] = [];
  let length = 0;
  for (const part of parts) {
    group.push(part);
    length += part.length;
    if (group.length < ELEMENTS_MAX && length < TEXT_LENGTH) continue;
    yield statement(group.join(separator));
    group = [];
    length = 0;
  }
  if (group.length > 0) yield statement(group.join(separator));
}
