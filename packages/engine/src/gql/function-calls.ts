import type { Expression, FunctionCall, Trim } from "./ast.ts";
import { finishQuantified, finishReduce, looksLikeElement } from "./comprehensions.ts";
import { PLAIN } from "./context.ts";
import type { Cursor } from "./cursor.ts";
import type { Token } from "./token.ts";
import { parseValueType } from "./types.ts";

interface Opening {
  readonly start: number;
}

/** A name of `words` words with dots between, then arguments. Some functions of the standard have a syntax of their own. */
export function parseFunctionCall(cursor: Cursor, words: number): Expression {
  const { start } = cursor.token;
  const keyword = words === 1 ? cursor.token.keyword : "";
  const name = parseFunctionName(cursor, words);
  const opening = cursor.advance();
  const outer = cursor.enterContext(PLAIN);
  const call = parseArguments(cursor, start, keyword, name, opening);
  cursor.context = outer;
  return call;
}

function parseFunctionName(cursor: Cursor, words: number): string {
  let name = cursor.advance().text;
  for (let i = 1; i < words; i++) {
    cursor.advance();
    name += `.${cursor.advance().text}`;
  }
  return name;
}

function parseArguments(
  cursor: Cursor,
  start: number,
  keyword: string,
  name: string,
  opening: Opening,
): Expression {
  switch (keyword) {
    case "CAST":
      return finishCast(cursor, start, opening);
    case "TRIM":
      return finishTrim(cursor, start, name, opening);
    case "ANY":
    case "ALL":
    case "NONE":
    case "SINGLE":
      if (!looksLikeElement(cursor)) break;
      return finishQuantified(cursor, start, QUANTIFIERS[keyword], opening);
    case "REDUCE":
      return finishReduce(cursor, start, opening);
    case "ALL_DIFFERENT":
    case "SAME": {
      const operands = cursor.list(cursor.rules.expression);
      cursor.expectClosing(")", `the arguments of ${keyword}`, opening);
      if (operands.length < 2)
        throw cursor.errorAt(opening.start, `${keyword} compares at least two elements`);
      return {
        kind: keyword === "SAME" ? "same" : "allDifferent",
        operands,
        span: cursor.spanFrom(start),
      };
    }
    case "PROPERTY_EXISTS": {
      const element = cursor.rules.expression(cursor);
      cursor.expectSymbol(",", "after the element");
      const key = cursor.expectName("the name of a property");
      cursor.expectClosing(")", "the arguments of PROPERTY_EXISTS", opening);
      return { kind: "propertyExists", element, key, span: cursor.spanFrom(start) };
    }
    case "NORMALIZE":
      return finishNormalize(cursor, start, name, opening);
    case "DURATION_BETWEEN":
      return finishDurationBetween(cursor, start, name, opening);
  }
  return finishCall(cursor, start, name, opening);
}

const QUANTIFIERS = { ANY: "any", ALL: "all", NONE: "none", SINGLE: "single" } as const;

/** `name(*)`, `name([DISTINCT | ALL] argument, …)` */
function finishCall(cursor: Cursor, start: number, name: string, opening: Opening): FunctionCall {
  const star = cursor.acceptSymbol("*");
  let distinct = false;
  let args: Expression[] = [];
  if (!star && !cursor.isSymbol(")")) {
    distinct = acceptSetQuantifier(cursor);
    args = cursor.list(cursor.rules.expression);
  }
  cursor.expectListEnd(")", `the arguments of ${name}`, opening);
  return { kind: "functionCall", name, distinct, star, args, span: cursor.spanFrom(start) };
}

/** <set quantifier> (§20.9): whether it is DISTINCT. A variable may be called `all` or `distinct`. */
function acceptSetQuantifier(cursor: Cursor): boolean {
  if (!cursor.isWord("DISTINCT") && !cursor.isWord("ALL")) return false;
  const next = cursor.peek();
  if (next.kind === "symbol" && !["(", "[", "{", "-", "+"].includes(next.text)) return false;
  // `all(x IN list)` is a quantified predicate.
  if (cursor.isWord("ALL") && next.kind === "symbol" && next.text === "(") return false;
  return cursor.advance().keyword === "DISTINCT";
}

