import type { CallQuery, Clause, Filter, For, Let, NestedQuery } from "./ast.ts";
import { parseCall } from "./calls.ts";
import { BEFORE_BAR } from "./context.ts";
import { type Cursor, isNameToken, isSymbolToken } from "./cursor.ts";
import { parseGraphReference } from "./graph-reference.ts";
import { parseLetItem } from "./let-item.ts";
import { parseMatch } from "./match.ts";
import { parseDelete, parseInsert, parseMerge, parseRemove, parseSet } from "./modifications.ts";
import { parseOrderAndPage, parseProject, parseReturn, parseSelect } from "./projections.ts";
import { parseTableQuery } from "./subqueries.ts";
import { CHANGING_WORDS, CLAUSE_WORDS } from "./words.ts";

/** Whether a clause begins at the current token. */
export function startsClause(cursor: Cursor): boolean {
  return (
    CLAUSE_WORDS.has(cursor.token.keyword) ||
    cursor.isSymbol("{") ||
    definesValue(cursor) ||
    definesTable(cursor) ||
    definesGraph(cursor)
  );
}

/** `VALUE x =`, `VALUE x ::` or `VALUE x` and a type. */
function definesValue(cursor: Cursor): boolean {
  if (!cursor.isWord("VALUE") || !isNameToken(cursor.peek())) return false;
  const next = cursor.peek(2);
  return next.kind === "symbol" ? next.text === "=" || next.text === "::" : next.kind === "word";
}

/** `[BINDING] TABLE t =` */
function definesTable(cursor: Cursor): boolean {
  const ahead = cursor.isWord("BINDING") ? 1 : 0;
  return cursor.peek(ahead).keyword === "TABLE" && names(cursor, ahead + 1);
}

/** `[PROPERTY] GRAPH g =` */
function definesGraph(cursor: Cursor): boolean {
  const ahead = cursor.isWord("PROPERTY") ? 1 : 0;
  return cursor.peek(ahead).keyword === "GRAPH" && names(cursor, ahead + 1);
}

function names(cursor: Cursor, ahead: number): boolean {
  return isNameToken(cursor.peek(ahead)) && isSymbolToken(cursor.peek(ahead + 1), "=");
}

/** One statement of a linear query or of a linear data-modifying statement (§13.1, §14.3), {@link startsClause} being true. */
export function parseClause(cursor: Cursor): Clause {
  const { keyword, start } = cursor.token;
  switch (keyword) {
    case "MATCH":
      return parseMatch(cursor);
    case "OPTIONAL":
      return cursor.peek().keyword === "CALL" ? parseCall(cursor) : parseMatch(cursor);
    case "FILTER":
      return parseFilter(cursor);
    case "LET":
      return parseLet(cursor);
    case "VALUE":
      return parseValueDefinition(cursor);
    case "BINDING":
    case "TABLE":
      return parseTableDefinition(cursor);
    case "PROPERTY":
    case "GRAPH":
      return parseGraphDefinition(cursor);
    case "FOREACH":
      return parseForeach(cursor);
    case "FOR":
      return parseFor(cursor);
    case "UNWIND":
      return parseUnwind(cursor);
    case "WITH":
      return parseProject(cursor);
    case "ORDER":
    case "OFFSET":
    case "SKIP":
    case "LIMIT":
      return parseOrderAndPage(cursor);
    case "RETURN":
      return parseReturn(cursor);
    case "FINISH":
      cursor.advance();
      return { kind: "finish", span: cursor.spanFrom(start) };
    case "SELECT":
      return parseSelect(cursor);
    case "CALL":
      return parseCall(cursor);
    case "USE":
      cursor.advance();
      if (
        cursor.isWord("GRAPH") &&
        isNameToken(cursor.peek()) &&
        !CLAUSE_WORDS.has(cursor.peek().keyword)
      )
        throw cursor.expected("the name of a graph after USE", [], "leave out GRAPH");
      return { kind: "use", graph: parseGraphReference(cursor), span: cursor.spanFrom(start) };
    case "INSERT":
    case "CREATE":
    case "MERGE":
    case "SET":
    case "REMOVE":
    case "DELETE":
    case "DETACH":
    case "NODETACH":
      return parseModification(cursor);
    default:
      return parseNestedQuery(cursor);
  }
}

function parseModification(cursor: Cursor): Clause {
  const { keyword } = cursor.token;
  if (cursor.readOnlyDepth > 0) {
    throw cursor.errorAt(
      cursor.token.start,
      `${keyword} cannot stand inside of an expression: it only reads`,
    );
  }
  switch (keyword) {
    case "MERGE":
      return parseMerge(cursor);
    case "SET":
      return parseSet(cursor);
    case "REMOVE":
      return parseRemove(cursor);
    case "DELETE":
    case "DETACH":
    case "NODETACH":
      return parseDelete(cursor);
    default:
      return parseInsert(cursor);
  }
}

