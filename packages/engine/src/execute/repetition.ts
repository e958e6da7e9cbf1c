/** The edges that the repetitions of a MATCH are on, in order of arrival. */
export class Trail {
  readonly #edges: number[] = [];
  readonly #set = new Set<number>();

  has(edge: number): boolean {
    return this.#set.has(edge);
  }

  push(edge: number): void {
    this.#edges.push(edge);
    this.#set.add(edge);
  }

  /** Takes the latest ones back. */
  pop(count: number): void {
    for (let left = count; left > 0; left--) {
      const edge = this.#edges.pop();
      if (edge !== undefined) this.#set.delete(edge);
    }
  }
}

/** One time through the body of a repetition: the slots of its elements, then of its variables. */
interface Hop {
  readonly held: readonly number[] | null;
}

/** What a variable of the body is outside: a list over all times, or the only one. `reverse`: the hops went backwards. */
export function groupOf(
  hops: readonly Hop[],
  index: number,
  reverse: boolean,
  type: "node" | "edge" | "nodes" | "edges",
): readonly number[] | number {
  const list = heldOf(hops, reverse).map((held) => held[index] ?? -1);
  return type === "nodes" || type === "edges" ? list : (list[0] ?? -1);
}

/** Edge, node, edge, node, … behind the first node. */
export function stepsOf(
  hops: readonly Hop[],
  elements: number,
  reverse: boolean,
): readonly number[] {
  return heldOf(hops, reverse).flatMap((held) => held.slice(0, elements));
}

function heldOf(hops: readonly Hop[], reverse: boolean): (readonly number[])[] {
  const held = hops.flatMap((hop) => (hop.held === null ? [] : [hop.held]));
  return reverse ? held.reverse() : held;
}
