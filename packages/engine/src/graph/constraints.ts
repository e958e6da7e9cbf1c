import type { Value } from "@geode/values";
import type { Columns } from "./columns.ts";
import type { ElementKind, Requirement } from "./effect.ts";
import type { HashIndex } from "./indexes.ts";

/** A rule for the elements with a label. Checked by whoever writes, at the end of a statement: in between it may not hold. */
export interface Constraint {
  readonly name: string;
  readonly element: ElementKind;
  /** Label id; of edges, edge label id. */
  readonly label: number;
  /** Property key ids. */
  readonly keys: readonly number[];
  readonly requirement: Requirement;
  /** The index of its own, by which it finds equivalent values; null when it only asks for presence. */
  readonly index: HashIndex | null;
}

/** What is wrong with one element. */
export type Violation =
  | { readonly kind: "missing"; readonly key: number }
  /** There is another one like it, in this slot. */
  | { readonly kind: "duplicate"; readonly value: Value; readonly other: number };

/** How the element in a slot, which has the label, violates the constraint; null if it does not. */
export function violationOf(
  { keys, requirement, index }: Constraint,
  columns: Columns,
  slot: number,
): Violation | null {
  if (requirement !== "unique") {
    const key = keys.find((each) => columns.value(slot, each) === null);
    if (key !== undefined) return { kind: "missing", key };
  }
  if (index === null || index.isDistinct) return null;
  const value = index.valueIn(columns, slot);
  const other = index.seek(value).find((found) => found !== slot);
  return other === undefined ? null : { kind: "duplicate", value, other };
}

/** The constraints of a graph. */
export class Constraints {
  readonly #byName = new Map<string, Constraint>();
  /** By label id. */
  readonly #nodes = new Map<number, readonly Constraint[]>();
  readonly #edges = new Map<number, readonly Constraint[]>();

  get size(): number {
    return this.#byName.size;
  }

  get(name: string): Constraint | undefined {
    return this.#byName.get(name);
  }

  all(): IterableIterator<Constraint> {
    return this.#byName.values();
  }

  /** Those that elements with the label have to keep, by name. */
  of(element: ElementKind, label: number): readonly Constraint[] {
    return this.#labels(element).get(label) ?? NONE;
  }

  add(constraint: Constraint): void {
    const { element, label, name } = constraint;
    this.#byName.set(name, constraint);
    const all = [...this.of(element, label), constraint];
    this.#labels(element).set(
      label,
      all.sort((a, b) => (a.name < b.name ? -1 : 1)),
    );
  }

  remove(constraint: Constraint): void {
    const { element, label, name } = constraint;
    this.#byName.delete(name);
    const left = this.of(element, label).filter((other) => other !== constraint);
    if (left.length > 0) this.#labels(element).set(label, left);
    else this.#labels(element).delete(label);
  }

  #labels(element: ElementKind): Map<number, readonly Constraint[]> {
    return element === "node" ? this.#nodes : this.#edges;
  }
}

const NONE: readonly Constraint[] = Object.freeze([]);
