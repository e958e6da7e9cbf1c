import type { Expression, Quantified, Reduce } from "./ast.ts";
import { BEFORE_BAR, PLAIN } from "./context.ts";
import { type Cursor, isNameToken, isSymbolToken } from "./cursor.ts";
import { looksLikePattern } from "./patterns.ts";

/** `[…]`: a <list value constructor by enumeration> (§20.17), or one of Cypher's comprehensions. `start` is where the node begins. */
export function parseComprehensionOrList(cursor: Cursor, start: number): Expression {
  const opening = cursor.advance();
  const outer = cursor.enterContext(PLAIN);
  let result: Expression;
  if (looksLikeElement(cursor)) result = parseListComprehension(cursor, start, opening);
  else if (looksLikePattern(cursor, hasPathVariable(cursor) ? 2 : 0)) {
    result = parsePatternComprehension(cursor, start, opening);
  } else {
    const items = cursor.isSymbol("]") ? [] : cursor.list(cursor.rules.expression);
    cursor.expectListEnd("]", "the list", opening);
    result = { kind: "list", items, span: cursor.spanFrom(start) };
  }
  cursor.context = outer;
  return result;
}

const LITERAL_WORDS: ReadonlySet<string> = new Set(["TRUE", "FALSE", "UNKNOWN", "NULL"]);

/** `x IN`, where x can be a variable. */
export function looksLikeElement(cursor: Cursor, ahead = 0): boolean {
  const token = cursor.peek(ahead);
  return (
    (token.kind === "word" || token.kind === "accentQuoted") &&
    cursor.peek(ahead + 1).keyword === "IN" &&
    !LITERAL_WORDS.has(token.keyword)
  );
}

function hasPathVariable(cursor: Cursor): boolean {
  return isNameToken(cursor.token) && isSymbolToken(cursor.peek(), "=");
}

function parseListComprehension(
  cursor: Cursor,
  start: number,
  opening: { readonly start: number },
): Expression {
  const variable = cursor.expectName("a variable");
  cursor.expectWord("IN", "after the variable");
  cursor.context = BEFORE_BAR;
  const list = cursor.rules.expression(cursor);
  const where = cursor.acceptWord("WHERE") ? cursor.rules.condition(cursor) : null;
  cursor.context = PLAIN;
  const projection = cursor.acceptSymbol("|") ? cursor.rules.expression(cursor) : null;
  cursor.expectClosing("]", "the list comprehension", opening);
  return {
    kind: "listComprehension",
    variable,
    list,
    where,
    projection,
    span: cursor.spanFrom(start),
  };
}

function parsePatternComprehension(
  cursor: Cursor,
  start: number,
  opening: { readonly start: number },
): Expression {
  cursor.context = BEFORE_BAR;
  const path = cursor.rules.pathPattern(cursor);
  const where = cursor.acceptWord("WHERE") ? cursor.rules.condition(cursor) : null;
  cursor.context = PLAIN;
  cursor.expectSymbol("|", "and an expression after the pattern of a pattern comprehension");
  const projection = cursor.rules.expression(cursor);
  cursor.expectClosing("]", "the pattern comprehension", opening);
  return { kind: "patternComprehension", path, where, projection, span: cursor.spanFrom(start) };
}

/** Cypher's `any(x IN list WHERE condition)`; the name and the parenthesis were read. */
export function finishQuantified(
  cursor: Cursor,
  start: number,
  quantifier: Quantified["quantifier"],
  opening: { readonly start: number },
): Quantified {
  const variable = cursor.expectName("a variable");
  cursor.expectWord("IN", "after the variable");
  const list = cursor.rules.expression(cursor);
  const where = cursor.acceptWord("WHERE") ? cursor.rules.condition(cursor) : null;
  cursor.expectClosing(")", `the arguments of ${quantifier}`, opening);
  return { kind: "quantified", quantifier, variable, list, where, span: cursor.spanFrom(start) };
}

/** Cypher's `reduce(accumulator = initial, x IN list | expression)`; the name and the parenthesis were read. */
export function finishReduce(
  cursor: Cursor,
  start: number,
  opening: { readonly start: number },
): Reduce {
  const accumulator = cursor.expectName("the accumulator of reduce");
  cursor.expectSymbol("=", "and the first value of the accumulator");
  const initial = cursor.rules.expression(cursor);
  cursor.expectSymbol(",", "after the first value of the accumulator");
  const variable = cursor.expectName("a variable");
  cursor.expectWord("IN", "after the variable");
  cursor.context = BEFORE_BAR;
  const list = cursor.rules.expression(cursor);
  cursor.context = PLAIN;
  cursor.expectSymbol("|", "and the expression that reduce computes");
  const expression = cursor.rules.expression(cursor);
  cursor.expectClosing(")", "the arguments of reduce", opening);
  return {
    kind: "reduce",
    accumulator,
    initial,
    variable,
    list,
    expression,
    span: cursor.spanFrom(start),
  };
}
