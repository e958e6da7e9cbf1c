import type { Position } from "@geode/values";
import type {
  Expression,
  GraphReference,
  Name,
  PathPattern,
  Query,
  Span,
  WhenTest,
} from "./ast.ts";
import { type Context, PLAIN } from "./context.ts";
import { positionAt } from "./position.ts";
import { nearestWord } from "./suggestion.ts";
import { syntaxError } from "./syntax-error.ts";
import type { Token } from "./token.ts";
import { FOREIGN_WORDS } from "./words.ts";

/**
 * The rules that families of rules need of each other: expressions contain queries, queries contain patterns, patterns contain
 * expressions. They meet here, so that the files import each other in one direction only.
 */
export interface Rules {
  readonly expression: (cursor: Cursor) => Expression;
  /** A search condition, in which Cypher's pattern predicates may stand. */
  readonly condition: (cursor: Cursor) => Expression;
  /** What stands after WHEN in a CASE with a subject. */
  readonly whenOperand: (cursor: Cursor) => Expression | WhenTest;
  readonly query: (cursor: Cursor, place: QueryPlace) => Query;
  readonly pathPattern: (cursor: Cursor) => PathPattern;
}

/** "predicate": EXISTS and COUNT; such a query reads only and need not end in a RETURN. "value": VALUE; it reads only. */
export type QueryPlace = "statement" | "predicate" | "value";

export interface NestingLimits {
  /** Brackets within brackets, prefix operators and subqueries: what the parser's own stack must hold. */
  readonly nestingMax: number;
  /** Levels of an expression tree, left-deep chains such as `1 + 1 + …` included: what the stack of a tree walk must hold. */
  readonly expressionHeightMax: number;
}

/** Where the parser stands in the tokens of one text, and what it must remember of the way there. */
export class Cursor {
  readonly text: string;
  readonly rules: Rules;
  /** The token to be read next. */
  token: Token;
  /** What may stand where the cursor is. */
  context: Context = PLAIN;
  /** What the names that `GRAPH g = …` has given stand for. */
  readonly graphs = new Map<string, GraphReference>();
  /** How many enclosing queries may only read. */
  readOnlyDepth = 0;
  /** The height of the expressions completed since an enclosing rule last asked; see `parseExpressionAbove`. */
  height = 0;
  readonly #limits: NestingLimits;
  readonly #tokens: readonly Token[];
  #index = 0;
  #nesting = 0;

  constructor(text: string, tokens: readonly Token[], rules: Rules, limits: NestingLimits) {
    this.text = text;
    this.rules = rules;
    this.#tokens = tokens;
    this.#limits = limits;
    this.token = tokens[0]!;
  }

  /** The token `ahead` of the current one; the end again beyond the end. */
  peek(ahead = 1): Token {
    return this.#tokens[Math.min(this.#index + ahead, this.#tokens.length - 1)]!;
  }

  /** The end of the token before the current one: where the node that was just completed ends. */
  get previousEnd(): number {
    return this.#index === 0 ? 0 : this.#tokens[this.#index - 1]!.end;
  }

  advance(): Token {
    const token = this.token;
    if (token.kind !== "end") this.token = this.#tokens[++this.#index]!;
    return token;
  }

  isSymbol(symbol: string): boolean {
    return this.token.kind === "symbol" && this.token.text === symbol;
  }

  isWord(keyword: string): boolean {
    return this.token.keyword === keyword;
  }

  /** Whether these keywords stand here in a row. */
  areWords(...keywords: readonly string[]): boolean {
    return keywords.every((keyword, ahead) => this.peek(ahead).keyword === keyword);
  }

  acceptSymbol(symbol: string): boolean {
    if (!this.isSymbol(symbol)) return false;
    this.advance();
    return true;
  }

  acceptWord(keyword: string): boolean {
    if (this.token.keyword !== keyword) return false;
    this.advance();
    return true;
  }

  /** `purpose` completes "expected `)` …", e.g. "after the arguments". */
  expectSymbol(symbol: string, purpose: string): Token {
    if (this.isSymbol(symbol)) return this.advance();
    throw this.expected(`\`${symbol}\` ${purpose}`);
  }

