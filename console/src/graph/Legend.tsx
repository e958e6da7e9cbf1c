import type { ReactElement } from "react";
import { useStore } from "../store.ts";
import { theme } from "../theme/theme.ts";
import { labelColour } from "./palette.ts";
import type { ResultGraph } from "./result-graph.ts";

/** Which colour is which label, and how many nodes have it; then the labels of the edges. */
export function Legend({ graph }: { readonly graph: ResultGraph }): ReactElement {
  const current = useStore(theme);
  const nodes = counted(
    [...graph.nodes.values()].map(({ labels, missing }) => (missing ? "" : (labels[0] ?? ""))),
  );
  const edges = counted([...graph.edges.values()].map(({ label }) => label));
  return (
    <ul className="legend" aria-label="Labels">
      {nodes.map(([label, count]) => (
        <li key={`node ${label}`}>
          <span className="dot" style={{ background: labelColour(label, current) }} />
          {label === "" ? "no label known" : label}{" "}
          <span className="count">{count.toLocaleString("en")}</span>
        </li>
      ))}
      {edges.map(([label, count]) => (
        <li key={`edge ${label}`}>
          <span className="arrow">→</span>
          {label} <span className="count">{count.toLocaleString("en")}</span>
        </li>
      ))}
    </ul>
  );
}

function counted(names: readonly string[]): readonly (readonly [name: string, count: number])[] {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts];
}
