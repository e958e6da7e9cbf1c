import { children, type Expression } from "./expression.ts";
import { namedLabels } from "./labels.ts";
import type { MatchOperator, PartAtom, Query } from "./operators.ts";

/** The names that a query looks for. */
export interface NamesRead {
  readonly labels: ReadonlySet<string>;
  readonly edgeLabels: ReadonlySet<string>;
  readonly keys: ReadonlySet<string>;
}

const NOTHING = { kind: "nothing" } as const;

/** Of the patterns that are matched, and of the properties that are read; what is written needs no warning. */
export function namesRead(query: Query): NamesRead {
  const labels = new Set<string>();
  const edgeLabels = new Set<string>();
  const keys = new Set<string>();
  const look = (expression: Expression): void => {
    if (
      expression.kind === "property" &&
      expression.of.kind === "variable" &&
      expression.of.variable.type !== "value"
    )
      keys.add(expression.key);
    if (expression.kind === "subquery") visit(expression.query);
    for (const child of children(expression)) look(child);
  };
  const visit = ({ operators }: Query): void => {
    for (const operator of operators) {
      switch (operator.kind) {
        case "match":
          for (const { ways } of partsOf(operator))
            visit({ operators: ways.map(({ body }) => body), output: NOTHING });
          for (const search of operator.searches) search.conditions.forEach(look);
          for (const node of operator.nodes)
            for (const label of namedLabels(node.labels)) labels.add(label);
          for (const edge of operator.edges)
            for (const label of namedLabels(edge.labels)) edgeLabels.add(label);
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
        case "combine":
          operator.branches.forEach(visit);
          break;
        default:
          break;
      }
    }
  };
  visit(query);
  return { labels, edgeLabels, keys };
}

function partsOf({ repeats, searches }: MatchOperator): PartAtom[] {
  return [...repeats, ...searches.flatMap((search) => search.parts)];
}
