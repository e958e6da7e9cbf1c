import type { Operator, Query } from "./operators.ts";

/** Whether running it changes data. */
export function writes(query: Query): boolean {
  return query.operators.some(isWriting);
}

/** Whether running it may change elements that were there before. */
export function replaces(query: Query): boolean {
  return query.operators.some((operator) =>
    operator.kind === "call" ? replaces(operator.query) : REPLACING.has(operator.kind),
  );
}

export function isWriting(operator: Operator): boolean {
  if (operator.kind === "call") return writes(operator.query);
  return operator.kind === "insert" || REPLACING.has(operator.kind);
}

const REPLACING: ReadonlySet<Operator["kind"]> = new Set(["merge", "set", "remove", "delete"]);
