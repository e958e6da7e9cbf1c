import {
  CASE_SUBJECT,
  type BinaryOperator,
  type ComparisonOperator,
  type Expression,
  type IsEndpoint,
  type IsNormalized,
  type StringPredicate,
  type Variable,
  type WhenTest,
} from "./ast.ts";
import { asCondition } from "./context.ts";
import { type Cursor, isNameToken } from "./cursor.ts";
import { parseLabelExpression } from "./labels.ts";
import { parseOperand } from "./operands.ts";
import { nearestWord } from "./suggestion.ts";
import { parseValueType } from "./types.ts";

/**
 * How tightly an operator binds, loosest first. Predicates bind tighter than comparisons, as in Cypher: `a = b IS NULL` is
 * `a = (b IS NULL)`. Only the truth tests of ISO bind looser: `a = b IS TRUE` is `(a = b) IS TRUE`.
 */
const OR = 1;
const XOR = 2;
const AND = 3;
const NOT = 4;
const TRUTH_TEST = 5;
const COMPARISON = 6;
const PREDICATE = 7;
const SUM = 8;
const PRODUCT = 9;
const POWER = 10;

const COMPARISONS: ReadonlyMap<string, ComparisonOperator> = new Map<string, ComparisonOperator>([
  ["=", "="],
  ["<>", "<>"],
  ["!=", "<>"],
  ["<", "<"],
  ["<=", "<="],
  [">", ">"],
  [">=", ">="],
]);

const BINARIES: ReadonlyMap<string, { readonly operator: BinaryOperator; readonly power: number }> =
  new Map<string, { operator: BinaryOperator; power: number }>([
    ["+", { operator: "+", power: SUM }],
    ["-", { operator: "-", power: SUM }],
    ["||", { operator: "||", power: SUM }],
    ["*", { operator: "*", power: PRODUCT }],
    ["/", { operator: "/", power: PRODUCT }],
    ["%", { operator: "%", power: PRODUCT }],
    ["^", { operator: "^", power: POWER }],
  ]);

/** <value expression> (§20.1) */
export function parseExpression(cursor: Cursor): Expression {
  return parseExpressionAbove(cursor, 0);
}

/** <search condition> (§19.1): an expression in which Cypher's pattern predicates may stand. */
export function parseCondition(cursor: Cursor): Expression {
  const outer = cursor.enterContext(asCondition(cursor.context));
  const condition = parseExpression(cursor);
  cursor.context = outer;
  return condition;
}

/**
 * An expression of operators that bind tighter than `power`. While it runs, `cursor.height` is the height of what it has built; after it,
 * that of the highest expression its caller has seen, this one included.
 */
function parseExpressionAbove(cursor: Cursor, power: number): Expression {
  cursor.enter();
  const heightBefore = cursor.height;
  cursor.height = 0;
  const { start } = cursor.token;
  let left = parseOperandOrNot(cursor);
  for (;;) {
    const next = parseContinuation(cursor, left, start, power);
    if (next === undefined) break;
    left = next;
    cursor.raise();
  }
  cursor.raise();
  if (heightBefore > cursor.height) cursor.height = heightBefore;
  cursor.leave();
  return left;
}

/** <boolean factor> (§20.20): NOT binds looser than comparisons. */
function parseOperandOrNot(cursor: Cursor): Expression {
  const { start } = cursor.token;
  if (!cursor.acceptWord("NOT")) return parseOperand(cursor);
  const operand = parseExpressionAbove(cursor, NOT - 1);
  return { kind: "not", operand, span: cursor.spanFrom(start) };
}

