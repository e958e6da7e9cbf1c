import type { Operator, Query } from "./operators.ts";

/** Whether running it changes data. */
export function writes(query: Query): boolean {
  return query.operators.some(isWriting);
}

/** Whether running it may change elements that were there before. */
export function replaces(query: Query): boolean {
  return query.operators.some((operator) =>
    queriesIn(operator).length > 0
      ? queriesIn(operator).some(replaces)
      : REPLACING.has(operator.kind),
  );
}

export function isWriting(operator: Operator): boolean {
  return (
    operator.kind === "insert" || REPLACING.has(operator.kind) || queriesIn(operator).some(writes)
  );
}

function queriesIn(operator: Operator): readonly Query[] {
  if (operator.kind === "call") return [operator.query];
  return operator.kind === "combine" ? operator.branches : [];
}

const REPLACING: ReadonlySet<Operator["kind"]> = new Set(["merge", "set", "remove", "delete"]);
