import type { ElementKind } from "../graph/effect.ts";
import type { Graph } from "../graph/graph.ts";
import type { HashIndex } from "../graph/indexes.ts";

/** Which index a step looks into, by names: a plan holds no part of a graph. */
export interface IndexUse {
  readonly element: ElementKind;
  readonly label: string;
  readonly properties: readonly string[];
}

export function indexUse(graph: Graph, { element, keys, label }: HashIndex): IndexUse {
  return {
    element,
    label: graph.labelName(element, label),
    properties: keys.map((key) => graph.keys.name(key)),
  };
}

/** Plans are made anew when indexes come and go. */
export function indexOf(graph: Graph, { element, label, properties }: IndexUse): HashIndex {
  const index = graph.indexes.on({
    element,
    label: graph.labelId(element, label),
    keys: properties.map((property) => graph.keys.id(property)),
  });
  if (index === undefined) throw new Error(`a plan looks into an index on ${label} that is gone`);
  return index;
}

/** How many elements a look for one value is expected to find. */
export function rowsPerValue(index: HashIndex): number {
  return index.isUnique ? 1 : index.count / Math.max(1, index.distinct);
}
