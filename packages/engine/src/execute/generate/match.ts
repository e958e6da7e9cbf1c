import { unreachable } from "@geode/values";
import { type CutPattern, cutBranches } from "../../plan/branches.ts";
import { busiestFirst, countedHop } from "../../plan/counted-hop.ts";
import type { Variable } from "../../plan/expression.ts";
import type { EdgeAtom, MatchOperator } from "../../plan/operators.ts";
import { orderMatch, type Step } from "../../plan/order-match.ts";
import { branchesCode, isAtKnownNodes, optionalCountCode, product } from "./branches.ts";
import { SLOT_BYTES } from "./bytes.ts";
import { countedHopCode } from "./counted-hop.ts";
import { expandIntoCode } from "./expand-into.ts";
import { testCode, valueCode } from "./expressions.ts";
import type { Generator } from "./generator.ts";
import type { Around, StepsCode } from "./hop.ts";
import { repeatCode } from "./repeat.ts";
import { searchCode } from "./search.ts";

/**
 * Generates the loops of a MATCH around `inner`, which runs once per binding; or fewer times, with the number of bindings that it stands
 * for, when these differ only in variables that nobody looks at.
 */
export function matchCode(
  g: Generator,
  match: MatchOperator,
  unlooked: ReadonlySet<Variable>,
  inner: (times: string) => void,
): void {
  // Where not all may be seen, each of them is looked at; and what is being written cannot be noted.
  const mayCut = unlooked.size > 0 && !g.guarded && !g.isWriting;
  const cut = mayCut ? cutBranches(match, g.bound, unlooked, g.graph) : { core: match, counts: [] };
  if (match.optional) {
    if (isAtKnownNodes(g, cut)) optionalCountCode(g, match, cut, inner);
    else optionalMatchCode(g, match, () => inner("1"));
  } else {
    plainMatchCode(g, match, cut, unlooked, inner);
  }
  // What comes after this operator is generated inside of it, so the scope of `bound` is the whole rest.
}

function plainMatchCode(
  g: Generator,
  match: MatchOperator,
  { core, counts }: CutPattern,
  unlooked: ReadonlySet<Variable>,
  inner: (times: string) => void,
): void {
  const isCounted = unlooked.size > 0 && !g.guarded;
  const steps = orderMatch(isCounted ? busiestFirst(core) : core, g.bound, g.graph, g.guarded);
  // Where something hangs, the node has to be known.
  const free = new Set(unlooked);
  for (const { branch } of counts) free.delete(branch.from);
  const hop = isCounted ? countedHop(core, steps, g.bound, free) : null;
  g.recorder?.steps(match, [...steps, ...counts], g.graph);
  const route = routeOf(g, core, steps);
  // What hangs at the only node that is gone over is asked for once for each.
  const isAskedAgain = core.edges.length > 0 || g.bound.size > 0;
  const counted = (times: string): void =>
    branchesCode(g, counts, isAskedAgain, (count) => inner(product([times, count])));
  const between = (final: () => void): void =>
    stepsCode(g, { ...route, steps: hop?.between ?? [] }, 0, final);
  if (hop)
    routeCode(g, { ...route, steps: hop.before }, () => countedHopCode(g, hop, between, counted));
  else routeCode(g, route, () => counted("1"));
}

function optionalMatchCode(g: Generator, match: MatchOperator, inner: () => void): void {
  const steps = orderMatch(match, g.bound, g.graph, g.guarded);
  g.recorder?.steps(match, steps, g.graph);
  optionalCode(g, match, routeOf(g, match, steps), inner);
}

function routeOf(g: Generator, match: MatchOperator, steps: readonly Step[]): Route {
  // Different edges are different all over the MATCH; else each repetition looks after itself.
  const shares = match.repeats.length > 0 && match.differentEdges;
  const trail = shares ? g.state("trail", "F.trail()") : null;
  const absent = match.nodes.filter(
    ({ variable }) => g.bound.has(variable) && g.isNullable(variable),
  );
  const present = [...new Set(absent.map(({ variable }) => `${g.local(variable)}!==-1`))];
  return { trail, different: [], steps, present };
}

/** How a pattern is matched. */
interface Route extends Around {
  readonly steps: readonly Step[];
  /** Tests that elements from before are there at all. */
  readonly present: readonly string[];
}

function routeCode(g: Generator, route: Route, inner: () => void): void {
  const steps = (): void => stepsCode(g, route, 0, inner);
  if (route.present.length > 0) g.code.block(`if(${route.present.join("&&")})`, steps);
  else steps();
}

