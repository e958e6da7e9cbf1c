import type { Graph } from "../graph/graph.ts";

/**
 * The state of a graph that a plan was made for. It is over when the plan has to be made anew, or should be: with the indexes, with
 * whether there is an edge from a node to itself, and when the graph is about four times larger or smaller. Asked before every run, so
 * that it only compares.
 */
export class Era {
  readonly #graph: Graph;
  readonly #indexes: number;
  readonly #hasLoops: boolean;
  readonly #nodes: Magnitude;
  readonly #edges: Magnitude;

  constructor(graph: Graph) {
    this.#graph = graph;
    this.#indexes = graph.indexes.version;
    this.#hasLoops = graph.edges.hasLoops;
    this.#nodes = magnitudeOf(graph.nodes.count);
    this.#edges = magnitudeOf(graph.edges.count);
  }

  /** Whether it is this graph, and still as it was. */
  lasts(graph: Graph): boolean {
    const { edges, indexes, nodes } = graph;
    return (
      graph === this.#graph &&
      indexes.version === this.#indexes &&
      nodes.count >= this.#nodes.least &&
      nodes.count < this.#nodes.end &&
      edges.count >= this.#edges.least &&
      edges.count < this.#edges.end &&
      edges.hasLoops === this.#hasLoops
    );
  }
}

/** The numbers from `least` up to but not including `end`. */
interface Magnitude {
  readonly least: number;
  readonly end: number;
}

/** All that are about the same as this one, for the purpose of planning. */
function magnitudeOf(count: number): Magnitude {
  let end = 2;
  while (count + 1 >= end) end *= 4;
  return { least: end / 4 - 1, end: end - 1 };
}
