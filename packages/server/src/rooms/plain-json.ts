import { float, Float, type Value } from "@geode/values";

/*
 * What users put into a message is theirs: any JSON, in which nothing has a special meaning. In the graph it is a record, a list or a
 * plain value, so that queries can look into it.
 */

export function valueOfJson(json: unknown): Value {
  if (typeof json === "number") return Number.isSafeInteger(json) ? json : float(json);
  if (Array.isArray(json)) return json.map(valueOfJson);
  if (typeof json === "object" && json !== null)
    return new Map(Object.entries(json).map(([key, item]) => [key, valueOfJson(item)]));
  return json as string | boolean | null;
}

/** JSON text of what {@link valueOfJson} made. */
export function jsonText(value: Value): string {
  if (value instanceof Float) return JSON.stringify(value.value);
  if (Array.isArray(value)) return `[${(value as readonly Value[]).map(jsonText).join(",")}]`;
  if (value instanceof Map)
    return `{${[...(value as ReadonlyMap<string, Value>)]
      .map(([key, item]) => `${JSON.stringify(key)}:${jsonText(item)}`)
      .join(",")}}`;
  return JSON.stringify(value);
}
