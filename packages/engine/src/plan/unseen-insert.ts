import { children, type Expression } from "./expression.ts";
import type { Operator, Query } from "./operators.ts";
import { neededAfter } from "./uses.ts";
import { isWriting } from "./writing.ts";

/**
 * Whether nobody in the statement sees what its INSERT at that index makes: no other clause writes, what comes behind looks neither at the
 * new elements nor around in the graph, and no property of theirs is found by looking around. Then they need not be in the graph while
 * the statement is executed.
 */
export function isUnseenInsert(query: Query, index: number): boolean {
  const insert = query.operators[index];
  if (insert?.kind !== "insert") return false;
  const atoms = [...insert.nodes, ...insert.edges];
  const needed = neededAfter(query)[index];
  if (atoms.some(({ variable, properties }) => needed?.has(variable) || looksAround(properties)))
    return false;
  return query.operators.every((operator, at) =>
    at < index
      ? !isWriting(operator)
      : at === index || (ofRows(operator)?.every((part) => !looksAround(part)) ?? false),
  );
}

/** The expressions of an operator that works on rows alone; null for the others. */
function ofRows(operator: Operator): readonly (Expression | null)[] | null {
  switch (operator.kind) {
    case "let":
      return operator.items.map(({ expression }) => expression);
    case "filter":
      return [operator.predicate];
    case "aggregate":
      return [
        ...operator.keys.map(({ expression }) => expression),
        ...operator.aggregates.flatMap(({ argument, parameter }) => [argument, parameter]),
      ];
    case "sort":
      return operator.keys.map(({ expression }) => expression);
    case "slice":
    case "distinct":
      return [];
    default:
      return null;
  }
}

/** Whether it looks for something in the graph, beside what the row holds. */
export function looksAround(expression: Expression | null): boolean {
  return (
    expression !== null &&
    (expression.kind === "subquery" || children(expression).some(looksAround))
  );
}
