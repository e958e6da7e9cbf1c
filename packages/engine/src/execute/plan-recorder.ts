import type { Graph } from "../graph/graph.ts";
import { type Description, describeOperator, describeStep } from "../plan/describe.ts";
import type { CountStep } from "../plan/branches.ts";
import type { Operator } from "../plan/operators.ts";
import type { Step } from "../plan/order-match.ts";

/** A line of a plan. Inner queries and the steps of a pattern stand deeper. */
export interface PlanLine extends Description {
  readonly depth: number;
}

/** What has a line. */
export type Part = Operator | Step | CountStep;

/** Notes what code is generated for, in order: so a plan that is shown is the plan that is run. */
export class PlanRecorder {
  readonly lines: PlanLine[] = [];
  readonly #numbers = new Map<Part, number>();
  #rows: number | null = 1;

  /** `queryDepth`: how many queries this one is inside of. */
  operator(operator: Operator, queryDepth: number): void {
    this.#add(operator, describeOperator(operator, this.#rows), queryDepth * 2);
  }

  steps(match: Operator, steps: readonly (Step | CountStep)[], graph: Graph): void {
    const number = this.#numbers.get(match);
    const above = number === undefined ? undefined : this.lines[number];
    if (number === undefined || above === undefined) return;
    for (const step of steps)
      this.#add(step, describeStep(step, graph, this.#rows), above.depth + 1);
    // What a MATCH makes of its rows is what its steps make of them.
    this.lines[number] = { ...above, rows: this.#rows };
  }

  /** The line's number, to count its rows under. */
  numberOf(part: Part): number | undefined {
    return this.#numbers.get(part);
  }

  #add(part: Part, description: Description, depth: number): void {
    if (this.#numbers.has(part)) return;
    this.#numbers.set(part, this.lines.length);
    this.lines.push({ ...description, depth });
    this.#rows = description.rows;
  }
}
