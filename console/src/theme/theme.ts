import { recall, remember } from "../browser-storage.ts";
import { Store } from "../store.ts";

export type Theme = "light" | "dark";

const KEY = "geode.theme";
const dark = window.matchMedia("(prefers-color-scheme: dark)");

/** What the page looks like now: the user's choice, or else what the system prefers. */
export const theme = new Store<Theme>(chosen() ?? preferred());

export function startTheme(): void {
  const show = (): void => {
    document.documentElement.dataset["theme"] = theme.get();
  };
  theme.subscribe(show);
  dark.addEventListener("change", () => {
    if (chosen() === null) theme.set(preferred());
  });
  show();
}

export function toggleTheme(): void {
  const next = theme.get() === "dark" ? "light" : "dark";
  remember("local", KEY, next === preferred() ? null : next);
  theme.set(next);
}

function chosen(): Theme | null {
  const kept = recall("local", KEY);
  return kept === "light" || kept === "dark" ? kept : null;
}

function preferred(): Theme {
  return dark.matches ? "dark" : "light";
}
