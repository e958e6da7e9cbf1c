import type { TemporalType } from "@geode/values";
import type { DocumentFormat, Effect, ElementKind, Requirement } from "../graph/effect.ts";

/*
 * Effects as bytes. Effects that follow each other and are of one shape (kind, graph, labels, property names) stand together as columns:
 * all ids, then all values of the first property, and so on. So their order is kept exactly, and a bulk load is compact. Shapes and
 * names are written where they are first used and later referred to by number: 0 announces a new one, n is the n-th.
 */

/** How deep a stored value may nest. Far above what can be sent, so that it is never met but by mistake. */
export const STORED_NESTING_MAX = 1_000;

export const KIND = {
  insertNode: 1,
  insertEdge: 2,
  updateNode: 3,
  updateEdge: 4,
  deleteEdge: 5,
  deleteNode: 6,
  beginEpoch: 7,
  lease: 8,
  dropIndex: 10,
  createGraph: 11,
  dropGraph: 12,
  createIndex: 13,
  createConstraint: 14,
  dropConstraint: 15,
  setPolicy: 20,
  appendEdit: 21,
  compactDocument: 22,
  spliceText: 23,
} as const satisfies Record<Effect["kind"], number>;

export type Kind = (typeof KIND)[Effect["kind"]];

export const ELEMENT_KINDS = ["node", "edge"] as const satisfies readonly ElementKind[];
export const DOCUMENT_FORMATS = ["json", "yjs"] as const satisfies readonly DocumentFormat[];
export const REQUIREMENTS = ["unique", "exists", "key"] as const satisfies readonly Requirement[];

/** INTEGER and FLOAT have tags of their own: 2 and 2.0 stay different. */
export const TAG = {
  null: 0,
  false: 1,
  true: 2,
  integer: 3,
  bigInteger: 4,
  float: 5,
  text: 6,
  bytes: 7,
  list: 8,
  record: 9,
  date: 10,
  localTime: 11,
  zonedTime: 12,
  localDatetime: 13,
  zonedDatetime: 14,
  mixed: 15,
  duration: 16,
} as const;

export const TEMPORAL_TAGS: Readonly<Record<TemporalType, number>> = {
  DATE: TAG.date,
  "LOCAL TIME": TAG.localTime,
  "ZONED TIME": TAG.zonedTime,
  "LOCAL DATETIME": TAG.localDatetime,
  "ZONED DATETIME": TAG.zonedDatetime,
  DURATION: TAG.duration,
};

export const TEMPORAL_TYPES: ReadonlyMap<number, TemporalType> = new Map(
  Object.entries(TEMPORAL_TAGS).map(([type, tag]) => [tag, type as TemporalType]),
);

/** What stands by itself: all that does not change elements in columns. */
export type SingleEffect = Exclude<Effect, { kind: ColumnKind }>;
export type SingleKind = (typeof KIND)[SingleEffect["kind"]];
type ColumnKind =
  | "insertNode"
  | "insertEdge"
  | "updateNode"
  | "updateEdge"
  | "deleteEdge"
  | "deleteNode";

/** Those in columns have the first numbers. */
export function isSingle(effect: Effect): effect is SingleEffect {
  return KIND[effect.kind] > KIND.deleteNode;
}

export function isSingleKind(kind: Kind): kind is SingleKind {
  return kind > KIND.deleteNode;
}
