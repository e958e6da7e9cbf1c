import type { Query, QueryStatement, Statement } from "./ast.ts";
import { acceptCatalogStatement } from "./catalog-statements.ts";
import { type Cursor, isSymbolToken } from "./cursor.ts";
import { parseWatchedLabel } from "./projections.ts";
import { expectedContinuation, parseQuery } from "./queries.ts";
import { acceptSessionStatement } from "./session-statements.ts";
import { CLAUSE_WORDS } from "./words.ts";

/** <GQL-program> (§6): one statement and the end of the text; a semicolon may stand between. */
export function parseProgramStatement(cursor: Cursor): Statement {
  skipDialect(cursor);
  const statement = parseStatement(cursor);
  const semicolon = cursor.acceptSymbol(";");
  if (cursor.token.kind === "end") return statement;
  if (semicolon) throw cursor.expected("the end of the text: one statement at a time");
  throw expectedContinuation(cursor, "another clause or the end of the query");
}

/** Cypher's `CYPHER 25 runtime = slotted`: which of its versions is meant, and how it is to be run. */
function skipDialect(cursor: Cursor): void {
  const isOption = (ahead: number): boolean => isSymbolToken(cursor.peek(ahead + 1), "=");
  if (!cursor.isWord("CYPHER")) return;
  if (cursor.peek().kind !== "number" && !isOption(1)) return;
  cursor.advance();
  if (cursor.token.kind === "number") cursor.advance();
  while (cursor.isName() && isOption(0)) for (let i = 0; i < 3; i++) cursor.advance();
}

function parseStatement(cursor: Cursor): Statement {
  const { start, keyword } = cursor.token;
  if (keyword === "EXPLAIN" || keyword === "PROFILE") {
    cursor.advance();
    if (cursor.isWord("EXPLAIN") || cursor.isWord("PROFILE"))
      throw cursor.expected(`a statement after ${keyword}`);
    const statement = parseStatement(cursor);
    const mode = keyword === "EXPLAIN" ? "explain" : "profile";
    return { kind: "explain", mode, statement, span: cursor.spanFrom(start) };
  }
  return (
    acceptCatalogStatement(cursor) ?? acceptSessionStatement(cursor) ?? parseQueryStatement(cursor)
  );
}

/** A query, or one that is to be kept live: `SUBSCRIBE [TO] label | query`, `query EMIT CHANGES`. */
function parseQueryStatement(cursor: Cursor): QueryStatement {
  const { start } = cursor.token;
  const subscribe = cursor.acceptWord("SUBSCRIBE");
  if (subscribe) cursor.acceptWord("TO");
  const query =
    subscribe && watchesLabel(cursor) ? parseLabelQuery(cursor) : parseQuery(cursor, "statement");
  let live: QueryStatement["live"] = subscribe ? "snapshot" : null;
  if (cursor.acceptWord("EMIT")) {
    cursor.expectWord("CHANGES", "after EMIT");
    live = "changes";
  }
  return { kind: "queryStatement", query, live, span: cursor.spanFrom(start) };
}

/** Whether SUBSCRIBE [TO] is followed by a label rather than by a query: a label may be called MATCH, too. */
function watchesLabel(cursor: Cursor): boolean {
  if (!cursor.isName()) return false;
  if (!CLAUSE_WORDS.has(cursor.token.keyword)) return true;
  const next = cursor.peek();
  return next.kind === "end" || ["WHERE", "AS", "EMIT"].includes(next.keyword) || next.text === ";";
}

function parseLabelQuery(cursor: Cursor): Query {
  const select = parseWatchedLabel(cursor);
  const { span } = select;
  const first = { kind: "linearQuery", clauses: [select], span } as const;
  return {
    kind: "query",
    steps: [{ kind: "queryStep", yieldItems: null, first, rest: [], span }],
    span,
  };
}
