import { unreachable } from "@geode/values";
import type { Clause, LinearQuery, Query, QueryStep, SetOperation } from "./ast.ts";
import { parseClause, startsClause } from "./clauses.ts";
import type { Cursor, QueryPlace } from "./cursor.ts";
import { parseYieldItem } from "./graph-pattern.ts";
import { parseSchemaReference } from "./schema-reference.ts";
import { CLAUSE_WORDS, FOLLOWING_WORDS, INFIX_WORDS, STATEMENT_WORDS } from "./words.ts";

/** <statement block> (§9.2): steps joined by NEXT. What `place` allows is told there. */
export function parseQuery(cursor: Cursor, place: QueryPlace): Query {
  const { start } = cursor.token;
  // <at schema clause> (§9.1)
  if (cursor.isWord("AT")) {
    cursor.advance();
    parseSchemaReference(cursor);
  }
  const steps = [parseStep(cursor, place, false)];
  while (cursor.acceptWord("NEXT")) steps.push(parseStep(cursor, place, true));
  return { kind: "query", steps, span: cursor.spanFrom(start) };
}

/** <composite query expression> (§14.2), after NEXT with the YIELD of that. */
function parseStep(cursor: Cursor, place: QueryPlace, afterNext: boolean): QueryStep {
  const { start } = cursor.token;
  const yieldItems = afterNext && cursor.acceptWord("YIELD") ? cursor.list(parseYieldItem) : null;
  const first = parseLinearQuery(cursor, place);
  const rest: SetOperation[] = [];
  for (;;) {
    const operation = acceptSetOperation(cursor, place, rest[0]);
    if (operation === null) break;
    rest.push(operation);
  }
  return { kind: "queryStep", yieldItems, first, rest, span: cursor.spanFrom(start) };
}

const SET_OPERATORS: ReadonlyMap<string, SetOperation["operator"]> = new Map<
  string,
  SetOperation["operator"]
>([
  ["UNION", "union"],
  ["EXCEPT", "except"],
  ["INTERSECT", "intersect"],
  ["OTHERWISE", "otherwise"],
]);

/** <query conjunction> (§14.2) with the query after it. All of one composite query are the same. */
function acceptSetOperation(
  cursor: Cursor,
  place: QueryPlace,
  first: SetOperation | undefined,
): SetOperation | null {
  const { start, keyword } = cursor.token;
  const operator = SET_OPERATORS.get(keyword);
  if (operator === undefined) return null;
  cursor.advance();
  let all = operator === "otherwise";
  if (!all && cursor.acceptWord("ALL")) all = true;
  else if (!all) cursor.acceptWord("DISTINCT");
  if (first !== undefined && (first.operator !== operator || first.all !== all)) {
    const hint = "put one of them into braces: { … UNION … } UNION ALL …";
    throw cursor.errorAt(start, "different set operators cannot be mixed", hint);
  }
  const query = parseLinearQuery(cursor, place);
  return { kind: "setOperation", operator, all, query, span: cursor.spanFrom(start) };
}

/** <linear query statement>, <linear data-modifying statement> (§14.3, §13.1) */
function parseLinearQuery(cursor: Cursor, place: QueryPlace): LinearQuery {
  const { start } = cursor.token;
  if (!startsClause(cursor)) {
    throw cursor.expected("a statement such as MATCH, RETURN, SELECT or INSERT", [
      ...CLAUSE_WORDS,
      ...STATEMENT_WORDS,
    ]);
  }
  const clauses: Clause[] = [];
  let last: Clause | undefined;
  while (startsClause(cursor)) {
    // A query in braces stands alone, perhaps after USE.
    if (cursor.isSymbol("{") && last !== undefined && last.kind !== "use") break;
    if (last !== undefined && endsQuery(last)) throw afterEnd(cursor, last);
    if (cursor.isWord("SELECT") && last !== undefined && last.kind !== "use") {
      throw cursor.errorAt(
        cursor.token.start,
        "SELECT is a query of its own, it cannot follow another clause",
        "write RETURN, or NEXT before it",
      );
    }
    last = parseClause(cursor);
    clauses.push(last);
  }
  checkEnd(cursor, clauses, place);
  return { kind: "linearQuery", clauses, span: cursor.spanFrom(start) };
}

function endsQuery(clause: Clause): boolean {
  return ["return", "finish", "select", "nestedQuery"].includes(clause.kind);
}

function afterEnd(cursor: Cursor, last: Clause): Error {
  const name = last.kind === "nestedQuery" ? "a query in braces" : last.kind.toUpperCase();
  return cursor.errorAt(
    cursor.token.start,
    `${name} ends a query, so ${cursor.found()} cannot follow it`,
    "write WITH or LET instead to go on, or NEXT before it",
  );
}

/** A query ends with its result, or with a change. Inside of EXISTS and COUNT only the number of rows matters. */
function checkEnd(cursor: Cursor, clauses: readonly Clause[], place: QueryPlace): void {
  checkCalls(cursor, clauses);
  const last = clauses.at(-1)!;
  switch (last.kind) {
    case "return":
    case "finish":
    case "select":
    case "insert":
    case "merge":
    case "set":
    case "remove":
    case "delete":
    case "callProcedure":
    case "callQuery":
    case "nestedQuery":
      return;
    case "use":
    case "match":
    case "optionalBlock":
    case "filter":
    case "let":
    case "for":
    case "orderAndPage":
    case "project":
      if (place === "predicate" && last.kind !== "use") return;
      throw unfinished(cursor, last);
    default:
      unreachable(last);
  }
}

/** What was expected instead: a clause, or what continues the clause before. */
function unfinished(cursor: Cursor, last: Clause): Error {
  if (cursor.isWord("WHERE") && (last.kind === "for" || last.kind === "let")) {
    return cursor.expected("another clause", [], "write FILTER");
  }
  return expectedContinuation(
    cursor,
    "another clause, the last one being RETURN, FINISH or a change of data",
  );
}

/** What was expected after a clause or an expression that could go on. */
export function expectedContinuation(cursor: Cursor, what: string): Error {
  const hint = cursor.isSymbol("&") ? "conjunction is written AND" : undefined;
  return cursor.expected(what, [...CLAUSE_WORDS, ...FOLLOWING_WORDS, ...INFIX_WORDS], hint);
}

/** Cypher lets a CALL that is the whole query take its arguments from parameters and yield everything; any other CALL spells it out. */
function checkCalls(cursor: Cursor, clauses: readonly Clause[]): void {
  if (clauses.length === 1) return;
  for (const clause of clauses) {
    if (clause.kind !== "callProcedure") continue;
    const { start } = clause.span;
    if (clause.yieldItems === "*") {
      throw cursor.errorAt(
        start,
        "YIELD * stands only in a CALL that is the whole query",
        "name what it yields",
      );
    }
    if (clause.args === null) {
      throw cursor.errorAt(
        start,
        "CALL without parentheses stands only as a whole query",
        "write the arguments, or ()",
      );
    }
  }
}
