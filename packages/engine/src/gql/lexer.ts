import { readNumber } from "./number-literal.ts";
import {
  readBytes,
  readQuoted,
  readUnescapedQuoted,
  type StringLiteral,
} from "./string-literal.ts";
import { syntaxError } from "./syntax-error.ts";
import { Token } from "./token.ts";

/**
 * Cuts a text into tokens; the last one is of kind `end`. Arrows are not tokens: `-`, `<` and `>` stand alone and the parser puts them
 * together, because only it knows whether `a<-1` compares or `(a)<-[b]` points. Throws 42001.
 */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let offset = skipBlank(text, 0, undefined);
  while (offset < text.length) {
    const token = readToken(text, offset);
    tokens.push(token);
    offset = skipBlank(text, token.end, token);
  }
  tokens.push(new Token("end", "", "", null, text.length, text.length));
  return tokens;
}

const SPACE = 1;
const WORD_START = 2;
const DIGIT = 4;
const WORD = WORD_START | DIGIT;

const CHARACTER_CLASSES = new Uint8Array(128);
for (const code of [9, 10, 11, 12, 13, 28, 29, 30, 31, 32]) CHARACTER_CLASSES[code] = SPACE;
for (let code = 48; code <= 57; code++) CHARACTER_CLASSES[code] = DIGIT;
for (let code = 65; code <= 90; code++) CHARACTER_CLASSES[code] = WORD_START;
for (let code = 97; code <= 122; code++) CHARACTER_CLASSES[code] = WORD_START;
CHARACTER_CLASSES[95] = WORD_START;

/** Longer symbols first. */
const TWO_CHARACTER_SYMBOLS = new Set(["<=", ">=", "<>", "!=", "=~", "+=", "||", "..", "::"]);
/** 1 for the codes of characters that end one of them. */
const SYMBOL_SECONDS = new Uint8Array(128);
for (const symbol of TWO_CHARACTER_SYMBOLS) SYMBOL_SECONDS[symbol.charCodeAt(1)] = 1;
/** By the code of the character. */
const SYMBOLS: (string | undefined)[] = Array.from({ length: 128 }, () => undefined);
for (const symbol of "()[]{},.:;=<>+-*/%^|&!~?") SYMBOLS[symbol.charCodeAt(0)] = symbol;

const UNICODE_SPACE = /[\s\u{85}\u{180e}\u{feff}]/u;
const UNICODE_WORD_START = /[\p{ID_Start}\p{Pc}]/u;
const UNICODE_WORD_REST = /[\p{ID_Continue}]*/uy;
const PARAMETER_NAME = /[\p{ID_Continue}]+/uy;

function readToken(text: string, start: number): Token {
  const code = text.charCodeAt(start);
  const characterClass = code < 128 ? CHARACTER_CLASSES[code]! : 0;
  if (characterClass === WORD_START) {
    // X'…' is a byte string.
    if ((code === 88 || code === 120) && text.charCodeAt(start + 1) === 39) {
      const { value, end } = readBytes(text, start + 1);
      return new Token("bytes", "", "", value, start, end);
    }
    return readWord(text, start);
  }
  if (characterClass === DIGIT) return readNumberToken(text, start);
  switch (code) {
    case 34: // "
      return quoted("doubleQuoted", start, readQuoted(text, start));
    case 39: // '
      return quoted("string", start, readQuoted(text, start));
    case 96: // `
      return quoted("accentQuoted", start, readQuoted(text, start));
    case 36: // $
      return readParameter(text, start);
    case 46: // .
      if (isDigit(text.charCodeAt(start + 1))) return readNumberToken(text, start);
      break;
    case 64: // @
      return readUnescaped(text, start);
  }
  const next = text.charCodeAt(start + 1);
  if (next < 128 && SYMBOL_SECONDS[next] === 1) {
    const two = text.slice(start, start + 2);
    if (TWO_CHARACTER_SYMBOLS.has(two)) return new Token("symbol", two, "", null, start, start + 2);
  }
  const one = code < 128 ? SYMBOLS[code] : undefined;
  if (one !== undefined) return new Token("symbol", one, "", null, start, start + 1);
  if (code >= 128 && UNICODE_WORD_START.test(String.fromCodePoint(text.codePointAt(start)!))) {
    return readWord(text, start);
  }
  throw unexpectedCharacter(text, start);
}

function readWord(text: string, start: number): Token {
  let end = start;
  while (end < text.length) {
    const code = text.charCodeAt(end);
    if (code >= 128) return readUnicodeWord(text, start, end);
    if ((CHARACTER_CLASSES[code]! & WORD) === 0) break;
    end++;
  }
  const word = text.slice(start, end);
  return new Token("word", word, word.toUpperCase(), null, start, end);
}

/** `asciiEnd`: the characters before it were found to belong to the word. */
function readUnicodeWord(text: string, start: number, asciiEnd: number): Token {
  UNICODE_WORD_REST.lastIndex = asciiEnd;
  const rest = UNICODE_WORD_REST.exec(text)![0];
  const end = asciiEnd + rest.length;
  const word = text.slice(start, end);
  return new Token("word", word, rest === "" ? word.toUpperCase() : "", null, start, end);
}

