import { hash } from "node:crypto";

/** 128 bits as base64url. */
const HASH_LENGTH = 22;

/**
 * The keyed hash for row keys that must not show the values they stand for. Truncation to 128 of 256 bits keeps the plain construction
 * safe from length extension. `key` is asked each time, since it comes with the first effect of the log.
 */
export function rowKeyHash(key: () => string): (text: string) => string {
  return (text) => hash("sha256", `${key()}\n${text}`, "base64url").slice(0, HASH_LENGTH);
}
