import type { RoomServer } from "./room-server.ts";

export interface Measured {
  readonly server: RoomServer;
  readonly joinSeconds: number;
  readonly bytesPerMember: number;
  readonly due: number;
  readonly heard: number;
  /** Processor time of the server, in microseconds, for each message that one member was sent. */
  readonly cpuMicroseconds: number;
  /** Milliseconds, sorted. */
  readonly sinceSent: readonly number[];
  /** Empty where nothing is durable. */
  readonly sinceDurable: readonly number[];
}

/** Of sorted values. NaN of none. */
export function percentile(sorted: readonly number[], percent: number): number {
  return (
    sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? Number.NaN
  );
}

const WIDTH = 640;
const HEIGHT = 260;
const LEFT = 60;
const COLORS = ["#36c", "#c63", "#999"];
const PERCENTS = [50, 75, 90, 95, 98, 99, 99.5, 99.9];

/** Delay by percentile, as SVG; from send to each member, and from durability where there is such a thing. */
export function plot(all: readonly Measured[], title: string): string {
  const lines = all.flatMap(({ server, sinceDurable, sinceSent }, place) => [
    { name: `${server}, since it was sent`, values: sinceSent, color: COLORS[place]!, dashes: "" },
    ...(sinceDurable.length === 0
      ? []
      : [
          {
            name: `${server}, since it was durable`,
            values: sinceDurable,
            color: COLORS[place]!,
            dashes: "5 4",
          },
        ]),
  ]);
  const highest = Math.max(1, ...lines.map(({ values }) => percentile(values, PERCENTS.at(-1)!)));
  const top = 40;
  const x = (place: number): number => LEFT + (place / (PERCENTS.length - 1)) * WIDTH;
  const drawn = lines.map(({ color, dashes, name, values }, line) => {
    const points = PERCENTS.map(
      (percent, place) =>
        `${x(place).toFixed(1)},${(top + HEIGHT * (1 - percentile(values, percent) / highest)).toFixed(1)}`,
    );
    return (
      `<polyline points="${points.join(" ")}" fill="none" stroke="${color}" stroke-width="2" stroke-dasharray="${dashes}"/>` +
      `<text x="${LEFT + 12}" y="${top + 20 + line * 18}" fill="${color}">${name}: p99 ${percentile(values, 99).toFixed(1)} ms</text>`
    );
  });
  const marks = PERCENTS.map(
    (percent, place) =>
      `<text x="${x(place).toFixed(1)}" y="${top + HEIGHT + 18}" text-anchor="middle">${percent} %</text>`,
  );
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${LEFT + WIDTH + 40}" height="${top + HEIGHT + 34}" ` +
    `font-family="sans-serif" font-size="13"><rect width="100%" height="100%" fill="white"/>` +
    `<text x="${LEFT}" y="22">${title}</text>` +
    `<text x="${LEFT - 8}" y="${top + 10}" text-anchor="end">${highest.toFixed(0)} ms</text>` +
    `<text x="${LEFT - 8}" y="${top + HEIGHT}" text-anchor="end">0</text>` +
    `<rect x="${LEFT}" y="${top}" width="${WIDTH}" height="${HEIGHT}" fill="none" stroke="#ccc"/>` +
    `${drawn.join("")}${marks.join("")}</svg>\n`
  );
}
