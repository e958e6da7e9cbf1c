/** What the page remembers. A browser may forbid it (private windows, blocked site data); then it is simply forgotten. */
export function recall(storage: "local" | "session", key: string): string | null {
  try {
    return storageOf(storage).getItem(key);
  } catch {
    return null;
  }
}

/** Null forgets. */
export function remember(storage: "local" | "session", key: string, value: string | null): void {
  try {
    if (value === null) storageOf(storage).removeItem(key);
    else storageOf(storage).setItem(key, value);
  } catch {
    // Full or forbidden: the page works without.
  }
}

function storageOf(storage: "local" | "session"): Storage {
  return storage === "local" ? window.localStorage : window.sessionStorage;
}
