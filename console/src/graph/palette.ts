import type { Theme } from "../theme/theme.ts";

/** One colour per label, as many as can be told apart; each for a light and a dark background. */
const COLOURS: readonly Readonly<Record<Theme, string>>[] = [
  { light: "#7a4fd8", dark: "#a78bfa" },
  { light: "#0b8a7d", dark: "#4fd1c0" },
  { light: "#b3660a", dark: "#f0b35a" },
  { light: "#c43a6b", dark: "#f58bb0" },
  { light: "#2b6fd0", dark: "#79b0ff" },
  { light: "#4b8a1c", dark: "#9bd465" },
  { light: "#b5482a", dark: "#ff9d7d" },
  { light: "#52606e", dark: "#a3b1c0" },
];

const assigned = new Map<string, number>();

/** The colour of a label: given out in the order in which labels are first seen, and kept as long as the page. */
export function labelColour(label: string, theme: Theme): string {
  let position = assigned.get(label);
  if (position === undefined) {
    position = assigned.size % COLOURS.length;
    assigned.set(label, position);
  }
  return (COLOURS[position] as Readonly<Record<Theme, string>>)[theme];
}
