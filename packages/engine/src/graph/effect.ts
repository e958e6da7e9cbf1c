import type { ElementId, Properties, Value } from "@geode/values";

/**
 * An effect: the smallest physical change that a commit makes. A commit's effects are its patch: netted (at most one effect per
 * element), in the order nodes+, edges+, updates, edges−, nodes−. Names are strings, never a process's interned numbers, so a patch
 * means the same on every replica. There is no clock, no randomness and no GQL text in it: applying is deterministic.
 */
export type Effect =
  | InsertNode
  | InsertEdge
  | UpdateNode
  | UpdateEdge
  | DeleteEdge
  | DeleteNode
  | BeginEpoch
  | Lease
  | SetPolicy
  | CreateIndex
  | DropIndex
  | CreateGraph
  | DropGraph
  | CreateConstraint
  | DropConstraint
  | AppendEdit
  | CompactDocument
  | SpliceText;

export type Patch = readonly Effect[];

export interface InsertNode {
  readonly kind: "insertNode";
  readonly graph: GraphName;
  readonly id: ElementId;
  /** Sorted, without repetition. */
  readonly labels: readonly string[];
  readonly properties: Properties;
}

export interface InsertEdge {
  readonly kind: "insertEdge";
  readonly graph: GraphName;
  readonly id: ElementId;
  readonly label: string;
  readonly from: ElementId;
  readonly to: ElementId;
  readonly properties: Properties;
}

export interface UpdateNode {
  readonly kind: "updateNode";
  readonly graph: GraphName;
  readonly id: ElementId;
  /** The whole new label set, when it changed. */
  readonly labels?: readonly string[];
  /** The properties that changed; null removes. */
  readonly set: ReadonlyMap<string, Value>;
}

export interface UpdateEdge {
  readonly kind: "updateEdge";
  readonly graph: GraphName;
  readonly id: ElementId;
  readonly set: ReadonlyMap<string, Value>;
}

export interface DeleteEdge {
  readonly kind: "deleteEdge";
  readonly graph: GraphName;
  readonly id: ElementId;
}

/** The node has no edges left when this is applied. */
export interface DeleteNode {
  readonly kind: "deleteNode";
  readonly graph: GraphName;
  readonly id: ElementId;
}

/**
 * The first effect of a database, and of its life after a restore or after an unclean end while acknowledged commits were not yet
 * durable: cursors of another epoch are void. `hashKey` (base64url) keys the hash of row keys and is drawn once.
 */
export interface BeginEpoch {
  readonly kind: "beginEpoch";
  readonly epoch: string;
  readonly hashKey: string;
}

/** The policy of the database is replaced: what every commit from here on is judged by. Its canonical text; "" takes it away. */
export interface SetPolicy {
  readonly kind: "setPolicy";
  readonly policy: string;
}

/** A writer takes `count` blocks of 65,536 element ids from `firstBlock` on; nobody else ever uses them. */
export interface Lease {
  readonly kind: "lease";
  readonly firstBlock: number;
  readonly count: number;
}

/** An index over one or more properties, in this order, of the nodes or the edges with a label. */
export interface CreateIndex {
  readonly kind: "createIndex";
  readonly graph: GraphName;
  readonly name: string;
  readonly element: ElementKind;
  readonly label: string;
  readonly properties: readonly string[];
}

export interface DropIndex {
  readonly kind: "dropIndex";
  readonly graph: GraphName;
  readonly name: string;
}

/** A rule for the nodes or the edges with a label. What values it has to tell apart, it finds through an index of its own, of its name. */
export interface CreateConstraint {
  readonly kind: "createConstraint";
  readonly graph: GraphName;
  readonly name: string;
  readonly element: ElementKind;
  readonly label: string;
  readonly properties: readonly string[];
  readonly requirement: Requirement;
}

/** Its index goes with it. */
export interface DropConstraint {
  readonly kind: "dropConstraint";
  readonly graph: GraphName;
  readonly name: string;
}

export type ElementKind = "node" | "edge";

/**
 * "unique": no two elements have equivalent values of all the properties; one that lacks a property is like no other. "exists": all
 * properties are there. "key": both.
 */
export type Requirement = "unique" | "exists" | "key";

/** There is no graph of that name yet; from here on there is an empty one. */
export interface CreateGraph {
  readonly kind: "createGraph";
  readonly graph: GraphName;
}

/** The graph goes with everything in it: one effect, whatever its size. */
export interface DropGraph {
  readonly kind: "dropGraph";
  readonly graph: GraphName;
}

/**
 * A part of a text that a node has is replaced, and other properties are set as by {@link UpdateNode}: what a long text costs in the log
 * is what changed in it. Positions and lengths are in UTF-16 units, at the borders of characters.
 */
export interface SpliceText {
  readonly kind: "spliceText";
  readonly graph: GraphName;
  readonly id: ElementId;
  readonly property: string;
  /** How long the text is before. */
  readonly length: number;
  readonly at: number;
  readonly remove: number;
  readonly insert: string;
  readonly set: ReadonlyMap<string, Value>;
}

/** A document, which the first edit makes, gains an edit. */
export interface AppendEdit {
  readonly kind: "appendEdit";
  readonly document: DocumentId;
  readonly format: DocumentFormat;
  /** The one that this edit makes: edits count from 1. */
  readonly version: number;
  /** The edit holds all of the document: those before it are given up. */
  readonly whole: boolean;
  readonly bytes: Uint8Array;
}

/** All edits of a document up to a version are replaced by one that says the same: no version is made, nothing else changes. */
export interface CompactDocument {
  readonly kind: "compactDocument";
  readonly document: DocumentId;
  readonly format: DocumentFormat;
  readonly version: number;
  readonly bytes: Uint8Array;
}

/** Chosen by users; unique in the database. */
export type DocumentId = string;

/** How the edits of a document are to be read. "json": in their order. "yjs": updates of Yjs, which may be merged. */
export type DocumentFormat = "json" | "yjs";

/** Named graphs live inside one log; `default` always exists: it is neither created nor dropped. */
export type GraphName = string;
export const DEFAULT_GRAPH: GraphName = "default";
