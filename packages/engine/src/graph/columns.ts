import { Float, unreachable } from "@geode/values";
import type { Value } from "@geode/values";
import { AnyColumn, DictionaryColumn, FloatColumn, Int32Column, Int53Column } from "./column.ts";
import type { Column, DenseColumn } from "./column.ts";
import type { KeySet } from "./key-set.ts";
import type { Names } from "./names.ts";
import { SparseColumn, SparseKeys } from "./sparse-column.ts";

/** The properties of one element, by key id, in the order of their names. */
export type SlotProperties = readonly (readonly [key: number, value: Value])[];

/** The columns of the nodes, or of the edges, of a graph: all their properties. */
export class Columns {
  readonly #names: Names;
  readonly #keySetOf: (slot: number) => KeySet;
  /** By key id. */
  readonly #columns: (Column | undefined)[] = [];
  readonly #sparseKeys = new SparseKeys();

  /** `keySetOf` says where to note the keys of an element that are in dense columns: with others of its kind. */
  constructor(names: Names, keySetOf: (slot: number) => KeySet) {
    this.#names = names;
    this.#keySetOf = keySetOf;
  }

  /**
   * The column of a key, or undefined when no element ever had it. It is replaced when a value arrives that its kind cannot hold, so
   * keep it no longer than until the next write.
   */
  get(key: number): Column | undefined {
    return this.#columns[key];
  }

  value(slot: number, key: number): Value {
    return this.#columns[key]?.get(slot) ?? null;
  }

  /** Null removes. The value is a property value: no element, no path. */
  set(slot: number, key: number, value: Value): void {
    let column = this.#columns[key];
    if (column === undefined) {
      if (value === null) return;
      while (this.#columns.length <= key) this.#columns.push(undefined);
      this.#columns[key] = column = new SparseColumn(key, this.#sparseKeys);
    }
    while (!column.set(slot, value)) {
      this.#columns[key] = column =
        column.kind === "sparse" ? this.#densified(column, key) : promoted(column);
    }
    if (value !== null && column.kind !== "sparse") this.#keySetOf(slot).add(key);
  }

  /** All properties of the element in a slot. */
  of(slot: number): SlotProperties {
    const properties: (readonly [number, Value])[] = [];
    for (const key of this.#keySetOf(slot).sorted()) {
      const value = this.value(slot, key);
      if (value !== null) properties.push([key, value]);
    }
    const sparse = this.#sparseKeys.of(slot);
    if (sparse.length === 0) return properties;
    for (const key of sparse) properties.push([key, this.value(slot, key)]);
    return properties.sort(([a], [b]) => (this.#names.name(a) < this.#names.name(b) ? -1 : 1));
  }

  /** Removes all properties of the element in a slot. */
  clear(slot: number): void {
    for (const key of this.#keySetOf(slot).sorted()) this.#columns[key]!.set(slot, null);
    for (const key of this.#sparseKeys.of(slot).slice()) this.#columns[key]!.set(slot, null);
  }

  /** To be called when an element becomes of another kind: notes there which keys it has. */
  noteKeys(slot: number, before: KeySet, after: KeySet): void {
    for (const key of before.sorted()) if (this.value(slot, key) !== null) after.add(key);
  }

  get bytes(): number {
    return this.#columns.reduce((sum, column) => sum + (column?.bytes ?? 0), 0);
  }

  #densified(sparse: SparseColumn, key: number): Column {
    let dense: DenseColumn | undefined;
    for (const [slot, value] of sparse.values) {
      dense ??= columnFor(value);
      while (!dense.set(slot, value)) dense = promoted(dense);
      this.#sparseKeys.remove(slot, key);
      this.#keySetOf(slot).add(key);
    }
    if (dense === undefined) throw new Error("a column without values refused a value");
    return dense;
  }
}

/** The narrowest dense column for a first value. */
function columnFor(value: Value): DenseColumn {
  if (typeof value === "string") return new DictionaryColumn();
  if (typeof value === "number")
    return Number.isInteger(value) ? new Int32Column() : new FloatColumn();
  if (value instanceof Float) return new FloatColumn();
  return new AnyColumn();
}

/** A copy of the next wider kind. */
function promoted(column: DenseColumn): DenseColumn {
  const wider = emptyWider(column.kind);
  for (let slot = 0; slot < column.slotsEnd; slot++) {
    const value = column.get(slot);
    if (value !== null) wider.set(slot, value);
  }
  return wider;
}

function emptyWider(kind: DenseColumn["kind"]): DenseColumn {
  switch (kind) {
    case "int32":
      return new Int53Column();
    case "int53":
    case "float":
    case "dictionary":
      return new AnyColumn();
    case "any":
      throw new Error("a column for any value refused a value");
    default:
      return unreachable(kind);
  }
}
