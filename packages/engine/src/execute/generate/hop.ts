import { unreachable } from "@geode/values";
import type { Variable } from "../../plan/expression.ts";
import type { PartAtom, PartWay } from "../../plan/operators.ts";
import { orderMatch, type Step } from "../../plan/order-match.ts";
import type { GroupType } from "../repetition.ts";
import { pathParts, variableCode } from "./expressions.ts";
import type { Generator } from "./generator.ts";

/** Generates the steps of a pattern around `take`. */
export type StepsCode = (steps: readonly Step[], around: Around, take: () => void) => void;

/** What a pattern inside of another one has to keep away from. */
export interface Around {
  /** The JavaScript variable that knows the edges which repetitions are on; null where edges may come again. */
  readonly trail: string | null;
  /** Edges that are bound outside. */
  readonly different: readonly Variable[];
}

/**
 * Generates a function from a node to every way once through a part, as `Hop`s, and returns its name. `accept` gives what else a way has
 * to fulfil.
 */
export function hopCode(
  g: Generator,
  part: PartAtom,
  reverse: boolean,
  around: Around,
  stepsCode: StepsCode,
  accept: (way: PartWay) => readonly string[] = () => [],
): string {
  const { code } = g;
  const [hop, start, seen] = [code.fresh("hop"), code.fresh("start"), code.fresh("seen")];
  const isUnion = part.distinct && part.ways.length > 1;
  code.block(`function* ${hop}(${start})`, () => {
    if (isUnion) code.line(`const ${seen}=new Set();`);
    for (const [index, way] of part.ways.entries()) {
      const [entry, exit] = reverse ? [way.last, way.first] : [way.first, way.last];
      const outer = new Set(g.bound);
      // A node from outside is that node; any other begins here.
      const isKnown = g.bound.has(entry);
      g.bound.add(entry);
      code.block(isKnown ? `if(${g.local(entry)}===${start})` : "", () => {
        if (!isKnown) code.line(`const ${g.local(entry)}=${start};`);
        const steps = orderMatch(way.body, g.bound, g.graph, g.guarded);
        stepsCode(steps, { ...around, trail: trailCode(g, way, around) }, () => {
          const conditions = [...awayFrom(g, way, around), ...accept(way)];
          code.block(conditions.length > 0 ? `if(${conditions.join("&&")})` : "", () => {
            const taken = code.fresh("way");
            code.line(`const ${taken}=${hopText(g, part, index, g.local(exit))};`);
            const test = isUnion ? `if(F.isNew(${seen},F.identityOf([${taken}]),B))` : "";
            code.line(`${test}yield ${taken};`);
          });
        });
      });
      g.bound = outer;
    }
  });
  return hop;
}

/** How a variable of the part is held outside. */
export function groupType({ single }: PartAtom, { type }: Variable): GroupType {
  switch (type) {
    case "node":
    case "edge":
    case "nodes":
    case "edges":
      return type;
    case "value":
      return single ? "value" : "values";
    case "path":
    case "steps":
      throw new Error(`no variable of a part is a ${type} outside`);
    default:
      return unreachable(type);
  }
}

/** Whether ways through the part go through parts of their own. */
export function hasPartsInside({ ways }: PartAtom): boolean {
  return ways.some(({ body }) => body.repeats.length > 0);
}

/** Whether one path may be gone through in several ways, which are one all the same. */
export function isAmbiguous(part: PartAtom): boolean {
  return hasPartsInside(part) || (part.ways.length > 1 && part.max !== 1);
}

/** The repetitions inside keep away from each other's edges, where nothing outside makes them. */
function trailCode(g: Generator, { body }: PartWay, { trail }: Around): string | null {
  if (trail !== null || body.repeats.length === 0 || !body.differentEdges) return trail;
  const own = g.code.fresh("trail");
  g.code.line(`const ${own}=F.trail();`);
  return own;
}

function edgesOf({ elements }: PartWay): Variable[] {
  return elements.filter(({ type }) => type === "edge");
}

function awayFrom(g: Generator, way: PartWay, { different }: Around): string[] {
  return edgesOf(way).flatMap((edge) =>
    different.map((other) => `${g.local(edge)}!==${g.local(other)}`),
  );
}

function stepsText(g: Generator, { first, elements }: PartWay): string {
  return `[${pathParts(g, [first, ...elements])
    .slice(1)
    .join(",")}]`;
}

function hopText(g: Generator, part: PartAtom, index: number, to: string): string {
  const way = wayAt(part, index);
  const held = part.groups.map(({ outer, inner }) => {
    const variable = inner[index] ?? null;
    if (variable === null) return outer.type === "value" ? "null" : "-1";
    return variable.type === "path" ? variableCode(g, variable) : g.local(variable);
  });
  if (part.taken) {
    const which = part.ways.length > 1 && !part.distinct ? [`"${index}"`] : [];
    held.push([...which, ...way.taken.map((one) => g.local(one)), '""'].join('+" "+'));
  }
  // Those of the parts inside are on the trail already.
  const own = hasPartsInside(part)
    ? `,own:[${edgesOf(way)
        .map((edge) => g.local(edge))
        .join(",")}]`
    : "";
  const values = held.length === 0 ? "F.nothingHeld" : `[${held.join(",")}]`;
  return `{to:${to},steps:${stepsText(g, way)},held:${values}${own}}`;
}

function wayAt({ ways }: PartAtom, index: number): PartWay {
  const way = ways[index];
  if (!way) throw new Error("a way that the part does not have");
  return way;
}
