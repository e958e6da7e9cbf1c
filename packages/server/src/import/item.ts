import type { Value } from "@geode/values";
import type { CatalogItem } from "./catalog.ts";

/** One element, or an index or a constraint, as a file describes it. */
export type Item = NodeItem | EdgeItem | CatalogItem;

export interface NodeItem {
  readonly kind: "node";
  readonly labels: readonly string[];
  /** What edges call it; undefined if none can. */
  readonly id: ExternalId | undefined;
  readonly properties: ReadonlyMap<string, Value>;
}

export interface EdgeItem {
  readonly kind: "edge";
  readonly label: string;
  readonly from: ExternalId;
  readonly to: ExternalId;
  readonly properties: ReadonlyMap<string, Value>;
}

/** A node's name in the files: unique in its space, a number being the same as its digits. */
export interface ExternalId {
  readonly space: string;
  readonly value: string | number;
  /** The property that keeps it; null if it is for edges alone, and forgotten afterwards. Of an edge's end it is not known. */
  readonly property: string | null;
}

/** Where a node is found again: its first label, and the property that keeps its id. */
export interface Anchor {
  readonly label: string;
  readonly property: string;
}

/** The anchor that a node has by its own label and property. Null for a reference, and for an id without a label to find it by. */
export function ownAnchor({ id, labels: [label] }: NodeItem): Anchor | null {
  return label === undefined || id === undefined || id.property === null
    ? null
    : { label, property: id.property };
}

/** An item and the line that it begins on. */
export interface Located {
  readonly line: number;
  readonly item: Item;
}
