import { recall, remember } from "../browser-storage.ts";

const KEY = "geode.token";

/** The token in a fragment such as `#token=…`, or null. */
export function tokenInFragment(fragment: string): string | null {
  const token = new URLSearchParams(fragment.replace(/^#/, "")).get("token");
  return token === null || token === "" ? null : token;
}

/**
 * The token of this tab: that of the address, which is then taken out of it (a fragment is never sent, but it would stay in the
 * history), or the one kept since. It lives as long as the tab.
 */
export function takeToken(): string | null {
  const fresh = tokenInFragment(window.location.hash);
  if (fresh === null) return recall("session", KEY);
  window.history.replaceState(null, "", window.location.pathname + window.location.search);
  keepToken(fresh);
  return fresh;
}

export function keepToken(token: string | null): void {
  remember("session", KEY, token);
}
