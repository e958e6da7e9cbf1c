/** How a statement stands to transactions, as far as its first word tells. */
export type TransactionRole = "start" | "commit" | "rollback" | "none";

/** White space and comments, of which `--` is one only before white space (it may be an edge otherwise). */
const LEADING = /^(?:\s+|\/\/[^\n]*|--(?=\s)[^\n]*|\/\*[\s\S]*?\*\/)+/;
const START = /^START\s+TRANSACTION\b/i;
const END = /^(COMMIT|ROLLBACK)\b/i;
/**
 * Every clause that changes something begins with one of these words. They also occur in strings and names, so a text that has one
 * *may* write; a text that has none cannot.
 */
const WRITES =
  /\b(?:INSERT|CREATE|MERGE|SET|REMOVE|DELETE|DROP|ALTER|CALL|GRANT|REVOKE|COPY|LOAD|DETACH|NODETACH)\b/i;

export function transactionRole(text: string): TransactionRole {
  const statement = text.replace(LEADING, "");
  if (START.test(statement)) return "start";
  const end = END.exec(statement)?.[1]?.toUpperCase();
  if (end === "COMMIT") return "commit";
  return end === "ROLLBACK" ? "rollback" : "none";
}

const SESSION = /^SESSION\s+(?:SET|RESET)\b/i;

/** Whether the text changes what the statements behind it on the same connection mean. */
export function changesSession(text: string): boolean {
  return SESSION.test(text.replace(LEADING, ""));
}

/** Whether sending the text twice might do something twice. Errs on the side of yes. */
export function mayWrite(text: string): boolean {
  return WRITES.test(text);
}
