import type { FunctionCall } from "./ast.ts";
import type { Cursor } from "./cursor.ts";

const ZONED_TIME = /[zZ+\-[]/;
/** In a date and time the date has dashes of its own. */
const ZONED_DATETIME = /[tT ].*[zZ+\-[]/;

/**
 * <temporal literal>, <duration literal> (§21.2): `DATE '2024-01-01'` is the call `date('2024-01-01')`. TIME, DATETIME and TIMESTAMP are
 * zoned if the text has a zone, or if LOCAL or ZONED before them or WITH or WITHOUT TIME ZONE behind them says so. null if there is none.
 */
export function acceptTemporalLiteral(cursor: Cursor): FunctionCall | null {
  const { start } = cursor.token;
  const words = wordsOf(cursor);
  const text = cursor.peek(words);
  if (text.kind !== "string" && text.kind !== "doubleQuoted") return null;
  const name = literalFunction(cursor, words, text.text);
  if (name === undefined) return null;
  for (let i = 0; i <= words; i++) cursor.advance();
  const argument = {
    kind: "literal",
    value: text.text,
    span: { start: text.start, end: text.end },
  } as const;
  return {
    kind: "functionCall",
    name,
    distinct: false,
    star: false,
    args: [argument],
    span: cursor.spanFrom(start),
  };
}

/** How many words stand before the text. */
function wordsOf(cursor: Cursor): number {
  if (cursor.isWord("LOCAL") || cursor.isWord("ZONED")) return 2;
  const [first, ...others] = [1, 2, 3].map((ahead) => cursor.peek(ahead).keyword);
  const saysZone = first === "WITH" || first === "WITHOUT";
  return saysZone && others.join(" ") === "TIME ZONE" ? 4 : 1;
}

function literalFunction(cursor: Cursor, words: number, text: string): string | undefined {
  const { keyword } = cursor.token;
  if (words === 1) return temporalFunction(keyword, text);
  if (words === 2) return zoneFunction(keyword, cursor.peek().keyword);
  return zoneFunction(cursor.peek().keyword === "WITH" ? "ZONED" : "LOCAL", keyword);
}

function temporalFunction(keyword: string, text: string): string | undefined {
  switch (keyword) {
    case "DATE":
      return "date";
    case "DURATION":
      return "duration";
    case "TIME":
      return ZONED_TIME.test(text) ? "zoned_time" : "local_time";
    case "DATETIME":
    case "TIMESTAMP":
      return ZONED_DATETIME.test(text) ? "zoned_datetime" : "local_datetime";
    default:
      return undefined;
  }
}

/** `LOCAL DATETIME '…'`, `ZONED TIME '…'` */
function zoneFunction(zone: string, type: string): string | undefined {
  if (type === "TIME") return `${zone.toLowerCase()}_time`;
  if (type === "DATETIME" || type === "TIMESTAMP") return `${zone.toLowerCase()}_datetime`;
  return undefined;
}
