import type { ReactElement } from "react";
import { MoonIcon, SunIcon } from "../icons.tsx";
import { useStore } from "../store.ts";
import { theme, toggleTheme } from "./theme.ts";

export function ThemeToggle(): ReactElement {
  const current = useStore(theme);
  const label = current === "dark" ? "Switch to light" : "Switch to dark";
  return (
    <button
      type="button"
      className="icon-button"
      onClick={toggleTheme}
      aria-label={label}
      title={label}
    >
      {current === "dark" ? <SunIcon /> : <MoonIcon />}
    </button>
  );
}
