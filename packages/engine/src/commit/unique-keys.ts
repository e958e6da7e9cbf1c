import { equivalenceKey, unreachable, type Value } from "@geode/values";
import type { Effect, ElementKind } from "../graph/effect.ts";
import type { Graph } from "../graph/graph.ts";
import type { Store } from "../graph/store.ts";

/**
 * What the element of an effect has, once that is applied, where only one element may have it; each as a text that stands for graph,
 * constraint and value, equivalent values alike. To be asked right before the effect is applied, or any time after. Values that the
 * effect does not touch are left out.
 */
export function* uniqueKeysOf(store: Store, effect: Effect): Generator<string> {
  if (!("id" in effect) || effect.kind === "deleteNode" || effect.kind === "deleteEdge") return;
  const graph = store.graphs.get(effect.graph);
  if (graph === undefined || graph.constraints.size === 0) return;
  switch (effect.kind) {
    case "insertNode":
    case "insertEdge": {
      const isNode = effect.kind === "insertNode";
      const labels = isNode ? effect.labels : [effect.label];
      const valueOf = (key: string): Value => effect.properties.get(key) ?? null;
      return yield* keysOf(graph, isNode ? "node" : "edge", labels, valueOf, () => true);
    }
    case "updateNode": {
      const { labels, set } = effect;
      const slot = graph.nodes.slot(effect.id);
      if (slot < 0) return;
      const valueOf = (key: string): Value =>
        set.has(key) ? set.get(key)! : graph.nodeProperty(slot, key);
      const isTouched = (keys: readonly string[]): boolean =>
        labels !== undefined || keys.some((key) => set.has(key));
      return yield* keysOf(
        graph,
        "node",
        labels ?? graph.nodes.labelSet(slot).names,
        valueOf,
        isTouched,
      );
    }
    case "spliceText":
      return yield* uniqueKeysOf(store, graph.splicedUpdate(effect));
    case "updateEdge": {
      const { set } = effect;
      const slot = graph.edges.slot(effect.id);
      if (slot < 0) return;
      const valueOf = (key: string): Value =>
        set.has(key) ? set.get(key)! : graph.edgeProperty(slot, key);
      const labels = [graph.edgeLabels.name(graph.edges.label(slot))];
      const isTouched = (keys: readonly string[]): boolean => keys.some((key) => set.has(key));
      return yield* keysOf(graph, "edge", labels, valueOf, isTouched);
    }
    default:
      return unreachable(effect);
  }
}

function* keysOf(
  graph: Graph,
  element: ElementKind,
  labels: readonly string[],
  valueOf: (key: string) => Value,
  isTouched: (keys: readonly string[]) => boolean,
): Generator<string> {
  for (const label of labels) {
    for (const { index, name } of graph.constraints.of(element, graph.labelId(element, label))) {
      if (index === null || !isTouched(index.keys.map((key) => graph.keys.name(key)))) continue;
      const value = index.valueOf((key) => valueOf(graph.keys.name(key)));
      if (value === null) continue;
      const key = equivalenceKey(value);
      yield JSON.stringify([graph.name, name, typeof key, String(key)]);
    }
  }
}
