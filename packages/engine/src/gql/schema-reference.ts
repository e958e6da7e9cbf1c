import type { Cursor } from "./cursor.ts";

/**
 * <schema reference> (ISO/IEC 39075:2024 §17.1): `/`, `.`, HOME_SCHEMA and CURRENT_SCHEMA are the one schema that all graphs of a database
 * are in. 42001 for any other.
 */
export function parseSchemaReference(cursor: Cursor): void {
  if (cursor.acceptWord("HOME_SCHEMA") || cursor.acceptWord("CURRENT_SCHEMA")) return;
  if (cursor.acceptSymbol(".")) return;
  const { start } = cursor.token;
  cursor.expectSymbol("/", "to begin the path of a schema, or HOME_SCHEMA or CURRENT_SCHEMA");
  if (startsName(cursor)) throw noSchema(cursor, start);
}

/** `/` before the name of a graph, whose directory is that of the one schema. */
export function acceptSchemaOfGraph(cursor: Cursor): void {
  const { start } = cursor.token;
  if (!cursor.acceptSymbol("/")) return;
  const next = cursor.peek();
  if (next.kind === "symbol" && next.text === "/") throw noSchema(cursor, start);
}

/** CREATE SCHEMA and DROP SCHEMA (§12.2, §12.3), which there are not. */
export function refuseSchemaStatement(cursor: Cursor, start: number): Error {
  return cursor.errorAt(
    start,
    "schemas are not supported: all graphs of a database are in one, `/`",
    "graphs are made with CREATE GRAPH",
  );
}

function startsName(cursor: Cursor): boolean {
  // In `AT / MATCH (n)` a clause follows.
  const { kind, start } = cursor.token;
  return kind !== "symbol" && kind !== "end" && start === cursor.previousEnd;
}

function noSchema(cursor: Cursor, start: number): Error {
  return cursor.errorAt(
    start,
    "there is no such schema: all graphs of a database are in one, `/`",
    "leave it out, or write CURRENT_SCHEMA",
  );
}
