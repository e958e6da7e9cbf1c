import { Float, float } from "@geode/values";
import type { Expression } from "./ast.ts";
import { parseCase } from "./case.ts";
import { parseComprehensionOrList } from "./comprehensions.ts";
import { BEFORE_IN, parenthesized, PLAIN } from "./context.ts";
import { type Cursor, isNameToken, isSymbolToken } from "./cursor.ts";
import { parseFunctionCall } from "./function-calls.ts";
import { acceptIntervalLiteral } from "./interval-literal.ts";
import { parseLabelExpression } from "./labels.ts";
import { parseLetItem } from "./let-item.ts";
import { parseMapProjection } from "./map-projection.ts";
import { checkedInteger } from "./number-literal.ts";
import { looksLikePattern } from "./patterns.ts";
import { parseRecord } from "./records.ts";
import { parseListQuery, parsePatternPredicate, parseSubquery } from "./subqueries.ts";
import { acceptTemporalLiteral } from "./temporal-literal.ts";
import type { Token } from "./token.ts";
import { parseShortestPath } from "./shortest-path.ts";
import { INFIX_WORDS, RESERVED_WORDS } from "./words.ts";

/** <factor> (§20.21): signs, then a primary with what is attached to it. */
export function parseOperand(cursor: Cursor): Expression {
  const { token } = cursor;
  if (token.kind !== "symbol" || (token.text !== "-" && token.text !== "+")) {
    return parseAttachments(cursor, parsePrimary(cursor), token.start);
  }
  cursor.advance();
  const next = cursor.token;
  // The sign belongs to a literal, since 2^63 exists with a minus only.
  if (next.kind === "number") {
    return parseAttachments(cursor, parseNumber(cursor, token), token.start);
  }
  cursor.enter();
  const operand = parseOperand(cursor);
  cursor.leave();
  cursor.raise();
  return { kind: "unary", operator: token.text, operand, span: cursor.spanFrom(token.start) };
}

/** `.key`, `[index]`, `[from..to]`, Cypher's `:Label` and `{.key}` after a primary (§20.11). */
function parseAttachments(cursor: Cursor, primary: Expression, start: number): Expression {
  let operand = primary;
  while (cursor.token.kind === "symbol") {
    switch (cursor.token.text) {
      case ".":
        cursor.advance();
        operand = {
          kind: "property",
          object: operand,
          key: cursor.expectName("the name of a property after `.`"),
          span: cursor.spanFrom(start),
        };
        break;
      case "[":
        operand = parseSubscript(cursor, operand, start);
        break;
      case ":":
        cursor.advance();
        operand = {
          kind: "isLabeled",
          operand,
          labels: parseLabelExpression(cursor),
          negated: false,
          span: cursor.spanFrom(start),
        };
        break;
      case "{":
        if (operand.kind !== "variable") return operand;
        operand = parseMapProjection(cursor, operand);
        break;
      default:
        return operand;
    }
    cursor.raise();
  }
  return operand;
}

/** Cypher's element of a list or record, and its slice of a list. */
function parseSubscript(cursor: Cursor, object: Expression, start: number): Expression {
  const opening = cursor.advance();
  const outer = cursor.enterContext(PLAIN);
  const from = cursor.isSymbol("..") ? null : cursor.rules.expression(cursor);
  const isSlice = cursor.acceptSymbol("..");
  const to = isSlice && !cursor.isSymbol("]") ? cursor.rules.expression(cursor) : null;
  cursor.context = outer;
  cursor.expectClosing("]", isSlice ? "the slice" : "the subscript", opening);
  const span = cursor.spanFrom(start);
  if (isSlice) return { kind: "slice", list: object, from, to, span };
  // Without `..` there is an index.
  return { kind: "subscript", object, index: from!, span };
}

/** <value expression primary> (§20.2) */
function parsePrimary(cursor: Cursor): Expression {
  const { token } = cursor;
  switch (token.kind) {
    case "number":
      return parseNumber(cursor, undefined);
    case "string":
    case "doubleQuoted":
      cursor.advance();
      return { kind: "literal", value: token.text, span: { start: token.start, end: token.end } };
    case "bytes":
      cursor.advance();
      return { kind: "literal", value: token.value, span: { start: token.start, end: token.end } };
    case "parameter":
      cursor.advance();
      return { kind: "parameter", name: token.text, span: { start: token.start, end: token.end } };
    case "accentQuoted":
      return parseNameOrCall(cursor);
    case "word":
      return parseWord(cursor);
    case "symbol":
      return parseBracketed(cursor);
    case "end":
      throw cursor.expected("an expression");
  }
}

