import { unreachable } from "@geode/values";
import type { Variable } from "../../plan/expression.ts";
import type { EdgeAtom, MatchOperator } from "../../plan/operators.ts";
import { orderMatch, type Step } from "../../plan/order-match.ts";
import { testCode, valueCode } from "./expressions.ts";
import type { Generator } from "./generator.ts";

/** Generates the loops of a MATCH around `inner`, which runs once per binding. */
export function matchCode(g: Generator, match: MatchOperator, inner: () => void): void {
  const steps = orderMatch(match, g.bound, g.graph);
  if (match.optional) optionalCode(g, match, steps, inner);
  else stepsCode(g, steps, 0, inner);
  // What comes after this operator is generated inside of it, so the scope of `bound` is the whole rest.
}

/** OPTIONAL MATCH: the bindings are collected per row; if there are none, there is one of nothing. */
function optionalCode(
  g: Generator,
  match: MatchOperator,
  steps: readonly Step[],
  inner: () => void,
): void {
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
  stepsCode(g, steps, 0, () => {
    for (const { variable, list } of found) code.line(`${list}.push(${g.local(variable)});`);
    code.line("B.keep();");
  });
  g.bound = outer;
  code.block(`if(${first.list}.length===0)`, () => {
    for (const { list } of found) code.line(`${list}.push(-1);`);
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
}

/** Steps that are only conditions stand in one `if`: a pattern of n edges has n² / 2 of them. */
function stepsCode(g: Generator, steps: readonly Step[], index: number, inner: () => void): void {
  const conditions: string[] = [];
  let next = index;
  for (; next < steps.length; next++) {
    const step = steps[next];
    const condition = step && conditionCode(g, step);
    if (condition === null || condition === undefined) break;
    conditions.push(condition);
  }
  const step = steps[next];
  const rest = (): void => {
    if (step) stepCode(g, step, () => stepsCode(g, steps, next + 1, inner));
    else inner();
  };
  if (conditions.length > 0) g.code.block(`if(${conditions.join("&&")})`, rest);
  else rest();
}

function conditionCode(g: Generator, step: Step): string | null {
  switch (step.kind) {
    case "labels":
      return `${present(g, step.node)}${g.labelMask(step.labels)}[N.labelSetId(${g.local(step.node)})]===1`;
    case "different":
      return `${g.local(step.left)}!==${g.local(step.right)}`;
    case "filter":
      return testCode(g, step.predicate);
    default:
      return null;
  }
}

function stepCode(g: Generator, step: Step, rest: () => void): void {
  const { code } = g;
  switch (step.kind) {
    case "scan": {
      const sets = g.lookup("s", `rt.labelSets(${code.constant(step.labels)})`);
      const [set, slots, at] = [code.fresh("set"), code.fresh("slots"), code.fresh("i")];
      code.block(`for(const ${set} of ${sets})`, () => {
        code.line(`const ${slots}=${set}.slots;`);
        code.block(`for(let ${at}=0;${at}<${set}.count;${at}++)`, () => {
          g.step();
          bind(g, step.node, `${slots}[${at}]`);
          rest();
        });
      });
      return;
    }
    case "seek": {
      const [found, at] = [code.fresh("found"), code.fresh("i")];
      code.line(
        `const ${found}=rt.seek(${code.constant(step.label)},${code.constant(step.property)},${valueCode(g, step.value)});`,
      );
      code.block(`for(let ${at}=0;${at}<${found}.length;${at}++)`, () => {
        g.step();
        bind(g, step.node, `${found}[${at}]`);
        rest();
      });
      return;
    }
    case "lookup": {
      bind(g, step.node, `rt.lookup(${valueCode(g, step.id)})`);
      code.block(`if(${g.local(step.node)}!==-1)`, rest);
      return;
    }
    case "expand":
      expandCode(g, step.edge, step.from, step.reverse, rest, (neighbour) =>
        bind(g, step.to, neighbour),
      );
      return;
    case "expandInto": {
      // From the end with fewer edges would be better still; the check is one comparison per edge.
      expandCode(g, step.edge, step.edge.from, false, rest, null);
      return;
    }
    case "ends":
      endsCode(g, step, rest);
      return;
    case "labels":
    case "different":
    case "filter":
      code.block(`if(${conditionCode(g, step)})`, rest);
      return;
    default:
      unreachable(step);
  }
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
        bind(g, edge.variable, `${pool}[${offset}+2*${at}+1]`);
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
    bind(g, node, slot);
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

function bind(g: Generator, variable: Variable, expression: string): void {
  g.code.line(`const ${g.local(variable)}=${expression};`);
  g.bound.add(variable);
}

/** A guard for a variable that may be absent. */
function present(g: Generator, variable: Variable): string {
  return g.isNullable(variable) ? `${g.local(variable)}!==-1&&` : "";
}
