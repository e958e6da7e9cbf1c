import type { Graph } from "../graph/graph.ts";
import type { LabelExpression, Variable } from "./expression.ts";
import type { EdgeAtom, MatchOperator, NodeAtom } from "./operators.ts";
import { variablesOf } from "./uses.ts";

/**
 * A part of a pattern that hangs at one node by one edge, and of which only the number of bindings counts: that is the sum, over these
 * edges, of the products of what hangs at their other ends. So nobody has to go over the bindings, which may be more than there are edges.
 */
export interface Branch {
  readonly edge: EdgeAtom;
  /** Where it hangs. */
  readonly from: Variable;
  /** Against the edge's direction, from its `to`. */
  readonly reverse: boolean;
  readonly to: Variable;
  /** What the node at the other end has to be. */
  readonly labels: LabelExpression | null;
  /** What hangs at that node in turn. */
  readonly branches: readonly Branch[];
}

/** A line of a plan that is shown: it makes no rows of one, but each row counts as often as the branch has bindings. */
export interface CountStep {
  readonly kind: "count";
  readonly branch: Branch;
}

/** A pattern, and what was cut off it. */
export interface CutPattern {
  readonly core: MatchOperator;
  readonly counts: readonly CountStep[];
}

/** Looking for what hangs takes the cube of the number of edges: longer patterns are gone over. */
const CUT_EDGES_MAX = 64;

/** Cuts off a pattern what is only counted; at least one node stays. */
export function cutBranches(
  match: MatchOperator,
  known: ReadonlySet<Variable>,
  unlooked: ReadonlySet<Variable>,
  graph: Graph,
): CutPattern {
  if (match.repeats.length > 0 || match.searches.length > 0 || match.edges.length > CUT_EDGES_MAX)
    return { core: match, counts: [] };
  const held = new Set(match.predicates.flatMap((predicate) => [...variablesOf(predicate)]));
  const mayGo = (variable: Variable): boolean =>
    !known.has(variable) && unlooked.has(variable) && !held.has(variable);
  const isAlone = (edge: EdgeAtom): boolean =>
    !match.differentEdges ||
    match.edges.every((other) => other === edge || mustDiffer(edge, other, graph));
  let { edges, nodes } = match;
  const hanging = new Map<Variable, Branch[]>();
  for (;;) {
    const cut = leafOf(edges, mayGo, isAlone, (node) => hanging.get(node)?.length ?? 0);
    if (cut === null) break;
    const { edge, from, to } = cut;
    const branch: Branch = {
      edge,
      from,
      reverse: edge.to === from,
      to,
      labels: labelsOf(nodes, to),
      branches: hanging.get(to) ?? [],
    };
    hanging.delete(to);
    hanging.set(from, [...(hanging.get(from) ?? []), branch]);
    edges = edges.filter((other) => other !== edge);
    nodes = nodes.filter(({ variable }) => variable !== to);
  }
  const left = new Set<Variable>([...nodes, ...edges].map(({ variable }) => variable));
  const introduces = match.introduces.filter((variable) => left.has(variable));
  const counts = [...hanging.values()].flat().map((branch) => ({ kind: "count", branch }) as const);
  return { core: { ...match, nodes, edges, introduces }, counts };
}

/** An edge at whose one end nothing else is, from the end that stays: of the last two nodes the one at which more hangs. */
function leafOf(
  edges: readonly EdgeAtom[],
  mayGo: (variable: Variable) => boolean,
  isAlone: (edge: EdgeAtom) => boolean,
  hangsAt: (node: Variable) => number,
): { edge: EdgeAtom; from: Variable; to: Variable } | null {
  for (const edge of edges) {
    if (edge.from === edge.to || !mayGo(edge.variable) || !isAlone(edge)) continue;
    // One edge variable that stands twice is one edge with more ends.
    if (edges.some((other) => other !== edge && other.variable === edge.variable)) continue;
    const ends = [
      [edge.from, edge.to],
      [edge.to, edge.from],
    ] as const;
    for (const [from, to] of ends.toSorted(([a], [b]) => hangsAt(b) - hangsAt(a))) {
      const isLeaf = edges.every(
        (other) => other === edge || (other.from !== to && other.to !== to),
      );
      if (isLeaf && mayGo(to)) return { edge, from, to };
    }
  }
  return null;
}

/**
 * Whether no edge can be both: they have other labels; or where one ends the other begins, and no edge of theirs ends where it begins.
 */
function mustDiffer(left: EdgeAtom, right: EdgeAtom, graph: Graph): boolean {
  if (left.labels?.kind !== "label" || right.labels?.kind !== "label") return false;
  if (left.labels.name !== right.labels.name) return true;
  if (left.direction === "any" || right.direction === "any") return false;
  if (left.to !== right.from && left.from !== right.to) return false;
  return graph.edges.loopsOf(graph.edgeLabels.id(left.labels.name)) === 0;
}

/** All that is asked of a node. */
function labelsOf(nodes: readonly NodeAtom[], node: Variable): LabelExpression | null {
  const operands = nodes.flatMap(({ variable, labels }) =>
    variable === node && labels ? [labels] : [],
  );
  return operands.length > 1 ? { kind: "and", operands } : (operands[0] ?? null);
}
