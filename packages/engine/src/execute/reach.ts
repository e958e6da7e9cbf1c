import { GeodeError } from "@geode/values";
import type { GraphName } from "../graph/effect.ts";
import type { Graph } from "../graph/graph.ts";
import { graphNamed } from "./graphs.ts";
import type { RunContext, Statement } from "./statement.ts";

/** The graphs that a user may use and know of; null: every graph, and which there are. */
export type Reach = ReadonlySet<GraphName> | null;

/** The same for the same graphs. */
export function reachKey(reach: Reach): string | null {
  return reach && JSON.stringify([...reach].sort());
}

/**
 * Where a statement is run: in that graph, with those around it that are within reach. Throws 42002, and FORBIDDEN for what is beyond
 * the reach: the same whether such a graph is there or not, so nobody learns the names of graphs by it.
 */
export function placeOf(
  statement: Pick<Statement, "changesGraphs" | "otherGraphs">,
  graphName: GraphName,
  graphs: ReadonlyMap<GraphName, Graph>,
  reach: Reach,
): Pick<RunContext, "graph" | "graphName" | "graphs"> {
  if (reach === null) return { graph: graphNamed(graphs, graphName), graphName, graphs };
  if (statement.changesGraphs === true)
    throw new GeodeError("FORBIDDEN", "Only the role admin creates and drops graphs.");
  for (const name of [graphName, ...statement.otherGraphs.keys()])
    if (!reach.has(name))
      throw new GeodeError("FORBIDDEN", `The graph \`${name}\` is not open to this user.`);
  const within = graphsWithin(reach, graphs);
  return { graph: graphNamed(within, graphName), graphName, graphs: within };
}

/** What was made last for the graphs of a store: most who ask have the same reach. */
const made = new WeakMap<
  ReadonlyMap<GraphName, Graph>,
  { readonly reach: Reach; readonly within: ReadonlyMap<GraphName, Graph> }
>();

function graphsWithin(
  reach: ReadonlySet<GraphName>,
  graphs: ReadonlyMap<GraphName, Graph>,
): ReadonlyMap<GraphName, Graph> {
  const last = made.get(graphs);
  if (last?.reach === reach && isWithin(last.within, reach, graphs)) return last.within;
  const within = new Map<GraphName, Graph>();
  for (const name of reach) {
    const graph = graphs.get(name);
    if (graph !== undefined) within.set(name, graph);
  }
  made.set(graphs, { reach, within });
  return within;
}

/** Graphs come and go, also under the same name. */
function isWithin(
  within: ReadonlyMap<GraphName, Graph>,
  reach: ReadonlySet<GraphName>,
  graphs: ReadonlyMap<GraphName, Graph>,
): boolean {
  for (const name of reach) if (within.get(name) !== graphs.get(name)) return false;
  return true;
}
