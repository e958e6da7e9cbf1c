import { GeodeError, type Value } from "@geode/values";
import { located } from "./located.ts";

/** The nearest whole number, or what a mode of Cypher's `round` takes instead. */
const MODES: ReadonlyMap<string, (x: number) => number> = new Map<string, (x: number) => number>([
  ["UP", (x) => (x < 0 ? Math.floor(x) : Math.ceil(x))],
  ["DOWN", Math.trunc],
  ["CEILING", Math.ceil],
  ["FLOOR", Math.floor],
  ["HALF_UP", (x) => half(x, (down) => (x < 0 ? down : down + 1))],
  ["HALF_DOWN", (x) => half(x, (down) => (x < 0 ? down + 1 : down))],
  ["HALF_EVEN", (x) => half(x, (down) => (down % 2 === 0 ? down : down + 1))],
]);

export function roundingOf(mode: Value, offset: number): (x: number) => number {
  const rounding = typeof mode === "string" ? MODES.get(mode.toUpperCase()) : undefined;
  if (rounding !== undefined) return rounding;
  throw located(
    new GeodeError("22G03", `ROUND takes one of the modes ${[...MODES.keys()].join(", ")}.`),
    offset,
  );
}

/** `tie` tells what becomes of a number that lies in the middle, given the whole number below. */
function half(x: number, tie: (down: number) => number): number {
  const down = Math.floor(x);
  const above = x - down;
  if (above === 0.5) return tie(down);
  return above < 0.5 ? down : down + 1;
}
