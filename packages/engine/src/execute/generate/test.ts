import type { Graph } from "../../graph/graph.ts";
import type { Expression, Variable } from "../../plan/expression.ts";
import { functions } from "../functions.ts";
import type { Run } from "../run.ts";
import { testCode } from "./expressions.ts";
import { Generator } from "./generator.ts";
import { queryCode } from "./query.ts";

/** Whether the condition is TRUE for the element in that slot. */
export type CompiledTest = (run: Run, slot: number) => boolean;

/** Compiles a condition on one element for a graph. */
export function generateTest(predicate: Expression, element: Variable, graph: Graph): CompiledTest {
  const options = { keyed: false, replaces: false, hiddenKeys: null };
  const g = new Generator(() => graph, options, queryCode);
  const { code } = g;
  g.bound.add(element);
  code.line(`return function test(rt,${g.local(element)}) {`);
  code.line("const g=rt.graph,B=rt.budget,N=g.nodes,E=g.edges,V=null;");
  const head = code.place();
  code.line(`return ${testCode(g, predicate)};`);
  code.putAt(head, g.runHead());
  code.line("};");
  // oxlint-disable-next-line typescript/no-implied-eval -- the text is ours alone: what users wrote is in the constants
  const make = new Function("K", "F", `"use strict";\n${code.text()}`) as (
    constants: readonly unknown[],
    library: typeof functions,
  ) => CompiledTest;
  return make(code.constants, functions);
}
