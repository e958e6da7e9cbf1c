import type { Geode } from "@geode/client";
import { Store } from "../store.ts";
import { graphs, loadGraphs } from "./graphs.ts";

export interface Named {
  readonly name: string;
  readonly count: number;
}

/** What is in the graph: its labels and how often each occurs, the most frequent first. */
export interface Schema {
  readonly state: "unknown" | "loading" | "known" | "failed";
  readonly labels: readonly Named[];
  readonly edgeLabels: readonly Named[];
  readonly error: string | null;
}

export const schema = new Store<Schema>({
  state: "unknown",
  labels: [],
  edgeLabels: [],
  error: null,
});

interface LabelsRow {
  readonly labels: readonly string[];
  readonly number: number;
}

interface EdgesRow {
  readonly label: string;
  readonly number: number;
}

/** Counts anew. It reads the whole graph, so it happens when asked for and after own writes, never with every commit. */
export async function loadSchema(geode: Geode): Promise<void> {
  schema.set({ ...schema.get(), state: "loading", error: null });
  try {
    await loadGraphs(geode);
    const graph = graphs.get().inUse;
    const count = <Row>(text: string) => geode.query<Row>(text, {}, { graph });
    const [nodes, edges] = await Promise.all([
      count<LabelsRow>("MATCH (n) RETURN labels(n) AS labels, count(*) AS number"),
      count<EdgesRow>("MATCH ()-[e]->() RETURN type(e) AS label, count(*) AS number"),
    ]);
    // Another graph was chosen meanwhile, and is being counted.
    if (graph !== graphs.get().inUse) return;
    schema.set({
      state: "known",
      labels: countLabels(nodes.data),
      edgeLabels: countEdges(edges.data),
      error: null,
    });
  } catch (error) {
    schema.set({
      ...schema.get(),
      state: "failed",
      error: error instanceof Error ? error.message : String(error),
    });
  }
}

/** A node with several labels counts for each. */
export function countLabels(rows: readonly LabelsRow[]): readonly Named[] {
  const counts = new Map<string, number>();
  for (const { labels, number } of rows)
    for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + number);
  return sorted([...counts].map(([name, count]) => ({ name, count })));
}

function countEdges(rows: readonly EdgesRow[]): readonly Named[] {
  return sorted(rows.map(({ label, number }) => ({ name: label, count: number })));
}

function sorted(names: readonly Named[]): readonly Named[] {
  return names.toSorted((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1));
}

/** A name as GQL accepts it anywhere: in backticks unless it is a plain word. */
export function quoted(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? name : `\`${name.replaceAll("`", "``")}\``;
}
