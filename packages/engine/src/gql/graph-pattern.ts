import type { Match, MatchMode, PathPattern, YieldItem } from "./ast.ts";
import { type Cursor, isNameToken, isSymbolToken } from "./cursor.ts";
import { parsePathPattern } from "./patterns.ts";
import { acceptPathPrefix, PATH_MODES } from "./path-prefix.ts";

/** <graph pattern> (§16.4) with a YIELD: what stands after MATCH. `start` is where the node begins. */
export function parseGraphPattern(cursor: Cursor, start: number, optional: boolean): Match {
  const mode = acceptMatchMode(cursor);
  const paths = parsePathList(cursor);
  const keep = cursor.acceptWord("KEEP") ? acceptPathPrefix(cursor) : undefined;
  if (keep === null)
    throw cursor.expected("a path mode or search after KEEP", [
      "ANY",
      "ALL",
      "SHORTEST",
      ...PATH_MODES.keys(),
    ]);
  while (cursor.isWord("USING")) skipHint(cursor);
  const where = cursor.acceptWord("WHERE") ? cursor.rules.condition(cursor) : null;
  const yieldItems = cursor.acceptWord("YIELD") ? cursor.list(parseYieldItem) : null;
  return {
    kind: "match",
    optional,
    mode,
    paths,
    keep: keep ?? null,
    where,
    yieldItems,
    span: cursor.spanFrom(start),
  };
}

/** Cypher's `USING INDEX n:Label(key)`, `USING SCAN n:Label`, `USING JOIN ON n`: the planner decides for itself. */
function skipHint(cursor: Cursor): void {
  cursor.advance();
  if (cursor.acceptWord("JOIN")) {
    cursor.expectWord("ON", "and variables after USING JOIN");
    cursor.list(() => cursor.expectName("a variable"));
    return;
  }
  const isScan = cursor.acceptWord("SCAN");
  if (!isScan) {
    if (cursor.peek().keyword === "INDEX") cursor.advance();
    cursor.expectWord("INDEX", "SCAN or JOIN after USING");
    if (cursor.isWord("SEEK") && isNameToken(cursor.peek())) cursor.advance();
  }
  cursor.expectName("a variable");
  cursor.expectSymbol(":", "and a label");
  cursor.expectName("a label");
  if (isScan) return;
  const opening = cursor.expectSymbol("(", "and the properties of the index");
  cursor.list(() => cursor.expectName("a property"));
  cursor.expectClosing(")", "the properties", opening);
}

/** <path pattern list> (§16.4). In `FROM g MATCH (a), h MATCH (b)` the comma is not its own. */
function parsePathList(cursor: Cursor): PathPattern[] {
  const paths = [parsePathPattern(cursor)];
  while (cursor.isSymbol(",") && !startsMatch(cursor, 1) && !startsMatch(cursor, 2)) {
    cursor.advance();
    paths.push(parsePathPattern(cursor));
  }
  return paths;
}

/** Whether MATCH, OPTIONAL MATCH or OPTIONAL { begins `ahead`, rather than a name that reads so. */
export function startsMatch(cursor: Cursor, ahead = 0): boolean {
  const next = cursor.peek(ahead + 1);
  switch (cursor.peek(ahead).keyword) {
    case "MATCH":
      return next.kind === "symbol"
        ? "(-<~".includes(next.text)
        : isNameToken(next) && next.keyword !== "WHERE" && next.keyword !== "AS";
    case "OPTIONAL":
      return next.keyword === "MATCH" || isSymbolToken(next, "{") || isSymbolToken(next, "(");
    default:
      return false;
  }
}

/** <yield item> (§16.14): `a`, `a AS b` */
export function parseYieldItem(cursor: Cursor): YieldItem {
  const { start } = cursor.token;
  const name = cursor.expectName("a name after YIELD");
  const alias = cursor.acceptWord("AS") ? cursor.expectName("a name after AS") : null;
  return { kind: "yieldItem", name, alias, span: cursor.spanFrom(start) };
}

/** Whether a graph pattern, rather than a query, begins here. */
export function startsGraphPattern(cursor: Cursor, ahead = 0): boolean {
  const token = cursor.peek(ahead);
  const next = cursor.peek(ahead + 1);
  if (token.kind === "symbol") return "(-<~".includes(token.text);
  if (!isNameToken(token)) return false;
  return isSymbolToken(next, "=") || PATTERN_WORDS.has(token.keyword);
}

const PATTERN_WORDS: ReadonlySet<string> = new Set([
  ...PATH_MODES.keys(),
  "ALL",
  "ANY",
  "SHORTEST",
  "SHORTESTPATH",
  "ALLSHORTESTPATHS",
  "DIFFERENT",
  "REPEATABLE",
]);

/** <match mode> (§16.4) */
function acceptMatchMode(cursor: Cursor): MatchMode | null {
  if (isSymbolToken(cursor.peek(), "=")) return null;
  if (cursor.acceptWord("DIFFERENT")) {
    const isEdges = ["EDGES", "EDGE", "RELATIONSHIPS", "RELATIONSHIP"].some((word) =>
      cursor.acceptWord(word),
    );
    if (!isEdges) throw cursor.expected("EDGES after DIFFERENT", ["EDGES", "RELATIONSHIPS"]);
    cursor.acceptWord("BINDINGS");
    return "differentEdges";
  }
  if (cursor.acceptWord("REPEATABLE")) {
    if (!cursor.acceptWord("ELEMENTS"))
      cursor.expectWord("ELEMENT", "or ELEMENTS after REPEATABLE");
    cursor.acceptWord("BINDINGS");
    return "repeatableElements";
  }
  return null;
}
