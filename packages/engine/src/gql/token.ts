import type { Value } from "@geode/values";

/**
 * `word` is an unquoted name or keyword: which of the two, only its place tells. `accentQuoted` (`` `x` ``) is always a name,
 * `doubleQuoted` a name where a name stands and a string where a value stands. `end` is the end of the text, once.
 */
export type TokenKind =
  | "word"
  | "accentQuoted"
  | "doubleQuoted"
  | "string"
  | "bytes"
  | "number"
  | "parameter"
  | "symbol"
  | "end";

export class Token {
  readonly kind: TokenKind;
  /** What a name, string, parameter or symbol says, without quotes, `$` and escapes; the source text of a number. */
  readonly text: string;
  /** A word in upper case, if it is all ASCII, so that `ſet` is not SET; else empty. */
  readonly keyword: string;
  /** Of a number or bytes; else null. 2^63 is let through because a minus may precede it. */
  readonly value: Value;
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
  constructor(
    kind: TokenKind,
    text: string,
    keyword: string,
    value: Value,
    start: number,
    end: number,
  ) {
    this.kind = kind;
    this.text = text;
    this.keyword = keyword;
    this.value = value;
    this.start = start;
    this.end = end;
  }
}
