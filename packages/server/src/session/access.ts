import type { Access, DatabasePort } from "../port.ts";

/** A text without any of these words cannot write; one with such a word may still only read, e.g. compare with 'set'. */
const WRITING_WORDS = /\b(?:insert|create|merge|set|remove|delete|drop|call)\b/i;

/** Whether a statement writes: what the database says, and otherwise what can be told from its words. */
export function accessOf(text: string, database: Pick<DatabasePort, "access">): Access {
  return database.access?.(text) ?? (WRITING_WORDS.test(text) ? "unknown" : "read");
}
