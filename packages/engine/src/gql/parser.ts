import { GeodeError } from "@geode/values";
import type { Expression, Program } from "./ast.ts";
import { Cursor, type Rules } from "./cursor.ts";
import { parseCondition, parseExpression, parseWhenOperand } from "./expressions.ts";
import { tokenize } from "./lexer.ts";
import { parsePathPattern } from "./patterns.ts";
import { parseQuery } from "./queries.ts";
import { parseProgramStatement } from "./statements.ts";
import { syntaxError } from "./syntax-error.ts";

export interface ParseOptions {
  /** How long a text may be, in UTF-16 units. Default 1,048,576. A longer one throws TOO_LARGE. */
  readonly textLengthMax?: number;
  /**
   * How deeply brackets, signs, operators and subqueries may nest. Default 256, which the default stack of a thread holds several times
   * over. Deeper nesting throws 42001.
   */
  readonly nestingMax?: number;
  /** How many levels an expression may have, chains such as `1 + 1 + …` included. Default 1,000. More throw 42001. */
  readonly expressionHeightMax?: number;
}

export const PARSE_DEFAULTS = {
  textLengthMax: 1_048_576,
  nestingMax: 256,
  expressionHeightMax: 1_000,
} as const satisfies Required<ParseOptions>;

const RULES: Rules = {
  expression: parseExpression,
  condition: parseCondition,
  whenOperand: parseWhenOperand,
  query: parseQuery,
  pathPattern: parsePathPattern,
};

/**
 * Parses one GQL statement. It looks at the text alone: whether names exist and types fit is found out later. Throws 42001 with the
 * position and, where one is near, a hint; TOO_LARGE if the text is too long. Takes time linear in the length of the text.
 */
export function parse(text: string, options: ParseOptions = {}): Program {
  return { statement: parseProgramStatement(cursorOver(text, options)) };
}

/** Parses a search condition that stands alone, as in a rule of a policy. Throws as {@link parse}. */
export function parseSearchCondition(text: string): Expression {
  const cursor = cursorOver(text, {});
  const condition = parseCondition(cursor);
  if (cursor.token.kind !== "end") throw cursor.expected("the end of the condition");
  return condition;
}

function cursorOver(text: string, options: ParseOptions): Cursor {
  const limits = { ...PARSE_DEFAULTS, ...options };
  if (text.length > limits.textLengthMax) {
    throw new GeodeError(
      "TOO_LARGE",
      `The statement has ${text.length} characters; ${limits.textLengthMax} are allowed.`,
      { hint: "Pass data as parameters." },
    );
  }
  refuseLoneSurrogates(text);
  return new Cursor(text, tokenize(text), RULES, limits);
}

/** A text with half a character in it has no UTF-8 form: it could not be stored, sent or logged. */
function refuseLoneSurrogates(text: string): void {
  if (text.isWellFormed()) return;
  throw syntaxError(
    text,
    text.search(/\p{Surrogate}/u),
    "half of a surrogate pair is not a character",
  );
}
