import type { Case, CaseBranch } from "./ast.ts";
import { parenthesized } from "./context.ts";
import type { Cursor } from "./cursor.ts";

/** <case expression> (§20.7): `CASE WHEN condition THEN …` or `CASE subject WHEN value, < value, IS NULL THEN …`. */
export function parseCase(cursor: Cursor): Case {
  const opening = cursor.advance();
  const outer = cursor.enterContext(parenthesized(cursor.context));
  const subject = cursor.isWord("WHEN") ? null : cursor.rules.expression(cursor);
  const branches: CaseBranch[] = [];
  while (cursor.isWord("WHEN")) branches.push(parseBranch(cursor, subject !== null));
  if (branches.length === 0) throw cursor.expected("WHEN", ["WHEN"]);
  const otherwise = cursor.acceptWord("ELSE") ? cursor.rules.expression(cursor) : null;
  if (!cursor.acceptWord("END")) {
    const { line, column } = cursor.position(opening.start);
    const what = otherwise === null ? "WHEN, ELSE or END" : "END";
    throw cursor.expected(`${what} in the CASE opened at line ${line}, column ${column}`, [
      "WHEN",
      "ELSE",
      "END",
    ]);
  }
  cursor.context = outer;
  return { kind: "case", subject, branches, otherwise, span: cursor.spanFrom(opening.start) };
}

function parseBranch(cursor: Cursor, hasSubject: boolean): CaseBranch {
  const { start } = cursor.advance();
  const when = hasSubject
    ? cursor.list(cursor.rules.whenOperand)
    : [cursor.rules.expression(cursor)];
  cursor.expectWord("THEN", "after the condition of WHEN");
  const then = cursor.rules.expression(cursor);
  // oxlint-disable-next-line unicorn/no-thenable -- THEN is what the standard calls it, and a tree is never awaited.
  return { kind: "caseBranch", when, then, span: cursor.spanFrom(start) };
}
