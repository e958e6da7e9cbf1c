import {
  GraphEdge,
  GraphNode,
  GraphPath,
  Float,
  type AnyRow,
  type PlainValue,
} from "@geode/client";
import Table from "cli-table3";
import { printable } from "./terminal.ts";

/** How rows are shown: for people, for programs, for spreadsheets. */
export const FORMATS = ["table", "json", "csv"] as const;
export type Format = (typeof FORMATS)[number];

/** Longer cells of a table are cut; the other formats show everything. */
const CELL_LENGTH_MAX = 120;

/** All rows as one text that ends with a newline. */
export function formatRows(
  format: Format,
  columns: readonly string[],
  rows: readonly AnyRow[],
): string {
  switch (format) {
    case "table":
      return columns.length === 0 ? "" : `${tableOf(columns, rows)}\n`;
    case "json":
      return rows.length === 0
        ? "[]\n"
        : `[\n${rows.map((row) => `  ${jsonOf(row)}`).join(",\n")}\n]\n`;
    case "csv":
      return [columns, ...rows.map((row) => columns.map((column) => csvCell(row[column] ?? null)))]
        .map((cells, line) => (line === 0 ? cells.map(csvQuoted) : cells).join(","))
        .map((line) => `${line}\r\n`)
        .join("");
  }
}

/** A row or value as JSON, in the form in which the protocol sends it. */
export function jsonOf(value: PlainValue): string {
  return JSON.stringify(wire(value));
}

/** A value as JSON would be if it could hold every number: for people, and not for programs. */
export function readable(value: PlainValue): string {
  if (value instanceof Float) return floatText(value);
  if (typeof value === "bigint") return String(value);
  if (Array.isArray(value)) return `[${value.map(readable).join(",")}]`;
  if (!isRecord(value)) return jsonOf(value);
  const fields = Object.entries(value).map(
    ([name, field]) => `${JSON.stringify(name)}:${readable(field)}`,
  );
  return `{${fields.join(",")}}`;
}

/** A value in as few characters as say what it is. */
export function display(value: PlainValue): string {
  if (value === null) return "null";
  if (typeof value === "string") return printable(value);
  if (value instanceof GraphNode) {
    return `(${value.labels.map((label) => `:${printable(label)}`).join("")}${displayed(value.properties)})`;
  }
  if (value instanceof GraphEdge) {
    return `[:${printable(value.label)}${displayed(value.properties)}]`;
  }
  if (value instanceof GraphPath) return value.elements.map(display).join("–");
  return typeof value === "boolean" ? String(value) : printable(readable(value));
}

function displayed(properties: object): string {
  const entries = Object.entries(properties as Record<string, PlainValue>);
  if (entries.length === 0) return "";
  return ` {${entries.map(([name, value]) => `${printable(name)}: ${printable(readable(value))}`).join(", ")}}`;
}

function tableOf(columns: readonly string[], rows: readonly AnyRow[]): string {
  const table = new Table({ head: columns.map(printable), style: { head: [], border: [] } });
  for (const row of rows) table.push(columns.map((column) => cut(display(row[column] ?? null))));
  return table.toString();
}

function cut(text: string): string {
  return text.length <= CELL_LENGTH_MAX ? text : `${text.slice(0, CELL_LENGTH_MAX - 1)}…`;
}

/** RFC 4180; null is an empty cell, a text that looks like one is quoted. */
function csvCell(value: PlainValue): string {
  if (value === null) return "";
  if (typeof value === "string") return value === "" ? '""' : csvQuoted(value);
  return csvQuoted(
    typeof value === "object" && !(value instanceof Float) ? jsonOf(value) : display(value),
  );
}

function csvQuoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function wire(value: PlainValue): unknown {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number") return value;
  if (typeof value === "bigint") return { $int: String(value) };
  if (value instanceof Float) {
    return { $float: floatText(value) };
  }
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString("base64") };
  if (value instanceof GraphNode) {
    return record(value.properties, { $id: value.id, $labels: value.labels });
  }
  if (value instanceof GraphEdge) {
    const { from, id, label, to } = value;
    return record(value.properties, { $id: id, $labels: [label], $from: from, $to: to });
  }
  if (value instanceof GraphPath) return { $path: value.elements.map(wire) };
  if (Array.isArray(value)) return value.map(wire);
  return record(value as Record<string, PlainValue>, {});
}

/** That it is a FLOAT shows: 2.0 and not 2. */
function floatText({ value }: Float): string {
  if (Object.is(value, -0)) return "-0.0";
  return Number.isInteger(value) && Math.abs(value) < 1e21 ? value.toFixed(1) : String(value);
}

function isRecord(value: PlainValue): value is Record<string, PlainValue> {
  return (
    typeof value === "object" &&
    value !== null &&
    !(value instanceof Uint8Array) &&
    !(value instanceof GraphNode) &&
    !(value instanceof GraphEdge) &&
    !(value instanceof GraphPath)
  );
}

/** Names are users': one that starts with `$` gets a second one, and `__proto__` is a name like any other. */
function record(fields: object, own: Record<string, unknown>): object {
  const entries = Object.entries(fields as Record<string, PlainValue>).map(
    ([name, value]) => [name.startsWith("$") ? `$${name}` : name, wire(value)] as const,
  );
  return Object.fromEntries([...Object.entries(own), ...entries]);
}
