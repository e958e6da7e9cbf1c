import type { Variable } from "../../plan/expression.ts";
import type { PartAtom, SearchAtom } from "../../plan/operators.ts";
import { orderMatch, type Step } from "../../plan/order-match.ts";
import { testCode, valueCode } from "./expressions.ts";
import type { Generator } from "./generator.ts";

/** Generates the steps of a pattern around `take`. */
type StepsCode = (steps: readonly Step[], take: () => void) => void;

/** A path search: the parts become functions from a node to the ways on, and a loop goes over the paths that are found with them. */
export function searchCode(
  g: Generator,
  { search, reverse, endKnown }: Step & { kind: "search" },
  stepsCode: StepsCode,
  rest: () => void,
): void {
  const { code } = g;
  const [start, end] = reverse ? [search.to, search.from] : [search.from, search.to];
  const loop = (): void => {
    const parts = (reverse ? search.parts.toReversed() : search.parts).map((part) => {
      const hop = hopCode(g, part, reverse, stepsCode);
      const { min, max, elements } = part;
      return `{hop:${hop},min:${min},max:${max},elements:${elements.length}}`;
    });
    const found = code.fresh("found");
    const bindFound = (): void => {
      foundCode(g, search, found);
      if (!endKnown) define(g, end, `${found}.node`);
    };
    const accepts = acceptsCode(g, search, found, bindFound);
    const { unit, count, mode } = search;
    const undirected = search.parts.some(({ body }) =>
      body.edges.some((edge) => edge.direction === "any"),
    );
    const options = [
      `parts:[${parts.join(",")}]`,
      `reverse:${reverse}`,
      `mode:"${mode}"`,
      `unit:"${unit}"`,
      `count:rt.pathCount(${valueCode(g, count.expression)},${count.where})`,
      `start:${g.local(start)}`,
      `end:${endKnown ? g.local(end) : "null"}`,
      `undirected:${undirected}`,
      `accepts:${accepts}`,
    ];
    code.block(`for(const ${found} of F.searchPaths({${options.join(",")}},B))`, () => {
      bindFound();
      rest();
    });
  };
  const ends = endKnown && end !== start ? [start, end] : [start];
  const present = ends.filter((node) => g.isNullable(node)).map((node) => `${g.local(node)}!==-1`);
  code.block(present.length > 0 ? `if(${present.join("&&")})` : "", loop);
}

/** A function from a node to the ways once through a part. Returns its name. */
function hopCode(g: Generator, part: PartAtom, reverse: boolean, stepsCode: StepsCode): string {
  const { code } = g;
  const { body, elements, groups } = part;
  const [entry, exit] = reverse ? [part.last, part.first] : [part.first, part.last];
  const hop = code.fresh("hop");
  const outer = new Set(g.bound);
  g.bound.add(entry);
  const steps = orderMatch(body, g.bound, g.graph, g.guarded);
  code.block(`function* ${hop}(${g.local(entry)})`, () => {
    stepsCode(steps, () => {
      const held = [...elements, ...groups.map(({ inner }) => inner)];
      const slots = held.map((variable) => g.local(variable)).join(",");
      code.line(`yield {to:${g.local(exit)},held:[${slots}]};`);
    });
  });
  g.bound = outer;
  // Which of several paths is taken must not hang on where they lie in memory.
  return g.keyed ? `(node)=>rt.inOrder(${hop}(node),${elements.length})` : hop;
}

/** The variables of the parts, from what was found. */
function foundCode(g: Generator, search: SearchAtom, found: string): void {
  for (const [index, { elements, groups, steps }] of search.parts.entries()) {
    const hops = `${found}.hops[${index}]`;
    for (const [at, { outer }] of groups.entries())
      define(g, outer, `F.foundGroup(${hops},${elements.length + at},"${outer.type}")`);
    define(g, steps, `F.foundSteps(${hops},${elements.length})`);
  }
}

/** The name of a function that tells whether a path takes part in the selection; "null" when all do. */
function acceptsCode(
  g: Generator,
  search: SearchAtom,
  found: string,
  bindFound: () => void,
): string {
  if (search.conditions.length === 0) return "null";
  const name = g.code.fresh("accepts");
  const outer = new Set(g.bound);
  g.code.block(`function ${name}(${found})`, () => {
    bindFound();
    const tests = search.conditions.map((condition) => testCode(g, condition));
    g.code.line(`return ${tests.join("&&")};`);
  });
  g.bound = outer;
  return name;
}

function define(g: Generator, variable: Variable, expression: string): void {
  g.code.line(`const ${g.local(variable)}=${expression};`);
  g.bound.add(variable);
}
