import type { CountStep, CutPattern } from "../../plan/branches.ts";
import type { MatchOperator } from "../../plan/operators.ts";
import type { Generator } from "./generator.ts";

/** Runs `inner` with the text of a number above 0: how many bindings the branches have, which hang at nodes that are known here. */
export function branchesCode(
  g: Generator,
  counts: readonly CountStep[],
  isAskedAgain: boolean,
  inner: (times: string) => void,
): void {
  const { code } = g;
  if (counts.length === 0) {
    inner("1");
    return;
  }
  const count = code.fresh("count");
  code.line(`const ${count}=${countsCode(g, counts, isAskedAgain)};`);
  code.block(`if(${count}!==0)`, () => {
    for (const step of counts) g.countRow(step, count);
    inner(count);
  });
}

/** Whether all that an OPTIONAL MATCH asks for hangs at nodes from before. */
export function isAtKnownNodes(g: Generator, { core, counts }: CutPattern): boolean {
  return (
    counts.length > 0 &&
    core.edges.length === 0 &&
    core.predicates.length === 0 &&
    core.nodes.every(({ variable, labels }) => g.bound.has(variable) && labels === null)
  );
}

/** OPTIONAL MATCH of which only the number of rows counts: without any binding there is one row. */
export function optionalCountCode(
  g: Generator,
  match: MatchOperator,
  { core, counts }: CutPattern,
  inner: (times: string) => void,
): void {
  const { code } = g;
  g.recorder?.steps(match, counts, g.graph);
  const present = core.nodes
    .filter(({ variable }) => g.isNullable(variable))
    .map(({ variable }) => `${g.local(variable)}!==-1`);
  const count = code.fresh("count");
  const counted = countsCode(g, counts, true);
  const found = present.length === 0 ? counted : `(${present.join("&&")}?${counted}:0)`;
  code.line(`const ${count}=${found}||1;`);
  for (const step of counts) g.countRow(step, count);
  inner(count);
}

function countsCode(g: Generator, counts: readonly CountStep[], isAskedAgain: boolean): string {
  return product(
    counts.map(({ branch }) => {
      const counter = g.lookup(
        "branch",
        `rt.branchCounter(${g.code.constant(branch)},${isAskedAgain})`,
      );
      return `${counter}.count(${g.local(branch.from)})`;
    }),
  );
}

/** The text of the product of numbers. */
export function product(factors: readonly string[]): string {
  return factors.filter((factor) => factor !== "1").join("*") || "1";
}
