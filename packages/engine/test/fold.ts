import type { Change } from "../src/live/change.ts";

/** A copy of a live result as somebody far away keeps it: keys and canonical row texts, in order. */
export interface Copy {
  readonly keys: readonly string[];
  readonly texts: readonly string[];
}

/**
 * The copy after the changes of one commit: the three steps of {@link Change}, to the letter. Throws when a change does not fit the
 * copy, since a copy that has drifted must not be mended in silence.
 */
export function fold(copy: Copy, changes: readonly Change[]): Copy {
  const texts = new Map(copy.keys.map((key, position) => [key, copy.texts[position] as string]));
  const gone = new Set<string>();
  const placed: Change[] = [];
  for (const change of changes) {
    const known = texts.has(change.key);
    if (known === (change.op === "insert"))
      throw new Error(`${change.op} of ${change.key} does not fit the copy`);
    if (change.from !== undefined && copy.keys[change.from] !== change.key) {
      throw new Error(`${change.key} did not stand at ${change.from}`);
    }
    if (change.op === "delete") gone.add(change.key);
    else {
      texts.set(change.key, change.data);
      if (change.op === "insert") placed.push(change);
      else if (change.index !== undefined) {
        gone.add(change.key);
        placed.push(change);
      }
    }
  }
  const keys = copy.keys.filter((key) => !gone.has(key));
  for (const { key, index } of placed) {
    if (index !== undefined && index > keys.length)
      throw new Error(`${key} cannot stand at ${index}`);
    keys.splice(index ?? keys.length, 0, key);
  }
  return { keys, texts: keys.map((key) => texts.get(key) as string) };
}
