import type { Quantifier } from "./ast.ts";
import { type Cursor, isSymbolToken } from "./cursor.ts";

/** <graph pattern quantifier> (§16.11): `*`, `+`, `?`, `{n}`, `{m,n}`, `{m,}`, `{,n}`. null if there is none. */
export function acceptQuantifier(cursor: Cursor): Quantifier | null {
  const { start, text, kind } = cursor.token;
  if (kind !== "symbol") return null;
  switch (text) {
    case "*":
      cursor.advance();
      return { kind: "repetition", min: 0, max: null, span: cursor.spanFrom(start) };
    case "+":
      cursor.advance();
      return { kind: "repetition", min: 1, max: null, span: cursor.spanFrom(start) };
    case "?":
      cursor.advance();
      return { kind: "optional", min: 0, max: 1, span: cursor.spanFrom(start) };
    case "{":
      return parseGeneralQuantifier(cursor);
    default:
      return null;
  }
}

/** <fixed quantifier>, <general quantifier> */
function parseGeneralQuantifier(cursor: Cursor): Quantifier {
  const opening = cursor.advance();
  const min = acceptBound(cursor);
  let max = min;
  if (cursor.acceptSymbol(",")) max = acceptBound(cursor);
  else if (min === null)
    throw cursor.expected("how often the pattern repeats, as in `{2}`, `{1,3}` or `{1,}`");
  cursor.expectClosing("}", "the quantifier", opening);
  if (max !== null && (min ?? 0) > max) {
    throw cursor.errorAt(
      opening.start,
      `the quantifier repeats at least ${min} and at most ${max} times, which is never`,
    );
  }
  return { kind: "repetition", min: min ?? 0, max, span: cursor.spanFrom(opening.start) };
}

/** Cypher's `*`, `*2`, `*1..3`, `*1..`, `*..3` inside of an edge pattern; without a lower bound it repeats at least once. */
export function acceptStarRange(cursor: Cursor): Quantifier | null {
  const { start } = cursor.token;
  if (!cursor.acceptSymbol("*")) return null;
  const min = acceptBound(cursor);
  let max = min;
  if (isSymbolToken(cursor.token, "..")) {
    cursor.advance();
    max = acceptBound(cursor);
  }
  return { kind: "starRange", min: min ?? 1, max, span: cursor.spanFrom(start) };
}

function acceptBound(cursor: Cursor): number | null {
  const { kind, value } = cursor.token;
  if (kind !== "number") return null;
  if (typeof value !== "number" || !Number.isInteger(value))
    throw cursor.expected("a whole number as the bound of a quantifier");
  cursor.advance();
  return value;
}
