import { syntaxError } from "./syntax-error.ts";

export interface StringLiteral {
  readonly text: string;
  readonly end: number;
}

const ESCAPES = new Map([
  ["\\", "\\"],
  ["'", "'"],
  ['"', '"'],
  ["`", "`"],
  ["/", "/"],
  ["t", "\t"],
  ["b", "\b"],
  ["n", "\n"],
  ["r", "\r"],
  ["f", "\f"],
]);

/**
 * A <character string literal> or delimited identifier (ISO/IEC 39075:2024 §21.2, §21.3) that opens at `start` with one of `'`, `"` and
 * `` ` ``; the doubled quote stands for itself. Escapes are `\t` and its kin, `\uXXXX` and `\UXXXXXX`. Throws 42001.
 */
export function readQuoted(text: string, start: number): StringLiteral {
  const quote = text[start]!;
  const quoteCode = quote.charCodeAt(0);
  let result = "";
  let from = start + 1;
  for (let i = from; i < text.length;) {
    const code = text.charCodeAt(i);
    if (code === quoteCode) {
      result += text.slice(from, i);
      if (text.charCodeAt(i + 1) !== quoteCode) return { text: result, end: i + 1 };
      result += quote;
      i += 2;
      from = i;
    } else if (code === 92) {
      const escape = readEscape(text, i);
      result += text.slice(from, i) + escape.text;
      i = escape.end;
      from = i;
    } else {
      i++;
    }
  }
  throw unclosed(text, start, quote);
}

/** A string with a leading `@` (ISO's no-escape form): `start` is the offset of the quote. A backslash is a backslash. */
export function readUnescapedQuoted(text: string, start: number): StringLiteral {
  const quote = text[start]!;
  let result = "";
  let from = start + 1;
  for (;;) {
    const close = text.indexOf(quote, from);
    if (close < 0) throw unclosed(text, start, quote);
    result += text.slice(from, close);
    if (text[close + 1] !== quote) return { text: result, end: close + 1 };
    result += quote;
    from = close + 2;
  }
}

/** A <byte string literal>, `X'CA FE'`: `start` is the offset of the quote. */
export function readBytes(
  text: string,
  start: number,
): { readonly value: Uint8Array; readonly end: number } {
  const close = text.indexOf("'", start + 1);
  if (close < 0) throw unclosed(text, start, "'");
  const digits = text.slice(start + 1, close).replaceAll(/[ \t\r\n]/g, "");
  if (digits.length % 2 !== 0 || /[^\dA-Fa-f]/.test(digits)) {
    throw syntaxError(
      text,
      start,
      "a byte string holds pairs of hexadecimal digits, as in X'CAFE'",
    );
  }
  const value = new Uint8Array(digits.length / 2);
  for (let i = 0; i < value.length; i++)
    value[i] = Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16);
  return { value, end: close + 1 };
}

function readEscape(text: string, start: number): StringLiteral {
  const letter = text[start + 1] ?? "";
  const simple = ESCAPES.get(letter);
  if (simple !== undefined) return { text: simple, end: start + 2 };
  if (letter === "u") {
    const unit = readHexadecimal(text, start, 4);
    if (unit < 0xd800 || unit > 0xdfff) return { text: String.fromCharCode(unit), end: start + 6 };
    // A character beyond the first plane may be written as its two surrogates; half of one is not a character.
    if (unit <= 0xdbff && text.startsWith("\\u", start + 6)) {
      const low = readHexadecimal(text, start + 6, 4);
      if (low >= 0xdc00 && low <= 0xdfff)
        return { text: String.fromCharCode(unit, low), end: start + 12 };
    }
    throw syntaxError(
      text,
      start,
      `\`${text.slice(start, start + 6)}\` is half of a surrogate pair`,
    );
  }
  if (letter === "U") {
    const point = readHexadecimal(text, start, 6);
    if (point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) {
      throw syntaxError(
        text,
        start,
        `\`${text.slice(start, start + 8)}\` is not a Unicode character`,
      );
    }
    return { text: String.fromCodePoint(point), end: start + 8 };
  }
  const hint =
    "write \\\\ for a backslash; the escapes are \\t \\b \\n \\r \\f \\' \\\" \\` \\uXXXX \\UXXXXXX";
  throw syntaxError(
    text,
    start,
    `unknown escape \`\\${String.fromCodePoint(text.codePointAt(start + 1) ?? 32).trim()}\` in a string`,
    hint,
  );
}

function readHexadecimal(text: string, start: number, digits: number): number {
  const source = text.slice(start + 2, start + 2 + digits);
  if (source.length === digits && /^[\dA-Fa-f]+$/.test(source)) return Number.parseInt(source, 16);
  throw syntaxError(
    text,
    start,
    `\`\\${text[start + 1]!}\` needs ${digits} hexadecimal digits after it`,
  );
}

function unclosed(text: string, start: number, quote: string): Error {
  const what = quote === "`" ? "name" : "string";
  return syntaxError(
    text,
    start,
    `the ${what} that opens here is never closed: expected another ${quote === "`" ? "accent" : `\`${quote}\``}`,
  );
}
