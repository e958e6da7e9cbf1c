import { compareTemporal, relateDurations, temporalKey } from "./temporal/order.ts";
import type { Duration } from "./temporal/duration.ts";
import type { Temporal } from "./temporal/temporal.ts";
import { TemporalValue, type TemporalType } from "./temporal/temporal-value.ts";
import { Edge, Float, Node, Path, type Value, type ValueRecord } from "./value.ts";

/*
 * Three relations that must not be confused:
 * - equality and "less than" are what the operators `=` and `<` mean: three-valued, NULL when unknown (ISO/IEC 39075:2024 §19.3);
 * - equivalence is what DISTINCT, grouping and hash look-ups mean: two-valued, NULL is equivalent to NULL and NaN to NaN;
 * - the total order is what ORDER BY means: every value has its place.
 *
 * `compare(a, b) === 0` exactly when `equivalent(a, b)`, and `equivalenceKey(a) === equivalenceKey(b)` exactly then, too.
 */

/** `a = b`: NULL when a NULL is involved and nothing else decides; values of different types are not equal. */
export function equals(a: Value, b: Value): boolean | null {
  if (typeof a === "number" && typeof b === "number") {
    return a === b;
  }
  if (typeof a === "string" && typeof b === "string") {
    return a === b;
  }
  if (a === null || b === null) {
    return null;
  }
  const rank = rankOf(a);
  if (rank !== rankOf(b)) {
    return false;
  }
  switch (rank) {
    case Rank.number:
      return compareNumeric(numeric(a), numeric(b)) === 0;
    case Rank.list:
      return equalLists(a as readonly Value[], b as readonly Value[]);
    case Rank.record:
      return equalRecords(a as ValueRecord, b as ValueRecord);
    default:
      return compare(a, b) === 0;
  }
}

/** `a < b`: NULL when a NULL decides or the values are not comparable; false when NaN is involved. */
export function lessThan(a: Value, b: Value): boolean | null {
  const relation = relate(a, b);
  return relation === null ? null : relation < 0;
}

/** `a <= b`. Not the same as "not `b < a`": both are false for NaN. */
export function lessThanOrEqual(a: Value, b: Value): boolean | null {
  const relation = relate(a, b);
  return relation === null ? null : relation <= 0;
}

/** Whether DISTINCT and grouping take the two for one: 1 and 1.0, -0.0 and 0, NaN and NaN, NULL and NULL. */
export function equivalent(a: Value, b: Value): boolean {
  return a === b || compare(a, b) === 0;
}

/**
 * A total order over all values, ascending: record, node, edge, list, path, zoned datetime, local datetime, date, zoned time, local time,
 * duration, string, byte string, boolean, number, NULL (openCypher's orderability, with byte strings put after strings). What is zoned
 * stands by its instant, durations by their mean length. Numbers stand by their exact value, whatever their type, NaN last; strings by
 * UTF-16 code unit; false before true; lists element by element, the shorter first; records as the list of their fields sorted by
 * name; nodes and edges by element id; paths by the ids of their elements.
 */
export function compare(a: Value, b: Value): number {
  if (typeof a === "number" && typeof b === "number") {
    return a - b;
  }
  if (typeof a === "string" && typeof b === "string") {
    return compareStrings(a, b);
  }
  const rank = rankOf(a);
  const difference = rank - rankOf(b);
  if (difference !== 0) {
    return difference;
  }
  switch (rank) {
    case Rank.record:
      return compareRecords(a as ValueRecord, b as ValueRecord);
    case Rank.node:
    case Rank.edge:
      return (a as Node | Edge).id - (b as Node | Edge).id;
    case Rank.list:
      return compareLists(a as readonly Value[], b as readonly Value[]);
    case Rank.path:
      return comparePaths(a as Path, b as Path);
    case Rank.bytes:
      return compareBytes(a as Uint8Array, b as Uint8Array);
    case Rank.zonedDatetime:
    case Rank.localDatetime:
    case Rank.date:
    case Rank.zonedTime:
    case Rank.localTime:
    case Rank.duration:
      return compareTemporal(a as Temporal, b as Temporal);
    case Rank.boolean:
      return Number(a as boolean) - Number(b as boolean);
    case Rank.number: {
      const x = numeric(a);
      const y = numeric(b);
      const order = compareNumeric(x, y);
      // Only NaN is in no order to anything, itself included.
      return Number.isNaN(order) ? Number(isNaNumber(x)) - Number(isNaNumber(y)) : order;
    }
    default:
      return 0;
  }
}

