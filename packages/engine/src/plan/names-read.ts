import { children, type Expression } from "./expression.ts";
import { namedLabels } from "./labels.ts";
import type { GraphScope, MatchOperator, PartAtom, Query } from "./operators.ts";

/** The names that a query looks for. */
export interface NamesRead {
  readonly labels: ReadonlySet<string>;
  readonly edgeLabels: ReadonlySet<string>;
  readonly keys: ReadonlySet<string>;
}

const NOTHING = { kind: "nothing" } as const;

/** By graph: of the patterns that are matched, and of the properties that are read; what is written needs no warning. */
export function namesRead(query: Query): ReadonlyMap<GraphScope, NamesRead> {
  const graphs = new Map<GraphScope, NamesIn>();
  const namesIn = (graph: GraphScope): NamesIn => {
    const known = graphs.get(graph);
    const names = known ?? { labels: new Set(), edgeLabels: new Set(), keys: new Set() };
    if (known === undefined) graphs.set(graph, names);
    return names;
  };
  /** The graph that is in use where the walk is. */
  let graph: GraphScope = null;
  const look = (expression: Expression): void => {
    if (
      expression.kind === "property" &&
      expression.of.kind === "variable" &&
      expression.of.variable.type !== "value"
    )
      namesIn(graph).keys.add(expression.key);
    if (expression.kind === "subquery") visit(expression.query);
    for (const child of children(expression)) look(child);
  };
  const visit = ({ operators }: Query): void => {
    const outer = graph;
    for (const operator of operators) {
      switch (operator.kind) {
        case "match":
          for (const { ways } of partsOf(operator))
            visit({ operators: ways.map(({ body }) => body), output: NOTHING });
          for (const search of operator.searches) search.conditions.forEach(look);
          for (const node of operator.nodes)
            for (const label of namedLabels(node.labels)) namesIn(graph).labels.add(label);
          for (const edge of operator.edges)
            for (const label of namedLabels(edge.labels)) namesIn(graph).edgeLabels.add(label);
          operator.predicates.forEach(look);
          break;
        case "filter":
          look(operator.predicate);
          break;
        case "let":
          for (const item of operator.items) look(item.expression);
          break;
        case "aggregate":
          for (const key of operator.keys) look(key.expression);
          for (const aggregate of operator.aggregates)
            if (aggregate.argument) look(aggregate.argument);
          break;
        case "sort":
          for (const key of operator.keys) look(key.expression);
          break;
        case "call":
          visit(operator.query);
          break;
        case "use":
          graph = operator.graph;
          break;
        case "combine":
          operator.branches.forEach(visit);
          break;
        default:
          break;
      }
    }
    graph = outer;
  };
  visit(query);
  return graphs;
}

interface NamesIn extends NamesRead {
  readonly labels: Set<string>;
  readonly edgeLabels: Set<string>;
  readonly keys: Set<string>;
}

function partsOf({ repeats, searches }: MatchOperator): PartAtom[] {
  return [...repeats, ...searches.flatMap((search) => search.parts)];
}