function readNumberToken(text: string, start: number): Token {
  const { value, end } = readNumber(text, start);
  return new Token("number", text.slice(start, end), "", value, start, end);
}

/** `$name`, `$1`, and `` $`any name` `` or `$"any name"`. */
function readParameter(text: string, start: number): Token {
  const next = text[start + 1];
  if (next === "`" || next === '"') return quoted("parameter", start, readQuoted(text, start + 1));
  PARAMETER_NAME.lastIndex = start + 1;
  const name = PARAMETER_NAME.exec(text)?.[0];
  if (name !== undefined)
    return new Token("parameter", name, "", null, start, start + 1 + name.length);
  // Cypher's computed label `$(expression)`: whether one may stand there is not to be seen here.
  if (next === "(") return new Token("symbol", "$", "", null, start, start + 1);
  if (next === "$") {
    throw syntaxError(
      text,
      start,
      "substituted parameters (`$$name`) are not supported",
      "write the name itself",
    );
  }
  throw syntaxError(text, start, "expected the name of a parameter after `$`");
}

function readUnescaped(text: string, start: number): Token {
  switch (text[start + 1]) {
    case "'":
      return quoted("string", start, readUnescapedQuoted(text, start + 1));
    case '"':
      return quoted("doubleQuoted", start, readUnescapedQuoted(text, start + 1));
    case "`":
      return quoted("accentQuoted", start, readUnescapedQuoted(text, start + 1));
    default:
      throw unexpectedCharacter(text, start);
  }
}

function quoted(kind: Token["kind"], start: number, literal: StringLiteral): Token {
  return new Token(kind, literal.text, "", null, start, literal.end);
}

/** The offset of the next token: white space and comments are between tokens and mean nothing. */
function skipBlank(text: string, from: number, previous: Token | undefined): number {
  let offset = from;
  while (offset < text.length) {
    const code = text.charCodeAt(offset);
    if (code < 128 ? CHARACTER_CLASSES[code] === SPACE : UNICODE_SPACE.test(text[offset]!)) {
      offset++;
    } else if (code === 47 && text.charCodeAt(offset + 1) === 47) {
      offset = lineEnd(text, offset);
    } else if (code === 47 && text.charCodeAt(offset + 1) === 42) {
      const close = text.indexOf("*/", offset + 2);
      if (close < 0)
        throw syntaxError(
          text,
          offset,
          "the comment that opens here is never closed: expected `*/`",
        );
      offset = close + 2;
    } else if (
      code === 45 &&
      text.charCodeAt(offset + 1) === 45 &&
      dashesComment(text, offset, previous)
    ) {
      offset = lineEnd(text, offset);
    } else {
      break;
    }
  }
  return offset;
}

/**
 * Whether `--` at `offset` starts a comment: white space or the end of the text must follow it. After `)` or `]`, where an edge may
 * stand, it must also be first in its line and what comes next must not look like a node, so that no pattern ever vanishes silently.
 */
function dashesComment(text: string, offset: number, previous: Token | undefined): boolean {
  const next = text[offset + 2];
  if (next !== undefined && !UNICODE_SPACE.test(next)) return false;
  if (previous === undefined || previous.kind !== "symbol") return true;
  if (previous.text === "<") return previous.end !== offset;
  if (previous.text !== ")" && previous.text !== "]") return true;
  return /[\r\n]/.test(text.slice(previous.end, offset)) && firstVisible(text, offset + 2) !== "(";
}

function firstVisible(text: string, from: number): string | undefined {
  let offset = from;
  while (offset < text.length && UNICODE_SPACE.test(text[offset]!)) offset++;
  return text[offset];
}

function lineEnd(text: string, from: number): number {
  let offset = from;
  while (offset < text.length && text[offset] !== "\n" && text[offset] !== "\r") offset++;
  return offset;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

const LOOKALIKES = new Map([
  ["‐", "-"],
  ["‑", "-"],
  ["‒", "-"],
  ["–", "-"],
  ["—", "-"],
  ["−", "-"],
  ["‘", "'"],
  ["’", "'"],
  ["“", '"'],
  ["”", '"'],
  ["≠", "<>"],
  ["≤", "<="],
  ["≥", ">="],
  ["→", "->"],
  ["←", "<-"],
]);

function unexpectedCharacter(text: string, offset: number): Error {
  const point = text.codePointAt(offset)!;
  const character = String.fromCodePoint(point);
  const code = `U+${point.toString(16).toUpperCase().padStart(4, "0")}`;
  const meant = LOOKALIKES.get(character);
  const shown = /[\p{C}\p{Z}]/u.test(character) ? code : `\`${character}\` (${code})`;
  return syntaxError(
    text,
    offset,
    `unexpected character ${shown}`,
    meant === undefined ? undefined : `did you mean \`${meant}\`?`,
  );
}
