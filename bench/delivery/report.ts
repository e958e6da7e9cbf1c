import type { ContestantName } from "./contestant.ts";
import type { Outcome } from "./ledger.ts";
import type { Race } from "./schedule.ts";

export interface Standing {
  readonly name: ContestantName;
  readonly outcome: Outcome;
  /** Messages shown in each second, each to each. */
  readonly shownPerSecond: readonly number[];
}

/** Of what was due, how much was delivered, in percent. Only what is whole is 100. */
export function percentOf({ delivered, due }: Outcome): number {
  return due === 0 ? 100 : (delivered * 100) / due;
}

function percentText(outcome: Outcome): string {
  const percent = percentOf(outcome);
  return (percent < 100 ? Math.min(percent, 99.99) : percent).toFixed(2);
}

/** For people. */
export function table(standings: readonly Standing[]): string {
  const rows = [
    ["", "said", "forgotten", "due", "delivered", "%", "twice", "out of order", "errors"],
    ...standings.map(({ name, outcome }) => [
      name,
      ...[outcome.said, outcome.forgotten, outcome.due, outcome.delivered].map(String),
      percentText(outcome),
      ...[outcome.duplicates, outcome.outOfOrder, outcome.errors.length].map(String),
    ]),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!),
        )
        .join("  "),
    )
    .join("\n");
}

const WIDTH = 620;
const LEFT = 230;
const BAR = 26;
const COLORS = ["#36c", "#c63", "#999", "#393"];

/** What each delivered, and when, as SVG. */
export function plot(standings: readonly Standing[], { chatters, seconds }: Race): string {
  const bars = standings.map(({ name, outcome }, place) => {
    const top = 40 + place * (BAR + 8);
    const width = (WIDTH * percentOf(outcome)) / 100;
    return (
      `<text x="${LEFT - 8}" y="${top + 17}" text-anchor="end">${name}</text>` +
      `<rect x="${LEFT}" y="${top}" width="${width.toFixed(1)}" height="${BAR}" fill="${COLORS[place]}"/>` +
      `<text x="${LEFT + 8}" y="${top + 17}" fill="white">${percentText(outcome)} %, ` +
      `${outcome.duplicates} twice, ${outcome.outOfOrder} out of order</text>`
    );
  });
  const chartTop = 70 + standings.length * (BAR + 8);
  const chartHeight = 180;
  const highest = Math.max(1, ...standings.flatMap(({ shownPerSecond }) => shownPerSecond));
  const length = Math.max(...standings.map(({ shownPerSecond }) => shownPerSecond.length));
  const lines = standings.map(({ shownPerSecond }, place) => {
    const points = shownPerSecond.map(
      (shown, second) =>
        `${(LEFT + (second / length) * WIDTH).toFixed(1)},${(chartTop + chartHeight * (1 - shown / highest)).toFixed(1)}`,
    );
    return `<polyline points="${points.join(" ")}" fill="none" stroke="${COLORS[place]}" stroke-width="1.5"/>`;
  });
  const height = chartTop + chartHeight + 20;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${LEFT + WIDTH + 20}" height="${height}" ` +
    `font-family="sans-serif" font-size="13"><rect width="100%" height="100%" fill="white"/>` +
    `<text x="20" y="24">${chatters} chatters, ${seconds} s: drops of 2 s, reloads, and the server killed every 10 s</text>` +
    `${bars.join("")}<text x="${LEFT}" y="${chartTop - 8}">messages shown a second</text>` +
    `<text x="${LEFT - 8}" y="${chartTop + 12}" text-anchor="end">${highest}</text>` +
    `<text x="${LEFT - 8}" y="${chartTop + chartHeight}" text-anchor="end">0</text>` +
    `<rect x="${LEFT}" y="${chartTop}" width="${WIDTH}" height="${chartHeight}" fill="none" stroke="#ccc"/>` +
    `${lines.join("")}</svg>\n`
  );
}
