import { conjuncts, type Expression, type Variable } from "./expression.ts";
import type { MatchOperator, Operator, Query } from "./operators.ts";

/** Rules that make the same query easier to carry out. */
export function rewrite(query: Query): Query {
  return { ...query, operators: insertWithProperties(mergeMatches(query.operators)) };
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

/** `INSERT (n) SET n += record` inserts the node with these properties at once. */
function insertWithProperties(operators: readonly Operator[]): Operator[] {
  const merged: Operator[] = [];
  for (const operator of operators) {
    const last = merged.at(-1);
    const whole = last?.kind === "insert" ? withProperties(last, operator) : null;
    if (whole) merged[merged.length - 1] = whole;
    else merged.push(operator);
  }
  return merged;
}

/** The INSERT with what the operator behind it adds to one of its elements; null if that is something else. */
function withProperties(
  insert: Operator & { kind: "insert" },
  operator: Operator,
): Operator | null {
  const [item, ...others] = operator.kind === "set" ? operator.items : [];
  if (item?.kind !== "properties" || item.replace || others.length > 0) return null;
  const { target, value } = item;
  const fresh = new Set([...insert.nodes, ...insert.edges].map(({ variable }) => variable));
  if (target.kind !== "variable" || !fresh.has(target.variable)) return null;
  // What a property of a row holds is known when it is there: a record, or what is refused.
  if (
    value.kind !== "property" ||
    value.of.kind !== "variable" ||
    value.of.variable.type !== "value"
  )
    return null;
  const add = <Atom extends InsertAtom>(atoms: readonly Atom[]): readonly Atom[] =>
    atoms.map((atom) =>
      atom.variable === target.variable ? { ...atom, properties: value } : atom,
    );
  const [nodes, edges] = [add(insert.nodes), add(insert.edges)];
  const isBare = [...insert.nodes, ...insert.edges].every(
    ({ variable, properties }) => variable !== target.variable || properties === null,
  );
  return isBare ? { ...insert, nodes, edges } : null;
}

interface InsertAtom {
  readonly variable: Variable;
  readonly properties: Expression | null;
}