/** <cast specification> (§20.8) */
function finishCast(cursor: Cursor, start: number, opening: Opening): Expression {
  const operand = cursor.rules.expression(cursor);
  cursor.expectWord("AS", "and a type in CAST");
  const type = parseValueType(cursor);
  cursor.expectClosing(")", "the arguments of CAST", opening);
  return { kind: "cast", operand, type, assigned: false, span: cursor.spanFrom(start) };
}

/** <trim function> (§20.24): `TRIM([LEADING | TRAILING | BOTH] [character] FROM text)`, or a call with arguments. */
function finishTrim(
  cursor: Cursor,
  start: number,
  name: string,
  opening: Opening,
): Trim | FunctionCall {
  const side = acceptTrimSide(cursor);
  if (side === undefined && cursor.isSymbol(")")) return finishCall(cursor, start, name, opening);
  // `TRIM(FROM text)`, while `TRIM(from)` is a call.
  const hasNoCharacter = cursor.isWord("FROM") && (side !== undefined || startsText(cursor.peek()));
  const first = hasNoCharacter ? null : cursor.rules.expression(cursor);
  if (first !== null && side === undefined && !cursor.isWord("FROM")) {
    const args = [first];
    while (cursor.acceptSymbol(",")) args.push(cursor.rules.expression(cursor));
    cursor.expectClosing(")", `the arguments of ${name}`, opening);
    return {
      kind: "functionCall",
      name,
      distinct: false,
      star: false,
      args,
      span: cursor.spanFrom(start),
    };
  }
  cursor.expectWord("FROM", "and the text to trim");
  const operand = cursor.rules.expression(cursor);
  cursor.expectClosing(")", `the arguments of ${name}`, opening);
  return {
    kind: "trim",
    side: side ?? "both",
    character: first,
    operand,
    span: cursor.spanFrom(start),
  };
}

/** Whether what follows FROM is the text to trim, rather than the end of an argument called `from`. */
function startsText(next: Token): boolean {
  return next.kind === "symbol" ? next.text === "(" : next.kind !== "end";
}

function acceptTrimSide(cursor: Cursor): Trim["side"] | undefined {
  const next = cursor.peek();
  if (next.kind === "symbol" && next.text !== "(" && next.text !== "[") return undefined;
  if (cursor.acceptWord("LEADING")) return "leading";
  if (cursor.acceptWord("TRAILING")) return "trailing";
  if (cursor.acceptWord("BOTH")) return "both";
  return undefined;
}

const NORMAL_FORMS: ReadonlySet<string> = new Set(["NFC", "NFD", "NFKC", "NFKD"]);

/** <normalize function> (§20.24): the normal form becomes a string argument. */
function finishNormalize(
  cursor: Cursor,
  start: number,
  name: string,
  opening: Opening,
): FunctionCall {
  const args = [cursor.rules.expression(cursor)];
  if (cursor.acceptSymbol(",")) {
    if (!NORMAL_FORMS.has(cursor.token.keyword)) {
      throw cursor.expected("NFC, NFD, NFKC or NFKD", NORMAL_FORMS);
    }
    const { keyword, start: from, end } = cursor.advance();
    args.push({ kind: "literal", value: keyword, span: { start: from, end } });
  }
  cursor.expectClosing(")", `the arguments of ${name}`, opening);
  return {
    kind: "functionCall",
    name,
    distinct: false,
    star: false,
    args,
    span: cursor.spanFrom(start),
  };
}

/** <datetime subtraction> (§20.28): what the duration counts, written after the parenthesis, becomes a third, string argument. */
function finishDurationBetween(
  cursor: Cursor,
  start: number,
  name: string,
  opening: Opening,
): FunctionCall {
  const call = finishCall(cursor, start, name, opening);
  const from = cursor.token.start;
  for (const [first, last] of [
    ["YEAR", "MONTH"],
    ["DAY", "SECOND"],
  ] as const) {
    if (!cursor.areWords(first, "TO", last)) continue;
    for (let i = 0; i < 3; i++) cursor.advance();
    const qualifier: Expression = {
      kind: "literal",
      value: `${first} TO ${last}`,
      span: cursor.spanFrom(from),
    };
    return { ...call, args: [...call.args, qualifier], span: cursor.spanFrom(start) };
  }
  return call;
}
