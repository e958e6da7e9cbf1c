import type { InsertEdge, InsertNode } from "@geode/engine";
import {
  Float,
  numberText,
  TemporalValue,
  unreachable,
  type TemporalType,
  type Value,
} from "@geode/values";
import { toFile } from "../import/file-value.ts";
import { labelFault, propertyFault } from "../import/names.ts";
import type { Contents } from "./contents.ts";
import { jsonObject } from "./json-lines.ts";

/** A piece of one of the files. */
export interface CsvPiece {
  readonly file: string;
  readonly text: string;
}

/**
 * A file per set of labels and per edge label, in the header convention that `geode import` reads. A property has a column of its type;
 * where its values have several, or one that a cell cannot show, the cells are JSON.
 */
export function* csv(contents: Contents): Generator<CsvPiece> {
  const tables = tablesOf(contents);
  for (const table of tables.values()) yield { file: table.file, text: headerOf(table) };
  for (const element of contents.elements()) {
    const table = tables.get(keyOf(element))!;
    yield { file: table.file, text: rowOf(element, table) };
  }
}

interface Table {
  readonly file: string;
  readonly kind: "node" | "edge";
  readonly labels: readonly string[];
  /** The types of the columns, by property. */
  readonly columns: Map<string, string>;
  /** Whether there are properties whose names cannot stand in a header. */
  hasMore: boolean;
}

/** All files with their columns; needs the contents once. */
function tablesOf(contents: Contents): Map<string, Table> {
  const tables = new Map<string, Table>();
  const files = new Set<string>();
  for (const element of contents.elements()) {
    const key = keyOf(element);
    let table = tables.get(key);
    if (table === undefined) {
      const kind = element.kind === "insertNode" ? "node" : "edge";
      const labels = element.kind === "insertNode" ? element.labels : [element.label];
      const file = fileName(kind, labels, files);
      table = { file, kind, labels, columns: new Map(), hasMore: false };
      tables.set(key, table);
    }
    for (const [name, value] of element.properties) {
      if (!fitsHeader(name)) table.hasMore = true;
      else table.columns.set(name, common(table.columns.get(name), cellTypeOf(value)));
    }
  }
  return tables;
}

function keyOf(element: InsertNode | InsertEdge): string {
  return element.kind === "insertNode"
    ? JSON.stringify(element.labels)
    : JSON.stringify(element.label);
}

/** Readable, and safe on every file system; names that would meet there are numbered. */
function fileName(kind: Table["kind"], labels: readonly string[], taken: Set<string>): string {
  const words = labels
    .join("-")
    .replaceAll(/[^\p{L}\p{N}_-]/gu, "_")
    .slice(0, 60);
  const base = `${kind}s-${words === "" ? "unlabelled" : words}`;
  for (let n = 1; ; n++) {
    const file = `${base}${n === 1 ? "" : `-${n}`}.csv`;
    const folded = file.normalize("NFC").toLowerCase();
    if (taken.has(folded)) continue;
    taken.add(folded);
    return file;
  }
}

function fitsHeader(name: string): boolean {
  return name.trim() === name && name.isWellFormed() && propertyFault(name) === undefined;
}

function headerOf({ columns, hasMore, kind, labels }: Table): string {
  const suffix = plainLabels(labels) ? "" : "(json)";
  const heads = [
    ...(kind === "node" ? [":REF", `:LABEL${suffix}`] : [":START_ID", ":END_ID", `:TYPE${suffix}`]),
    ...[...columns].map(([name, type]) => `${name}:${type}`),
    ...(hasMore ? [":PROPERTIES"] : []),
  ];
  return lineOf(heads);
}

function rowOf(element: InsertNode | InsertEdge, { columns, hasMore, labels }: Table): string {
  const { properties } = element;
  const cells =
    element.kind === "insertNode"
      ? [String(element.id)]
      : [String(element.from), String(element.to)];
  cells.push(plainLabels(labels) ? labels.join(";") : JSON.stringify(labels));
  for (const [name, type] of columns) {
    const value = properties.get(name);
    cells.push(value === undefined ? "" : type === "json" ? toFile(value) : cellOf(value));
  }
  if (hasMore) {
    const more = new Map([...properties].filter(([name]) => !fitsHeader(name)));
    cells.push(more.size === 0 ? "" : jsonObject(escaped(more)));
  }
  return lineOf(cells);
}

/** As the fields of a value, names double a `$` at their beginning. */
function escaped(properties: ReadonlyMap<string, Value>): ReadonlyMap<string, Value> {
  return new Map([...properties].map(([name, value]) => [name.replace(/^\$/, "$$$$"), value]));
}

/** Whether a column can name them one after the other. */
function plainLabels(labels: readonly string[]): boolean {
  return (
    labels.length > 0 &&
    labels.every(
      (label) => !label.includes(";") && label.isWellFormed() && labelFault(label) === undefined,
    )
  );
}

function lineOf(cells: readonly string[]): string {
  return `${cells.map((cell) => (/[",\r\n]|^\s|\s$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(",")}\n`;
}

function common(before: string | undefined, type: string): string {
  return before === undefined || before === type ? type : "json";
}

/** The column type whose cells can show the value. */
function cellTypeOf(value: Value): string {
  if (!Array.isArray(value)) return scalarType(value);
  const items = value as readonly Value[];
  const types = new Set(items.map(scalarType));
  const [type] = types;
  const isPlain =
    types.size === 1 && type !== "json" && items.every((item) => !cellOf(item).includes(";"));
  return isPlain ? `${type!}[]` : "json";
}

function scalarType(value: Value): string {
  switch (typeof value) {
    case "string":
      // An empty cell is no property.
      return value !== "" && value.isWellFormed() ? "string" : "json";
    case "boolean":
      return "boolean";
    case "bigint":
      return "int";
    case "number":
      return Number.isInteger(value) ? "int" : "float";
    default:
      if (value instanceof Float) return "float";
      return value instanceof TemporalValue ? temporalType(value.type) : "json";
  }
}

function temporalType(type: TemporalType): string {
  switch (type) {
    case "DATE":
      return "date";
    case "LOCAL TIME":
      return "localtime";
    case "ZONED TIME":
      return "time";
    case "LOCAL DATETIME":
      return "localdatetime";
    case "ZONED DATETIME":
      return "datetime";
    case "DURATION":
      return "duration";
    default:
      return unreachable(type);
  }
}

function cellOf(value: Value): string {
  if (Array.isArray(value)) return value.map(cellOf).join(";");
  if (typeof value === "string") return value;
  if (value instanceof Float) return numberText(value);
  return String(value as number | bigint | boolean | TemporalValue);
}
