import type { Float } from "@geode/values";

/**
 * A value of a row as an application sees it. INTEGER is a `number` within ±(2^53-1) and a `bigint` beyond; FLOAT is a `number`
 * (or a `Float` where the client was opened with `floats: "exact"` and a number could not be told from an integer); BYTES is a
 * `Uint8Array`; a record is an object without a prototype, because its field names are chosen by users.
 */
export type PlainValue =
  | null
  | boolean
  | number
  | bigint
  | Float
  | string
  | Uint8Array
  | readonly PlainValue[]
  | GraphNode
  | GraphEdge
  | GraphPath
  | { readonly [field: string]: PlainValue };

/** Property names are chosen by users: the object has no prototype, so `constructor` is an ordinary name. */
export type PlainProperties = Readonly<Record<string, PlainValue>>;

/** A node as it was when the row was made. */
export class GraphNode<Properties = PlainProperties> {
  /** Unique in the database and never used twice; opaque. */
  readonly id: string;
  readonly labels: readonly string[];
  readonly properties: Properties;
  constructor(id: string, labels: readonly string[], properties: Properties) {
    this.id = id;
    this.labels = labels;
    this.properties = properties;
  }
}

/** A directed edge as it was when the row was made. */
export class GraphEdge<Properties = PlainProperties> {
  readonly id: string;
  readonly label: string;
  /** Id of the node it leaves. */
  readonly from: string;
  /** Id of the node it enters. */
  readonly to: string;
  readonly properties: Properties;
  constructor(
    ends: { id: string; from: string; to: string },
    label: string,
    properties: Properties,
  ) {
    this.id = ends.id;
    this.label = label;
    this.from = ends.from;
    this.to = ends.to;
    this.properties = properties;
  }
}

/** A path: node, edge, node, …, node. */
export class GraphPath {
  readonly elements: readonly (GraphNode | GraphEdge)[];
  constructor(elements: readonly (GraphNode | GraphEdge)[]) {
    this.elements = elements;
  }
}
