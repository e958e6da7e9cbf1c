import type { Cursor } from "./cursor.ts";

export function acceptIfExists(cursor: Cursor): boolean {
  if (!cursor.areWords("IF", "EXISTS")) return false;
  cursor.advance();
  cursor.advance();
  return true;
}

export function acceptIfNotExists(cursor: Cursor): boolean {
  if (!cursor.areWords("IF", "NOT", "EXISTS")) return false;
  for (let i = 0; i < 3; i++) cursor.advance();
  return true;
}
