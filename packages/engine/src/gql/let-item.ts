import type { Expression, LetItem } from "./ast.ts";
import { type Cursor, isNameToken } from "./cursor.ts";
import { parseValueType } from "./types.ts";

/** <let variable definition> (§14.7): `x = expression`, `VALUE x [[:: | TYPED] type] = expression` */
export function parseLetItem(cursor: Cursor): LetItem {
  const { start } = cursor.token;
  const mayHaveType = cursor.isWord("VALUE") && isNameToken(cursor.peek());
  if (mayHaveType) cursor.advance();
  const variable = cursor.expectName("a variable");
  const hasType = mayHaveType && !cursor.isSymbol("=");
  if (hasType && !cursor.acceptSymbol("::")) cursor.acceptWord("TYPED");
  const type = hasType ? parseValueType(cursor) : null;
  cursor.expectSymbol("=", `after the variable \`${variable.name}\``);
  const operand = cursor.rules.expression(cursor);
  const { span } = operand;
  const value: Expression = type ? { kind: "cast", operand, type, assigned: true, span } : operand;
  return { kind: "letItem", variable, value, span: cursor.spanFrom(start) };
}
