import { GeodeError, type Position } from "@geode/values";
import { positionAt } from "../gql/position.ts";

/** Where errors happened, until somebody who has the text turns it into a position. */
const offsets = new WeakMap<GeodeError, number>();

/** The same error, which from now on knows the offset in the text that it belongs to; the innermost wins. */
export function located(error: unknown, offset: number): unknown {
  if (error instanceof GeodeError && error.position === undefined && !offsets.has(error))
    offsets.set(error, offset);
  return error;
}

/** The error as users get it: with line and column, if its place is known, and in sentences. */
export function withPosition(error: unknown, text: string): unknown {
  if (!(error instanceof GeodeError)) return error;
  const offset = offsets.get(error);
  return inSentences(
    error,
    error.position ?? (offset === undefined ? undefined : positionAt(text, offset)),
  );
}

/** What several parts of the database compose, each with words of its own, begins with a capital and ends with a stop. */
function inSentences(error: GeodeError, position: Position | undefined): GeodeError {
  const { code, limit, cause } = error;
  const hint = error.hint === undefined ? undefined : sentence(error.hint);
  return new GeodeError(code, sentence(error.message), { position, hint, limit, cause });
}

function sentence(text: string): string {
  const end = /[.?!…]$/.test(text) ? "" : ".";
  return text.charAt(0).toUpperCase() + text.slice(1) + end;
}
