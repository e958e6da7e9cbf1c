import type { Variable } from "../../plan/expression.ts";
import type { EdgeAtom } from "../../plan/operators.ts";
import type { Generator } from "./generator.ts";

/**
 * The edges between two known nodes. The one that was bound first stays the same while the other changes: a filter of its neighbours
 * leaves out most of those that no edge joins with it. `expand` goes over the edges at a node, against their direction if `reverse`.
 */
export function expandIntoCode(
  g: Generator,
  edge: EdgeAtom,
  expand: (from: Variable, reverse: boolean) => void,
): void {
  if (edge.from === edge.to || g.isWriting) {
    expand(edge.from, false);
    return;
  }
  const anchor = [...g.bound].find((variable) => variable === edge.from || variable === edge.to);
  const isStart = anchor === edge.from;
  const [fixed, other] = isStart ? [edge.from, edge.to] : [edge.to, edge.from];
  const labels = g.code.constant(edge.labels);
  const way = edge.direction === "any" ? "both" : isStart ? "out" : "in";
  const filter = g.lookup("near", `rt.neighbourFilter(${labels},"${way}")`);
  g.code.block(`if(${filter}.mayJoin(${g.local(fixed)},${g.local(other)}))`, () =>
    expand(other, isStart),
  );
}
