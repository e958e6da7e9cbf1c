import type { FunctionCall } from "./ast.ts";
import type { Cursor } from "./cursor.ts";

const ZONED_TIME = /[zZ+\-[]/;
/** In a date and time the date has dashes of its own. */
const ZONED_DATETIME = /[tT ].*[zZ+\-[]/;

/**
 * <temporal literal>, <duration literal> (§21.2): `DATE '2024-01-01'` is the call `date('2024-01-01')`. TIME, DATETIME and TIMESTAMP are
 * zoned if the text has a zone, or if LOCAL or ZONED before them says so. null if there is none.
 */
export function acceptTemporalLiteral(cursor: Cursor): FunctionCall | null {
  const { keyword, start } = cursor.token;
  const words = keyword === "LOCAL" || keyword === "ZONED" ? 2 : 1;
  const text = cursor.peek(words);
  if (text.kind !== "string" && text.kind !== "doubleQuoted") return null;
  const name =
    words === 2
      ? zoneFunction(keyword, cursor.peek().keyword)
      : temporalFunction(keyword, text.text);
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
