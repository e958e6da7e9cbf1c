import type { Temporal } from "./temporal/temporal.ts";

/**
 * The values of GQL (ISO/IEC 39075:2024 §4.13) as JavaScript sees them.
 *
 * An INTEGER is a `number` that is a safe integer, or a `bigint` beyond ±(2^53-1) (64-bit signed; a bigint is never in the safe range).
 * A FLOAT is a `number` with a fraction, or a `Float` when JavaScript could not tell it from an integer: 2.0, NaN, the infinities, -0.0.
 * So most arithmetic runs on plain numbers, and 2 and 2.0 stay different types.
 */
export type Value =
  | null
  | boolean
  | number
  | bigint
  | Float
  | string
  | Uint8Array
  | Temporal
  | readonly Value[]
  | ValueRecord
  | Node
  | Edge
  | Path;

/** A record (a map): field names are chosen by users, so it is a Map, never a plain object. */
export interface ValueRecord extends ReadonlyMap<string, Value> {}

/** A value that a property may hold: no nulls (a missing property is null), no elements; lists and records of the same. */
export type PropertyValue = Exclude<Value, null | Node | Edge | Path>;

/** Properties of an element, in no particular order. */
export type Properties = ReadonlyMap<string, Value>;

/** The identity of a node or an edge: a safe integer, block × 65,536 + n, unique in the database, never used twice. */
export type ElementId = number;

/** A FLOAT that a plain number cannot carry: integral, NaN, infinite, or -0. Make one with {@link float}. */
export class Float {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
  valueOf(): number {
    return this.value;
  }
}

/** The FLOAT of that numeric value, boxed only if it has to be. */
export function float(value: number): number | Float {
  return Number.isInteger(value) || !Number.isFinite(value) ? new Float(value) : value;
}

/** A node as a value: the state of the element when the row was made. */
export class Node {
  readonly id: ElementId;
  /** Sorted by code unit. */
  readonly labels: readonly string[];
  readonly properties: Properties;
  constructor(id: ElementId, labels: readonly string[], properties: Properties) {
    this.id = id;
    this.labels = labels;
    this.properties = properties;
  }
}

/** A directed edge as a value. */
export class Edge {
  readonly id: ElementId;
  readonly label: string;
  readonly from: ElementId;
  readonly to: ElementId;
  readonly properties: Properties;
  constructor(
    id: ElementId,
    label: string,
    from: ElementId,
    to: ElementId,
    properties: Properties,
  ) {
    this.id = id;
    this.label = label;
    this.from = from;
    this.to = to;
    this.properties = properties;
  }
}

/** A path as a value: node, edge, node, …, node; always an odd number of elements. */
export class Path {
  readonly elements: readonly (Node | Edge)[];
  constructor(elements: readonly (Node | Edge)[]) {
    this.elements = elements;
  }
}
