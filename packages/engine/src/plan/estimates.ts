import type { Adjacency } from "../graph/adjacency.ts";
import { DictionaryColumn } from "../graph/column.ts";
import type { Graph } from "../graph/graph.ts";
import type { Expression, LabelExpression, Variable } from "./expression.ts";
import { edgeLabelsOf, labelCount, requiredLabels } from "./labels.ts";
import type { EdgeAtom } from "./operators.ts";

/** Guesses where no statistics help: the shares of the rows that pass. */
export const EQUAL_SHARE = 0.1;
export const FILTER_SHARE = 0.3;

/** What a node of a pattern has to be. */
export type LabelsOf = (node: Variable) => LabelExpression | null;

/**
 * How many edges with their other ends are expected for one node: the edges of a label spread over the nodes that have any, or over all
 * that may be meant if these are more; and as many of the other ends are wanted as there are such nodes among them.
 */
export function edgesPerNode(
  graph: Graph,
  edge: EdgeAtom,
  from: Variable,
  labelsOf: LabelsOf,
): number {
  const forward = from === edge.from;
  const start = labelsOf(from);
  const end = labelsOf(forward ? edge.to : edge.from);
  const starts = labelCount(graph, start);
  const ends = labelCount(graph, end);
  let edges = 0;
  for (const id of edgeLabelsOf(graph, edge.labels)) {
    const out = graph.edges.out[id];
    const into = graph.edges.in[id];
    if (out === undefined || into === undefined) continue;
    const ways = edge.direction === "any" ? [true, false] : [forward];
    for (const way of ways) {
      const [near, far] = way ? [out, into] : [into, out];
      edges += (near.count / Math.max(1, near.nodeCount, starts)) * shareOf(far, end, ends);
    }
  }
  return edges;
}

/** How many edges are expected between two nodes that are known. */
export function edgesBetween(graph: Graph, edge: EdgeAtom, labelsOf: LabelsOf): number {
  const ends = labelCount(graph, labelsOf(edge.to));
  let most = ends;
  for (const id of edgeLabelsOf(graph, edge.labels))
    most = Math.max(most, graph.edges.in[id]?.nodeCount ?? 0);
  return edgesPerNode(graph, edge, edge.from, labelsOf) / Math.max(1, most);
}

/** The share of the ends of edges that are among so many nodes with these labels. */
function shareOf(ends: Adjacency, labels: LabelExpression | null, count: number): number {
  return labels === null ? 1 : Math.min(1, count / Math.max(1, ends.nodeCount));
}

/** The share of rows for which a predicate is expected to be TRUE. */
export function shareOfRows(graph: Graph, predicate: Expression, labelsOf: LabelsOf): number {
  if (predicate.kind !== "compare" || predicate.operator !== "=") return FILTER_SHARE;
  const shares = [predicate.left, predicate.right].flatMap(
    (side) => distinctShare(graph, side, labelsOf) ?? [],
  );
  return shares.length === 0 ? EQUAL_SHARE : Math.min(...shares);
}

/** The share of elements that have one value of a property; null if nobody counts the different ones, as an index and a dictionary do. */
function distinctShare(graph: Graph, side: Expression, labelsOf: LabelsOf): number | null {
  if (side.kind !== "property" || side.of.kind !== "variable") return null;
  const { variable } = side.of;
  if (variable.type !== "node" && variable.type !== "edge") return null;
  const key = graph.keys.id(side.key);
  for (const label of requiredLabels(labelsOf(variable)))
    for (const index of graph.indexes.of(variable.type, graph.labelId(variable.type, label)))
      if (index.keys.length === 1 && index.keys[0] === key && index.count > 0)
        return 1 / Math.max(1, index.distinct);
  const columns = variable.type === "node" ? graph.nodes.columns : graph.edges.columns;
  const column = columns.get(key);
  return column instanceof DictionaryColumn ? 1 / Math.max(1, column.distinct) : null;
}
