import { Float, GraphEdge, GraphNode, GraphPath } from "@geode/client";
import type { AnyRow, PlainValue } from "@geode/client";

/** Rows as indented JSON, with what JSON has no form for written as the wire writes it (`$int`, `$float`, `$id`, …). */
export function rowsJson(rows: readonly AnyRow[]): string {
  return JSON.stringify(rows.map(jsonFields), null, 2);
}

function json(value: PlainValue): unknown {
  if (
    value === null ||
    typeof value === "string" ||
    typeof value === "boolean" ||
    typeof value === "number"
  )
    return value;
  if (typeof value === "bigint") return { $int: String(value) };
  if (value instanceof Float)
    return Number.isInteger(value.value)
      ? { $float: value.value.toFixed(1) }
      : { $float: String(value.value) };
  if (value instanceof Uint8Array) return { $bytes: btoa(String.fromCharCode(...value)) };
  if (value instanceof GraphNode)
    return { $id: value.id, $labels: value.labels, ...jsonFields(value.properties) };
  if (value instanceof GraphEdge) {
    return {
      $id: value.id,
      $labels: [value.label],
      $from: value.from,
      $to: value.to,
      ...jsonFields(value.properties),
    };
  }
  if (value instanceof GraphPath) return { $path: value.elements.map(json) };
  if (Array.isArray(value)) return value.map(json);
  return jsonFields(value as Readonly<Record<string, PlainValue>>);
}

function jsonFields(fields: Readonly<Record<string, PlainValue>>): Record<string, unknown> {
  const result: Record<string, unknown> = Object.create(null);
  for (const [name, value] of Object.entries(fields))
    result[name.startsWith("$") ? `$${name}` : name] = json(value);
  return result;
}
