import { GeodeError } from "@geode/values";
import { nearestWord } from "../gql/suggestion.ts";
import type { GraphName } from "../graph/effect.ts";
import type { Graph } from "../graph/graph.ts";
import type { GraphScope } from "../plan/operators.ts";
import { located } from "./located.ts";
import type { RunContext } from "./statement.ts";

/** The graph that a statement names, of those that its user knows. `offset` is where; throws 42002. */
export function graphIn(
  { graph, graphs }: Pick<RunContext, "graph" | "graphs">,
  scope: GraphScope,
  offset: number,
): Graph {
  const found = scope === null ? graph : graphs.get(scope);
  if (found !== undefined) return found;
  throw located(unknownGraph(scope ?? "", graphs.keys()), offset);
}

/** The graph that a request is for; throws 42002. */
export function graphNamed(graphs: ReadonlyMap<GraphName, Graph>, name: GraphName): Graph {
  const graph = graphs.get(name);
  if (graph === undefined) throw unknownGraph(name, graphs.keys());
  return graph;
}

/** `known` are the names that may be told. */
function unknownGraph(name: string, known: Iterable<string>): GeodeError {
  const nearest = nearestWord(name, known);
  return new GeodeError("42002", `There is no graph \`${name}\`.`, {
    hint: nearest ? `Did you mean \`${nearest}\`?` : "SHOW GRAPHS tells which there are.",
  });
}
