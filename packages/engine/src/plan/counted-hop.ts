import type { LabelExpression, Variable } from "./expression.ts";
import type { EdgeAtom, MatchOperator } from "./operators.ts";
import type { Step } from "./order-match.ts";

/**
 * The last edge of a pattern of which only the number of bindings counts: how many there are is the degree of the node that it starts
 * from, so nobody has to go over it.
 */
export interface CountedHop {
  readonly edge: EdgeAtom;
  readonly from: Variable;
  /** Against the edge's direction, from its `to`. */
  readonly reverse: boolean;
  /** What the node at the other end has to be. */
  readonly labels: LabelExpression | null;
  /** Edges bound before that must not be counted, should they be at the node. */
  readonly different: readonly EdgeAtom[];
  /** What binds `from`, and what only the other edges need. */
  readonly before: readonly Step[];
  readonly between: readonly Step[];
  /** What the count stands for. */
  readonly counted: readonly Step[];
}

/**
 * The pattern with its busiest nodes first, so that of several as good places to start from, one is taken that has edges on both sides:
 * their numbers then multiply.
 */
export function busiestFirst(match: MatchOperator): MatchOperator {
  const edgesAt = (node: Variable): number =>
    match.edges.filter((edge) => edge.from === node || edge.to === node).length;
  const nodes = match.nodes.toSorted((a, b) => edgesAt(b.variable) - edgesAt(a.variable));
  return { ...match, nodes };
}

/** Null when the last edge has to be gone over: somebody looks at it or at the node that it leads to. */
export function countedHop(
  match: MatchOperator,
  steps: readonly Step[],
  known: ReadonlySet<Variable>,
  unlooked: ReadonlySet<Variable>,
): CountedHop | null {
  const at = steps.findLastIndex((step) => step.kind === "expand");
  const hop = steps[at];
  if (hop?.kind !== "expand" || hop.edge.direction === "any") return null;
  const { edge, from, to, reverse } = hop;
  if (!unlooked.has(edge.variable) || !unlooked.has(to) || !hasOneLabel(edge)) return null;
  let labels: LabelExpression | null = null;
  const different: EdgeAtom[] = [];
  for (const step of steps.slice(at + 1)) {
    if (step.kind === "labels" && step.node === to) {
      ({ labels } = step);
    } else if (step.kind === "different" && step.right === edge.variable) {
      const other = match.edges.find(({ variable }) => variable === step.left);
      if (!other || !hasOneLabel(other)) return null;
      different.push(other);
    } else {
      return null;
    }
  }
  // Whatever else binds the node it starts from: all of it comes first then.
  const start = known.has(from) ? -1 : steps.findIndex((step) => leadsTo(step, from));
  const split = start === -1 && !known.has(from) ? at : start + 1;
  const [before, between] = [steps.slice(0, split), steps.slice(split, at)];
  return { edge, from, reverse, labels, different, before, between, counted: steps.slice(at) };
}

function hasOneLabel(edge: EdgeAtom): boolean {
  return edge.labels?.kind === "label";
}

function leadsTo(step: Step, node: Variable): boolean {
  if (step.kind === "scan" || step.kind === "lookup") return step.node === node;
  if (step.kind === "seek") return step.target === node;
  return step.kind === "expand" && step.to === node;
}
