import { equivalenceKey, type Value } from "@geode/values";

/** A key that several values share with others exactly when they are equivalent one by one. */
export function groupKey(values: readonly Value[]): string {
  let text = "";
  for (const value of values) {
    const key = equivalenceKey(value);
    if (typeof key === "string") text += `s${key.length}:${key}`;
    else text += `${typeof key === "number" ? "n" : typeof key}${String(key)};`;
  }
  return text;
}
