import { Edge, type ElementId, GeodeError, Node, Path, type Value } from "@geode/values";
import type { Store } from "../../src/graph/store.ts";

/** Ids of elements that a statement inserts, in the model; no other element has one so large. */
const FIRST_NEW_ID = 2 ** 40;

/** A property graph as two maps of values, with nothing derived from them. */
export class Model {
  readonly nodes = new Map<ElementId, Node>();
  readonly edges = new Map<ElementId, Edge>();
  readonly #doomed = new Set<ElementId>();
  #nextId = FIRST_NEW_ID;

  static of(store: Store): Model {
    const model = new Model();
    for (const effects of store.effects()) {
      for (const effect of effects) {
        if (effect.kind === "insertNode")
          model.nodes.set(effect.id, new Node(effect.id, effect.labels, effect.properties));
        if (effect.kind === "insertEdge") {
          const { id, label, from, to, properties } = effect;
          model.edges.set(id, new Edge(id, label, from, to, properties));
        }
      }
    }
    return model;
  }

  copy(): Model {
    const copy = new Model();
    for (const [id, node] of this.nodes) copy.nodes.set(id, node);
    for (const [id, edge] of this.edges) copy.edges.set(id, edge);
    return copy;
  }

  /** The value with its elements as they are now. What is gone is NULL, and so is a path that went over it. */
  now(value: Value): Value {
    if (value instanceof Node) return this.nodes.get(value.id) ?? null;
    if (value instanceof Edge) return this.edges.get(value.id) ?? null;
    if (value instanceof Path) {
      const elements = value.elements.map((element) => this.now(element));
      return elements.includes(null) ? null : new Path(elements as (Node | Edge)[]);
    }
    if (Array.isArray(value)) return value.map((item: Value) => this.now(item));
    if (value instanceof Map)
      return new Map([...value].map(([key, item]) => [key, this.now(item as Value)]));
    return value;
  }

  insertNode(labels: readonly string[], properties: ReadonlyMap<string, Value>): Node {
    const node = new Node(this.#nextId++, [...new Set(labels)].sort(), withoutNulls(properties));
    this.nodes.set(node.id, node);
    return node;
  }

  insertEdge(
    label: string,
    from: ElementId,
    to: ElementId,
    properties: ReadonlyMap<string, Value>,
  ): Edge {
    const edge = new Edge(this.#nextId++, label, from, to, withoutNulls(properties));
    this.edges.set(edge.id, edge);
    return edge;
  }

  setProperty(element: Node | Edge, key: string, value: Value): void {
    const now = this.now(element);
    if (now instanceof Node)
      this.nodes.set(now.id, new Node(now.id, now.labels, assigned(now.properties, key, value)));
    if (now instanceof Edge) {
      const { id, label, from, to } = now;
      this.edges.set(id, new Edge(id, label, from, to, assigned(now.properties, key, value)));
    }
  }

  setLabels(node: Node, change: (labels: readonly string[]) => readonly string[]): void {
    const now = this.nodes.get(node.id);
    if (!now) return;
    const labels = [...new Set(change(now.labels))].sort();
    this.nodes.set(now.id, new Node(now.id, labels, now.properties));
  }

  delete(elements: readonly (Node | Edge)[], detach: boolean): void {
    for (const element of elements) if (element instanceof Edge) this.edges.delete(element.id);
    for (const element of elements) {
      if (!(element instanceof Node)) continue;
      this.#doomed.add(element.id);
      if (detach) for (const edge of this.edgesAt(element.id)) this.edges.delete(edge.id);
    }
    for (const id of this.#doomed) if (this.edgesAt(id).length === 0) this.nodes.delete(id);
  }

  edgesAt(id: ElementId): Edge[] {
    return [...this.edges.values()].filter((edge) => edge.from === id || edge.to === id);
  }

  /** The end of a statement. */
  finish(): void {
    for (const id of this.#doomed) {
      if (this.edgesAt(id).length > 0) throw new GeodeError("G1001", "A node still has edges.");
      this.nodes.delete(id);
    }
    this.#doomed.clear();
  }
}

function withoutNulls(properties: ReadonlyMap<string, Value>): Map<string, Value> {
  return new Map([...properties].filter(([, value]) => value !== null));
}

function assigned(
  properties: ReadonlyMap<string, Value>,
  key: string,
  value: Value,
): Map<string, Value> {
  return withoutNulls(new Map([...properties, [key, value]]));
}
