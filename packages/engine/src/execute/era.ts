import type { Graph } from "../graph/graph.ts";

/**
 * Changes when a plan has to be made anew, or should be: with the indexes, with whether there is an edge from a node to itself, and when
 * the graph is about four times larger or smaller.
 */
export function eraOf(graph: Graph): string {
  return `${graph.indexes.version}${graph.edges.hasLoops ? " loops" : ""} ${Math.round(Math.log2(graph.nodes.count + 1) / 2)} ${Math.round(Math.log2(graph.edges.count + 1) / 2)}`;
}
