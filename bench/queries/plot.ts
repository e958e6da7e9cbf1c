import type { Figure } from "../figure.ts";

const BAR = 14;
const LEFT = 330;
const WIDTH = 960;
const COLORS = new Map([
  ["Kuzu", "#b45309"],
  ["Grafeo", "#6d28d9"],
]);

/** Bars of how many times as long as ours a peer takes, on a logarithmic scale: to the left of the line it is faster, to the right slower. */
export function plot(figures: readonly Figure[]): string {
  const bars = figures.flatMap(({ name, value, peer }) =>
    peer ? [{ name, peer: peer.name, times: peer.value / value }] : [],
  );
  const least = Math.floor(Math.log10(Math.min(0.1, ...bars.map(({ times }) => times))));
  const most = Math.ceil(Math.log10(Math.max(10, ...bars.map(({ times }) => times))));
  const x = (times: number): number =>
    LEFT + ((Math.log10(times) - least) / (most - least)) * (WIDTH - LEFT - 60);
  const height = 70 + bars.length * (BAR + 6);
  const marks = Array.from({ length: most - least + 1 }, (_, at) => 10 ** (least + at));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="100%" height="100%" fill="#fff"/>`,
    `<text x="12" y="22" font-size="15">Time of a peer, as a multiple of Geode's in the same run</text>`,
    ...marks.map(
      (mark) =>
        `<line x1="${x(mark).toFixed(1)}" x2="${x(mark).toFixed(1)}" y1="34" y2="${height - 24}" stroke="${mark === 1 ? "#111" : "#ddd"}"/><text x="${x(mark).toFixed(1)}" y="${height - 8}" text-anchor="middle">×${mark < 1 ? mark : mark.toLocaleString("en")}</text>`,
    ),
    ...bars.map(({ name, peer, times }, at) => {
      const y = 42 + at * (BAR + 6);
      const [start, end] = [Math.min(x(1), x(times)), Math.max(x(1), x(times))];
      return `<text x="${LEFT - 10}" y="${y + 11}" text-anchor="end">${name} · ${peer}</text><rect x="${start.toFixed(1)}" y="${y}" width="${(end - start).toFixed(1)}" height="${BAR}" fill="${COLORS.get(peer) ?? "#475569"}"/><text x="${(end + 4).toFixed(1)}" y="${y + 11}">×${times.toPrecision(3)}</text>`;
    }),
    "</svg>",
    "",
  ].join("\n");
}
