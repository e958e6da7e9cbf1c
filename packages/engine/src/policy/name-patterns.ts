import type { Names } from "./policy.ts";

/** More `*` than that in one name could not be said as a condition. */
export const STARS_MAX = 2;

/**
 * The names as a condition over the text `subject`: null if it holds for every text. `*` stands for any characters, `$auth.x` for a claim
 * of the token, without which the condition is not TRUE.
 */
export function conditionOf(names: Names, subject: string): string | null {
  if (names.includes("*")) return null;
  if (names.length === 0) return "FALSE";
  return names.map((name) => `(${oneOf(name, subject)})`).join(" OR ");
}

function oneOf(name: string, subject: string): string {
  const [first = "''", ...others] = name.split("*").map(textOf);
  const last = others.pop();
  if (last === undefined) return `${subject} = ${first}`;
  const [middle] = others;
  const length = `CHAR_LENGTH(${subject}) >= CHAR_LENGTH(${first}) + CHAR_LENGTH(${last})`;
  const ends = `${length} AND ${subject} STARTS WITH ${first} AND ${subject} ENDS WITH ${last}`;
  if (middle === undefined) return ends;
  const between = `SUBSTRING(${subject}, CHAR_LENGTH(${first}), CHAR_LENGTH(${subject}) - CHAR_LENGTH(${first}) - CHAR_LENGTH(${last}))`;
  return `${ends} AND ${between} CONTAINS ${middle}`;
}

/** A part without `*`, as an expression. */
function textOf(part: string): string {
  const pieces = part.split(/(\$auth\.\w+)/).filter((piece) => piece !== "");
  if (pieces.length === 0) return "''";
  const texts = pieces.map((piece) =>
    /^\$auth\.\w/.test(piece) ? `CAST(${piece} AS STRING)` : literal(piece),
  );
  return `(${texts.join(" || ")})`;
}

function literal(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
