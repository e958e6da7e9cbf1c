import type { LabelExpression, Name } from "./ast.ts";
import { PLAIN } from "./context.ts";
import type { Cursor } from "./cursor.ts";

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
  const { name, span } = cursor.expectName("a label");
  return { kind: "labelName", name, span };
}

/** <label set specification>: the labels of something that is written, `A & B`; Cypher's `A:B`. */
export function parseLabelSet(cursor: Cursor): Name[] {
  const labels = [cursor.expectName("a label")];
  while (cursor.acceptSymbol("&") || cursor.acceptSymbol(":"))
    labels.push(cursor.expectName("a label"));
  for (const symbol of ["|", "!", "%"]) {
    if (!cursor.isSymbol(symbol)) continue;
    throw cursor.errorAt(
      cursor.token.start,
      `\`${symbol}\` leaves open which labels are written; only \`&\` may join them here`,
    );
  }
  return labels;
}
