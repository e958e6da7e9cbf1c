import { Edge, Float, Node, Path } from "@geode/values";
import type { Value } from "@geode/values";

/** Whether a property can hold a value: anything but elements and paths, at any depth. Null passes: it stands for "no property". */
export function isStorable(value: Value): boolean {
  switch (typeof value) {
    case "string":
    case "number":
    case "boolean":
    case "bigint":
      return true;
    case "object":
      return value === null || isStorableObject(value);
    default:
      return false;
  }
}

function isStorableObject(value: object): boolean {
  if (value instanceof Float || value instanceof Uint8Array) return true;
  if (Array.isArray(value)) return value.every(isStorable);
  if (value instanceof Node || value instanceof Edge || value instanceof Path) return false;
  if (!(value instanceof Map)) return false;
  for (const field of value.values()) if (!isStorable(field)) return false;
  return true;
}