/** What {@link equivalenceKey} returns: usable as the key of a Map, and comparable by `===`. */
export type EquivalenceKey = string | number | bigint | boolean | null;

/**
 * A key such that `equivalenceKey(a) === equivalenceKey(b)` exactly when `equivalent(a, b)`. Numbers, booleans, NULL and nearly all
 * strings are their own keys; everything else becomes a string that starts with U+0000.
 */
export function equivalenceKey(value: Value): EquivalenceKey {
  switch (typeof value) {
    case "number":
      return value;
    case "string":
      return value.charCodeAt(0) === 0 ? `\0s${value}` : value;
    case "boolean":
      return value;
    case "bigint":
      return integerKey(value);
    default:
      break;
  }
  if (value === null) {
    return null;
  }
  if (value instanceof Float) {
    // Adding 0 turns -0 into 0.
    return Number.isNaN(value.value) ? "\0n" : value.value + 0;
  }
  return `\0${nestedKey(value)}`;
}

/** Orders two strings as ORDER BY does: by UTF-16 code unit. */
export function compareStrings(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

/** The place of a type in the total order. */
const Rank = {
  record: 0,
  node: 1,
  edge: 2,
  list: 3,
  path: 4,
  zonedDatetime: 5,
  localDatetime: 6,
  date: 7,
  zonedTime: 8,
  localTime: 9,
  duration: 10,
  string: 11,
  bytes: 12,
  boolean: 13,
  number: 14,
  null: 15,
} as const;

const TEMPORAL_RANK: Readonly<Record<TemporalType, number>> = {
  "ZONED DATETIME": Rank.zonedDatetime,
  "LOCAL DATETIME": Rank.localDatetime,
  DATE: Rank.date,
  "ZONED TIME": Rank.zonedTime,
  "LOCAL TIME": Rank.localTime,
  DURATION: Rank.duration,
};

function rankOf(value: Value): number {
  switch (typeof value) {
    case "number":
    case "bigint":
      return Rank.number;
    case "string":
      return Rank.string;
    case "boolean":
      return Rank.boolean;
    default:
      break;
  }
  if (value === null) {
    return Rank.null;
  }
  if (value instanceof Float) {
    return Rank.number;
  }
  if (Array.isArray(value)) {
    return Rank.list;
  }
  if (value instanceof Node) {
    return Rank.node;
  }
  if (value instanceof Edge) {
    return Rank.edge;
  }
  if (value instanceof Path) {
    return Rank.path;
  }
  if (value instanceof TemporalValue) {
    return TEMPORAL_RANK[value.type];
  }
  return value instanceof Uint8Array ? Rank.bytes : Rank.record;
}

function numeric(value: Value): number | bigint {
  return value instanceof Float ? value.value : (value as number | bigint);
}

/** Negative, 0 or positive by exact value; NaN when either is NaN. JavaScript compares bigint with number exactly. */
function compareNumeric(a: number | bigint, b: number | bigint): number {
  return a < b ? -1 : a > b ? 1 : isNaNumber(a) || isNaNumber(b) ? Number.NaN : 0;
}

function isNaNumber(value: number | bigint): boolean {
  return typeof value === "number" && Number.isNaN(value);
}

/**
 * Negative, 0 or positive when the operators `<`, `<=`, … know the answer, NaN when it is "no" to all of them, null when it is NULL.
 * Comparable are numbers, strings, byte strings, booleans, temporal values of one type, and lists of such; durations as far as the
 * months do not matter.
 */
function relate(a: Value, b: Value): number | null {
  if (typeof a === "number" && typeof b === "number") {
    return a - b;
  }
  if (a === null || b === null) {
    return null;
  }
  const rank = rankOf(a);
  if (rank !== rankOf(b)) {
    return null;
  }
  switch (rank) {
    case Rank.string:
    case Rank.bytes:
    case Rank.boolean:
    case Rank.zonedDatetime:
    case Rank.localDatetime:
    case Rank.date:
    case Rank.zonedTime:
    case Rank.localTime:
      return compare(a, b);
    case Rank.duration:
      return relateDurations(a as Duration, b as Duration);
    case Rank.number:
      return compareNumeric(numeric(a), numeric(b));
    case Rank.list:
      return relateLists(a as readonly Value[], b as readonly Value[]);
    default:
      return null;
  }
}

/** The first pair that is not equal decides; a NULL before it leaves the answer unknown. */
function relateLists(a: readonly Value[], b: readonly Value[]): number | null {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const relation = relate(a[i] as Value, b[i] as Value);
    if (relation !== 0) {
      return relation;
    }
  }
  return a.length - b.length;
}

