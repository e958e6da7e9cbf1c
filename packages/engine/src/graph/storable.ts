import { Float, NESTING_MAX, TemporalValue } from "@geode/values";
import type { Value } from "@geode/values";

/** How deep lists and records of a property may be nested: so that a result that wraps elements into lists and records can be sent. */
export const PROPERTY_NESTING_MAX = NESTING_MAX - 8;

/**
 * Whether a property can hold a value: anything but elements and paths, at any depth, and nothing nested deeper than
 * {@link PROPERTY_NESTING_MAX}. Null passes: it stands for "no property".
 */
export function isStorable(value: Value, depth = 0): boolean {
  switch (typeof value) {
    case "string":
    case "number":
    case "boolean":
    case "bigint":
      return true;
    case "object":
      return value === null || isStorableObject(value, depth);
    default:
      return false;
  }
}

function isStorableObject(value: object, depth: number): boolean {
  if (value instanceof Float || value instanceof Uint8Array || value instanceof TemporalValue)
    return true;
  if (depth === PROPERTY_NESTING_MAX) return false;
  if (Array.isArray(value)) return value.every((item) => isStorable(item, depth + 1));
  if (!(value instanceof Map)) return false;
  for (const field of value.values()) if (!isStorable(field, depth + 1)) return false;
  return true;
}