/** `left` with the operator that follows it and that operator's other operands; undefined if none follows that binds tighter than `power`. */
function parseContinuation(
  cursor: Cursor,
  left: Expression,
  start: number,
  power: number,
): Expression | undefined {
  const { token } = cursor;
  if (token.kind === "symbol") return parseSymbolContinuation(cursor, left, start, power);
  switch (token.keyword) {
    case "OR":
      return power < OR ? parseJunction(cursor, "or", left, start, OR) : undefined;
    case "XOR":
      return power < XOR ? parseJunction(cursor, "xor", left, start, XOR) : undefined;
    case "AND":
      return power < AND ? parseJunction(cursor, "and", left, start, AND) : undefined;
    case "IS":
      return parseIs(cursor, left, start, power);
    case "IN":
      if (power >= PREDICATE || cursor.context.inEnds) return undefined;
      cursor.advance();
      return finishIn(cursor, left, start, false);
    case "NOT":
      if (power >= PREDICATE || cursor.peek().keyword !== "IN") return undefined;
      cursor.advance();
      cursor.advance();
      return finishIn(cursor, left, start, true);
    case "STARTS":
    case "ENDS":
      if (power >= PREDICATE) return undefined;
      cursor.advance();
      cursor.expectWord("WITH", `after ${token.keyword}`);
      return finishStringPredicate(
        cursor,
        token.keyword === "STARTS" ? "startsWith" : "endsWith",
        left,
        start,
      );
    case "CONTAINS":
      if (power >= PREDICATE) return undefined;
      cursor.advance();
      return finishStringPredicate(cursor, "contains", left, start);
    default:
      return undefined;
  }
}

function parseSymbolContinuation(
  cursor: Cursor,
  left: Expression,
  start: number,
  power: number,
): Expression | undefined {
  const symbol = cursor.token.text;
  const binary = BINARIES.get(symbol);
  if (binary !== undefined) {
    if (power >= binary.power) return undefined;
    cursor.advance();
    const right = parseExpressionAbove(cursor, binary.power);
    return { kind: "binary", operator: binary.operator, left, right, span: cursor.spanFrom(start) };
  }
  if (COMPARISONS.has(symbol)) {
    return power < COMPARISON ? parseComparison(cursor, left, start) : undefined;
  }
  // Cypher's short form of IS TYPED.
  if (symbol === "::" && power < PREDICATE) {
    cursor.advance();
    const type = parseValueType(cursor);
    return { kind: "isTyped", operand: left, type, negated: false, span: cursor.spanFrom(start) };
  }
  if (symbol === "=~" && power < PREDICATE) {
    cursor.advance();
    return finishStringPredicate(cursor, "matches", left, start);
  }
  return undefined;
}

/** <boolean value expression>, <boolean term> (§20.20): a chain of one operator is one node. */
function parseJunction(
  cursor: Cursor,
  kind: "and" | "or" | "xor",
  left: Expression,
  start: number,
  power: number,
): Expression {
  const keyword = cursor.token.keyword;
  const operands = [left];
  while (cursor.acceptWord(keyword)) operands.push(parseExpressionAbove(cursor, power));
  return { kind, operands, span: cursor.spanFrom(start) };
}

/** <comparison predicate> (§19.3), and Cypher's chain `a < b <= c`. */
function parseComparison(cursor: Cursor, left: Expression, start: number): Expression {
  const operands = [left];
  const operators: ComparisonOperator[] = [];
  for (;;) {
    const operator =
      cursor.token.kind === "symbol" ? COMPARISONS.get(cursor.token.text) : undefined;
    if (operator === undefined) break;
    cursor.advance();
    operators.push(operator);
    operands.push(parseExpressionAbove(cursor, COMPARISON));
  }
  const span = cursor.spanFrom(start);
  if (operators.length > 1) return { kind: "comparisonChain", operands, operators, span };
  return { kind: "comparison", operator: operators[0]!, left, right: operands[1]!, span };
}

function finishIn(
  cursor: Cursor,
  operand: Expression,
  start: number,
  negated: boolean,
): Expression {
  const list = parseExpressionAbove(cursor, PREDICATE);
  return { kind: "in", operand, list, negated, span: cursor.spanFrom(start) };
}

function finishStringPredicate(
  cursor: Cursor,
  operator: StringPredicate["operator"],
  left: Expression,
  start: number,
): StringPredicate {
  const right = parseExpressionAbove(cursor, PREDICATE);
  return { kind: "stringPredicate", operator, left, right, span: cursor.spanFrom(start) };
}

const TRUTHS: ReadonlyMap<string, boolean | null> = new Map([
  ["TRUE", true],
  ["FALSE", false],
  ["UNKNOWN", null],
]);

const IS_WORDS = [
  "NULL",
  "TRUE",
  "FALSE",
  "UNKNOWN",
  "LABELED",
  "TYPED",
  "DIRECTED",
  "SOURCE",
  "DESTINATION",
  "NORMALIZED",
];

