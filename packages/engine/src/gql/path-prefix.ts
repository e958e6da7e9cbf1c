import { GeodeError, isInteger } from "@geode/values";
import type { Expression, PathMode, PathPrefix, PathSelector } from "./ast.ts";
import type { Cursor } from "./cursor.ts";

export const PATH_MODES: ReadonlyMap<string, PathMode> = new Map<string, PathMode>([
  ["WALK", "walk"],
  ["TRAIL", "trail"],
  ["ACYCLIC", "acyclic"],
  ["SIMPLE", "simple"],
]);

/** <path pattern prefix> (§16.6): a path mode, a path search, or a path search with a mode. null if there is none. */
export function acceptPathPrefix(cursor: Cursor): PathPrefix | null {
  const { start, keyword } = cursor.token;
  if (cursor.acceptWord("SHORTEST")) return parseCountedShortest(cursor, start);
  let selector: PathSelector | null = null;
  if (keyword === "ALL" || keyword === "ANY") {
    cursor.advance();
    if (cursor.acceptWord("SHORTEST"))
      selector = { kind: keyword === "ALL" ? "allShortest" : "anyShortest" };
    else if (keyword === "ALL") selector = { kind: "all" };
    else selector = { kind: "any", count: acceptPathCount(cursor) };
  }
  const mode = acceptPathMode(cursor);
  if (selector === null && mode === null) return null;
  acceptPathOrPaths(cursor);
  return { kind: "pathPrefix", selector, mode, span: cursor.spanFrom(start) };
}

/** <path mode> (§16.6) */
export function acceptPathMode(cursor: Cursor): PathMode | null {
  const mode = PATH_MODES.get(cursor.token.keyword);
  if (mode === undefined) return null;
  cursor.advance();
  return mode;
}

export function acceptPathOrPaths(cursor: Cursor): void {
  if (!cursor.acceptWord("PATHS")) cursor.acceptWord("PATH");
}

/** <counted shortest path search>, <counted shortest group search> (§16.6), after SHORTEST. */
function parseCountedShortest(cursor: Cursor, start: number): PathPrefix {
  const count = acceptPathCount(cursor);
  const mode = acceptPathMode(cursor);
  acceptPathOrPaths(cursor);
  let selector: PathSelector;
  if (cursor.acceptWord("GROUPS") || cursor.acceptWord("GROUP")) {
    selector = { kind: "shortestGroups", count };
  } else if (count !== null) {
    selector = { kind: "shortest", count };
  } else {
    const hint = "write ANY SHORTEST, ALL SHORTEST, SHORTEST 3 or SHORTEST 3 GROUPS";
    throw cursor.expected("a number of paths or GROUPS after SHORTEST", [], hint);
  }
  return { kind: "pathPrefix", selector, mode, span: cursor.spanFrom(start) };
}

/** <number of paths> (§16.6): an unsigned integer or a parameter. */
function acceptPathCount(cursor: Cursor): Expression | null {
  const { kind, text, value, start, end } = cursor.token;
  if (kind === "parameter") {
    cursor.advance();
    return { kind: "parameter", name: text, span: { start, end } };
  }
  if (kind !== "number") return null;
  if (value === null || !isInteger(value))
    throw cursor.expected("how many paths, a whole number from 1");
  if (value < 1)
    throw new GeodeError("22G0F", `A number of paths is at least 1, not ${value}.`, {
      position: cursor.position(start),
    });
  cursor.advance();
  return { kind: "literal", value, span: { start, end } };
}
