import type { Value } from "@geode/values";
import type { NodeRead, PatternReads } from "../execute/statement.ts";

/** A node as it is before or after an effect. */
export interface NodeState {
  readonly labels: readonly string[];
  /** NULL when it has none. */
  readonly property: (key: string) => Value;
}

/** An edge that comes, goes or changes, with its ends; null for an end of which nothing is known. */
export interface EdgeState {
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

/** Whether a pattern may find the node in one of these states. */
export function mayFindNode(claims: PatternClaims, states: readonly NodeState[]): boolean {
  return claims.patterns.nodes.some((read) =>
    states.some((state) => mayBe(read, state, claims.parameters)),
  );
}

/** Whether a pattern may find the edge. */
export function mayFindEdge({ patterns, parameters }: PatternClaims, edge: EdgeState): boolean {
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
