import { parseSearchCondition } from "../gql/parser.ts";
import { bindSubquery } from "./bind.ts";
import { bindCondition } from "./bind-expression.ts";
import { children, type Expression, type Variable } from "./expression.ts";
import { type Reads, readsHere, readsOf } from "./footprint.ts";
import type { Operator, Query } from "./operators.ts";
import { Binding } from "./scope.ts";

/** A condition on one element, which stands outside of any statement. */
export interface BoundRule {
  /** The element that the text calls `n`. */
  readonly element: Variable;
  readonly predicate: Expression;
  readonly reads: Reads;
  /** The fields of `$auth` that it looks at; "all" if it takes `$auth` as a whole. */
  readonly claims: ReadonlySet<string> | "all";
}

/** The element's name in the text of a rule. */
const ELEMENT = "n";
const AUTH = "auth";

/** Throws 42001 and 42002 with the position in the text; 42002 also for a parameter other than $auth, and for what changes by itself. */
export function bindRule(text: string, type: "node" | "edge"): BoundRule {
  const binding = new Binding(text, new Map(), bindSubquery);
  const element = binding.variable(ELEMENT, type);
  const scope = new Map([[ELEMENT, element]]);
  const predicate = bindCondition(binding, parseSearchCondition(text), { scope });
  if (binding.volatile)
    throw binding.invalidReference("A rule cannot look at the clock, nor at chance.", 0);
  const query: Query = {
    operators: [{ kind: "filter", predicate }],
    output: { kind: "nothing" },
  };
  const reads = readsOf(query);
  if (reads.size > 1)
    throw binding.invalidReference("A rule looks at nothing but the graph of its element.", 0);
  return { element, predicate, reads: readsHere(reads), claims: claimsOf(binding, query) };
}

/** Throws 42002 for a parameter other than $auth. */
function claimsOf(binding: Binding, query: Query): ReadonlySet<string> | "all" {
  const names = new Set<string>();
  let whole = false;
  for (const expression of expressionsIn(query)) {
    if (expression.kind === "property" && isAuth(expression.of)) names.add(expression.key);
    else if (expression.kind === "parameter") {
      if (expression.name !== AUTH)
        throw binding.invalidReference(
          `A rule has no parameter $${expression.name}.`,
          expression.offset,
          "It knows the element as `n` and the user as $auth.",
        );
    } else if (children(expression).some(isAuth)) whole = true;
  }
  return whole ? "all" : names;
}

function isAuth(expression: Expression): boolean {
  return expression.kind === "parameter" && expression.name === AUTH;
}

/** Every expression of a query that only reads, with all their parts. */
function* expressionsIn(query: Query): Generator<Expression> {
  for (const operator of query.operators) yield* expressionsOf(operator);
}

function* expressionsOf(operator: Operator): Generator<Expression> {
  switch (operator.kind) {
    case "match":
      for (const predicate of operator.predicates) yield* within(predicate);
      for (const repeat of operator.repeats)
        for (const { body } of repeat.ways) yield* expressionsOf(body);
      for (const search of operator.searches) {
        yield* within(search.count.expression);
        for (const condition of search.conditions) yield* within(condition);
        for (const part of search.parts)
          for (const { body } of part.ways) yield* expressionsOf(body);
      }
      return;
    case "filter":
      yield* within(operator.predicate);
      return;
    case "let":
      for (const { expression } of operator.items) yield* within(expression);
      return;
    case "for":
      yield* within(operator.list);
      return;
    case "aggregate":
      for (const { expression } of operator.keys) yield* within(expression);
      for (const { argument, parameter } of operator.aggregates) {
        if (argument) yield* within(argument);
        if (parameter) yield* within(parameter);
      }
      return;
    case "call":
      yield* expressionsIn(operator.query);
      return;
    case "procedure":
      for (const argument of operator.args) yield* within(argument);
      return;
    case "combine":
      for (const branch of operator.branches) yield* expressionsIn(branch);
      return;
    case "sort":
      for (const { expression } of operator.keys) yield* within(expression);
      return;
    case "slice":
      if (operator.offset) yield* within(operator.offset.expression);
      if (operator.limit) yield* within(operator.limit.expression);
      return;
    default:
      return;
  }
}

function* within(expression: Expression): Generator<Expression> {
  yield expression;
  if (expression.kind === "subquery") yield* expressionsIn(expression.query);
  for (const child of children(expression)) yield* within(child);
}
