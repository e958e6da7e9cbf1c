import { type Value, Float, TemporalValue } from "@geode/values";
import type { Effect, Patch } from "../graph/effect.ts";

/**
 * About how many bytes a value takes in the log. An estimate: it decides how much goes into one batch, where being wrong by a factor
 * of two does not matter, and being slow would.
 */
function valueWeight(value: Value): number {
  switch (typeof value) {
    case "string":
      return value.length + 2;
    case "object":
      if (value === null) return 1;
      if (value instanceof Float) return 9;
      if (value instanceof TemporalValue) return 16;
      if (value instanceof Uint8Array) return value.byteLength + 4;
      if (value instanceof Map) return propertiesWeight(value);
      if (Array.isArray(value)) {
        let weight = 4;
        for (const item of value as readonly Value[]) weight += valueWeight(item);
        return weight;
      }
      // An element or a path, which only parameters can hold.
      return 64;
    default:
      return 9;
  }
}

export function propertiesWeight(properties: ReadonlyMap<string, Value>): number {
  let weight = 4;
  if (properties.size === 0) return weight;
  for (const [name, value] of properties) weight += name.length + 2 + valueWeight(value);
  return weight;
}

export function patchWeight(patch: Patch): number {
  let weight = 16;
  for (const effect of patch) weight += effectWeight(effect);
  return weight;
}

function effectWeight(effect: Effect): number {
  switch (effect.kind) {
    case "insertNode":
      return 8 + propertiesWeight(effect.properties);
    case "insertEdge":
      return 24 + propertiesWeight(effect.properties);
    case "updateNode":
    case "updateEdge":
      return 8 + propertiesWeight(effect.set);
    case "spliceText":
      return 32 + effect.insert.length + propertiesWeight(effect.set);
    case "appendEdit":
    case "compactDocument":
      return 16 + effect.document.length + effect.bytes.length;
    default:
      return 16;
  }
}