/** One unequal pair makes the lists unequal, whatever is unknown beside it. */
function equalLists(a: readonly Value[], b: readonly Value[]): boolean | null {
  if (a.length !== b.length) {
    return false;
  }
  let result: boolean | null = true;
  for (let i = 0; i < a.length; i++) {
    const equal = equals(a[i] as Value, b[i] as Value);
    if (equal === false) {
      return false;
    }
    if (equal === null) {
      result = null;
    }
  }
  return result;
}

/** Records with different field names are unequal; else their fields decide, as in a list. */
function equalRecords(a: ValueRecord, b: ValueRecord): boolean | null {
  if (a.size !== b.size) {
    return false;
  }
  let result: boolean | null = true;
  let unequal = false;
  for (const [name, value] of a) {
    const other = b.get(name);
    if (other === undefined) {
      return false;
    }
    const equal = equals(value, other);
    if (equal === false) {
      unequal = true;
    } else if (equal === null) {
      result = null;
    }
  }
  return unequal ? false : result;
}

function compareLists(a: readonly Value[], b: readonly Value[]): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const order = compare(a[i] as Value, b[i] as Value);
    if (order !== 0) {
      return order;
    }
  }
  return a.length - b.length;
}

function compareRecords(a: ValueRecord, b: ValueRecord): number {
  const names = [...a.keys()].sort(compareStrings);
  const others = [...b.keys()].sort(compareStrings);
  const length = Math.min(names.length, others.length);
  for (let i = 0; i < length; i++) {
    const name = names[i] as string;
    const other = others[i] as string;
    const order =
      compareStrings(name, other) || compare(a.get(name) as Value, b.get(other) as Value);
    if (order !== 0) {
      return order;
    }
  }
  return names.length - others.length;
}

function comparePaths(a: Path, b: Path): number {
  const length = Math.min(a.elements.length, b.elements.length);
  for (let i = 0; i < length; i++) {
    const order = (a.elements[i] as Node | Edge).id - (b.elements[i] as Node | Edge).id;
    if (order !== 0) {
      return order;
    }
  }
  return a.elements.length - b.elements.length;
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const order = (a[i] as number) - (b[i] as number);
    if (order !== 0) {
      return order;
    }
  }
  return a.length - b.length;
}

/** A FLOAT of the same value exists for some big integers: those share its key, the number. */
function integerKey(value: bigint): number | bigint {
  const rounded = Number(value);
  return BigInt(rounded) === value ? rounded : value;
}

/** The key of a value inside another: self-delimiting, so that keys of composites cannot collide. */
function nestedKey(value: Value): string {
  switch (rankOf(value)) {
    case Rank.record: {
      const record = value as ValueRecord;
      let text = "{";
      for (const name of [...record.keys()].sort(compareStrings)) {
        text += `${name.length}:${name}${nestedKey(record.get(name) as Value)}`;
      }
      return `${text}}`;
    }
    case Rank.node:
      return `N${(value as Node).id};`;
    case Rank.edge:
      return `E${(value as Edge).id};`;
    case Rank.list: {
      let text = "[";
      for (const element of value as readonly Value[]) {
        text += nestedKey(element);
      }
      return `${text}]`;
    }
    case Rank.path: {
      let text = "P";
      for (const element of (value as Path).elements) {
        text += `${element.id},`;
      }
      return `${text};`;
    }
    case Rank.string:
      return `s${(value as string).length}:${value as string}`;
    case Rank.bytes: {
      const bytes = value as Uint8Array;
      let text = `b${bytes.length}:`;
      for (const byte of bytes) {
        text += String.fromCharCode(byte);
      }
      return text;
    }
    case Rank.zonedDatetime:
    case Rank.localDatetime:
    case Rank.date:
    case Rank.zonedTime:
    case Rank.localTime:
    case Rank.duration:
      return `d${temporalKey(value as Temporal)};`;
    case Rank.boolean:
      return value === true ? "t" : "f";
    case Rank.number: {
      const number = numeric(value);
      const key = typeof number === "bigint" ? integerKey(number) : number;
      return typeof key === "bigint" ? `i${key};` : `n${key};`;
    }
    default:
      return "0";
  }
}
