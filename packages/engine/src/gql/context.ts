/** What the surroundings of an expression lend to it or take away from it. */
export interface Context {
  /** Whether Cypher's pattern predicates may stand here: in a condition, but not in its arguments, lists and records. */
  readonly patternsAllowed: boolean;
  /** Whether `|` ends the expression, because it starts the projection of a comprehension, rather than being an alternative. */
  readonly barEnds: boolean;
  /** Whether IN ends the expression, because it is that of LET … IN … END, rather than a predicate. */
  readonly inEnds: boolean;
}

/** Inside of brackets nothing that is outside reaches. */
export const PLAIN: Context = { patternsAllowed: false, barEnds: false, inEnds: false };

/** Before the bar of a comprehension. */
export const BEFORE_BAR: Context = { ...PLAIN, barEnds: true };

/** Before the IN of LET. */
export const BEFORE_IN: Context = { ...PLAIN, inEnds: true };

const PLAIN_CONDITION: Context = { ...PLAIN, patternsAllowed: true };

/** Inside of parentheses: still the condition that it was, but no bar and no IN ends it. */
export function parenthesized(context: Context): Context {
  return context.patternsAllowed ? PLAIN_CONDITION : PLAIN;
}

export function asCondition(context: Context): Context {
  return context === PLAIN ? PLAIN_CONDITION : { ...context, patternsAllowed: true };
}
