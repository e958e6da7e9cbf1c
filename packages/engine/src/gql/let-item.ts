import type { LetItem } from "./ast.ts";
import { type Cursor, isNameToken } from "./cursor.ts";

/** <let variable definition> (§14.7): `x = expression`, `VALUE x = expression` */
export function parseLetItem(cursor: Cursor): LetItem {
  const { start } = cursor.token;
  if (cursor.isWord("VALUE") && isNameToken(cursor.peek())) cursor.advance();
  const variable = cursor.expectName("a variable");
  cursor.expectSymbol("=", `after the variable \`${variable.name}\``);
  const value = cursor.rules.expression(cursor);
  return { kind: "letItem", variable, value, span: cursor.spanFrom(start) };
}
