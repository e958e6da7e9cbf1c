import type { Sample } from "./crowd.ts";

const WIDTH = 960;
const HEIGHT = 240;
const LEFT = 70;
const BOTTOM = 30;

/** How late updates were, and how much memory the server held, over time; the disturbed part is shaded. */
export function plot(samples: readonly Sample[]): string {
  const endS = Math.max(1, ...samples.map(({ atS }) => atS));
  const x = (atS: number): number => LEFT + (atS / endS) * (WIDTH - LEFT - 20);
  const roughS = samples.find(({ rough }) => rough)?.atS ?? endS;
  const chart = (top: number, title: string, lines: readonly Line[]): string => {
    const most = Math.max(1e-9, ...samples.flatMap((sample) => lines.map(({ of }) => of(sample))));
    const y = (value: number): number =>
      top + HEIGHT - BOTTOM - (value / most) * (HEIGHT - BOTTOM - 40);
    return [
      `<text x="12" y="${top + 18}" font-size="15">${title}</text>`,
      `<rect x="${x(roughS).toFixed(1)}" y="${top + 30}" width="${(x(endS) - x(roughS)).toFixed(1)}" height="${HEIGHT - BOTTOM - 30}" fill="#f1f5f9"/>`,
      `<line x1="${LEFT}" x2="${WIDTH - 20}" y1="${y(0)}" y2="${y(0)}" stroke="#111"/>`,
      `<text x="${LEFT - 8}" y="${y(most) + 4}" text-anchor="end">${most.toPrecision(3)}</text><text x="${LEFT - 8}" y="${y(0) + 4}" text-anchor="end">0</text>`,
      ...lines.map(({ color, name, of }, at) => {
        const points = samples.map(
          (sample) => `${x(sample.atS).toFixed(1)},${y(of(sample)).toFixed(1)}`,
        );
        return `<polyline points="${points.join(" ")}" fill="none" stroke="${color}" stroke-width="1.5"/><text x="${WIDTH - 120 + at * 50}" y="${top + 18}" fill="${color}">${name}</text>`;
      }),
    ].join("\n");
  };
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${2 * HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<rect width="100%" height="100%" fill="#fff"/>`,
    chart(0, "From the write to the reader, ms", [
      { name: "p50", color: "#0f766e", of: ({ report }) => report.p50Ms },
      { name: "p99", color: "#b45309", of: ({ report }) => report.p99Ms },
    ]),
    chart(HEIGHT, "Memory of the server, MiB", [
      { name: "", color: "#6d28d9", of: ({ serverMiB }) => serverMiB },
    ]),
    "</svg>",
    "",
  ].join("\n");
}

interface Line {
  readonly name: string;
  readonly color: string;
  readonly of: (sample: Sample) => number;
}