/** OPTIONAL MATCH: the bindings are collected per row; if there are none, there is one of nothing. */
function optionalCode(g: Generator, match: MatchOperator, route: Route, inner: () => void): void {
  const { code } = g;
  const found = match.introduces.map((variable) => ({ variable, list: g.state("o", "[]") }));
  const [first] = found;
  if (!first) {
    // Nothing new can be bound: the row stays as it is, whatever matches.
    inner();
    return;
  }
  const outer = new Set(g.bound);
  for (const { list } of found) code.line(`${list}.length=0;`);
  const [before, here] = [code.fresh("before"), code.fresh("here")];
  code.line(`const ${before}=B.kept;`);
  routeCode(g, route, () => {
    for (const { variable, list } of found) code.line(`${list}.push(${g.local(variable)});`);
    code.line(`B.keep(${found.length * SLOT_BYTES});`);
  });
  g.bound = outer;
  code.line(`const ${here}=B.since(${before});`);
  code.block(`if(${first.list}.length===0)`, () => {
    for (const { variable, list } of found) code.line(`${list}.push(${absent(variable)});`);
  });
  const at = code.fresh("i");
  code.block(`for(let ${at}=0;${at}<${first.list}.length;${at}++)`, () => {
    g.step();
    for (const { variable, list } of found) {
      code.line(`const ${g.local(variable)}=${list}[${at}];`);
      g.bound.add(variable);
    }
    inner();
  });
  code.line(`B.giveBack(${here});`);
}

/** Steps that are only conditions stand in one `if`: a pattern of n edges has n² / 2 of them. */
function stepsCode(
  g: Generator,
  route: Omit<Route, "present">,
  index: number,
  inner: () => void,
): void {
  const conditions: string[] = [];
  let next = index;
  g.countRow(route.steps[index - 1]);
  for (; next < route.steps.length; next++) {
    const step = route.steps[next];
    const condition = step && conditionCode(g, step, route.trail);
    if (condition === null || condition === undefined) break;
    // Each has a line of its own in a plan that is shown.
    if (g.recorder !== null && conditions.length > 0) break;
    conditions.push(condition);
  }
  const step = route.steps[next];
  const rest = (): void => {
    for (const passed of route.steps.slice(index, next)) g.countRow(passed);
    if (step) stepCode(g, step, route, () => stepsCode(g, route, next + 1, inner));
    else inner();
  };
  if (conditions.length > 0) g.code.when(conditions.join("&&"), rest);
  else rest();
}

function conditionCode(g: Generator, step: Step, trail: string | null): string | null {
  switch (step.kind) {
    case "labels": {
      const every = g.everyNodeHas(step.labels);
      const mask = g.labelMask(step.labels, every);
      return `${present(g, step.node)}(${every}||${mask}[N.labelSetId(${g.local(step.node)})]===1)`;
    }
    case "visible":
      return `V.${step.element.type}(${g.local(step.element)})`;
    case "different":
      return `${g.local(step.left)}!==${g.local(step.right)}`;
    case "offTrail":
      return `!${trail ?? ""}.has(${g.local(step.edge)})`;
    case "filter":
      return testCode(g, step.predicate);
    default:
      return null;
  }
}

function stepCode(g: Generator, step: Step, route: Omit<Route, "present">, rest: () => void): void {
  const { code } = g;
  const inside: StepsCode = (steps, around, take) => stepsCode(g, { ...around, steps }, 0, take);
  switch (step.kind) {
    case "scan": {
      const sets = g.lookup("s", `rt.labelSets(${code.constant(step.labels)})`);
      const [set, slots, count] = [code.fresh("set"), code.fresh("slots"), code.fresh("n")];
      code.block(`for(const ${set} of ${sets})`, () => {
        code.line(`const ${slots}=${set}.slots,${count}=${set}.count;`);
        g.stretches(count, (at) => {
          g.bind(step.node, `${slots}[${at}]`);
          rest();
        });
      });
      return;
    }
    case "seek": {
      const index = g.lookup("ix", `rt.index(${code.constant(step.index)})`);
      const [value, ...others] = step.values.map((each) => valueCode(g, each));
      const sought = others.length === 0 ? `${value}` : `[${[value, ...others].join(",")}]`;
      foundCode(
        g,
        step.target,
        `${index}.${others.length === 0 ? "seek" : "seekAll"}(${sought})`,
        rest,
      );
      return;
    }
    case "range": {
      const index = g.lookup("ix", `rt.index(${code.constant(step.index)})`);
      const { lower, upper, prefix } = step.range;
      const bounds = [lower, upper, prefix].map((bound) =>
        bound === null ? "undefined" : valueCode(g, bound),
      );
      const values = step.values.map((each) => valueCode(g, each));
      const args = [index, `[${values.join(",")}]`, ...bounds].join(",");
      foundCode(g, step.target, `rt.seekRange(${args})`, rest);
      return;
    }
    case "lookup": {
      g.bind(step.node, `rt.lookup(${valueCode(g, step.id)})`);
      code.block(`if(${g.local(step.node)}!==-1)`, rest);
      return;
    }
    case "expand":
      expandCode(g, step.edge, step.from, step.reverse, rest, (neighbour) =>
        g.bind(step.to, neighbour),
      );
      return;
    case "expandInto": {
      expandIntoCode(g, step.edge, (from, reverse) =>
        expandCode(g, step.edge, from, reverse, rest, null),
      );
      return;
    }
    case "ends":
      endsCode(g, step, rest);
      return;
    case "repeat":
      repeatCode(g, step, route, inside, rest);
      return;
    case "search":
      searchCode(g, step, inside, rest);
      return;
    case "labels":
    case "visible":
    case "different":
    case "offTrail":
    case "filter":
      code.block(`if(${conditionCode(g, step, route.trail)})`, rest);
      return;
    default:
      unreachable(step);
  }
}

