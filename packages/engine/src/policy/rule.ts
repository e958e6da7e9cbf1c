import { GeodeError } from "@geode/values";
import { Era } from "../execute/era.ts";
import { type CompiledTest, generateTest } from "../execute/generate/test.ts";
import type { Run } from "../execute/run.ts";
import type { Graph } from "../graph/graph.ts";
import { type BoundRule, bindRule } from "../plan/bind-rule.ts";
import type { Rule } from "./policy.ts";

/** A rule of a policy, ready to be asked about elements. */
export class CompiledRule {
  readonly hide: ReadonlySet<string>;
  /** null: it holds for every element with the label. */
  readonly bound: BoundRule | null;
  readonly #tests = new WeakMap<Graph, { readonly era: Era; readonly test: CompiledTest }>();

  /** Throws 42001 and 42002 with the position in the rule's own text. */
  constructor({ element, where, hide }: Rule) {
    this.hide = new Set(hide);
    this.bound = where === null ? null : bindRule(where, element);
  }

  /**
   * Whether it holds for the element in that slot. A rule that fails, e.g. because it divides by zero, does not hold: what it protects
   * stays hidden, and nobody's statement ends. Throws only when the statement's own budget ends.
   */
  holds(run: Run, slot: number): boolean {
    if (this.bound === null) return true;
    try {
      return this.#test(run.graph, this.bound)(run, slot);
    } catch (error) {
      if (!(error instanceof GeodeError) || ENDS_STATEMENT.has(error.code)) throw error;
      return false;
    }
  }

  #test(graph: Graph, { element, predicate }: BoundRule): CompiledTest {
    const known = this.#tests.get(graph);
    if (known?.era.lasts(graph) === true) return known.test;
    const test = generateTest(predicate, element, graph);
    this.#tests.set(graph, { era: new Era(graph), test });
    return test;
  }
}

const ENDS_STATEMENT: ReadonlySet<string> = new Set(["TIMEOUT", "CANCELLED", "LIMIT"]);
