import type {
  Count,
  Exists,
  Expression,
  ListQuery,
  Match,
  Query,
  Span,
  ValueQuery,
} from "./ast.ts";
import { type Context, PLAIN } from "./context.ts";
import { type Cursor, isSymbolToken } from "./cursor.ts";
import { parseGraphPattern, startsGraphPattern } from "./graph-pattern.ts";
import { looksLikePattern } from "./patterns.ts";
import { CLAUSE_WORDS } from "./words.ts";

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

/** Cypher's `COLLECT { … }`, and `[BINDING] TABLE { … }`; undefined where COLLECT or TABLE is a name, as in `collect(x)` and `table {.key}`. */
export function parseListQuery(cursor: Cursor): ListQuery | undefined {
  const { start } = cursor.token;
  const words = cursor.isWord("BINDING") && cursor.peek().keyword === "TABLE" ? 2 : 1;
  if (cursor.isWord("BINDING") && words === 1) return undefined;
  const items = cursor.isWord("COLLECT") ? "column" : "records";
  if (!isSymbolToken(cursor.peek(words), "{") || !opensQuery(cursor, words + 1)) return undefined;
  for (let i = 0; i < words; i++) cursor.advance();
  return finishListQuery(cursor, start, items);
}

/** <nested binding table query specification> (§14.1): a query in braces. */
export function parseTableQuery(cursor: Cursor): ListQuery {
  if (!cursor.isSymbol("{")) throw cursor.expected("`{` to open the query of the table");
  return finishListQuery(cursor, cursor.token.start, "records");
}

function finishListQuery(cursor: Cursor, start: number, items: ListQuery["items"]): ListQuery {
  const opening = cursor.advance();
  const outer = enterSubquery(cursor);
  const query = cursor.rules.query(cursor, "value");
  leaveSubquery(cursor, outer);
  cursor.expectClosing("}", "the query", opening);
  return { kind: "listQuery", items, query, span: cursor.spanFrom(start) };
}

/** Whether a clause stands in the braces, rather than what a map projection has. */
function opensQuery(cursor: Cursor, ahead: number): boolean {
  const next = cursor.peek(ahead + 1);
  if (isSymbolToken(cursor.peek(ahead), "{")) return true;
  return (
    CLAUSE_WORDS.has(cursor.peek(ahead).keyword) &&
    ![",", "}", ":"].some((symbol) => isSymbolToken(next, symbol))
  );
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
