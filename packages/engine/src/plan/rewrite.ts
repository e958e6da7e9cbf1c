import { conjuncts } from "./expression.ts";
import type { MatchOperator, Operator, Query } from "./operators.ts";

/** Rules that make the same query easier to match. */
export function rewrite(query: Query): Query {
  return { ...query, operators: mergeMatches(query.operators) };
}

/** A filter right behind a MATCH is a part of it: so it can choose an index, and end a path early. */
function mergeMatches(operators: readonly Operator[]): Operator[] {
  const merged: Operator[] = [];
  for (const operator of operators) {
    const last = merged.at(-1);
    if (operator.kind === "filter" && last?.kind === "match" && !last.optional) {
      const match: MatchOperator = {
        ...last,
        predicates: [...last.predicates, ...conjuncts(operator.predicate)],
      };
      merged[merged.length - 1] = match;
    } else {
      merged.push(operator);
    }
  }
  return merged;
}
