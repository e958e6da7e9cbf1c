import type { CallProcedure, Clause, Name, QueryStatement, Return, Show } from "./ast.ts";
import type { Cursor } from "./cursor.ts";
import { parseYieldItem } from "./graph-pattern.ts";
import { parseOrderAndPage, parseReturn } from "./projections.ts";

const SHOWABLE: ReadonlyMap<string, Show["what"]> = new Map<string, Show["what"]>([
  ["GRAPHS", "graphs"],
  ["INDEXES", "indexes"],
  ["INDEX", "indexes"],
  ["CONSTRAINTS", "constraints"],
  ["CONSTRAINT", "constraints"],
  ["LABELS", "labels"],
  ["POLICIES", "policies"],
  ["PROCEDURES", "procedures"],
  ["PROCEDURE", "procedures"],
  ["FUNCTIONS", "functions"],
  ["FUNCTION", "functions"],
  ["SUBSCRIPTIONS", "subscriptions"],
  ["TRANSACTIONS", "transactions"],
]);

/** What is shown elsewhere under another name. */
const ELSEWHERE: ReadonlyMap<string, string> = new Map([
  ["DATABASES", "graphs are shown by SHOW GRAPHS"],
  ["DATABASE", "graphs are shown by SHOW GRAPHS"],
  ["CURRENT", "SESSION_USER is who asks, $auth what is known of them"],
  ["USERS", "users are known to whoever issues the tokens; SESSION_USER is who asks"],
]);

/** `SHOW what`, and Cypher's `SHOW what [YIELD …] [WHERE …] [RETURN …]`, which is a query. */
export function parseShow(cursor: Cursor): Show | QueryStatement {
  const { start } = cursor.advance();
  acceptKind(cursor);
  const what = SHOWABLE.get(cursor.token.keyword);
  if (what === undefined) {
    throw cursor.expected(
      "GRAPHS, INDEXES, CONSTRAINTS, LABELS, POLICIES, PROCEDURES, FUNCTIONS, SUBSCRIPTIONS or TRANSACTIONS after SHOW",
      SHOWABLE.keys(),
      ELSEWHERE.get(cursor.token.keyword),
    );
  }
  cursor.advance();
  if (cursor.isWord("YIELD") || cursor.isWord("WHERE")) return parseShown(cursor, start, what);
  return { kind: "show", what, span: cursor.spanFrom(start) };
}

/** Kinds of which there is one. */
function acceptKind(cursor: Cursor): void {
  if (SHOWABLE.has(cursor.peek().keyword)) {
    if (!cursor.acceptWord("ALL")) cursor.acceptWord("RANGE");
  } else if (cursor.areWords("BUILT", "IN", "FUNCTIONS")) {
    cursor.advance();
    cursor.advance();
  }
}

/** The rows of a procedure, with what is to become of them. */
function parseShown(cursor: Cursor, start: number, what: Show["what"]): QueryStatement {
  const named = (name: string): Name => ({ kind: "name", name, span: cursor.spanFrom(start) });
  const items = cursor.acceptWord("YIELD") && !cursor.acceptSymbol("*");
  const yieldItems = items ? cursor.list(parseYieldItem) : ("*" as const);
  const page = ["ORDER", "OFFSET", "SKIP", "LIMIT"].some((word) => cursor.isWord(word))
    ? parseOrderAndPage(cursor)
    : null;
  const where = cursor.acceptWord("WHERE") ? cursor.rules.condition(cursor) : null;
  const call: CallProcedure = {
    kind: "callProcedure",
    optional: false,
    name: [named("geode"), named(what)],
    args: [],
    yieldItems,
    where,
    span: cursor.spanFrom(start),
  };
  const result = cursor.isWord("RETURN") ? parseReturn(cursor) : everything(cursor, start);
  const span = cursor.spanFrom(start);
  const clauses: readonly Clause[] = page === null ? [call, result] : [call, page, result];
  const first = { kind: "linearQuery", clauses, span } as const;
  const step = { kind: "queryStep", yieldItems: null, first, rest: [], span } as const;
  return {
    kind: "queryStatement",
    query: { kind: "query", steps: [step], span },
    live: null,
    span,
  };
}

/** `RETURN *` */
function everything(cursor: Cursor, start: number): Return {
  return {
    kind: "return",
    distinct: false,
    star: true,
    items: [],
    groupBy: null,
    tail: null,
    span: cursor.spanFrom(start),
  };
}