/** A number with the sign before it, if there is one. */
function parseNumber(cursor: Cursor, sign: Token | undefined): Expression {
  const token = cursor.advance();
  const start = sign?.start ?? token.start;
  const span = { start, end: token.end };
  const negative = sign?.text === "-";
  if (token.value instanceof Float) {
    return { kind: "literal", value: negative ? float(-token.value.value) : token.value, span };
  }
  const value = checkedInteger(token.value as number | bigint, negative);
  if (value === undefined)
    throw cursor.errorAt(start, `the integer \`${token.text}\` does not fit in 64 bits`);
  return { kind: "literal", value, span };
}

function parseBracketed(cursor: Cursor): Expression {
  const { token } = cursor;
  switch (token.text) {
    case "(":
      return parseParenthesized(cursor);
    case "[":
      return parseComprehensionOrList(cursor, token.start);
    case "{":
      return parseRecord(cursor, token.start);
    case "$":
      throw cursor.errorAt(token.start, "expected the name of a parameter after `$`");
    default:
      throw cursor.expected("an expression", [], FOREIGN_OPERATORS.get(token.text));
  }
}

/** Operators of other languages, found where an operand should be. */
const FOREIGN_OPERATORS: ReadonlyMap<string, string> = new Map([
  ["=", "equality is written `=`"],
  ["!", "negation is written NOT"],
]);

/** <parenthesized value expression> (§20.2), or Cypher's pattern predicate. */
function parseParenthesized(cursor: Cursor): Expression {
  if (looksLikePattern(cursor)) {
    if (cursor.context.patternsAllowed) return parsePatternPredicate(cursor);
    const hint = "ask with EXISTS { … } whether it matches, or with COUNT { … } how often";
    throw cursor.errorAt(
      cursor.token.start,
      "a pattern is not a value, so it cannot stand here",
      hint,
    );
  }
  const opening = cursor.advance();
  const outer = cursor.enterContext(parenthesized(cursor.context));
  const inner = cursor.rules.expression(cursor);
  cursor.context = outer;
  cursor.expectClosing(")", "the parenthesis", opening);
  return inner;
}

const TRUTH_LITERALS: ReadonlyMap<string, boolean | null> = new Map([
  ["TRUE", true],
  ["FALSE", false],
  ["UNKNOWN", null],
  ["NULL", null],
]);

/** Functions that are called without parentheses (§20.3, §20.27). */
const NILADIC_FUNCTIONS: ReadonlySet<string> = new Set([
  "CURRENT_DATE",
  "CURRENT_TIME",
  "CURRENT_TIMESTAMP",
  "LOCAL_TIME",
  "LOCAL_TIMESTAMP",
  "SESSION_USER",
]);

/** A keyword has its role only where what follows fits it; otherwise the word is a name. */
function parseWord(cursor: Cursor): Expression {
  const { token } = cursor;
  const { keyword, start } = token;
  const next = cursor.peek();
  const truth = TRUTH_LITERALS.get(keyword);
  if (truth !== undefined && !isSymbolToken(next, "(")) {
    cursor.advance();
    return { kind: "literal", value: truth, span: { start, end: token.end } };
  }
  switch (keyword) {
    case "CASE":
      if (next.keyword === "WHEN" || startsOperand(next)) return parseCase(cursor);
      break;
    case "LET":
      if (isNameToken(next) && isSymbolToken(cursor.peek(2), "=")) return parseLetIn(cursor);
      break;
    case "EXISTS":
    case "COUNT":
    case "VALUE": {
      const subquery = parseSubquery(cursor);
      if (subquery !== undefined) return subquery;
      break;
    }
    case "COLLECT":
    case "TABLE":
    case "BINDING": {
      const list = parseListQuery(cursor);
      if (list !== undefined) return list;
      break;
    }
    case "SHORTESTPATH":
    case "ALLSHORTESTPATHS":
      if (isSymbolToken(next, "(") && looksLikePattern(cursor, 2)) return parseShortestPath(cursor);
      break;
    case "LIST":
    case "ARRAY":
      if (!opensConstructor(cursor)) break;
      cursor.advance();
      return parseComprehensionOrList(cursor, start);
    case "RECORD":
      if (!isSymbolToken(next, "{") || isSymbolToken(cursor.peek(2), ".")) break;
      cursor.advance();
      return parseRecord(cursor, start);
    case "PATH":
      if (opensConstructor(cursor)) return parsePathConstructor(cursor);
      break;
  }
  const temporal = acceptTemporalLiteral(cursor) ?? acceptIntervalLiteral(cursor);
  if (temporal !== null) return temporal;
  if (RESERVED_WORDS.has(keyword) && keepsRole(cursor)) throw cursor.expected("an expression");
  return parseNameOrCall(cursor);
}

