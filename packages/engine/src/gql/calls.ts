import type { CallProcedure, CallQuery, Expression, Name, YieldItem } from "./ast.ts";
import type { Cursor } from "./cursor.ts";
import { parseYieldItem } from "./graph-pattern.ts";

/** <call procedure statement> (§15.1), at CALL or OPTIONAL CALL. */
export function parseCall(cursor: Cursor): CallProcedure | CallQuery {
  const { start } = cursor.token;
  const optional = cursor.acceptWord("OPTIONAL");
  cursor.expectWord("CALL", "after OPTIONAL");
  if (cursor.isSymbol("{") || cursor.isSymbol("(")) return parseCallQuery(cursor, start, optional);
  return parseCallProcedure(cursor, start, optional);
}

/** <inline procedure call> (§15.2): `CALL [(scope)] { query }` */
function parseCallQuery(cursor: Cursor, start: number, optional: boolean): CallQuery {
  let scope: Name[] | null = null;
  const parenthesis = cursor.token;
  if (cursor.acceptSymbol("(")) {
    scope = cursor.isSymbol(")") ? [] : parseScope(cursor);
    cursor.expectClosing(")", "the variables of CALL", parenthesis);
  }
  const opening = cursor.expectSymbol("{", "to open the query of CALL");
  cursor.enter();
  const query = cursor.rules.query(cursor, "statement");
  cursor.leave();
  cursor.expectClosing("}", "the query of CALL", opening);
  acceptBatches(cursor);
  return { kind: "callQuery", optional, scope, query, span: cursor.spanFrom(start) };
}

/** Cypher's `IN TRANSACTIONS OF n ROWS`. A statement is one commit however it is written, so it changes nothing. */
function acceptBatches(cursor: Cursor): void {
  if (!cursor.areWords("IN", "TRANSACTIONS")) return;
  cursor.advance();
  cursor.advance();
  if (cursor.acceptWord("OF")) {
    cursor.rules.expression(cursor);
    if (!cursor.acceptWord("ROWS")) cursor.expectWord("ROW", "or ROWS after how many");
  }
  if (cursor.areWords("ON", "ERROR") || cursor.areWords("REPORT", "STATUS"))
    throw cursor.errorAt(
      cursor.token.start,
      "a statement is one commit: no part of it can fail alone",
      "send the parts as statements of their own",
    );
}

/** Cypher's `*` means all, as no list at all does. */
function parseScope(cursor: Cursor): Name[] | null {
  if (cursor.acceptSymbol("*")) return null;
  return cursor.list(() => cursor.expectName("a variable"));
}

/** <named procedure call> (§15.3) */
function parseCallProcedure(cursor: Cursor, start: number, optional: boolean): CallProcedure {
  const name = [cursor.expectName("a procedure, or `{` and a query, after CALL")];
  while (cursor.acceptSymbol("."))
    name.push(cursor.expectName("the next part of the procedure's name"));
  const args = acceptArguments(cursor);
  const yieldItems = acceptYield(cursor);
  const where =
    yieldItems !== null && cursor.acceptWord("WHERE") ? cursor.rules.condition(cursor) : null;
  return {
    kind: "callProcedure",
    optional,
    name,
    args,
    yieldItems,
    where,
    span: cursor.spanFrom(start),
  };
}

function acceptArguments(cursor: Cursor): Expression[] | null {
  const opening = cursor.token;
  if (!cursor.acceptSymbol("(")) return null;
  const args = cursor.isSymbol(")") ? [] : cursor.list(cursor.rules.expression);
  cursor.expectListEnd(")", "the arguments of the procedure", opening);
  return args;
}

/** <yield clause> (§16.14); Cypher's `YIELD -` is no YIELD. */
function acceptYield(cursor: Cursor): YieldItem[] | "*" | null {
  if (!cursor.acceptWord("YIELD")) return null;
  if (cursor.acceptSymbol("*")) return "*";
  if (cursor.acceptSymbol("-")) return [];
  return cursor.list(parseYieldItem);
}
