import { Float, GraphEdge, GraphNode, GraphPath } from "@geode/client";
import type { AnyRow, PlainProperties, PlainValue } from "@geode/client";
import { valueText } from "../result/value-text.ts";

export interface DrawnNode {
  readonly id: string;
  readonly labels: readonly string[];
  readonly caption: string;
  readonly properties: PlainProperties;
  /** Known only as the end of an edge: it is not in the result itself. */
  readonly missing: boolean;
}

export interface DrawnEdge {
  readonly id: string;
  readonly label: string;
  readonly from: string;
  readonly to: string;
  readonly properties: PlainProperties;
}

/** The nodes and edges of a result, each once. */
export interface ResultGraph {
  readonly nodes: ReadonlyMap<string, DrawnNode>;
  readonly edges: ReadonlyMap<string, DrawnEdge>;
  /** All elements that the result has, drawn or not. */
  readonly total: number;
}

export const ELEMENTS_DRAWN_MAX = 2_000;

/**
 * The graph in a result: every node and edge in any column, in lists, records and paths too. Beyond `elementsMax` the first ones are
 * kept; an edge is kept only with both its ends, which are added as "missing" when the result does not have them.
 */
export function graphOf(rows: readonly AnyRow[], elementsMax = ELEMENTS_DRAWN_MAX): ResultGraph {
  const found = new Map<string, GraphNode>();
  const links = new Map<string, GraphEdge>();
  for (const row of rows) for (const value of Object.values(row)) collect(value, found, links);

  const nodes = new Map<string, DrawnNode>();
  for (const node of found.values()) {
    if (nodes.size >= elementsMax) break;
    nodes.set(node.id, {
      id: node.id,
      labels: node.labels,
      caption: captionOf(node),
      properties: node.properties,
      missing: false,
    });
  }
  const edges = new Map<string, DrawnEdge>();
  for (const { id, label, from, to, properties } of links.values()) {
    const ends = [from, to].filter((end) => !nodes.has(end));
    // A node that was left out for want of room is not "missing", and its edges are left out with it.
    if (
      ends.some((end) => found.has(end)) ||
      nodes.size + edges.size + new Set(ends).size >= elementsMax
    )
      continue;
    for (const end of ends)
      nodes.set(end, { id: end, labels: [], caption: `#${end}`, properties: {}, missing: true });
    edges.set(id, { id, label, from, to, properties });
  }
  return { nodes, edges, total: found.size + links.size };
}

const drawn = new WeakMap<readonly AnyRow[], ResultGraph>();

/** As {@link graphOf}, computed once for the same rows: the drawing and the details beside it both ask. */
export function drawnGraphOf(rows: readonly AnyRow[]): ResultGraph {
  let graph = drawn.get(rows);
  if (graph === undefined) {
    graph = graphOf(rows);
    drawn.set(rows, graph);
  }
  return graph;
}

function collect(
  value: PlainValue,
  nodes: Map<string, GraphNode>,
  edges: Map<string, GraphEdge>,
): void {
  if (
    value === null ||
    typeof value !== "object" ||
    value instanceof Uint8Array ||
    value instanceof Float
  )
    return;
  if (value instanceof GraphNode) nodes.set(value.id, value);
  else if (value instanceof GraphEdge) edges.set(value.id, value);
  else if (value instanceof GraphPath)
    for (const element of value.elements) collect(element, nodes, edges);
  else
    for (const part of Object.values(value as Readonly<Record<string, PlainValue>>))
      collect(part, nodes, edges);
}

/** Properties that name things, the most telling first. */
const NAME_LIKE: readonly string[] = [
  "name",
  "title",
  "caption",
  "label",
  "username",
  "email",
  "host",
  "code",
  "key",
  "id",
];
const CAPTION_LENGTH_MAX = 40;

/** What to call a node: a property that names it, else any text of it, else its label and id. */
export function captionOf(node: GraphNode): string {
  for (const name of NAME_LIKE) {
    const value = node.properties[name];
    if (value !== undefined && value !== null) return shorten(valueText(value));
  }
  const text = Object.values(node.properties).find((value) => typeof value === "string");
  return typeof text === "string" ? shorten(text) : `${node.labels[0] ?? ""}#${node.id}`;
}

function shorten(text: string): string {
  return text.length > CAPTION_LENGTH_MAX ? `${text.slice(0, CAPTION_LENGTH_MAX - 1)}…` : text;
}

/** What leads from one drawing to the next without starting over. */
export interface GraphDifference {
  readonly added: { readonly nodes: readonly DrawnNode[]; readonly edges: readonly DrawnEdge[] };
  readonly updated: { readonly nodes: readonly DrawnNode[]; readonly edges: readonly DrawnEdge[] };
  /** Ids; an edge is named also when one of its ends goes. */
  readonly removed: readonly string[];
}

export function graphDifference(before: ResultGraph, now: ResultGraph): GraphDifference {
  const gone = (old: ReadonlyMap<string, unknown>, kept: ReadonlyMap<string, unknown>): string[] =>
    [...old.keys()].filter((id) => !kept.has(id));
  return {
    added: { nodes: absent(now.nodes, before.nodes), edges: absent(now.edges, before.edges) },
    updated: {
      nodes: different(now.nodes, before.nodes),
      edges: different(now.edges, before.edges),
    },
    removed: [...gone(before.edges, now.edges), ...gone(before.nodes, now.nodes)],
  };
}

function absent<T>(now: ReadonlyMap<string, T>, before: ReadonlyMap<string, T>): readonly T[] {
  return [...now].filter(([id]) => !before.has(id)).map(([, element]) => element);
}

function different<T extends { readonly properties: PlainProperties }>(
  now: ReadonlyMap<string, T>,
  before: ReadonlyMap<string, T>,
): readonly T[] {
  return [...now]
    .filter(([id, element]) => {
      const known = before.get(id);
      // Properties are compared by identity: the client keeps the objects of rows that did not change.
      return known !== undefined && known.properties !== element.properties;
    })
    .map(([, element]) => element);
}
