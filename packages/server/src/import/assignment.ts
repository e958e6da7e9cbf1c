import { TemporalValue, type Value } from "@geode/values";
import { hasTemporal } from "./file-value.ts";
import { quoted } from "./names.ts";

/*
 * Parameters have no temporal values: they travel as their texts, and the statement says what they are.
 */

/** Clauses that give an element the properties in `row.p`; equal for all elements with temporal values in the same places. */
export function assignment(variable: string, properties: ReadonlyMap<string, Value>): string {
  let text = properties.size === 0 ? "" : `SET ${variable} += row.p`;
  for (const [name, value] of properties) {
    if (!hasTemporal(value)) continue;
    text += ` SET ${variable}.${quoted(name)} = ${retyped(value, `row.p.${quoted(name)}`)}`;
  }
  return text;
}

/** The properties as a parameter. */
export function texts(properties: ReadonlyMap<string, Value>): ReadonlyMap<string, Value> {
  for (const value of properties.values())
    if (hasTemporal(value))
      return new Map([...properties].map(([name, each]) => [name, textOf(each)]));
  return properties;
}

function textOf(value: Value): Value {
  if (value instanceof TemporalValue) return value.toString();
  if (!hasTemporal(value)) return value;
  return Array.isArray(value) ? value.map(textOf) : texts(value as ReadonlyMap<string, Value>);
}

/** What makes the value again of its texts, which stand at `path`. */
function retyped(value: Value, path: string): string {
  if (value instanceof TemporalValue) return `CAST(${path} AS ${value.type})`;
  if (!hasTemporal(value)) return path;
  if (!Array.isArray(value)) {
    const fields = [...(value as ReadonlyMap<string, Value>)];
    return `{${fields.map(([name, field]) => `${quoted(name)}: ${retyped(field, `${path}.${quoted(name)}`)}`).join(", ")}}`;
  }
  const [first] = value as readonly Value[];
  const { type } = first as TemporalValue;
  if (value.every((item: Value) => item instanceof TemporalValue && item.type === type))
    return `[x IN ${path} | CAST(x AS ${type})]`;
  return `[${value.map((item: Value, n: number) => retyped(item, `${path}[${n}]`)).join(", ")}]`;
}
