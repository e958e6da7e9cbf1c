import type { Run } from "../query/runner.ts";
import type { ResultView } from "./view.ts";

/** A result in a few words; for a write, what it did. */
export function summaryOf(view: ResultView): string {
  const changes = view.stats === null ? "" : statsText(view.stats);
  if (view.columns.length === 0 && view.stats !== null)
    return changes === "" ? "Nothing changed" : changes;
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

/** What a screen reader says, once, when it happens. Updates of a live result are not said: nobody could listen to that. */
export function announcementOf(run: Run): string {
  switch (run.kind) {
    case "none":
      return "";
    case "running":
      return "Running";
    case "done":
      return summaryOf(run.view);
    case "live":
      return run.stale ? "The connection was lost; the rows may be out of date" : "Live";
    case "failed":
      return "The query failed";
  }
}
