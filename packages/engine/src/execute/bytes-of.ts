import { Edge, Float, Node, Path, TemporalValue, type Value } from "@geode/values";

/*
 * About how many bytes of memory values take, for the budget of a query. Each constant is what V8 on 64 bits spends on such an object, rounded
 * up. What several rows share, e.g. a string that is a property, counts for each of them, so that the sum is more than is really taken,
 * and hardly ever less; strings count a byte per character, which is right for Latin-1 and half of the rest.
 */

/** An entry of an array that holds the value; a number that is no small integer lies beside it. */
const NUMBER_BYTES = 16;
const STRING_BYTES = 32;
const BOXED_BYTES = 32;
const TEMPORAL_BYTES = 96;
const LIST_BYTES = 32;
const MAP_BYTES = 96;
const MAP_ENTRY_BYTES = 40;
const ELEMENT_BYTES = 64;

/** Lists from this length on are weighed once: they may be part of many others, and never change. */
const REMEMBERED_LENGTH = 64;
const remembered = new WeakMap<readonly unknown[], number>();

/** A value, or slots of elements, with all that it consists of. */
export function bytesOf(value: Value | readonly (Value | undefined)[] | undefined): number {
  switch (typeof value) {
    case "number":
    case "boolean":
    case "undefined":
      return NUMBER_BYTES;
    case "string":
      return STRING_BYTES + value.length;
    case "bigint":
      return BOXED_BYTES;
    default:
      break;
  }
  if (value === null || value === undefined) return NUMBER_BYTES;
  if (value instanceof Float) return BOXED_BYTES;
  if (Array.isArray(value)) return listBytes(value as readonly Value[]);
  if (value instanceof Map) return recordBytes(value as ReadonlyMap<string, Value>);
  if (value instanceof TemporalValue) return TEMPORAL_BYTES;
  if (value instanceof Node || value instanceof Edge)
    return ELEMENT_BYTES + recordBytes(value.properties);
  if (value instanceof Path) return listBytes(value.elements);
  return value instanceof Uint8Array ? TEMPORAL_BYTES + value.byteLength : BOXED_BYTES;
}

function listBytes(list: readonly Value[]): number {
  if (list.length < REMEMBERED_LENGTH) return sumOf(list);
  let bytes = remembered.get(list);
  if (bytes === undefined) remembered.set(list, (bytes = sumOf(list)));
  return bytes;
}

function sumOf(list: readonly Value[]): number {
  let bytes = LIST_BYTES;
  for (const item of list) bytes += bytesOf(item);
  return bytes;
}

function recordBytes(record: ReadonlyMap<string, Value>): number {
  let bytes = MAP_BYTES;
  for (const item of record.values()) bytes += MAP_ENTRY_BYTES + bytesOf(item);
  return bytes;
}
