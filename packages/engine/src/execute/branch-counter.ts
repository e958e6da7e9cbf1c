import type { Adjacency } from "../graph/adjacency.ts";
import type { NodeStore } from "../graph/nodes.ts";
import type { Budget } from "./budget.ts";

/** What a counter looks at. */
export interface CountedEdges {
  /** Outgoing edges first; those from `incoming` on come in, and are looked at in both directions if that is not 0. */
  readonly adjacencies: readonly Adjacency[] & { readonly incoming: number };
  readonly isBothWays: boolean;
  /** Whether an edge may end where it begins. */
  readonly hasLoops: boolean;
  /** 1 for the ids of label sets that the other end may have; null: any. */
  readonly mask: Uint8Array | null;
}

/**
 * Counts the bindings of a part of a pattern that hangs at a node. Each node's number is worked out once, if it may be asked for more than
 * once. Nothing is written while it is in use.
 */
export class BranchCounter {
  readonly #edges: CountedEdges;
  readonly #branches: readonly BranchCounter[];
  readonly #nodes: NodeStore;
  readonly #budget: Budget;
  readonly #known: NodeNumbers | null;
  /** Every edge counts once, whatever it leads to. */
  readonly #isDegree: boolean;

  constructor(
    edges: CountedEdges,
    branches: readonly BranchCounter[],
    nodes: NodeStore,
    budget: Budget,
    isAskedAgain: boolean,
  ) {
    this.#edges = edges;
    this.#branches = branches;
    this.#nodes = nodes;
    this.#budget = budget;
    const { hasLoops, isBothWays, mask } = edges;
    this.#isDegree = branches.length === 0 && mask === null && !(isBothWays && hasLoops);
    this.#known = isAskedAgain && !this.#isDegree ? new NodeNumbers() : null;
  }

  /** How many bindings there are at the node in this slot. Above 2^53 it is not exact, but it is above. */
  count(node: number): number {
    const { adjacencies } = this.#edges;
    if (this.#isDegree) {
      let sum = 0;
      for (const adjacency of adjacencies) sum += adjacency.degree(node);
      return sum;
    }
    const known = this.#known?.get(node) ?? -1;
    if (known >= 0) return known;
    let sum = 0;
    for (let at = 0; at < adjacencies.length; at++) {
      const adjacency = adjacencies[at]!;
      if (adjacency.degree(node) > 0)
        sum += this.#sum(adjacency, node, this.#edges.isBothWays && at >= adjacencies.incoming);
    }
    this.#known?.set(node, sum);
    return sum;
  }

  /** `isBack`: loops were counted on their way out. */
  #sum(adjacency: Adjacency, node: number, isBack: boolean): number {
    const { mask } = this.#edges;
    const degree = adjacency.degree(node);
    const pairs = adjacency.pool(node);
    const start = adjacency.offset(node);
    if ((this.#budget.steps -= degree) < 0) this.#budget.look();
    let sum = 0;
    for (let at = start; at < start + 2 * degree; at += 2) {
      const neighbour = pairs[at]!;
      if (isBack && neighbour === node) continue;
      if (mask !== null && mask[this.#nodes.labelSetId(neighbour)] !== 1) continue;
      let product = 1;
      for (const branch of this.#branches) {
        product *= branch.count(neighbour);
        if (product === 0) break;
      }
      sum += product;
    }
    return sum;
  }
}

const SHIFT = 10;
const CHUNK = 1 << SHIFT;

/** Numbers from 0 on by node slot, in chunks that exist from their first number on. */
class NodeNumbers {
  readonly #chunks = new Map<number, Float64Array>();
  #lastNumber = -1;
  #last: Float64Array | null = null;

  /** -1 when there is none. */
  get(node: number): number {
    return this.#chunk(node >>> SHIFT)?.[node & (CHUNK - 1)] ?? -1;
  }

  set(node: number, value: number): void {
    let chunk = this.#chunk(node >>> SHIFT);
    if (chunk === null) {
      chunk = new Float64Array(CHUNK).fill(-1);
      this.#chunks.set(node >>> SHIFT, chunk);
    }
    chunk[node & (CHUNK - 1)] = value;
  }

  #chunk(number: number): Float64Array | null {
    if (number === this.#lastNumber) return this.#last;
    const chunk = this.#chunks.get(number);
    if (chunk === undefined) return null;
    this.#lastNumber = number;
    this.#last = chunk;
    return chunk;
  }
}
