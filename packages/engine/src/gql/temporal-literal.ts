import type { FunctionCall } from "./ast.ts";
import type { Cursor } from "./cursor.ts";

const ZONED_TIME = /[zZ+\-[]/;
/** In a date and time the date has dashes of its own. */
const ZONED_DATETIME = /[tT ].*[zZ+\-[]/;

/**
 * <temporal literal>, <duration literal> (§21.2): `DATE '2024-01-01'` is the call `date('2024-01-01')`. TIME, DATETIME and TIMESTAMP are
 * zoned if the text has a zone. null if there is none.
 */
export function acceptTemporalLiteral(cursor: Cursor): FunctionCall | null {
  const text = cursor.peek();
  if (text.kind !== "string" && text.kind !== "doubleQuoted") return null;
  const name = temporalFunction(cursor.token.keyword, text.text);
  if (name === undefined) return null;
  const { start } = cursor.advance();
  cursor.advance();
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
