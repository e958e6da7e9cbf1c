import { GeodeError } from "@geode/values";
import { RE2JS, RE2JSException } from "re2js";

/** Compiling takes time that grows with the pattern, and what it makes takes memory. */
const PATTERN_LENGTH_MAX = 1_000;

/** A statement has few patterns, and asks for each of them once per row. */
const KEPT_MAX = 64;

const compiled = new Map<string, RE2JS>();

/**
 * Whether the pattern matches all of the text: RE2's syntax, which is that of Perl and Java without look-around and references back. The
 * time it takes grows with the length of the text, whatever the pattern is. Throws 22N60 for what is no pattern.
 */
export function matches(text: string, pattern: string): boolean {
  return expressionOf(pattern).testExact(text);
}

function expressionOf(pattern: string): RE2JS {
  const known = compiled.get(pattern);
  if (known) return known;
  if (pattern.length > PATTERN_LENGTH_MAX)
    throw new GeodeError(
      "LIMIT",
      `A regular expression has at most ${PATTERN_LENGTH_MAX} characters, not ${pattern.length}.`,
    );
  const expression = compile(pattern);
  const [oldest] = compiled.keys();
  if (compiled.size === KEPT_MAX && oldest !== undefined) compiled.delete(oldest);
  compiled.set(pattern, expression);
  return expression;
}

function compile(pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    throw new GeodeError("22N60", `This is no regular expression: ${error.message}.`, {
      cause: error,
      hint: "Look-around and references back are not part of it: https://github.com/google/re2/wiki/Syntax.",
    });
  }
}
