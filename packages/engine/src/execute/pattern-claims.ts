import { type ElementId, unreachable, type Value } from "@geode/values";
import type { Effect } from "../graph/effect.ts";
import type { Graph } from "../graph/graph.ts";
import type { NodeRead, PatternReads } from "./statement.ts";

/** A node as it is before or after an effect. */
interface NodeState {
  readonly labels: readonly string[];
  /** NULL when it has none. */
  readonly property: (key: string) => Value;
}

/** An edge that comes, goes or changes, with its ends; null for an end of which nothing is known. */
interface EdgeState {
  readonly label: string;
  readonly from: NodeState | null;
  readonly to: NodeState | null;
}

/** What the patterns of a statement can find, run with these parameters. */
export interface PatternClaims {
  readonly patterns: PatternReads;
  readonly parameters: ReadonlyMap<string, Value>;
}

/** Null when the statement reads by other ways than by patterns, or pins nothing, so that names say as much. */
export function patternClaimsOf(
  patterns: PatternReads | null | undefined,
  parameters: ReadonlyMap<string, Value>,
): PatternClaims | null {
  if (patterns === null || patterns === undefined) return null;
  const pinned = patterns.nodes.some(({ pins }) => pins.length > 0);
  return pinned ? { patterns, parameters } : null;
}

/** Tells of what many have read whether an effect may be found by it. `isUncertain` tells of nodes that may look different to that reader. */
export type Finder = (claims: PatternClaims, isUncertain?: (node: ElementId) => boolean) => boolean;

/** Of the element that the effect, about to be applied in that graph, is about: as it is, and as it will be. */
export function finderOf(effect: Effect, graph: Graph): Finder {
  switch (effect.kind) {
    case "insertNode": {
      const { labels, properties } = effect;
      const after: NodeState = { labels, property: (key) => properties.get(key) ?? null };
      return (claims) => mayFindNode(claims, after);
    }
    case "deleteNode": {
      const before = stateOf(graph, effect.id);
      return (claims) => mayFindNode(claims, before);
    }
    case "updateNode": {
      const before = stateOf(graph, effect.id);
      if (before === null) return always;
      const { labels = before.labels, set } = effect;
      const after: NodeState = {
        labels,
        property: (key) => set.get(key) ?? (set.has(key) ? null : before.property(key)),
      };
      return (claims) => mayFindNode(claims, before) || mayFindNode(claims, after);
    }
    case "insertEdge": {
      const { from, label, to } = effect;
      return edgeFinder(graph, label, from, to);
    }
    case "deleteEdge":
    case "updateEdge": {
      const { edgeLabels, edges, nodes } = graph;
      const slot = edges.slot(effect.id);
      if (slot < 0) return always;
      const label = edgeLabels.name(edges.label(slot));
      return edgeFinder(graph, label, nodes.id(edges.from(slot)), nodes.id(edges.to(slot)));
    }
    case "beginEpoch":
    case "lease":
    case "setPolicy":
    case "createIndex":
    case "dropIndex":
    case "createConstraint":
    case "dropConstraint":
    case "createGraph":
    case "dropGraph":
    case "appendEdit":
    case "compactDocument":
    case "spliceText":
      return always;
    default:
      return unreachable(effect);
  }
}

function edgeFinder(graph: Graph, label: string, from: ElementId, to: ElementId): Finder {
  const start = stateOf(graph, from);
  const end = stateOf(graph, to);
  return (claims, isUncertain) =>
    mayFindEdge(claims, {
      label,
      from: isUncertain?.(from) === true ? null : start,
      to: isUncertain?.(to) === true ? null : end,
    });
}

const always: Finder = () => true;

/** A node as it is now; null when there is none. */
function stateOf({ keys, nodes }: Graph, id: ElementId): NodeState | null {
  const slot = nodes.slot(id);
  if (slot < 0) return null;
  return {
    labels: nodes.labelSet(slot).names,
    property: (key) => nodes.columns.value(slot, keys.id(key)),
  };
}

/** Whether a pattern may find the node. */
function mayFindNode({ parameters, patterns }: PatternClaims, state: NodeState | null): boolean {
  return patterns.nodes.some((read) => mayBe(read, state, parameters));
}

/** Whether a pattern may find the edge. */
function mayFindEdge({ patterns, parameters }: PatternClaims, edge: EdgeState): boolean {
  const joins = (first: NodeRead, second: NodeRead): boolean =>
    mayBe(first, edge.from, parameters) && mayBe(second, edge.to, parameters);
  return patterns.edges.some(
    ({ labels, from, to, eitherWay }) =>
      (labels === "any" || labels.includes(edge.label)) &&
      (joins(from, to) || (eitherWay && joins(to, from))),
  );
}

function mayBe(
  { labels, pins }: NodeRead,
  state: NodeState | null,
  parameters: ReadonlyMap<string, Value>,
): boolean {
  if (state === null) return true;
  if (labels !== "any" && !labels.some((label) => state.labels.includes(label))) return false;
  return pins.every(({ key, value }) =>
    mayEqual(
      state.property(key),
      value.kind === "constant" ? value.value : parameters.get(value.name),
    ),
  );
}

/** False only for two values of the same simple type that differ, and for what a node does not have: NULL equals nothing. */
function mayEqual(have: Value, wanted: Value | undefined): boolean {
  if (have === null) return false;
  switch (typeof wanted) {
    case "string":
    case "number":
    case "boolean":
      return typeof have !== typeof wanted || have === wanted;
    default:
      return true;
  }
}
