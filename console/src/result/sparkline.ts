import { SPAN_MS } from "./series.ts";
import type { Point } from "./series.ts";

export interface Sparkline {
  /** SVG path of the line and of the area below it, in a box of 100 × 100. */
  readonly line: string;
  readonly area: string;
  readonly lowest: number;
  readonly highest: number;
}

/** The newest point stands at the right edge; the box is as wide as the time so far, at least this long. */
const SPAN_MIN_MS = 10_000;

/** The way of a number over time. A flat line stands in the middle. Null before there are two points. */
export function sparkline(points: readonly Point[], nowMs: number): Sparkline | null {
  const [first] = points;
  if (first === undefined || points.length < 2) return null;
  const values = points.map(({ value }) => value);
  const lowest = Math.min(...values);
  const highest = Math.max(...values);
  const spanMs = Math.min(SPAN_MS, Math.max(SPAN_MIN_MS, nowMs - first.atMs));
  const range = highest - lowest;
  const place = ({ atMs, value }: Point): string => {
    const x = 100 - ((nowMs - atMs) / spanMs) * 100;
    const y = range === 0 ? 50 : 92 - ((value - lowest) / range) * 84;
    return `${x.toFixed(2)} ${y.toFixed(2)}`;
  };
  const last = points.at(-1) as Point;
  const places = [...points.map(place), place({ atMs: nowMs, value: last.value })];
  const line = `M${places.join("L")}`;
  const firstX = (100 - ((nowMs - first.atMs) / spanMs) * 100).toFixed(2);
  return { line, area: `${line}L100 100L${firstX} 100Z`, lowest, highest };
}
