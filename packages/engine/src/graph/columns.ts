import { Float, unreachable } from "@geode/values";
import type { Value } from "@geode/values";
import { AnyColumn, DictionaryColumn, FloatColumn, Int32Column, Int53Column } from "./column.ts";
import type { Column, ColumnKind } from "./column.ts";

/** The columns of the nodes, or of the edges, of a graph. */
export class Columns {
  /** By key id. */
  readonly #columns: (Column | undefined)[] = [];

  /**
   * The column of a key, or undefined when no element ever had it. It is replaced when a value arrives that its kind cannot hold, so
   * keep it no longer than a statement.
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
      column = columnFor(value);
      while (this.#columns.length <= key) this.#columns.push(undefined);
      this.#columns[key] = column;
    }
    while (!column.set(slot, value)) {
      column = promoted(column);
      this.#columns[key] = column;
    }
  }

  get bytes(): number {
    return this.#columns.reduce((sum, column) => sum + (column?.bytes ?? 0), 0);
  }
}

/** The narrowest column for a first value. */
function columnFor(value: Value): Column {
  if (typeof value === "string") return new DictionaryColumn();
  if (typeof value === "number")
    return Number.isInteger(value) ? new Int32Column() : new FloatColumn();
  if (value instanceof Float) return new FloatColumn();
  return new AnyColumn();
}

/** A copy of the next wider kind. */
function promoted(column: Column): Column {
  const wider = emptyWider(column.kind);
  for (let slot = 0; slot < column.slotsEnd; slot++) {
    const value = column.get(slot);
    if (value !== null) wider.set(slot, value);
  }
  return wider;
}

function emptyWider(kind: ColumnKind): Column {
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
