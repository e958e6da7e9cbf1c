import type { Graph } from "../graph/graph.ts";

/** Changes when a plan should be made anew: with the indexes, and when the graph is about four times larger or smaller. */
export function eraOf(graph: Graph): string {
  return `${graph.indexes.version} ${Math.round(Math.log2(graph.nodes.count + 1) / 2)} ${Math.round(Math.log2(graph.edges.count + 1) / 2)}`;
}
