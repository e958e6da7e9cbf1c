import type { Value } from "@geode/values";
import type { Columns, SlotProperties } from "./columns.ts";
import type { RemovedEdge } from "./edges.ts";
import type { Graph } from "./graph.ts";
import type { HashIndex } from "./indexes.ts";
import type { LabelSet } from "./label-sets.ts";
import type { Catalog } from "./store.ts";

/**
 * How to take back what {@link Store.apply} did, as data. Taking back everything since a mark, the latest first, restores the graph
 * exactly: elements, postings and adjacency in their order, values, indexes, counts, and the slots that come next. Only interned names,
 * label sets, graphs without contents, and the kinds of columns stay, which no reader can tell.
 */
export class Undo {
  readonly #records: UndoRecord[] = [];

  /** Where to roll back to. */
  mark(): number {
    return this.#records.length;
  }

  push(record: UndoRecord): void {
    this.#records.push(record);
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
  | {
      readonly kind: "edgeInserted";
      readonly graph: Graph;
      readonly slot: number;
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
  | { readonly kind: "catalogChanged"; readonly catalog: Catalog };

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
