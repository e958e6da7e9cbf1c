import type { MapProjection, MapProjectionItem, Variable } from "./ast.ts";
import { PLAIN } from "./context.ts";
import { type Cursor, isSymbolToken } from "./cursor.ts";
import { parseRecordField } from "./records.ts";

/** Cypher's `n {.name, .*, key: expression, variable}`. */
export function parseMapProjection(cursor: Cursor, object: Variable): MapProjection {
  const opening = cursor.advance();
  const outer = cursor.enterContext(PLAIN);
  const items = cursor.isSymbol("}") ? [] : cursor.list(parseItem);
  cursor.context = outer;
  cursor.expectClosing("}", "the map projection", opening);
  return { kind: "mapProjection", object, items, span: cursor.spanFrom(object.span.start) };
}

function parseItem(cursor: Cursor): MapProjectionItem {
  const { start } = cursor.token;
  if (cursor.acceptSymbol(".")) {
    if (cursor.acceptSymbol("*")) return { kind: "allProperties", span: cursor.spanFrom(start) };
    const key = cursor.expectName("the name of a property, or `*`,");
    return { kind: "propertyField", key, span: cursor.spanFrom(start) };
  }
  if (isSymbolToken(cursor.peek(), ":")) return parseRecordField(cursor);
  const key = cursor.expectName("`.property`, `.*`, `key: value` or a variable");
  const value = { kind: "variable", name: key.name, span: key.span } as const;
  return { kind: "recordField", key, value, span: key.span };
}
