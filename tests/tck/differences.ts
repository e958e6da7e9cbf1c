/**
 * Scenarios of the TCK that we answer differently, on purpose or not yet, with the reason. They count as failures. A scenario that is
 * listed here and passes fails the test, so the list stays true.
 */
export const DIFFERENCES: ReadonlyMap<string, string> = new Map([
  ...each(
    "A grouping key may be an expression that is used inside another one; nothing about it is ambiguous.",
    "clauses/return-orderby/ReturnOrderBy6.feature [5]",
    "clauses/return/Return6.feature [21]",
    "clauses/with/With6.feature [9]",
  ),
  ...each(
    "What a statement deleted is NULL from there on, as everything that is absent.",
    "clauses/return/Return2.feature [14]",
    "clauses/return/Return2.feature [15]",
    "clauses/return/Return2.feature [16]",
    "clauses/return/Return2.feature [17]",
  ),
  ...each(
    "A property may hold lists and records, in each other as well.",
    "clauses/set/Set1.feature [10]",
  ),
  ...each(
    "A random number per row inside an aggregate is what was asked for.",
    "clauses/return/Return6.feature [15]",
  ),
  ...each(
    "-0.0 is the float that was written; it equals 0.0.",
    "expressions/literals/Literals5.feature [9]",
    "expressions/literals/Literals5.feature [10]",
  ),
  ...each(
    "Types of values are checked when it runs, not when it is bound.",
    "clauses/match/Match3.feature [30]",
  ),
]);

function each(reason: string, ...scenarios: readonly string[]): (readonly [string, string])[] {
  return scenarios.map((scenario) => [scenario, reason] as const);
}
