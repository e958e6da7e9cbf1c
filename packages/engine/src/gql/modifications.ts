import type {
  Delete,
  Expression,
  Insert,
  Merge,
  Name,
  Property,
  Remove,
  RemoveItem,
  SetClause,
  SetItem,
  Subscript,
} from "./ast.ts";
import { type Cursor, isSymbolToken } from "./cursor.ts";
import { parseInsertPath } from "./insert-patterns.ts";
import { parseWrittenLabels, type WrittenLabels } from "./labels.ts";
import { parseOperand } from "./operands.ts";

/** <insert statement> (§13.2); Cypher's CREATE. */
export function parseInsert(cursor: Cursor): Insert {
  const { start } = cursor.advance();
  const paths = cursor.list(() => parseInsertPath(cursor, "insert"));
  return { kind: "insert", paths, span: cursor.spanFrom(start) };
}

/** Cypher's MERGE. */
export function parseMerge(cursor: Cursor): Merge {
  const { start } = cursor.advance();
  const path = parseInsertPath(cursor, "merge");
  const onCreate: SetItem[] = [];
  const onMatch: SetItem[] = [];
  while (cursor.acceptWord("ON")) {
    const isCreate = cursor.acceptWord("CREATE") || cursor.acceptWord("INSERT");
    if (!isCreate) cursor.expectWord("MATCH", "or CREATE after ON");
    cursor.expectWord("SET", `after ON ${isCreate ? "CREATE" : "MATCH"}`);
    (isCreate ? onCreate : onMatch).push(...cursor.list(parseSetItem));
  }
  return { kind: "merge", path, onCreate, onMatch, span: cursor.spanFrom(start) };
}

/** <set statement> (§13.3) */
export function parseSet(cursor: Cursor): SetClause {
  const { start } = cursor.advance();
  return { kind: "set", items: cursor.list(parseSetItem), span: cursor.spanFrom(start) };
}

/** <set item> (§13.3): `n.key = value`, `n = {…}`, `n:Label`; Cypher's `n += {…}`. */
function parseSetItem(cursor: Cursor): SetItem {
  const { start } = cursor.token;
  const labelled = acceptLabelledVariable(cursor);
  if (labelled !== null) return { kind: "setLabels", ...labelled, span: cursor.spanFrom(start) };
  const whole = isSymbolToken(cursor.peek(), "=") || isSymbolToken(cursor.peek(), "+=");
  if (cursor.isName() && whole) {
    const variable = cursor.expectName("a variable");
    const mode = cursor.advance().text === "=" ? "replace" : "merge";
    const value = cursor.rules.expression(cursor);
    return { kind: "setProperties", variable, mode, value, span: cursor.spanFrom(start) };
  }
  const target = parsePropertyTarget(cursor, "SET");
  cursor.expectSymbol("=", "and the new value of the property");
  const value = cursor.rules.expression(cursor);
  const span = cursor.spanFrom(start);
  return target.kind === "subscript"
    ? { kind: "setComputedProperty", element: target.object, key: target.index, value, span }
    : { kind: "setProperty", element: target.object, key: target.key, value, span };
}

/** <remove statement> (§13.4) */
export function parseRemove(cursor: Cursor): Remove {
  const { start } = cursor.advance();
  return { kind: "remove", items: cursor.list(parseRemoveItem), span: cursor.spanFrom(start) };
}

function parseRemoveItem(cursor: Cursor): RemoveItem {
  const { start } = cursor.token;
  const labelled = acceptLabelledVariable(cursor);
  if (labelled !== null) return { kind: "removeLabels", ...labelled, span: cursor.spanFrom(start) };
  const target = parsePropertyTarget(cursor, "REMOVE");
  const span = cursor.spanFrom(start);
  return target.kind === "subscript"
    ? { kind: "removeComputedProperty", element: target.object, key: target.index, span }
    : { kind: "removeProperty", element: target.object, key: target.key, span };
}

/** <delete statement> (§13.5), at DETACH, NODETACH or DELETE. */
export function parseDelete(cursor: Cursor): Delete {
  const { start } = cursor.token;
  const detach = cursor.acceptWord("DETACH");
  if (!detach) cursor.acceptWord("NODETACH");
  cursor.expectWord("DELETE", detach ? "after DETACH" : "after NODETACH");
  const items = cursor.list(parseDeleteItem);
  return { kind: "delete", detach, items, span: cursor.spanFrom(start) };
}

function parseDeleteItem(cursor: Cursor): Expression {
  const item = cursor.rules.expression(cursor);
  if (item.kind === "isLabeled") {
    throw cursor.errorAt(
      item.span.start,
      "DELETE deletes elements, not labels",
      "labels are taken away by REMOVE n:Label",
    );
  }
  return item;
}

/** `n:Label`, `n IS Label` */
function acceptLabelledVariable(cursor: Cursor): (WrittenLabels & { variable: Name }) | null {
  if (!cursor.isName()) return null;
  const next = cursor.peek();
  if (!isSymbolToken(next, ":") && next.keyword !== "IS") return null;
  const variable = cursor.expectName("a variable");
  cursor.advance();
  return { variable, ...parseWrittenLabels(cursor) };
}

function parsePropertyTarget(cursor: Cursor, clause: string): Property | Subscript {
  const { start } = cursor.token;
  const target = parseOperand(cursor);
  if (target.kind === "property" || target.kind === "subscript") return target;
  const example = clause === "SET" ? "n.key = value, n = {…} or n:Label" : "n.key or n:Label";
  throw cursor.errorAt(start, `${clause} needs a property or a label, as in ${example}`);
}