/** <filter statement> (§14.6): WHERE is optional. */
function parseFilter(cursor: Cursor): Filter {
  const { start } = cursor.advance();
  cursor.acceptWord("WHERE");
  const condition = cursor.rules.condition(cursor);
  return { kind: "filter", condition, span: cursor.spanFrom(start) };
}

/** <let statement> (§14.7) */
function parseLet(cursor: Cursor): Let {
  const { start } = cursor.advance();
  return { kind: "let", items: cursor.list(parseLetItem), span: cursor.spanFrom(start) };
}

/** <value variable definition> (§10.4): `VALUE x [:: type] = expression`, at the head of a query. It is a LET of one variable. */
function parseValueDefinition(cursor: Cursor): Let {
  const { start } = cursor.token;
  return { kind: "let", items: [parseLetItem(cursor)], span: cursor.spanFrom(start) };
}

/** <binding table variable definition> (§10.3): the variable is a list of records. */
function parseTableDefinition(cursor: Cursor): Let {
  const { start } = cursor.token;
  cursor.acceptWord("BINDING");
  cursor.advance();
  const variable = cursor.expectName("a variable");
  cursor.advance();
  const value = cursor.isSymbol("{") ? parseTableQuery(cursor) : cursor.rules.expression(cursor);
  const span = cursor.spanFrom(start);
  return { kind: "let", items: [{ kind: "letItem", variable, value, span }], span };
}

/** <graph variable definition> (§10.2): the name stands for the graph from here on, and nothing happens. */
function parseGraphDefinition(cursor: Cursor): Let {
  const { start } = cursor.token;
  cursor.acceptWord("PROPERTY");
  cursor.advance();
  const { name } = cursor.expectName("a variable");
  cursor.advance();
  cursor.graphs.set(name, parseGraphReference(cursor));
  return { kind: "let", items: [], span: cursor.spanFrom(start) };
}

/** Cypher's `FOREACH (x IN list | changes)`: `CALL { FOR x IN list changes }`. */
function parseForeach(cursor: Cursor): CallQuery {
  const { start } = cursor.advance();
  const opening = cursor.expectSymbol("(", "after FOREACH");
  const outer = cursor.enterContext(BEFORE_BAR);
  const variable = cursor.expectName("a variable");
  cursor.expectWord("IN", "after the variable");
  const list = cursor.rules.expression(cursor);
  cursor.context = outer;
  const each: For = { kind: "for", variable, list, counter: null, span: list.span };
  cursor.expectSymbol("|", "and what is changed for each item");
  cursor.enter();
  const clauses: Clause[] = [each];
  do {
    if (!CHANGING_WORDS.has(cursor.token.keyword))
      throw cursor.expected("a change such as SET or INSERT", CHANGING_WORDS);
    clauses.push(parseClause(cursor));
  } while (!cursor.isSymbol(")") && cursor.token.kind !== "end");
  cursor.leave();
  cursor.expectClosing(")", "FOREACH", opening);
  const span = cursor.spanFrom(start);
  const first = { kind: "linearQuery", clauses, span } as const;
  const step = { kind: "queryStep", yieldItems: null, first, rest: [], span } as const;
  const query = { kind: "query", steps: [step], span } as const;
  return { kind: "callQuery", optional: false, scope: null, query, span };
}

/** <for statement> (§14.8) */
function parseFor(cursor: Cursor): For {
  const { start } = cursor.advance();
  const variable = cursor.expectName("a variable after FOR");
  cursor.expectWord("IN", "after the variable of FOR");
  const list = cursor.rules.expression(cursor);
  const counter = acceptCounter(cursor);
  return { kind: "for", variable, list, counter, span: cursor.spanFrom(start) };
}

/** <for ordinality or offset> (§14.8). WITH may also be the next clause. */
function acceptCounter(cursor: Cursor): For["counter"] {
  if (!cursor.isWord("WITH") || !isNameToken(cursor.peek(2))) return null;
  const kind = COUNTERS.get(cursor.peek().keyword);
  if (kind === undefined || cursor.peek(2).keyword === "AS") return null;
  cursor.advance();
  cursor.advance();
  return { kind, variable: cursor.expectName("a variable") };
}

const COUNTERS: ReadonlyMap<string, "ordinality" | "offset"> = new Map<
  string,
  "ordinality" | "offset"
>([
  ["ORDINALITY", "ordinality"],
  ["OFFSET", "offset"],
]);

/** Cypher's `UNWIND list AS x`. */
function parseUnwind(cursor: Cursor): For {
  const { start } = cursor.advance();
  const list = cursor.rules.expression(cursor);
  cursor.expectWord("AS", "and a variable after the list of UNWIND");
  const variable = cursor.expectName("a variable after AS");
  return { kind: "for", variable, list, counter: null, span: cursor.spanFrom(start) };
}

/** <nested query specification> (§14.3) */
function parseNestedQuery(cursor: Cursor): NestedQuery {
  const opening = cursor.advance();
  cursor.enter();
  const query = cursor.rules.query(cursor, "statement");
  cursor.leave();
  cursor.expectClosing("}", "the query", opening);
  return { kind: "nestedQuery", query, span: cursor.spanFrom(opening.start) };
}