/** A loop over the slots that an expression finds. */
function foundCode(g: Generator, target: Variable, expression: string, rest: () => void): void {
  const { code } = g;
  const [found, at] = [code.fresh("found"), code.fresh("i")];
  code.line(`const ${found}=${expression};`);
  code.block(`for(let ${at}=0;${at}<${found}.length;${at}++)`, () => {
    g.step();
    g.bind(target, `${found}[${at}]`);
    rest();
  });
}

/** Loops over the edges at a node; `bindNeighbour` is null when the other end is known and only compared. */
function expandCode(
  g: Generator,
  edge: EdgeAtom,
  from: Variable,
  reverse: boolean,
  rest: () => void,
  bindNeighbour: ((neighbour: string) => void) | null,
): void {
  const { code } = g;
  const labels = code.constant(edge.labels);
  const other = reverse ? edge.from : edge.to;
  const way = edge.direction === "any" ? "both" : reverse ? "in" : "out";
  const adjacencies = g.lookup("a", `rt.adjacencies(${labels},"${way}")`);
  const [adjacency, pool, offset, degree, at, pass] = ["adj", "pool", "off", "deg", "i", "d"].map(
    (prefix) => code.fresh(prefix),
  ) as [string, string, string, string, string, string];
  const start = g.local(from);
  const loop = (): void => {
    // In both directions, the outgoing lists come first; a self-loop is in both and counts once.
    code.block(`for(let ${pass}=0;${pass}<${adjacencies}.length;${pass}++)`, () => {
      code.line(
        `const ${adjacency}=${adjacencies}[${pass}],${degree}=${adjacency}.degree(${start});`,
      );
      code.line(`if(${degree}===0)continue;`);
      code.line(
        `const ${pool}=${adjacency}.pool(${start}),${offset}=${adjacency}.offset(${start});`,
      );
      code.block(`for(let ${at}=0;${at}<${degree};${at}++)`, () => {
        g.step();
        const neighbour = `${pool}[${offset}+2*${at}]`;
        if (way === "both")
          code.line(`if(${pass}>=${adjacencies}.incoming&&${neighbour}===${start})continue;`);
        if (bindNeighbour) bindNeighbour(neighbour);
        else code.line(`if(${neighbour}!==${g.local(other)})continue;`);
        g.bind(edge.variable, `${pool}[${offset}+2*${at}+1]`);
        rest();
      });
    });
  };
  if (g.isNullable(from)) code.block(`if(${start}!==-1)`, loop);
  else loop();
}

function endsCode(g: Generator, step: Step & { kind: "ends" }, rest: () => void): void {
  const { code } = g;
  const { edge } = step;
  const e = g.local(edge.variable);
  const conditions = [
    ...(g.isNullable(edge.variable) ? [`${e}!==-1`] : []),
    ...(edge.labels ? [`${g.edgeLabelMask(edge.labels)}[E.label(${e})]===1`] : []),
  ];
  const end = (node: Variable, slot: string, known: boolean): string[] => {
    if (known) return [`${slot}===${g.local(node)}`];
    g.bind(node, slot);
    return [];
  };
  const oneWay = (from: string, to: string): void => {
    const same = [...end(edge.from, from, step.fromKnown)];
    // A pattern like (a)-[e]->(a) binds a once.
    const toKnown = step.toKnown || edge.from === edge.to;
    same.push(...end(edge.to, to, toKnown));
    if (same.length > 0) code.block(`if(${same.join("&&")})`, rest);
    else rest();
  };
  const body = (): void => {
    if (edge.direction === "out") {
      oneWay(`E.from(${e})`, `E.to(${e})`);
      return;
    }
    const turn = code.fresh("turn");
    code.block(`for(let ${turn}=0;${turn}<(E.from(${e})===E.to(${e})?1:2);${turn}++)`, () => {
      oneWay(`(${turn}===0?E.from(${e}):E.to(${e}))`, `(${turn}===0?E.to(${e}):E.from(${e}))`);
    });
  };
  if (conditions.length > 0) code.block(`if(${conditions.join("&&")})`, body);
  else code.block("", body);
}

/** What OPTIONAL MATCH binds when nothing is found. */
function absent(variable: Variable): string {
  return variable.type === "node" || variable.type === "edge" ? "-1" : "null";
}

/** A guard for a variable that may be absent. */
function present(g: Generator, variable: Variable): string {
  return g.isNullable(variable) ? `${g.local(variable)}!==-1&&` : "";
}
