import { GeodeError } from "@geode/values";
import { positionAt } from "../gql/position.ts";

/** Where errors happened, until somebody who has the text turns it into a position. */
const offsets = new WeakMap<GeodeError, number>();

/** The same error, which from now on knows the offset in the text that it belongs to; the innermost wins. */
export function located(error: unknown, offset: number): unknown {
  if (error instanceof GeodeError && error.position === undefined && !offsets.has(error))
    offsets.set(error, offset);
  return error;
}

/** The error with line and column, if its place is known. */
export function withPosition(error: unknown, text: string): unknown {
  if (!(error instanceof GeodeError) || error.position !== undefined) return error;
  const offset = offsets.get(error);
  if (offset === undefined) return error;
  return new GeodeError(error.code, error.message, {
    position: positionAt(text, offset),
    hint: error.hint,
    limit: error.limit,
    cause: error.cause,
  });
}
