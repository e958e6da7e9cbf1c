import type { Geode } from "@geode/client";
import { Store } from "../store.ts";

/** The graphs that there are for whoever uses the console, and the one that questions are asked of. */
export interface Graphs {
  readonly names: readonly string[];
  readonly inUse: string;
}

const DEFAULT_GRAPH = "default";

export const graphs = new Store<Graphs>({ names: [DEFAULT_GRAPH], inUse: DEFAULT_GRAPH });

/** Asks which there are. Under a policy only an admin is told, and everybody else goes on with the default graph. */
export async function loadGraphs(geode: Geode): Promise<void> {
  const names = await geode.query<{ readonly name: string }>("SHOW GRAPHS").then(
    ({ data }) => data.map(({ name }) => name),
    () => [DEFAULT_GRAPH],
  );
  graphs.set(withNames(graphs.get(), names));
}

/** A graph that is gone is in use no more. */
export function withNames({ inUse }: Graphs, names: readonly string[]): Graphs {
  return { names, inUse: names.includes(inUse) ? inUse : DEFAULT_GRAPH };
}

export function useGraph(inUse: string): void {
  graphs.set({ ...graphs.get(), inUse });
}