  /** A closing bracket; the message tells what it closes and where that was opened. */
  expectClosing(symbol: string, what: string, opening: { readonly start: number }): Token {
    if (this.isSymbol(symbol)) return this.advance();
    const { line, column } = positionAt(this.text, opening.start);
    throw this.expected(`\`${symbol}\` to close ${what} opened at line ${line}, column ${column}`);
  }

  /** As {@link expectClosing}, after a list that a comma would continue. */
  expectListEnd(symbol: string, what: string, opening: { readonly start: number }): Token {
    if (this.isSymbol(symbol)) return this.advance();
    const { line, column } = positionAt(this.text, opening.start);
    throw this.expected(
      `\`,\`, or \`${symbol}\` to close ${what} opened at line ${line}, column ${column}`,
    );
  }

  expectWord(keyword: string, purpose: string): Token {
    if (this.token.keyword === keyword) return this.advance();
    throw this.expected(`${keyword} ${purpose}`, [keyword]);
  }

  isName(): boolean {
    return isNameToken(this.token);
  }

  /** Any word is a name where only a name can stand. `what` completes "expected …", e.g. "a label". */
  expectName(what: string): Name {
    const token = this.token;
    if (!isNameToken(token)) throw this.expected(what);
    if (token.text === "") throw this.errorAt(token.start, `${what} cannot be empty`);
    this.advance();
    return { kind: "name", name: token.text, span: { start: token.start, end: token.end } };
  }

  /** One or more, separated by commas. */
  list<T>(item: (cursor: Cursor) => T): T[] {
    const items = [item(this)];
    while (this.acceptSymbol(",")) items.push(item(this));
    return items;
  }

  /** From `start` to the end of what was read last. */
  spanFrom(start: number): Span {
    return { start, end: this.previousEnd };
  }

  /** Makes `context` the current one; the caller puts back the one before, which is the result. */
  enterContext(context: Context): Context {
    const outer = this.context;
    this.context = context;
    return outer;
  }

  /** Enters a rule that may contain itself; {@link leave} it. */
  enter(): void {
    if (++this.#nesting > this.#limits.nestingMax) {
      throw this.errorAt(
        this.token.start,
        `nested too deeply: more than ${this.#limits.nestingMax} levels`,
      );
    }
  }

  leave(): void {
    this.#nesting--;
  }

  /** The expression that was just built stands one level above its operands. */
  raise(): void {
    if (++this.height > this.#limits.expressionHeightMax) {
      throw this.errorAt(
        this.token.start,
        `the expression is too long: more than ${this.#limits.expressionHeightMax} levels`,
        "pass a list as a parameter instead of writing its parts out",
      );
    }
  }

  position(offset: number): Position {
    return positionAt(this.text, offset);
  }

  /** "expected …, found …" at the current token; `keywords` are what a misspelt word may have meant. */
  expected(what: string, keywords: Iterable<string> = [], hint?: string): Error {
    const meant = this.token.kind === "word" ? nearestWord(this.token.text, keywords) : undefined;
    const suggestion =
      meant === undefined ? FOREIGN_WORDS.get(this.token.keyword) : `did you mean ${meant}?`;
    return this.errorAt(
      this.token.start,
      `expected ${what}, found ${this.found()}`,
      hint ?? suggestion,
    );
  }

  errorAt(offset: number, message: string, hint?: string): Error {
    return syntaxError(this.text, offset, message, hint);
  }

  /** The current token as an error shows it. */
  found(): string {
    if (this.token.kind === "end") return "the end of the text";
    const source = this.text.slice(this.token.start, this.token.end);
    return `\`${source.length <= 40 ? source : `${source.slice(0, 40)}…`}\``;
  }
}

export function isNameToken(token: Token): boolean {
  return token.kind === "word" || token.kind === "accentQuoted" || token.kind === "doubleQuoted";
}

export function isSymbolToken(token: Token, symbol: string): boolean {
  return token.kind === "symbol" && token.text === symbol;
}
