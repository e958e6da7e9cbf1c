import type { Value } from "@geode/values";
import type { Budget } from "./budget.ts";

/** One way through a part of a path. */
export interface Hop {
  /** The node that it leads to. */
  readonly to: number;
  /** The slots of what it goes over behind the node that it starts from, in the path's order: edge, node, edge, …, node. */
  readonly steps: readonly number[];
  /** What the variables of the part are, -1 or NULL for those that this way has not; then, perhaps, which way it is. */
  readonly held: readonly Held[];
}

/** A slot, the slots of a list, or a value. */
export type Held = Value | readonly number[];

export const nothingHeld: readonly Held[] = [];

/** The edges that the repetitions of a MATCH are on, in order of arrival. */
export class Trail {
  readonly #edges: number[] = [];
  readonly #set = new Set<number>();

  has(edge: number): boolean {
    return this.#set.has(edge);
  }

  /** Every `stride`th of the slots is an edge. */
  push(slots: readonly number[], stride: number): void {
    for (let at = 0; at < slots.length; at += stride) {
      const edge = slots[at] ?? -1;
      this.#edges.push(edge);
      this.#set.add(edge);
    }
  }

  /** Takes the latest ones back. */
  pop(count: number): void {
    for (let left = count; left > 0; left--) {
      const edge = this.#edges.pop();
      if (edge !== undefined) this.#set.delete(edge);
    }
  }
}

/** A place on the way of a repetition, and the way that was taken from it; null when there is no more. */
interface Place {
  readonly way: Hop | null;
}

/** What a variable of the part is outside. `reverse`: the hops went backwards. */
export function groupOf(
  places: readonly Place[],
  index: number,
  reverse: boolean,
  type: GroupType,
): Held {
  return foundGroup(hopsOf(places, reverse), index, type);
}

/** Which ways were taken. */
export function takenOf(places: readonly Place[], index: number, reverse: boolean): string {
  return foundTaken(hopsOf(places, reverse), index);
}

/** Edge, node, edge, node, … behind the first node. */
export function stepsOf(places: readonly Place[], reverse: boolean): readonly number[] {
  return foundSteps(hopsOf(places, reverse));
}

export function hopsOf(places: readonly Place[], reverse: boolean): Hop[] {
  const hops = places.flatMap(({ way }) => way ?? []);
  return reverse ? hops.reverse() : hops;
}

/** How a variable of a part is held outside of it; "values" are the paths of a repetition. */
export type GroupType = "node" | "edge" | "nodes" | "edges" | "value" | "values";

/** What a variable of a part is, over all hops: a list of all that it was, or the only one. */
export function foundGroup(hops: readonly Hop[], index: number, type: GroupType): Held {
  switch (type) {
    case "node":
    case "edge":
      return hops[0]?.held[index] ?? -1;
    case "value":
      return hops[0]?.held[index] ?? null;
    case "nodes":
    case "edges":
    case "values":
      return hops.flatMap(({ held }) => {
        const one = held[index] ?? null;
        return one === -1 || one === null ? [] : (one as number | number[]);
      });
  }
}

export function foundTaken(hops: readonly Hop[], index: number): string {
  return hops.flatMap(({ held }) => slotsIn(held[index] ?? null)).join(" ");
}

export function foundSteps(hops: readonly Hop[]): readonly number[] {
  const [only] = hops;
  return hops.length === 1 && only ? only.steps : hops.flatMap(({ steps }) => steps);
}

/** Whether this has not come before; notes that it has now. */
export function isNew(seen: Set<string>, identity: string, budget: Budget): boolean {
  if (seen.has(identity)) return false;
  budget.keep();
  seen.add(identity);
  return true;
}

/** The same for all ways that go over the same elements and have the same in their variables, however they are composed. */
export function identityOf(hops: readonly Hop[]): string {
  const variables = (hops[0]?.held ?? nothingHeld).map((_, index) =>
    // Paths go over the same elements as the way does.
    hops.flatMap(({ held }) => slotsIn(held[index] ?? null)),
  );
  return JSON.stringify([hops.at(-1)?.to, foundSteps(hops), variables]);
}

function slotsIn(held: Held): readonly (number | string)[] {
  if (typeof held === "number") return held === -1 ? [] : [held];
  if (typeof held === "string") return held.split(" ").filter((taken) => taken !== "");
  return Array.isArray(held) ? held.filter((slot): slot is number => typeof slot === "number") : [];
}
