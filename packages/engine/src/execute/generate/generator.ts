import type { Graph } from "../../graph/graph.ts";
import type { LabelExpression, Variable } from "../../plan/expression.ts";
import { Code } from "./code.ts";

/**
 * What the parts of code generation share: the text, which JavaScript variable holds which variable of the query, and what has to be
 * looked up once per run or once per pipeline.
 *
 * Nodes and edges are held as slots (uint32; -1 is absent), everything else as values.
 */
export class Generator {
  readonly code = new Code();
  readonly graph: Graph;
  /** Rows carry keys, and their order is defined: for live queries. */
  readonly keyed: boolean;
  /** What a row's key is made of so far. */
  keyParts: readonly Variable[] = [];
  /** Variables that have a value at this place. */
  bound = new Set<Variable>();
  readonly #nullable = new Set<Variable>();
  readonly #perRun: string[] = [];
  readonly #parameters = new Map<string, string>();
  readonly #columns = new Map<string, string>();
  readonly #pipeline: string[] = [];
  #slowProperties = false;
  #atRunLevel = false;

  constructor(graph: Graph, keyed: boolean) {
    this.graph = graph;
    this.keyed = keyed;
  }

  local(variable: Variable): string {
    return `v${variable.number}`;
  }

  isNullable(variable: Variable): boolean {
    return variable.nullable || this.#nullable.has(variable);
  }

  /** From here on the element may be absent: it may have been deleted. */
  makeNullable(variable: Variable): void {
    this.#nullable.add(variable);
  }

  parameter(name: string, offset: number): string {
    const known = this.#parameters.get(name);
    if (known) return known;
    const local = this.perRun("p", `rt.parameter(${this.code.constant(name)},${offset})`);
    this.#parameters.set(name, local);
    return local;
  }

  /** A constant of the run. */
  perRun(prefix: string, expression: string): string {
    const local = this.code.fresh(prefix);
    this.#perRun.push(`const ${local}=${expression};`);
    return local;
  }

  /** A variable of the run. */
  perRunVariable(prefix: string, initial: string): string {
    const local = this.code.fresh(prefix);
    this.#perRun.push(`let ${local}=${initial};`);
    return local;
  }

  /** A constant of the pipeline: looked up when it starts. */
  perPipeline(prefix: string, expression: string): string {
    if (this.#atRunLevel) return this.perRun(prefix, expression);
    const local = this.code.fresh(prefix);
    this.#pipeline.push(`const ${local}=${expression};`);
    return local;
  }

  temporary(): string {
    if (this.#atRunLevel) return this.perRunVariable("t", "null");
    const local = this.code.fresh("t");
    this.#pipeline.push(`let ${local};`);
    return local;
  }

  /** 1 for the ids of label sets that satisfy the expression. */
  labelMask(labels: LabelExpression): string {
    return this.perPipeline("m", `rt.labelMask(${this.code.constant(labels)})`);
  }

  edgeLabelMask(labels: LabelExpression): string {
    return this.perPipeline("m", `rt.edgeLabelMask(${this.code.constant(labels)})`);
  }

  /** Reads a property of an element that is there. */
  readProperty(variable: Variable, key: string): string {
    const side = variable.type === "node" ? "node" : "edge";
    if (this.#slowProperties)
      return `rt.${side}Property(${this.local(variable)},${this.code.constant(key)})`;
    const id = `${side} ${key}`;
    let column = this.#columns.get(id);
    if (!column) {
      column = this.perPipeline("c", `rt.${side}Column(${this.code.constant(key)})`);
      this.#columns.set(id, column);
    }
    return `${column}.get(${this.local(variable)})`;
  }

  /** Generates a function; what its body asked for per pipeline is looked up at its head. Its name is returned. */
  pipeline(body: () => void): string {
    const name = this.code.fresh("pipeline");
    this.#columns.clear();
    this.#pipeline.length = 0;
    this.code.block(`function ${name}()`, () => {
      const head = this.code.place();
      body();
      this.code.putAt(head, this.#pipeline);
    });
    this.#pipeline.length = 0;
    this.#columns.clear();
    return name;
  }

  /** For an expression that is computed once, before any pipeline. */
  atRunLevel(make: () => string): string {
    this.#atRunLevel = true;
    const text = make();
    this.#atRunLevel = false;
    return text;
  }

  /** Inside, writes happen between reads, and a write may replace a column: none is kept. */
  whileWriting(body: () => void): void {
    this.#slowProperties = true;
    body();
    this.#slowProperties = false;
  }

  /** The element ids and ordinals that tell this row from all others. */
  rowKey(): string {
    if (this.keyParts.length === 0) return '"0"';
    return this.keyParts
      .map((part) => `rt.${KEY_PART[part.type]}(${this.local(part)})`)
      .join('+"."+');
  }

  perRunLines(): readonly string[] {
    return this.#perRun;
  }

  /** One look at the budget per turn of a loop. */
  step(): void {
    this.code.line("if(--B.steps<0)B.look();");
  }
}

const KEY_PART = {
  node: "nodeKeyPart",
  edge: "edgeKeyPart",
  value: "valueKeyPart",
  path: "valueKeyPart",
} as const;
