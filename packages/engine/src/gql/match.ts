import type { Match, OptionalBlock } from "./ast.ts";
import type { Cursor } from "./cursor.ts";
import { parseGraphPattern } from "./graph-pattern.ts";

/** <match statement> (§14.4): `MATCH …`, `OPTIONAL MATCH …`, `OPTIONAL { MATCH … }` */
export function parseMatch(cursor: Cursor): Match | OptionalBlock {
  const { start } = cursor.token;
  const optional = cursor.acceptWord("OPTIONAL");
  if (optional && (cursor.isSymbol("{") || cursor.isSymbol("("))) {
    return parseOptionalBlock(cursor, start);
  }
  cursor.expectWord("MATCH", optional ? "or `{` after OPTIONAL" : "before a pattern");
  return parseGraphPattern(cursor, start, optional);
}

/** <match statement block> (§14.4) */
function parseOptionalBlock(cursor: Cursor, start: number): OptionalBlock {
  cursor.enter();
  const opening = cursor.advance();
  const matches: (Match | OptionalBlock)[] = [];
  do {
    if (!cursor.isWord("MATCH") && !cursor.isWord("OPTIONAL"))
      throw cursor.expected("MATCH", ["MATCH", "OPTIONAL"]);
    matches.push(parseMatch(cursor));
  } while (cursor.isWord("MATCH") || cursor.isWord("OPTIONAL"));
  cursor.expectClosing(opening.text === "{" ? "}" : ")", "the OPTIONAL block", opening);
  cursor.leave();
  return { kind: "optionalBlock", matches, span: cursor.spanFrom(start) };
}