/**
 * Whether LIST, ARRAY or PATH with a bracket after it constructs a value, rather than being a variable with a subscript. What is no
 * subscript constructs; `LIST[1]` and `list[1]`, which could be either, are told apart by their case.
 */
function opensConstructor(cursor: Cursor): boolean {
  if (!isSymbolToken(cursor.peek(), "[")) return false;
  if (cursor.token.text === cursor.token.keyword || isSymbolToken(cursor.peek(2), "]")) return true;
  let depth = 0;
  for (let i = 1; ; i++) {
    const { kind, text } = cursor.peek(i);
    if (kind === "end") return false;
    if (kind !== "symbol") continue;
    if (text === "[" || text === "(" || text === "{") depth++;
    else if (text === "]" || text === ")" || text === "}") depth--;
    if (depth === 0) return false;
    if (depth === 1 && text === ",") return true;
  }
}

/** Whether the reserved word at the cursor is followed by what makes it a keyword. */
function keepsRole(cursor: Cursor): boolean {
  const next = cursor.peek();
  if (cursor.isWord("ORDER") || cursor.isWord("GROUP")) return next.keyword === "BY";
  if (isSymbolToken(next, "*"))
    return PROJECTING_WORDS.has(cursor.token.keyword) && !startsOperand(cursor.peek(2));
  if (next.kind === "symbol")
    return next.text === "(" || (next.text === "{" && !cursor.isWord("END"));
  return startsOperand(next) && !RESERVED_WORDS.has(next.keyword);
}

/** Words that a star may follow: `RETURN *` is no product. */
const PROJECTING_WORDS: ReadonlySet<string> = new Set(["RETURN", "WITH", "SELECT"]);

function startsOperand(token: Token): boolean {
  switch (token.kind) {
    case "word":
      return !INFIX_WORDS.has(token.keyword) && token.keyword !== "AS";
    case "symbol":
      return ["(", "[", "{", "-", "+"].includes(token.text);
    case "end":
      return false;
    case "accentQuoted":
    case "doubleQuoted":
    case "string":
    case "bytes":
    case "number":
    case "parameter":
      return true;
  }
}

/** A variable, or the call of a function whose name may have dots (§20.12, §20.22). */
function parseNameOrCall(cursor: Cursor): Expression {
  const { token } = cursor;
  const { start } = token;
  let words = 1;
  while (isSymbolToken(cursor.peek(2 * words - 1), ".") && isNameToken(cursor.peek(2 * words)))
    words++;
  if (isSymbolToken(cursor.peek(2 * words - 1), "(")) return parseFunctionCall(cursor, words);
  const { name, span } = cursor.expectName("an expression");
  if (NILADIC_FUNCTIONS.has(token.keyword)) {
    return {
      kind: "functionCall",
      name,
      distinct: false,
      star: false,
      args: [],
      span: cursor.spanFrom(start),
    };
  }
  return { kind: "variable", name, span };
}

/** <path value constructor> (§20.14) */
function parsePathConstructor(cursor: Cursor): Expression {
  const { start } = cursor.advance();
  const opening = cursor.advance();
  const outer = cursor.enterContext(PLAIN);
  const elements = cursor.list(cursor.rules.expression);
  cursor.context = outer;
  cursor.expectClosing("]", "the path", opening);
  if (elements.length % 2 === 0) {
    throw cursor.errorAt(opening.start, "a path alternates nodes and edges and ends with a node");
  }
  return { kind: "path", elements, span: cursor.spanFrom(start) };
}

/** <let value expression> (§20.5) */
function parseLetIn(cursor: Cursor): Expression {
  const { start } = cursor.advance();
  const outer = cursor.enterContext(BEFORE_IN);
  const items = cursor.list(parseLetItem);
  cursor.context = PLAIN;
  cursor.expectWord("IN", "after the variables of LET");
  const body = cursor.rules.expression(cursor);
  cursor.context = outer;
  cursor.expectWord("END", "to close LET … IN …");
  return { kind: "letIn", items, body, span: cursor.spanFrom(start) };
}
