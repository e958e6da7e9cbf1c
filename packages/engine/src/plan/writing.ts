import type { Operator, Query } from "./operators.ts";

/** Whether running it changes data. */
export function writes(query: Query): boolean {
  return query.operators.some(isWriting);
}

/** Whether running it may change elements that were there before. */
export function replaces(query: Query): boolean {
  return query.operators.some((operator) => isWriting(operator) && operator.kind !== "insert");
}

export function isWriting({ kind }: Operator): boolean {
  return WRITING.has(kind);
}

const WRITING: ReadonlySet<Operator["kind"]> = new Set([
  "insert",
  "merge",
  "set",
  "remove",
  "delete",
]);
