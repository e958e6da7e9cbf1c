import type { FunctionCall } from "./ast.ts";
import { type Cursor, isSymbolToken } from "./cursor.ts";

/** From the largest to the smallest, with the letter that they have in an ISO 8601 duration. */
const UNITS = [
  { word: "YEAR", letter: "Y" },
  { word: "MONTH", letter: "M" },
  { word: "DAY", letter: "D" },
  { word: "HOUR", letter: "H" },
  { word: "MINUTE", letter: "M" },
  { word: "SECOND", letter: "S" },
] as const;

const WORDS: readonly string[] = UNITS.map(({ word }) => word);
const MONTH = 1;
const DAY = 2;
const SECOND = 5;

/** What stands before a unit that is not the first: `1-2`, `3 04:05:06`. */
const SEPARATORS = ["", "-", "", " ", ":", ":"] as const;

/**
 * <SQL-interval literal> (ISO/IEC 39075:2024 §21.2, Feature GL12): `INTERVAL '1-2' YEAR TO MONTH`, `INTERVAL -'3 04:05' DAY TO MINUTE`. It is
 * the call `duration('P…')`. null if there is none.
 */
export function acceptIntervalLiteral(cursor: Cursor): FunctionCall | null {
  const { start } = cursor.token;
  if (!cursor.isWord("INTERVAL")) return null;
  const sign = ["-", "+"].find((symbol) => isSymbolToken(cursor.peek(), symbol)) ?? "";
  const ahead = sign === "" ? 1 : 2;
  if (cursor.peek(ahead).kind !== "string") return null;
  if (!WORDS.includes(cursor.peek(ahead + 1).keyword)) return null;
  for (let i = 0; i < ahead; i++) cursor.advance();
  const text = cursor.advance();
  const first = parseUnit(cursor);
  const last = cursor.acceptWord("TO") ? parseLastUnit(cursor, first) : first;
  const duration = durationText(sign, text.text, first, last);
  if (duration === null)
    throw cursor.errorAt(
      text.start,
      `\`${text.text}\` is no interval from ${WORDS[first]} to ${WORDS[last]}`,
      "as in INTERVAL '1-2' YEAR TO MONTH and INTERVAL '3 04:05:06' DAY TO SECOND",
    );
  const span = { start: text.start, end: text.end };
  return {
    kind: "functionCall",
    name: "duration",
    distinct: false,
    star: false,
    args: [{ kind: "literal", value: duration, span }],
    span: cursor.spanFrom(start),
  };
}

/** A unit and how many digits it has, which says nothing here: `DAY(3)`, `SECOND(2, 6)`. */
function parseUnit(cursor: Cursor): number {
  const unit = WORDS.indexOf(cursor.token.keyword);
  if (unit === -1) throw cursor.expected("YEAR, MONTH, DAY, HOUR, MINUTE or SECOND", WORDS);
  cursor.advance();
  const opening = cursor.token;
  if (!cursor.acceptSymbol("(")) return unit;
  cursor.list(() => {
    if (cursor.token.kind !== "number") throw cursor.expected("a number of digits");
    cursor.advance();
  });
  cursor.expectClosing(")", "the digits", opening);
  return unit;
}

function parseLastUnit(cursor: Cursor, first: number): number {
  const { start } = cursor.token;
  const last = parseUnit(cursor);
  if (last > first && last <= (first <= MONTH ? MONTH : SECOND)) return last;
  throw cursor.errorAt(start, `an interval does not go from ${WORDS[first]} to ${WORDS[last]}`);
}

/** null when the text does not have these parts. */
function durationText(outerSign: string, text: string, first: number, last: number): string | null {
  const parts = UNITS.slice(first, last + 1).map((_, index) => {
    const separator = index === 0 ? "" : SEPARATORS[first + index];
    const fraction = first + index === SECOND ? "(?:\\.\\d+)?" : "";
    return `${separator}(\\d+${fraction})`;
  });
  const match = new RegExp(`^\\s*([+-]?)\\s*${parts.join("")}\\s*$`).exec(text);
  if (!match) return null;
  const [, innerSign = "", ...numbers] = match;
  let duration = (outerSign === "-") !== (innerSign === "-") ? "-P" : "P";
  for (const [index, number] of numbers.entries()) {
    const unit = first + index;
    if (unit > DAY && !duration.includes("T")) duration += "T";
    duration += `${number}${UNITS[unit]?.letter}`;
  }
  return duration;
}