const NORMAL_FORMS: ReadonlySet<string> = new Set(["NFC", "NFD", "NFKC", "NFKD"]);

/**
 * <when operand> (§20.7) after `CASE subject WHEN`: a value that the subject may be equal to, or the second part of a predicate on it, as
 * in `WHEN < 5` and `WHEN IS NULL`.
 */
export function parseWhenOperand(cursor: Cursor): Expression | WhenTest {
  const { start } = cursor.token;
  const subject: Variable = { kind: "variable", name: CASE_SUBJECT, span: { start, end: start } };
  const isPredicate =
    cursor.isWord("IS") || (cursor.token.kind === "symbol" && COMPARISONS.has(cursor.token.text));
  const condition = isPredicate ? parseContinuation(cursor, subject, start, NOT) : undefined;
  if (condition === undefined) return parseExpression(cursor);
  return { kind: "whenTest", condition, span: cursor.spanFrom(start) };
}

/** The predicates that begin with IS [NOT] (§19.5 to §19.10), and <boolean test> (§20.20). */
function parseIs(
  cursor: Cursor,
  operand: Expression,
  start: number,
  power: number,
): Expression | undefined {
  const negated = cursor.peek().keyword === "NOT";
  const subject = cursor.peek(negated ? 2 : 1);
  const truth = TRUTHS.get(subject.keyword);
  if (power >= (truth === undefined ? PREDICATE : TRUTH_TEST)) return undefined;
  cursor.advance();
  cursor.acceptWord("NOT");
  if (truth !== undefined) {
    cursor.advance();
    return { kind: "isTruth", operand, truth, negated, span: cursor.spanFrom(start) };
  }
  if (cursor.acceptWord("NULL")) {
    return { kind: "isNull", operand, negated, span: cursor.spanFrom(start) };
  }
  if (cursor.acceptWord("LABELED")) {
    const labels = parseLabelExpression(cursor);
    return { kind: "isLabeled", operand, labels, negated, span: cursor.spanFrom(start) };
  }
  if (cursor.acceptWord("TYPED") || cursor.acceptSymbol("::")) {
    const type = parseValueType(cursor);
    return { kind: "isTyped", operand, type, negated, span: cursor.spanFrom(start) };
  }
  if (cursor.acceptWord("DIRECTED")) {
    return { kind: "isDirected", operand, negated, span: cursor.spanFrom(start) };
  }
  if (cursor.isWord("SOURCE") || cursor.isWord("DESTINATION")) {
    return parseEndpoint(cursor, operand, start, negated);
  }
  if (NORMAL_FORMS.has(cursor.token.keyword) || cursor.isWord("NORMALIZED")) {
    const form = NORMAL_FORMS.has(cursor.token.keyword) ? cursor.advance().keyword : "NFC";
    cursor.expectWord("NORMALIZED", "after the normal form");
    return {
      kind: "isNormalized",
      operand,
      form: form as IsNormalized["form"],
      negated,
      span: cursor.spanFrom(start),
    };
  }
  if (!negated && operand.kind === "variable" && namesLabel(cursor)) {
    const labels = parseLabelExpression(cursor);
    return { kind: "isLabeled", operand, labels, negated, span: cursor.spanFrom(start) };
  }
  throw cursor.expected(
    "NULL, TRUE, FALSE, UNKNOWN, LABELED, TYPED, DIRECTED, SOURCE OF, DESTINATION OF or NORMALIZED after IS",
    ["NOT", ...IS_WORDS],
  );
}

/** Cypher's `n IS Label`: a name that is no misspelt word of those that stand behind IS. */
function namesLabel({ token }: Cursor): boolean {
  if (token.kind === "symbol") return ["!", "%", "("].includes(token.text);
  return isNameToken(token) && nearestWord(token.text, IS_WORDS) === undefined;
}

/** <source/destination predicate> (§19.10) */
function parseEndpoint(
  cursor: Cursor,
  node: Expression,
  start: number,
  negated: boolean,
): IsEndpoint {
  const { keyword } = cursor.advance();
  cursor.expectWord("OF", `after ${keyword}`);
  const edge = parseExpressionAbove(cursor, PREDICATE);
  const end = keyword === "SOURCE" ? "source" : "destination";
  return { kind: "isEndpoint", node, edge, end, negated, span: cursor.spanFrom(start) };
}
