import type { ReactElement } from "react";
import { useStore } from "../store.ts";
import { theme } from "../theme/theme.ts";
import { labelColour } from "./palette.ts";
import type { ResultGraph } from "./result-graph.ts";

/** Which colour is which label, and how many nodes have it. */
export function Legend({ graph }: { readonly graph: ResultGraph }): ReactElement {
  const current = useStore(theme);
  const counts = new Map<string, number>();
  for (const { labels, missing } of graph.nodes.values()) {
    const label = missing ? "not in the result" : (labels[0] ?? "no label");
    counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  return (
    <ul className="legend" aria-label="Labels">
      {[...counts].map(([label, count]) => (
        <li key={label}>
          <span className="dot" style={{ background: labelColour(label === "no label" || label === "not in the result" ? "" : label, current) }} />
          {label} <span className="count">{count.toLocaleString("en")}</span>
        </li>
      ))}
    </ul>
  );
}
