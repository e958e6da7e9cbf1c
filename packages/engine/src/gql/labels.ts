import type { Expression, LabelComputed, LabelExpression, Name } from "./ast.ts";
import { PLAIN } from "./context.ts";
import { type Cursor, isSymbolToken } from "./cursor.ts";

/**
 * <label expression> (§16.8): `A`, `%`, `!A`, `A & B`, `A | B`, parentheses. Cypher's `A:B` is `A & B`, `A|:B` is `A | B`. Where a bar
 * starts the projection of a comprehension, a bar outside of parentheses ends the label expression.
 */
export function parseLabelExpression(cursor: Cursor): LabelExpression {
  const start = cursor.token.start;
  const first = parseLabelTerm(cursor);
  if (cursor.context.barEnds || !cursor.isSymbol("|")) return first;
  const operands = [first];
  while (cursor.acceptSymbol("|")) {
    cursor.acceptSymbol(":");
    operands.push(parseLabelTerm(cursor));
  }
  return { kind: "labelOr", operands, span: cursor.spanFrom(start) };
}

/** <label term>: a conjunction. */
function parseLabelTerm(cursor: Cursor): LabelExpression {
  const start = cursor.token.start;
  const first = parseLabelFactor(cursor);
  if (!cursor.isSymbol("&") && !cursor.isSymbol(":")) return first;
  const operands = [first];
  while (cursor.acceptSymbol("&") || cursor.acceptSymbol(":"))
    operands.push(parseLabelFactor(cursor));
  return { kind: "labelAnd", operands, span: cursor.spanFrom(start) };
}

/** <label factor>: a label, a wildcard, a negation, or something in parentheses. */
function parseLabelFactor(cursor: Cursor): LabelExpression {
  const token = cursor.token;
  if (cursor.acceptSymbol("!")) {
    cursor.enter();
    const operand = parseLabelFactor(cursor);
    cursor.leave();
    return { kind: "labelNot", operand, span: cursor.spanFrom(token.start) };
  }
  if (cursor.acceptSymbol("%"))
    return { kind: "labelWildcard", span: cursor.spanFrom(token.start) };
  if (cursor.acceptSymbol("(")) {
    cursor.enter();
    const outer = cursor.enterContext(PLAIN);
    const inner = parseLabelExpression(cursor);
    cursor.context = outer;
    cursor.leave();
    cursor.expectClosing(")", "the label expression", token);
    return inner;
  }
  const computed = acceptComputedLabel(cursor);
  if (computed !== null) return computed;
  const { name, span } = cursor.expectName("a label");
  return { kind: "labelName", name, span };
}

/** Cypher's `$(value)`, `$all(value)` and `$any(value)`. */
function acceptComputedLabel(cursor: Cursor): LabelComputed | null {
  const { start, kind, text } = cursor.token;
  const word = kind === "parameter" ? text.toLowerCase() : "";
  const isCall = (word === "all" || word === "any") && isSymbolToken(cursor.peek(), "(");
  if (!isCall && !cursor.isSymbol("$")) return null;
  cursor.advance();
  const opening = cursor.expectSymbol("(", "after `$`");
  const outer = cursor.enterContext(PLAIN);
  cursor.enter();
  const value = cursor.rules.expression(cursor);
  cursor.leave();
  cursor.context = outer;
  cursor.expectClosing(")", "the labels", opening);
  return { kind: "labelComputed", any: word === "any", value, span: cursor.spanFrom(start) };
}

/** Labels of a node that is written: names, and what names more of them. */
export interface WrittenLabels {
  readonly labels: readonly Name[];
  readonly computed: readonly Expression[];
}

export function parseWrittenLabels(cursor: Cursor): WrittenLabels {
  const labels: Name[] = [];
  const computed: Expression[] = [];
  do {
    const { start } = cursor.token;
    const label = acceptComputedLabel(cursor);
    if (label === null) labels.push(cursor.expectName("a label"));
    else if (label.any)
      throw cursor.errorAt(start, "`$any` leaves open which label is written", "write $all");
    else computed.push(label.value);
  } while (cursor.acceptSymbol("&") || cursor.acceptSymbol(":"));
  refuseOpenLabels(cursor);
  return { labels, computed };
}

/** <label set specification>: the labels of an edge that is written, `A & B`; Cypher's `A:B`. */
export function parseLabelSet(cursor: Cursor): Name[] {
  const labels = [cursor.expectName("a label")];
  while (cursor.acceptSymbol("&") || cursor.acceptSymbol(":"))
    labels.push(cursor.expectName("a label"));
  refuseOpenLabels(cursor);
  return labels;
}

function refuseOpenLabels(cursor: Cursor): void {
  for (const symbol of ["|", "!", "%"]) {
    if (!cursor.isSymbol(symbol)) continue;
    throw cursor.errorAt(
      cursor.token.start,
      `\`${symbol}\` leaves open which labels are written; only \`&\` may join them here`,
    );
  }
}
