import type { Value } from "@geode/values";
import type { Columns, SlotProperties } from "./columns.ts";
import type { Constraint } from "./constraints.ts";
import type { Document, Documents } from "./documents.ts";
import type { RemovedEdge } from "./edges.ts";
import type { DocumentId } from "./effect.ts";
import type { Graph } from "./graph.ts";
import type { HashIndex } from "./indexes.ts";
import type { LabelSet } from "./label-sets.ts";
import type { Catalog } from "./store.ts";

/**
 * How to take back what {@link Store.apply} did, as data. Taking back everything since a mark, the latest first, restores the graph
 * exactly: graphs, elements, postings and adjacency in their order, values, indexes, counts, and the slots that come next. Only interned
 * names, label sets, and the kinds of columns stay, which no reader can tell.
 */
export class Undo {
  readonly #records: UndoRecord[] = [];
  /** Records below it are before a mark and stay as they are. */
  #closed = 0;

  /** Where to roll back to. */
  mark(): number {
    this.#closed = this.#records.length;
    return this.#closed;
  }

  push(record: UndoRecord): void {
    this.#records.push(record);
  }

  /** Notes that the edge in a slot is new: one record for all that follow each other in slots that were never used. */
  edgeInserted(graph: Graph, slot: number, reused: boolean): void {
    const last = this.#records.length > this.#closed ? this.#records.at(-1) : undefined;
    if (
      !reused &&
      last?.kind === "edgesInserted" &&
      !last.reused &&
      last.graph === graph &&
      last.slot + last.count === slot
    )
      last.count += 1;
    else this.#records.push({ kind: "edgesInserted", graph, slot, count: 1, reused });
  }

  /** Takes the latest record off, if it is not before the mark. */
  pop(mark: number): UndoRecord | undefined {
    return this.#records.length > mark ? this.#records.pop() : undefined;
  }

  /** Forgets everything: what was applied stays. */
  clear(): void {
    this.#records.length = 0;
  }
}

/** What was done, with what it takes to undo it. Slots in it are valid when its turn comes. */
export type UndoRecord =
  | {
      readonly kind: "nodeInserted";
      readonly graph: Graph;
      readonly slot: number;
      readonly reused: boolean;
    }
  /** In this slot, and in those behind it. */
  | {
      readonly kind: "edgesInserted";
      readonly graph: Graph;
      readonly slot: number;
      count: number;
      readonly reused: boolean;
    }
  | NodeDeleted
  | EdgeDeleted
  | {
      readonly kind: "labelsSet";
      readonly graph: Graph;
      readonly slot: number;
      readonly set: LabelSet;
      readonly position: number;
    }
  | {
      readonly kind: "propertySet";
      readonly columns: Columns;
      readonly slot: number;
      readonly key: number;
      readonly value: Value;
    }
  | {
      readonly kind: "indexEntryAdded";
      readonly index: HashIndex;
      readonly slot: number;
      readonly value: Value;
    }
  | {
      readonly kind: "indexEntryRemoved";
      readonly index: HashIndex;
      readonly slot: number;
      readonly value: Value;
      readonly position: number;
    }
  | { readonly kind: "indexCreated"; readonly graph: Graph; readonly index: HashIndex }
  | { readonly kind: "indexDropped"; readonly graph: Graph; readonly index: HashIndex }
  | { readonly kind: "constraintCreated"; readonly graph: Graph; readonly constraint: Constraint }
  | { readonly kind: "constraintDropped"; readonly graph: Graph; readonly constraint: Constraint }
  | { readonly kind: "graphCreated"; readonly graph: Graph }
  /** The graph as it was, whole: nothing changes it while it is out of the store. */
  | { readonly kind: "graphDropped"; readonly graph: Graph }
  | { readonly kind: "catalogChanged"; readonly catalog: Catalog }
  | {
      readonly kind: "editAppended";
      readonly documents: Documents;
      readonly document: DocumentId;
    }
  /** By one that begins anew; what was before is not changed while it is out of the store. */
  | {
      readonly kind: "documentReplaced";
      readonly documents: Documents;
      readonly document: DocumentId;
      readonly before: Document | undefined;
    };

export interface NodeDeleted {
  readonly kind: "nodeDeleted";
  readonly graph: Graph;
  readonly slot: number;
  readonly id: number;
  readonly set: LabelSet;
  readonly position: number;
  readonly properties: SlotProperties;
}

export interface EdgeDeleted {
  readonly kind: "edgeDeleted";
  readonly graph: Graph;
  readonly slot: number;
  readonly edge: RemovedEdge;
  readonly properties: SlotProperties;
}
