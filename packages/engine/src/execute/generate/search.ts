import type { PartAtom, SearchAtom } from "../../plan/operators.ts";
import type { Step } from "../../plan/order-match.ts";
import { testCode, valueCode } from "./expressions.ts";
import type { Generator } from "./generator.ts";
import { groupType, hopCode, isAmbiguous, type StepsCode } from "./hop.ts";

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
      const [hop, back] = [reverse, !reverse].map((against) => {
        const name = hopCode(g, part, against, { trail: null, different: [] }, stepsCode);
        // Which of several paths is taken must not hang on where they lie in memory.
        return g.keyed ? `(node)=>rt.inOrder(${name}(node))` : name;
      });
      return `{hop:${hop},back:${back},min:${part.min},max:${part.max},edges:${edgesOf(part)}}`;
    });
    const found = code.fresh("found");
    const bindFound = (): void => {
      foundCode(g, search, found);
      if (!endKnown) g.bind(end, `${found}.node`);
    };
    const accepts = acceptsCode(g, search, found, bindFound);
    const { unit, count, mode } = search;
    const undirected = search.parts.some(goesEitherWay);
    const ambiguous = search.parts.some(isAmbiguous);
    const options = [
      `parts:[${parts.join(",")}]`,
      `reverse:${reverse}`,
      `mode:"${mode}"`,
      `unit:"${unit}"`,
      `count:rt.pathCount(${valueCode(g, count.expression)},${count.where})`,
      `start:${g.local(start)}`,
      `end:${endKnown ? g.local(end) : "null"}`,
      `undirected:${undirected}`,
      `ambiguous:${ambiguous}`,
      `accepts:${accepts}`,
    ];
    code.block(`for(const ${found} of F.searchPaths({${options.join(",")}},B))`, () => {
      if (search.parts.some(({ max }) => max === null)) code.line("B.matched();");
      bindFound();
      rest();
    });
  };
  const ends = endKnown && end !== start ? [start, end] : [start];
  const present = ends.filter((node) => g.isNullable(node)).map((node) => `${g.local(node)}!==-1`);
  code.block(present.length > 0 ? `if(${present.join("&&")})` : "", loop);
}

/** How many edges every way through a part goes over; null when they differ. */
function edgesOf({ ways }: PartAtom): number | null {
  const lengths = new Set(
    ways.map(({ body, elements }) => (body.repeats.length > 0 ? null : elements.length / 2)),
  );
  const [length] = lengths;
  return lengths.size === 1 && length !== undefined ? length : null;
}

/** Whether an edge may be gone over against its direction. */
function goesEitherWay({ ways }: PartAtom): boolean {
  return ways.some(
    ({ body }) =>
      body.edges.some((edge) => edge.direction === "any") || body.repeats.some(goesEitherWay),
  );
}

/** The variables of the parts, from what was found. */
function foundCode(g: Generator, search: SearchAtom, found: string): void {
  for (const [index, part] of search.parts.entries()) {
    const hops = `${found}.hops[${index}]`;
    for (const [at, { outer }] of part.groups.entries())
      g.bind(outer, `F.foundGroup(${hops},${at},"${groupType(part, outer)}")`);
    if (part.taken) g.bind(part.taken, `F.foundTaken(${hops},${part.groups.length})`);
    g.bind(part.steps, `F.foundSteps(${hops})`);
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
    g.code.line(`return (${tests.join("&&")})?true:false;`);
  });
  g.bound = outer;
  return name;
}
