import type { Expression, Name } from "./ast.ts";
import type { Cursor } from "./cursor.ts";

/** The path inside of the comprehension, where nothing but its projection sees it. */
const PATH = " path";

/** Cypher's `shortestPath(…)` as a value, the path or NULL, and `allShortestPaths(…)`, their list. */
export function parseShortestPath(cursor: Cursor): Expression {
  const { start, keyword } = cursor.token;
  const path = cursor.rules.pathPattern(cursor);
  const span = cursor.spanFrom(start);
  const variable: Name = { kind: "name", name: PATH, span };
  const all: Expression = {
    kind: "patternComprehension",
    path: { ...path, variable },
    where: null,
    projection: { kind: "variable", name: PATH, span },
    span,
  };
  if (keyword === "ALLSHORTESTPATHS") return all;
  return { kind: "functionCall", name: "head", distinct: false, star: false, args: [all], span };
}
