/** What the clauses begin with that change something. */
export const CHANGING_WORDS: ReadonlySet<string> = new Set([
  "INSERT",
  "CREATE",
  "MERGE",
  "SET",
  "REMOVE",
  "DELETE",
  "DETACH",
  "NODETACH",
  "FOREACH",
]);

/** Words that open a clause of a linear query. */
export const CLAUSE_WORDS: ReadonlySet<string> = new Set([
  "MATCH",
  "OPTIONAL",
  "FILTER",
  "LET",
  "FOR",
  "UNWIND",
  "WITH",
  "ORDER",
  "OFFSET",
  "SKIP",
  "LIMIT",
  "RETURN",
  "FINISH",
  "SELECT",
  "CALL",
  "USE",
  ...CHANGING_WORDS,
]);

/** Words that open a statement which is not a query. */
export const STATEMENT_WORDS: ReadonlySet<string> = new Set([
  "EXPLAIN",
  "PROFILE",
  "SUBSCRIBE",
  "DROP",
  "SHOW",
  "START",
  "COMMIT",
  "ROLLBACK",
  "SESSION",
]);

/** Words that may follow a finished clause or expression. */
export const FOLLOWING_WORDS: ReadonlySet<string> = new Set([
  "WHERE",
  "YIELD",
  "KEEP",
  "AS",
  "FROM",
  "GROUP",
  "HAVING",
  "UNION",
  "EXCEPT",
  "INTERSECT",
  "OTHERWISE",
  "NEXT",
  "EMIT",
  "ASCENDING",
  "DESCENDING",
  "NULLS",
]);

/** Words of SQL that are no words here, with what to write instead. */
export const FOREIGN_WORDS: ReadonlyMap<string, string> = new Map([
  ["LIKE", "write STARTS WITH, ENDS WITH, CONTAINS, or =~ with a regular expression"],
  ["BETWEEN", "write low <= x AND x <= high"],
  ["JOIN", "match a path instead: SELECT … FROM MATCH (a)-[…]->(b)"],
  ["UPDATE", "write MATCH … SET …"],
  ["TABLE", "labels need no declaration: INSERT (:Label {key: value})"],
  ["INTO", "write INSERT (:Label {key: value})"],
]);

/** Words that continue an expression from the left. */
export const INFIX_WORDS: ReadonlySet<string> = new Set([
  "AND",
  "OR",
  "XOR",
  "IN",
  "IS",
  "STARTS",
  "ENDS",
  "CONTAINS",
]);

/**
 * Words that are no operand where their role as a keyword fits what follows: `RETURN limit` returns a variable, `RETURN LIMIT 5` lacks
 * an item.
 */
export const RESERVED_WORDS: ReadonlySet<string> = new Set([
  ...CLAUSE_WORDS,
  ...FOLLOWING_WORDS,
  ...INFIX_WORDS,
  "WHEN",
  "THEN",
  "ELSE",
  "END",
  "BY",
]);
