import type { ResultView } from "./view.ts";

/** A result in a few words; for a write, what it did. */
export function summaryOf(view: ResultView): string {
  const changes = view.stats === null ? "" : statsText(view.stats);
  if (view.columns.length === 0) return changes === "" ? "Nothing changed" : changes;
  const rows = view.rows.length === 1 ? "1 row" : `${view.rows.length.toLocaleString("en")} rows`;
  return changes === "" ? rows : `${rows} · ${changes}`;
}

/** `nodesInserted: 2` as "2 nodes inserted"; zeros are left out. */
export function statsText(stats: Readonly<Record<string, number>>): string {
  return Object.entries(stats)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => {
      const words = name
        .replaceAll("_", " ")
        .replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
        .split(" ");
      const [things = "", ...done] = words;
      return [count.toLocaleString("en"), count === 1 ? singular(things) : things, ...done].join(
        " ",
      );
    })
    .join(", ");
}

function singular(things: string): string {
  if (things === "properties") return "property";
  if (things === "indexes") return "index";
  return things.replace(/s$/, "");
}
