/** What happened in one second of the storm. */
export interface Second {
  readonly updates: number;
  readonly delaysMs: readonly number[];
  readonly broken: number;
  readonly resumed: number;
  readonly reset: number;
  readonly residentMiB: number;
  readonly heapMiB: number;
}

/** The value below which so many percent of them lie; 0 of none. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? 0;
}

const WIDTH = 800;
const HEIGHT = 160;
const LEFT = 70;

/** Delay, memory and resumed connections by second, as SVG. The storm begins at the line. */
export function plot(seconds: readonly Second[], stormBegins: number): string {
  const charts = [
    ["p99 from a write to its update, ms", seconds.map(({ delaysMs }) => percentile(delaysMs, 99))],
    ["resident memory of the server, MiB", seconds.map(({ residentMiB }) => residentMiB)],
    ["updates heard a second", seconds.map(({ updates }) => updates)],
  ] as const;
  const drawn = charts.map(([title, values], place) => {
    const top = place * (HEIGHT + 40) + 30;
    const highest = Math.max(1, ...values);
    const x = (second: number): string => (LEFT + (second / seconds.length) * WIDTH).toFixed(1);
    const points = values
      .map((value, second) => `${x(second)},${(top + HEIGHT * (1 - value / highest)).toFixed(1)}`)
      .join(" ");
    return (
      `<text x="${LEFT}" y="${top - 8}">${title}</text>` +
      `<text x="${LEFT - 8}" y="${top + 12}" text-anchor="end">${highest.toFixed(0)}</text>` +
      `<text x="${LEFT - 8}" y="${top + HEIGHT}" text-anchor="end">0</text>` +
      `<rect x="${LEFT}" y="${top}" width="${WIDTH}" height="${HEIGHT}" fill="none" stroke="#ccc"/>` +
      `<line x1="${x(stormBegins)}" x2="${x(stormBegins)}" y1="${top}" y2="${top + HEIGHT}" stroke="#c33"/>` +
      `<polyline points="${points}" fill="none" stroke="#36c" stroke-width="1.5"/>`
    );
  });
  const height = charts.length * (HEIGHT + 40) + 10;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${LEFT + WIDTH + 20}" height="${height}" ` +
    `font-family="sans-serif" font-size="13"><rect width="100%" height="100%" fill="white"/>` +
    `${drawn.join("")}</svg>\n`
  );
}
