import { type Float, float } from "@geode/values";
import { syntaxError } from "./syntax-error.ts";

/** -2^63 has no positive counterpart, so its digits are let through and {@link checkedInteger} refuses them without a minus. */
const INTEGER_MAGNITUDE_MAX = 2n ** 63n;

const DECIMAL =
  /(?:\d+(?:_\d+)*)?(?:\.(?!\.)(?:\d+(?:_\d+)*)?)?(?:[eE][+-]?\d+(?:_\d+)*)?[fFdDmM]?/y;
const RADIX = /0[xX](?:_?[\dA-Fa-f])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+/y;
const WORD_CHARACTERS = /[\p{ID_Continue}]+/uy;

export interface NumberLiteral {
  readonly value: number | bigint | Float;
  readonly end: number;
}

/**
 * <unsigned numeric literal> (ISO/IEC 39075:2024 §21.2): `1_000`, `0xFF`, `0o17`, `0b101`, `1.5`, `.5`, `1e-3`, with suffix f or d for
 * a FLOAT; m asks for an exact number and is accepted on integers only. Throws 42001 if it is malformed or out of range.
 */
export function readNumber(text: string, start: number): NumberLiteral {
  RADIX.lastIndex = start;
  const radix = RADIX.exec(text)?.[0];
  if (radix !== undefined) {
    const end = start + radix.length;
    refuseTrailingWord(text, start, end);
    return { value: readInteger(text, start, radix.replaceAll("_", "")), end };
  }
  DECIMAL.lastIndex = start;
  const source = DECIMAL.exec(text)![0];
  const end = start + source.length;
  refuseTrailingWord(text, start, end);
  const digits = source.replaceAll("_", "");
  const suffix = digits.at(-1)!.toLowerCase();
  const hasSuffix = suffix === "f" || suffix === "d" || suffix === "m";
  const number = hasSuffix ? digits.slice(0, -1) : digits;
  const isIntegral = !/[.eE]/.test(number);
  if (suffix === "m" && !isIntegral) {
    const hint = "write it without the suffix m; it is then a FLOAT";
    throw syntaxError(text, start, `exact fractions such as \`${source}\` are not supported`, hint);
  }
  if (isIntegral && (!hasSuffix || suffix === "m"))
    return { value: readInteger(text, start, number), end };
  const value = Number(number);
  if (!Number.isFinite(value)) {
    throw syntaxError(text, start, `the number \`${excerpt(source)}\` is too large for a FLOAT`);
  }
  return { value: float(value), end };
}

/** The value of a number, `negative` if a minus precedes it; undefined if it is an INTEGER that does not fit in 64 bits. */
export function checkedInteger(
  value: number | bigint,
  negative: boolean,
): number | bigint | undefined {
  if (typeof value === "number") return negative && value !== 0 ? -value : value;
  if (negative) return -value;
  return value < INTEGER_MAGNITUDE_MAX ? value : undefined;
}

function readInteger(text: string, start: number, digits: string): number | bigint {
  const value = Number(digits);
  if (Number.isSafeInteger(value)) return value;
  const exact = digits.length <= 80 ? BigInt(digits) : undefined;
  if (exact === undefined || exact > INTEGER_MAGNITUDE_MAX) {
    throw syntaxError(text, start, `the integer \`${excerpt(digits)}\` does not fit in 64 bits`);
  }
  return exact;
}

function refuseTrailingWord(text: string, start: number, end: number): void {
  WORD_CHARACTERS.lastIndex = end;
  const rest = WORD_CHARACTERS.exec(text)?.[0];
  if (rest === undefined) return;
  const hint = "a name that starts with a digit stands between accents: `1a`";
  throw syntaxError(
    text,
    start,
    `\`${excerpt(text.slice(start, end) + rest)}\` is not a number`,
    hint,
  );
}

function excerpt(source: string): string {
  return source.length <= 40 ? source : `${source.slice(0, 40)}…`;
}
