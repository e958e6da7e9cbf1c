import { Float, GraphEdge, GraphNode, GraphPath } from "@geode/client";
import type { PlainValue } from "@geode/client";

/** A value in one line of text, as GQL would write it. */
export function valueText(value: PlainValue): string {
  if (value === null) return "null";
  if (typeof value === "string") return value;
  if (typeof value === "boolean" || typeof value === "number" || typeof value === "bigint")
    return String(value);
  if (value instanceof Float) return floatText(value.value);
  return nestedText(value);
}

/** As {@link valueText}, with strings in quotes: inside of a list or a record. */
function nestedText(value: PlainValue): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (value === null || typeof value !== "object" || value instanceof Float)
    return valueText(value);
  if (value instanceof Uint8Array) return bytesText(value);
  if (value instanceof GraphNode)
    return `(:${value.labels.join("&")} ${fieldsText(value.properties)})`;
  if (value instanceof GraphEdge) return `[:${value.label} ${fieldsText(value.properties)}]`;
  if (value instanceof GraphPath) return value.elements.map(nestedText).join("–");
  if (Array.isArray(value)) return `[${value.map(nestedText).join(", ")}]`;
  return fieldsText(value as Readonly<Record<string, PlainValue>>);
}

function fieldsText(fields: Readonly<Record<string, PlainValue>>): string {
  return `{${Object.entries(fields)
    .map(([name, value]) => `${name}: ${nestedText(value)}`)
    .join(", ")}}`;
}

function floatText(value: number): string {
  return Number.isInteger(value) && Math.abs(value) < 1e21 ? value.toFixed(1) : String(value);
}

const BYTES_SHOWN_MAX = 16;

function bytesText(bytes: Uint8Array): string {
  const shown = Array.from(bytes.subarray(0, BYTES_SHOWN_MAX), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
  return `0x${shown}${bytes.length > BYTES_SHOWN_MAX ? `… (${bytes.length} bytes)` : ""}`;
}

/** The GQL type of a value, in one word. */
export function valueType(value: PlainValue): string {
  if (value === null) return "NULL";
  if (typeof value === "string") return "STRING";
  if (typeof value === "boolean") return "BOOLEAN";
  if (typeof value === "bigint") return "INTEGER";
  if (typeof value === "number") return Number.isInteger(value) ? "INTEGER" : "FLOAT";
  if (value instanceof Float) return "FLOAT";
  if (value instanceof Uint8Array) return "BYTES";
  if (value instanceof GraphNode) return "NODE";
  if (value instanceof GraphEdge) return "EDGE";
  if (value instanceof GraphPath) return "PATH";
  return Array.isArray(value) ? "LIST" : "RECORD";
}
