import { type Cursor, isSymbolToken } from "./cursor.ts";

/** Choices between bars. `multiset`: whether the bars are `|+|`; undefined if there is but one choice. */
export interface Alternatives<T> {
  readonly choices: readonly T[];
  readonly multiset: boolean | undefined;
}

/** `a`, `a | b`, `a |+| b`, of whatever `parseChoice` reads. Throws 42001 where both kinds of bars are mixed. */
export function parseAlternatives<T>(
  cursor: Cursor,
  parseChoice: (cursor: Cursor) => T,
): Alternatives<T> {
  const choices = [parseChoice(cursor)];
  let multiset: boolean | undefined;
  while (cursor.isSymbol("|")) {
    const bar = cursor.advance();
    const isMultiset = cursor.isSymbol("+") && isSymbolToken(cursor.peek(), "|");
    if (isMultiset) {
      cursor.advance();
      cursor.advance();
    }
    multiset ??= isMultiset;
    if (multiset !== isMultiset)
      throw cursor.errorAt(bar.start, "`|` and `|+|` cannot be mixed without parentheses");
    choices.push(parseChoice(cursor));
  }
  return { choices, multiset };
}
