import { Edge, equals, GeodeError, Node, typeName, unreachable, type Value } from "@geode/values";
import type { Budget } from "./budget.ts";
import { bytesOf } from "./bytes-of.ts";
import { located } from "./located.ts";
import type { Writer } from "./writer.ts";

/** What is noted of one, with its place in the list and, of a property, in a map by text. */
const ASSIGNMENT_BYTES = 160;

type ElementKind = "node" | "edge";

type Assignment = {
  readonly slot: number;
  /** Where in the text it stands. */
  readonly offset: number;
} & (
  | {
      readonly kind: "property";
      readonly element: ElementKind;
      readonly key: string;
      readonly value: Value;
    }
  | { readonly kind: "addLabels" | "removeLabels"; readonly labels: readonly string[] }
);

/**
 * What one SET or REMOVE is about to do. All right sides are computed, for all rows, before the first assignment; two different values
 * for the same property of the same element are refused (22G0M, ISO/IEC 39075:2024 §13.3).
 */
export class Assignments {
  readonly #writer: Writer;
  readonly #budget: Budget;
  readonly #list: Assignment[] = [];
  readonly #assigned = new Map<string, Value>();

  constructor(writer: Writer, budget: Budget) {
    this.#writer = writer;
    this.#budget = budget;
  }

  property(element: ElementKind, slot: number, key: string, value: Value, offset: number): void {
    this.#budget.hold(ASSIGNMENT_BYTES + bytesOf(value));
    const place = `${element}${slot}.${key}`;
    const before = this.#assigned.get(place);
    if (before === undefined) {
      this.#assigned.set(place, value);
    } else if (
      before === null || value === null ? before !== value : equals(before, value) === false
    ) {
      throw located(
        new GeodeError(
          "22G0M",
          `The property ${key} of one element is set to two different values.`,
          { hint: "Aggregate first, so that each element comes once." },
        ),
        offset,
      );
    }
    this.#list.push({ kind: "property", element, slot, key, value, offset });
  }

  /** `=` (replace) and `+=`, from a record or from another element. */
  properties(
    element: ElementKind,
    slot: number,
    value: Value,
    replace: boolean,
    offset: number,
  ): void {
    const record = value instanceof Node || value instanceof Edge ? value.properties : value;
    if (record === null && !replace) return;
    if (record !== null && !(record instanceof Map)) {
      throw located(
        new GeodeError(
          "22G03",
          `The properties of an element are set from a record, not from ${typeName(value)}.`,
        ),
        offset,
      );
    }
    const entries = record === null ? new Map<string, Value>() : record;
    if (replace) {
      for (const key of this.#writer.shownKeys(element, slot))
        if (!entries.has(key)) this.property(element, slot, key, null, offset);
    }
    for (const [key, item] of entries) this.property(element, slot, key, item, offset);
  }

  addLabels(element: ElementKind, slot: number, labels: readonly string[], offset: number): void {
    requireNode(element, offset);
    this.#budget.hold(ASSIGNMENT_BYTES);
    this.#list.push({ kind: "addLabels", slot, labels, offset });
  }

  removeLabels(
    element: ElementKind,
    slot: number,
    labels: readonly string[],
    offset: number,
  ): void {
    requireNode(element, offset);
    this.#budget.hold(ASSIGNMENT_BYTES);
    this.#list.push({ kind: "removeLabels", slot, labels, offset });
  }

  apply(): void {
    for (const assignment of this.#list) {
      try {
        this.#apply(assignment);
      } catch (error) {
        throw located(error, assignment.offset);
      }
    }
  }

  #apply(assignment: Assignment): void {
    const writer = this.#writer;
    const { slot } = assignment;
    switch (assignment.kind) {
      case "property": {
        const { element, key, value } = assignment;
        if (element === "node") writer.setNodeProperty(slot, key, value);
        else writer.setEdgeProperty(slot, key, value);
        return;
      }
      case "addLabels":
        writer.addLabels(slot, assignment.labels);
        return;
      case "removeLabels":
        writer.removeLabels(slot, assignment.labels);
        return;
      default:
        unreachable(assignment);
    }
  }
}

function requireNode(element: ElementKind, offset: number): void {
  if (element === "edge") {
    throw located(
      new GeodeError("G2000", "An edge has exactly one label, for good.", {
        hint: "Delete the edge and insert another one.",
      }),
      offset,
    );
  }
}
