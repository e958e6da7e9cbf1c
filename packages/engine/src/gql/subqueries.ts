import type { Count, Exists, Expression, Match, Query, Span, ValueQuery } from "./ast.ts";
import { type Context, PLAIN } from "./context.ts";
import { type Cursor, isSymbolToken } from "./cursor.ts";
import { parseGraphPattern, startsGraphPattern } from "./graph-pattern.ts";
import { looksLikePattern } from "./patterns.ts";

/**
 * <exists predicate> (§19.4), <value query expression> (§20.6), and `COUNT { … }`. The current word is EXISTS, COUNT or VALUE; undefined
 * if it is a name here, as in `count(x)` and Cypher's `exists(n.key)`.
 */
export function parseSubquery(cursor: Cursor): Exists | Count | ValueQuery | undefined {
  const { keyword, start } = cursor.token;
  const opening = cursor.peek();
  const inBraces = isSymbolToken(opening, "{");
  if (!inBraces && !(keyword === "EXISTS" && holdsPattern(cursor))) return undefined;
  cursor.advance();
  cursor.advance();
  const outer = enterSubquery(cursor);
  let query: Query;
  if (keyword === "VALUE") query = cursor.rules.query(cursor, "value");
  else if (startsGraphPattern(cursor)) query = parsePatternQuery(cursor);
  else query = cursor.rules.query(cursor, "predicate");
  leaveSubquery(cursor, outer);
  cursor.expectClosing(inBraces ? "}" : ")", `${keyword}`, opening);
  const span = cursor.spanFrom(start);
  switch (keyword) {
    case "EXISTS":
      return { kind: "exists", query, span };
    case "COUNT":
      return { kind: "count", query, span };
    default:
      return { kind: "valueQuery", query, span };
  }
}

/** `EXISTS ((a)-->(b))`, `EXISTS (MATCH …)` */
function holdsPattern(cursor: Cursor): boolean {
  if (!isSymbolToken(cursor.peek(), "(")) return false;
  return (
    looksLikePattern(cursor, 2) ||
    (cursor.peek(2).keyword === "MATCH" && isSymbolToken(cursor.peek(3), "("))
  );
}

/** Cypher's `WHERE (a)-->(b)`. */
export function parsePatternPredicate(cursor: Cursor): Expression {
  const { start } = cursor.token;
  const path = cursor.rules.pathPattern(cursor);
  const span = cursor.spanFrom(start);
  const match: Match = {
    kind: "match",
    optional: false,
    mode: null,
    paths: [path],
    keep: null,
    where: null,
    yieldItems: null,
    span,
  };
  return { kind: "exists", query: queryOf(match, span), span };
}

function parsePatternQuery(cursor: Cursor): Query {
  const { start } = cursor.token;
  const match = parseGraphPattern(cursor, start, false);
  return queryOf(match, match.span);
}

function queryOf(match: Match, span: Span): Query {
  const first = { kind: "linearQuery", clauses: [match], span } as const;
  return {
    kind: "query",
    steps: [{ kind: "queryStep", yieldItems: null, first, rest: [], span }],
    span,
  };
}

/** What the surroundings allow does not reach into a subquery; that it only reads does. */
function enterSubquery(cursor: Cursor): Context {
  cursor.enter();
  cursor.readOnlyDepth++;
  return cursor.enterContext(PLAIN);
}

function leaveSubquery(cursor: Cursor, outer: Context): void {
  cursor.context = outer;
  cursor.readOnlyDepth--;
  cursor.leave();
}
