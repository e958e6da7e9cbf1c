import type { Value } from "@geode/values";

/** One element as a file describes it. */
export type Item = NodeItem | EdgeItem;

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

/** A node's name in the files: unique in its space, and kept as a property so that edges find it. */
export interface ExternalId {
  readonly space: string;
  readonly value: string | number;
  /** The property that keeps it; of an edge's end it is not known. */
  readonly property: string;
}

/** The key under which an external id is looked up. Spaces contain no NUL, since headers are checked. */
export function idKey(id: Pick<ExternalId, "space" | "value">): string {
  return `${id.space}\u0000${id.value}`;
}

/** Where a node is found again: its first label, and the property that keeps its id. */
export interface Anchor {
  readonly label: string;
  readonly property: string;
}

/** The anchor of a node with an id. */
export function anchorOf(node: NodeItem): Anchor | undefined {
  return node.id === undefined ? undefined : { label: node.labels[0]!, property: node.id.property };
}

/** An element and the line that it begins on. */
export interface Located {
  readonly line: number;
  readonly item: Item;
}
