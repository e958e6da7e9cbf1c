import type { Name } from "./ast.ts";
import { acceptIfNotExists } from "./conditions.ts";
import { type Cursor, isSymbolToken } from "./cursor.ts";

/** What an index or a constraint is on. */
export interface Target {
  readonly name: Name | null;
  readonly ifNotExists: boolean;
  readonly element: "node" | "edge";
  readonly variable: Name;
  readonly label: Name;
}

/**
 * `[name] [IF NOT EXISTS] FOR (n:Label)`, or `FOR ()-[e:LABEL]-()` with or without an arrow. In constraints Cypher once wrote ON for FOR:
 * `word`.
 */
export function parseNamedTarget(cursor: Cursor, words: readonly string[] = ["FOR"]): Target {
  const isWord = (): boolean => words.some((word) => cursor.isWord(word));
  const isUnnamed =
    (isWord() && isSymbolToken(cursor.peek(), "(")) || cursor.areWords("IF", "NOT", "EXISTS");
  const name = isUnnamed ? null : cursor.expectName("a name, or FOR and what it is about,");
  const ifNotExists = acceptIfNotExists(cursor);
  if (isWord()) cursor.advance();
  else cursor.expectWord("FOR", "and a pattern such as `(n:Label)`");
  const opening = cursor.expectSymbol("(", "after FOR");
  if (!cursor.acceptSymbol(")")) {
    const { variable, label } = parseTargetElement(cursor);
    cursor.expectClosing(")", "the node pattern", opening);
    return { name, ifNotExists, element: "node", variable, label };
  }
  cursor.acceptSymbol("<");
  cursor.expectSymbol("-", "of an edge pattern such as `()-[e:LABEL]-()`");
  const bracket = cursor.expectSymbol("[", "of an edge pattern such as `()-[e:LABEL]-()`");
  const { variable, label } = parseTargetElement(cursor);
  cursor.expectClosing("]", "the edge pattern", bracket);
  cursor.expectSymbol("-", "after the edge pattern");
  cursor.acceptSymbol(">");
  cursor.expectSymbol("(", "of the node at the other end");
  cursor.expectSymbol(")", "of the node at the other end");
  return { name, ifNotExists, element: "edge", variable, label };
}

function parseTargetElement(cursor: Cursor): { variable: Name; label: Name } {
  const variable = cursor.expectName("a variable");
  if (!cursor.acceptWord("IS")) cursor.expectSymbol(":", "and a label");
  return { variable, label: cursor.expectName("a label") };
}

/** `(n.a, n.b)`, or one property alone. */
export function parseTargetProperties(cursor: Cursor, variable: Name): Name[] {
  const opening = cursor.token;
  if (!cursor.acceptSymbol("(")) return [parseTargetProperty(cursor, variable)];
  const properties = cursor.list(() => parseTargetProperty(cursor, variable));
  cursor.expectClosing(")", "the properties", opening);
  return properties;
}

function parseTargetProperty(cursor: Cursor, variable: Name): Name {
  const what = `a property of \`${variable.name}\``;
  if (!cursor.isName() || cursor.token.text !== variable.name) throw cursor.expected(what);
  cursor.advance();
  cursor.expectSymbol(".", `and ${what}`);
  return cursor.expectName(what);
}

/** Cypher's older `:Label(a, b)`, after ON. */
export function parseLabelAndKeys(cursor: Cursor): { label: Name; properties: Name[] } {
  cursor.expectSymbol(":", "and a label");
  const label = cursor.expectName("a label");
  const opening = cursor.expectSymbol("(", "and the properties of the index");
  const properties = cursor.list(() => cursor.expectName("a property"));
  cursor.expectClosing(")", "the properties", opening);
  return { label, properties };
}
