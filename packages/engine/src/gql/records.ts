import type { RecordConstructor, RecordField } from "./ast.ts";
import { PLAIN } from "./context.ts";
import type { Cursor } from "./cursor.ts";

/** <fields specification> (§20.18): `{a: 1, b: 2}`, the current token being the brace; `start` is where the node begins. */
export function parseRecord(cursor: Cursor, start: number): RecordConstructor {
  const opening = cursor.expectSymbol("{", "to open a record");
  const outer = cursor.enterContext(PLAIN);
  const fields = cursor.isSymbol("}") ? [] : cursor.list(parseRecordField);
  cursor.context = outer;
  cursor.expectListEnd("}", "the record", opening);
  refuseDoubleKeys(cursor, fields);
  return { kind: "record", fields, span: cursor.spanFrom(start) };
}

/** <field> (§20.19): any word is a key. */
export function parseRecordField(cursor: Cursor): RecordField {
  const { start } = cursor.token;
  const key = cursor.expectName("a key");
  cursor.expectSymbol(":", `after the key \`${key.name}\``);
  const value = cursor.rules.expression(cursor);
  return { kind: "recordField", key, value, span: cursor.spanFrom(start) };
}

function refuseDoubleKeys(cursor: Cursor, fields: readonly RecordField[]): void {
  const seen = new Set<string>();
  for (const { key } of fields) {
    if (seen.has(key.name))
      throw cursor.errorAt(key.span.start, `the key \`${key.name}\` stands twice in one record`);
    seen.add(key.name);
  }
}
