/** What happened in one second of the storm. */
export interface Second {
  /** Calm and storm take turns; even ones are calm. Undefined outside of them. */
  readonly turn: number | undefined;
  readonly updates: number;
  /** From a write to its update, in the crowd. */
  readonly delaysMs: readonly number[];
  /** For the answers to somebody else's queries. */
  readonly waitsMs: readonly number[];
  /** The 99th percentile of how late timers were: of the crowd's worse process, and of somebody else. */
  readonly crowdStallMs: number;
  readonly proberStallMs: number;
  /** Processor time of the server's main thread. */
  readonly mainThreadMs: number;
  /** How much of it passed without a pause. */
  readonly stretchesMs: readonly number[];
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

/**
 * How long one in a hundred who come at any moment would wait, at least, for a thread that is busy in these stretches. Of processor time,
 * it does not depend on who else uses the machine.
 */
export function wait99(stretchesMs: readonly number[], totalMs: number): number {
  let low = 0;
  let high = Math.max(0, ...stretchesMs);
  while (high - low > 0.01) {
    const waitMs = (low + high) / 2;
    const longerMs = stretchesMs.reduce((sum, ms) => sum + Math.max(0, ms - waitMs), 0);
    if (longerMs > totalMs / 100) low = waitMs;
    else high = waitMs;
  }
  return low;
}

/** A figure of the calm turns and of those with a storm: each is the median of what the turns come to. */
export function medianOfTurns(
  seconds: readonly Second[],
  figure: (turn: readonly Second[]) => number,
): readonly [calm: number, storm: number] {
  const turns = Map.groupBy(seconds, ({ turn }) => turn);
  const medianOf = (kind: 0 | 1): number =>
    percentile(
      [...turns].flatMap(([turn, those]) =>
        turn === undefined || turn % 2 !== kind ? [] : [figure(those)],
      ),
      50,
    );
  return [medianOf(0), medianOf(1)];
}

const WIDTH = 800;
const HEIGHT = 160;
const LEFT = 70;

/** Waits, memory and updates by second, as SVG. The storm is shaded. */
export function plot(seconds: readonly Second[]): string {
  const charts = [
    ["p99 of somebody else's queries, ms", seconds.map(({ waitsMs }) => percentile(waitsMs, 99))],
    ["p99 from a write to its update, ms", seconds.map(({ delaysMs }) => percentile(delaysMs, 99))],
    ["resident memory of the server, MiB", seconds.map(({ residentMiB }) => residentMiB)],
    ["updates heard a second", seconds.map(({ updates }) => updates)],
  ] as const;
  const drawn = charts.map(([title, values], place) => {
    const top = place * (HEIGHT + 40) + 30;
    const highest = Math.max(1, ...values);
    const x = (second: number): string => (LEFT + (second / seconds.length) * WIDTH).toFixed(1);
    const shades = seconds.map(({ turn }, second) =>
      turn !== undefined && turn % 2 === 1
        ? `<rect x="${x(second)}" y="${top}" width="${(WIDTH / seconds.length).toFixed(1)}" height="${HEIGHT}" fill="#fdd"/>`
        : "",
    );
    const points = values
      .map((value, second) => `${x(second)},${(top + HEIGHT * (1 - value / highest)).toFixed(1)}`)
      .join(" ");
    return (
      `<text x="${LEFT}" y="${top - 8}">${title}</text>` +
      `<text x="${LEFT - 8}" y="${top + 12}" text-anchor="end">${highest.toFixed(0)}</text>` +
      `<text x="${LEFT - 8}" y="${top + HEIGHT}" text-anchor="end">0</text>` +
      shades.join("") +
      `<rect x="${LEFT}" y="${top}" width="${WIDTH}" height="${HEIGHT}" fill="none" stroke="#ccc"/>` +
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
