import { nearestWord } from "../gql/suggestion.ts";
import type { Graph } from "../graph/graph.ts";
import type { Names } from "../graph/names.ts";
import type { NamesRead } from "../plan/names-read.ts";
import type { Notice } from "./statement.ts";

/*
 * Notices are not errors: a name that the graph has never seen is legal and finds nothing. Their codes are in class 01 (warning) with
 * subclasses of our own.
 */
const UNKNOWN_LABEL = "01N50";
const UNKNOWN_EDGE_LABEL = "01N51";
const UNKNOWN_PROPERTY = "01N52";

/** What the statement names and the graph does not know, with the nearest name that it does. */
export function noticesFor(read: NamesRead, graph: Graph): Notice[] {
  if (graph.nodes.count === 0) return [];
  return [
    ...unknown(read.labels, graph.labels, UNKNOWN_LABEL, "label"),
    ...unknown(read.edgeLabels, graph.edgeLabels, UNKNOWN_EDGE_LABEL, "edge label"),
    ...unknown(read.keys, graph.keys, UNKNOWN_PROPERTY, "property"),
  ];
}

function unknown(names: ReadonlySet<string>, known: Names, code: string, what: string): Notice[] {
  const notices: Notice[] = [];
  for (const name of names) {
    if (known.id(name) >= 0) continue;
    const nearest = nearestWord(name, known.all());
    notices.push({
      code,
      message: `Nothing in this graph has the ${what} \`${name}\`.`,
      ...(nearest ? { hint: `Did you mean \`${nearest}\`?` } : {}),
    });
  }
  return notices;
}
