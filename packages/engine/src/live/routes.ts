import { type ElementId, unreachable } from "@geode/values";
import type { Footprint } from "../execute/statement.ts";
import type { Effect, GraphName } from "../graph/effect.ts";
import type { Store } from "../graph/store.ts";

/** Whatever has a footprint in one graph; null: in every graph, and in which there are. */
export interface Routed {
  readonly graphName: GraphName | null;
  readonly footprint: Footprint;
}

/**
 * Finds those whose result an effect may change. Asked before the effect is applied, because both the state before and the state after
 * decide: a node that loses a label leaves the results that wanted it. It may name too many, never too few.
 */
export class Routes<T extends Routed> {
  readonly #store: Store;
  readonly #graphs = new Map<GraphName, GraphRoutes<T>>();
  readonly #everywhere = new Set<T>();

  constructor(store: Store) {
    this.#store = store;
  }

  add(routed: T): void {
    if (routed.graphName === null) {
      this.#everywhere.add(routed);
      return;
    }
    let routes = this.#graphs.get(routed.graphName);
    if (routes === undefined) {
      routes = { all: new Set(), nodes: new LabelRoutes(), edges: new LabelRoutes() };
      this.#graphs.set(routed.graphName, routes);
    }
    routes.all.add(routed);
    routes.nodes.add(routed, routed.footprint.nodeLabels);
    routes.edges.add(routed, routed.footprint.edgeLabels);
  }

  remove(routed: T): void {
    if (routed.graphName === null) {
      this.#everywhere.delete(routed);
      return;
    }
    const routes = this.#graphs.get(routed.graphName);
    if (routes === undefined) return;
    routes.all.delete(routed);
    routes.nodes.remove(routed, routed.footprint.nodeLabels);
    routes.edges.remove(routed, routed.footprint.edgeLabels);
    if (routes.all.size === 0) this.#graphs.delete(routed.graphName);
  }

  /** Adds to `found` everything that the effect, about to be applied, may touch. */
  collect(effect: Effect, found: Set<T>): void {
    if (!("graph" in effect)) return;
    for (const routed of this.#everywhere) found.add(routed);
    const routes = this.#graphs.get(effect.graph);
    if (routes === undefined) return;
    switch (effect.kind) {
      case "insertNode":
        return routes.nodes.collect(effect.labels, found);
      case "deleteNode":
        return routes.nodes.collect(this.#nodeLabels(effect.graph, effect.id), found);
      case "updateNode": {
        const labels = this.#nodeLabels(effect.graph, effect.id);
        if (effect.labels === undefined)
          return routes.nodes.collectReaders(labels, effect.set, "nodeKeys", found);
        routes.nodes.collect(labels, found);
        return routes.nodes.collect(effect.labels, found);
      }
      case "spliceText": {
        const labels = this.#nodeLabels(effect.graph, effect.id);
        const set = new Map(effect.set).set(effect.property, effect.insert);
        return routes.nodes.collectReaders(labels, set, "nodeKeys", found);
      }
      case "insertEdge":
        return routes.edges.collect([effect.label], found);
      case "deleteEdge":
      case "updateEdge": {
        const labels = this.#edgeLabels(effect.graph, effect.id);
        if (effect.kind === "deleteEdge") return routes.edges.collect(labels, found);
        return routes.edges.collectReaders(labels, effect.set, "edgeKeys", found);
      }
      case "createIndex":
      case "dropIndex":
      case "createConstraint":
      case "dropConstraint":
        // They change how a result is found, never the result; but a procedure may tell which there are.
        return routes.nodes.collectReadersOfAll(found);
      case "createGraph":
      case "dropGraph":
        for (const routed of routes.all) found.add(routed);
        return;
      default:
        return unreachable(effect);
    }
  }

  /** Those before the effect; an element that does not exist has none. */
  #nodeLabels(name: GraphName, id: ElementId): readonly string[] {
    const nodes = this.#store.graphs.get(name)?.nodes;
    const slot = nodes?.slot(id) ?? -1;
    return nodes === undefined || slot < 0 ? [] : nodes.labelSet(slot).names;
  }

  #edgeLabels(name: GraphName, id: ElementId): readonly string[] {
    const graph = this.#store.graphs.get(name);
    const slot = graph?.edges.slot(id) ?? -1;
    return graph === undefined || slot < 0 ? [] : [graph.edgeLabels.name(graph.edges.label(slot))];
  }
}

interface GraphRoutes<T extends Routed> {
  readonly all: Set<T>;
  readonly nodes: LabelRoutes<T>;
  readonly edges: LabelRoutes<T>;
}

/** Those who read elements of a label, by label. */
class LabelRoutes<T extends Routed> {
  readonly #any = new Set<T>();
  readonly #byLabel = new Map<string, Set<T>>();

  add(routed: T, labels: ReadonlySet<string> | "any"): void {
    if (labels === "any") {
      this.#any.add(routed);
      return;
    }
    for (const label of labels) {
      const readers = this.#byLabel.get(label);
      if (readers === undefined) this.#byLabel.set(label, new Set([routed]));
      else readers.add(routed);
    }
  }

  remove(routed: T, labels: ReadonlySet<string> | "any"): void {
    if (labels === "any") {
      this.#any.delete(routed);
      return;
    }
    for (const label of labels) {
      const readers = this.#byLabel.get(label);
      readers?.delete(routed);
      if (readers?.size === 0) this.#byLabel.delete(label);
    }
  }

  /** Everybody who admits an element with these labels. */
  collect(labels: readonly string[], found: Set<T>): void {
    for (const routed of this.#any) found.add(routed);
    for (const label of labels) {
      for (const routed of this.#byLabel.get(label) ?? []) found.add(routed);
    }
  }

  /** Everybody who reads all that there is. */
  collectReadersOfAll(found: Set<T>): void {
    for (const routed of this.#any) {
      const { edgeLabels, nodeKeys, edgeKeys } = routed.footprint;
      if (edgeLabels === "any" && nodeKeys === "any" && edgeKeys === "any") found.add(routed);
    }
  }

  /** Of those, the ones that read one of the properties. */
  collectReaders(
    labels: readonly string[],
    changed: ReadonlyMap<string, unknown>,
    keys: "nodeKeys" | "edgeKeys",
    found: Set<T>,
  ): void {
    const collectFrom = (candidates: Iterable<T>): void => {
      for (const routed of candidates) {
        if (found.has(routed)) continue;
        const read = routed.footprint[keys];
        if (read === "any" || intersects(read, changed)) found.add(routed);
      }
    };
    collectFrom(this.#any);
    for (const label of labels) collectFrom(this.#byLabel.get(label) ?? []);
  }
}

function intersects(read: ReadonlySet<string>, changed: ReadonlyMap<string, unknown>): boolean {
  for (const key of changed.keys()) if (read.has(key)) return true;
  return false;
}
