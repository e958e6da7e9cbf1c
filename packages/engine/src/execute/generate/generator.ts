import type { Graph } from "../../graph/graph.ts";
import type { LabelExpression, Variable } from "../../plan/expression.ts";
import type { GraphScope, Operator, Query, UseOperator } from "../../plan/operators.ts";
import type { Part, PlanRecorder } from "../plan-recorder.ts";
import { Code } from "./code.ts";

/**
 * What the parts of code generation share: the text, which JavaScript variable holds which variable of the query, and what has to be
 * looked up once per run or once per pipeline.
 *
 * Nodes and edges are held as slots (uint32; -1 is absent), everything else as values.
 */
export class Generator {
  readonly code = new Code();
  /** The graph in use where the text stands now. */
  graph: Graph;
  /** Rows carry keys, and their order is defined: for live queries. */
  readonly keyed: boolean;
  /** Elements change on the way: those that are held as values have to be looked at again. */
  readonly replaces: boolean;
  /** Generates a query where the text stands now: how an expression comes to a subquery. */
  readonly queryCode: QueryCode;
  /** Set when the plan is shown. */
  readonly recorder: PlanRecorder | null;
  /** Set when the user does not see everything: names of properties that are hidden of some elements. */
  readonly hiddenKeys: ReadonlySet<string> | null;
  /** What a row's key is made of so far. */
  keyParts: readonly Variable[] = [];
  /** Variables that exist only inside of the expression under construction: nothing is written while they do. */
  readonly locals = new Set<Variable>();
  /** Variables that have a value at this place. */
  bound = new Set<Variable>();
  readonly #nullable = new Set<Variable>();
  readonly #parameters = new Map<string, string>();
  /** What the run is called in each of the graphs that were begun with so far. */
  readonly #runs = new Map<GraphScope, string>();
  readonly #assumes: boolean;
  readonly #assumed = new Set<string>();
  readonly #graphOf: GraphOf;
  /** Declarations at the head of the run, and of the subqueries that the code under construction is inside of. */
  readonly #states: string[][] = [[]];
  /** Look-ups at the head of the function under construction, and of those around it. */
  #heads: Head[] = [];
  #slowProperties = false;
  #writingSubqueries = 0;
  /** How many of the declarations are those of blocks that work on another graph. */
  #blocks = 0;

  constructor(graphOf: GraphOf, options: GeneratorOptions, queryCode: QueryCode) {
    const { keyed, replaces, recorder, hiddenKeys, assumes = false } = options;
    this.#assumes = assumes;
    this.recorder = recorder ?? null;
    this.hiddenKeys = hiddenKeys;
    this.#graphOf = graphOf;
    this.graph = graphOf(null, 0);
    this.replaces = replaces;
    this.keyed = keyed;
    this.queryCode = queryCode;
  }

  local(variable: Variable): string {
    return `v${variable.number}`;
  }

  isNullable(variable: Variable): boolean {
    return variable.nullable || this.#nullable.has(variable);
  }

  /** Declares the variable with that value, which it has from here on. */
  bind(variable: Variable, value: string): void {
    this.code.line(`const ${this.local(variable)}=${value};`);
    this.bound.add(variable);
  }

  /** From here on the element may be absent: it may have been deleted. */
  makeNullable(variable: Variable): void {
    this.#nullable.add(variable);
  }

  parameter(name: string, offset: number): string {
    let known = this.#parameters.get(name);
    if (!known) {
      known = this.perRun("p", `rt.parameter(${this.code.constant(name)},${offset})`);
      this.#parameters.set(name, known);
    }
    return this.near(known);
  }

  /**
   * The column of a property that is taken to have integers alone, to be compared with a parameter that is taken to be a number; null
   * where nothing can be assumed for a whole run. A run for which that is not so begins again in code that assumes nothing.
   */
  integers(variable: Variable, key: string, parameter: string): string | null {
    const columns = variable.type === "node" ? this.graph.nodes.columns : this.graph.edges.columns;
    const kind = columns.get(this.graph.keys.id(key))?.kind;
    if (!this.#assumes || this.#blocks > 0 || (kind !== "int32" && kind !== "int53")) return null;
    const column = this.column(variable, key);
    const known = this.#parameters.get(parameter);
    if (column === null || known === undefined) return null;
    const assumption = `F.areIntegers(rt.${variable.type}Column(${this.code.constant(key)}),${known})`;
    if (!this.#assumed.has(assumption)) {
      this.#assumed.add(assumption);
      this.#states[0]?.push(`if(!${assumption})return false;`);
    }
    return column;
  }

  /** Whether the code takes anything for granted. */
  get hasAssumed(): boolean {
    return this.#assumed.size > 0;
  }

  /** The same constant of the run, where the pipeline reads it fastest: among its own. */
  near(constant: string): string {
    const head = this.#heads.at(-1);
    if (!head) return constant;
    let local = head.near.get(constant);
    if (!local) head.near.set(constant, (local = this.lookup("p", constant)));
    return local;
  }

  /** A constant of the run. */
  perRun(prefix: string, expression: string): string {
    const local = this.code.fresh(prefix);
    this.#states[0]?.push(`const ${local}=${expression};`);
    return local;
  }

  /** A variable of the query under construction: of the run, or of one evaluation of a subquery. */
  state(prefix: string, initial: string): string {
    const local = this.code.fresh(prefix);
    this.#states.at(-1)?.push(`let ${local}=${initial};`);
    return local;
  }

  /** The same, for an initial value that is an expression of its own. */
  stateOf(prefix: string, initial: () => string): string {
    const heads = this.#heads;
    this.#heads = [];
    const text = initial();
    this.#heads = heads;
    return this.state(prefix, text);
  }

  /** A number of the query that the pipeline under construction adds to: while that runs, it is one of its own. */
  counter(total: string): string {
    const head = this.#heads.at(-1);
    // In a subquery the number is declared inside of the pipeline that has the head.
    if (!head || this.#states.length > 1) return total;
    const local = this.code.fresh("count");
    head.lines.push(`let ${local}=${total};`);
    head.counters.push(`${total}=${local};`);
    return local;
  }

  /** A constant of the pipeline: looked up when it starts. Outside of pipelines, of the query. */
  lookup(prefix: string, expression: string): string {
    const head = this.#heads.at(-1);
    if (!head) return this.state(prefix, expression);
    const local = this.code.fresh(prefix);
    head.lines.push(`const ${local}=${expression};`);
    return local;
  }

  temporary(): string {
    const head = this.#heads.at(-1);
    if (!head) return this.state("t", "null");
    const local = this.code.fresh("t");
    head.lines.push(`let ${local};`);
    return local;
  }

  /** 1 for the ids of label sets that satisfy the expression; it is not made where {@link everyNodeHas}, if that is given, is true. */
  labelMask(labels: LabelExpression, every: string | null = null): string {
    const mask = `rt.labelMask(${this.code.constant(labels)})`;
    return this.lookup("m", every === null ? mask : `${every}?null:${mask}`);
  }

  /** Whether what the pipeline looks at may change while it runs. */
  get isWriting(): boolean {
    return this.#slowProperties;
  }

  /** Whether a test of these labels could as well be left out. */
  everyNodeHas(labels: LabelExpression): string {
    if (this.#slowProperties) return "false";
    return this.lookup("every", `rt.everyNodeHas(${this.code.constant(labels)})`);
  }

  edgeLabelMask(labels: LabelExpression): string {
    return this.lookup("m", `rt.edgeLabelMask(${this.code.constant(labels)})`);
  }

  /** Reads a property of an element that is there. */
  readProperty(variable: Variable, key: string): string {
    const side = variable.type === "node" ? "node" : "edge";
    const column = this.column(variable, key);
    return column === null
      ? `rt.${side}Property(${this.local(variable)},${this.code.constant(key)})`
      : `${column}.get(${this.local(variable)})`;
  }

  /** The column of a property; null where it may be another one for each look. */
  column(variable: Variable, key: string): string | null {
    if (this.#slowProperties || this.#mayBeHidden(key)) return null;
    const side = variable.type === "node" ? "node" : "edge";
    const head = this.#heads.at(-1);
    const id = `${side} ${key}`;
    let column = head?.columns.get(id);
    if (!column) {
      column = this.lookup("c", `rt.${side}Column(${this.code.constant(key)})`);
      head?.columns.set(id, column);
    }
    return column;
  }

  /** Whether each element has to be looked at for whether the user may see it. */
  get guarded(): boolean {
    return this.hiddenKeys !== null;
  }

  #mayBeHidden(key: string): boolean {
    return this.hiddenKeys?.has(key) === true;
  }

  /** The code that stands for a property, if that is a repetitive string: 0 if it is not. Null where there are no codes. */
  codes(variable: Variable, key: string): string | null {
    const isElement = variable.type === "node" || variable.type === "edge";
    if (!isElement || this.isNullable(variable) || this.#slowProperties || this.#mayBeHidden(key))
      return null;
    const codes = this.lookup("codes", `rt.${variable.type}Codes(${this.code.constant(key)})`);
    return `${codes}.code(${this.local(variable)})`;
  }

  /**
   * Generates a function and returns its name. What its body looks up, is looked up at its head, each time it is called; inside of a
   * subquery, once for the pipeline around it, since there nothing is written meanwhile.
   */
  pipeline(body: () => void): string {
    const name = this.code.fresh("pipeline");
    const inSubquery = this.#heads.length > 0;
    this.code.block(`function ${name}()`, () => {
      if (inSubquery) body();
      else this.#withHead(body);
    });
    return name;
  }

  /** A block whose look-ups are made anew each time it is entered: what it looks at may have been written since. */
  freshBlock(head: string, body: () => void): void {
    this.code.block(head, () => this.#withHead(body));
  }

  /** A block that works on another graph: in it, the run and the parts of the graph that code names are those of that graph. */
  inGraph({ graph, offset }: UseOperator, body: () => void): void {
    const { code } = this;
    const outer = this.graph;
    const heads = this.#heads;
    const state: string[] = [];
    let run = this.#runs.get(graph);
    this.graph = this.#graphOf(graph, offset);
    if (run === undefined) {
      const name = code.constant(graph);
      run = this.perRun("run", graph === null ? "rt" : `rt.inGraph(${name},${offset})`);
      this.#runs.set(graph, run);
    }
    this.#heads = [];
    this.#states.push(state);
    this.#blocks += 1;
    code.block("", () => {
      code.line(`const rt=${run},${GRAPH_PARTS};`);
      const place = code.place();
      body();
      code.putAt(place, state);
    });
    this.#blocks -= 1;
    this.#states.pop();
    this.#heads = heads;
    this.graph = outer;
  }

  /** The text of a function of its own state, called at once: a subquery in an expression. */
  subquery(body: () => void): string {
    const { bound, keyParts } = this;
    const state: string[] = [];
    this.#states.push(state);
    this.bound = new Set(bound);
    this.keyParts = [];
    const text = this.code.capture(() => {
      const place = this.code.place();
      body();
      this.code.putAt(place, state);
    });
    this.#states.pop();
    this.bound = bound;
    this.keyParts = keyParts;
    return `(()=>{\n${text}\n})()`;
  }

  /** The same for a query that writes: it looks up for itself, each time, what is written meanwhile. */
  writingSubquery(body: () => string): string {
    const heads = this.#heads;
    const outer = new Set(this.bound);
    this.#heads = [];
    this.#writingSubqueries += 1;
    const text = body();
    this.#writingSubqueries -= 1;
    this.#heads = heads;
    this.bound = outer;
    return text;
  }

  /** Whether the query under construction is run again and again, on top of what it wrote. */
  get isInWritingCall(): boolean {
    return this.#writingSubqueries > 0;
  }

  #withHead(body: () => void): void {
    const head: Head = { lines: [], columns: new Map(), near: new Map(), counters: [] };
    const place = this.code.place();
    this.#heads.push(head);
    body();
    this.#heads.pop();
    const { lines, counters } = head;
    this.code.putAt(place, counters.length > 0 ? [...lines, "try {"] : lines);
    if (counters.length > 0) this.code.line(`} finally { ${counters.join("")} }`);
  }

  /** Inside, writes happen between reads, and a write may replace a column: none is kept. */
  whileWriting(body: () => void): void {
    const before = this.#slowProperties;
    this.#slowProperties = true;
    body();
    this.#slowProperties = before;
  }

  /** The element ids and ordinals that tell this row from all others. */
  rowKey(): string {
    if (this.keyParts.length === 0) return '"0"';
    return this.keyParts
      .map((part) => `rt.${KEY_PART[part.type]}(${this.local(part)})`)
      .join('+"."+');
  }

  /** What the run declares before its first pipeline. */
  runHead(): readonly string[] {
    return this.#states[0] ?? [];
  }

  /** The plan has this operator, in the query under construction. */
  record(operator: Operator): void {
    this.recorder?.operator(operator, this.#states.length - 1 - this.#blocks);
  }

  /** Counts a row, or as many as it stands for, that came out of an operator or a step, when the plan is shown. */
  countRow(part: Part | undefined, times = "1"): void {
    const number = part && this.recorder?.numberOf(part);
    if (number !== undefined) this.code.line(`rt.profile.came(${number},${times});`);
  }

  /** A loop over the indexes below `count`, which looks at the budget once per stretch. */
  stretches(count: string, body: (at: string) => void): void {
    const { code } = this;
    const [at, start, end] = [code.fresh("i"), code.fresh("start"), code.fresh("end")];
    code.block(`for(let ${start}=0;${start}<${count};${start}+=${STRETCH})`, () => {
      code.line(`const ${end}=Math.min(${count},${start}+${STRETCH});`);
      code.line(`if((B.steps-=${end}-${start})<0)B.look();`);
      code.block(`for(let ${at}=${start};${at}<${end};${at}++)`, () => body(at));
    });
  }

  /** One look at the budget per turn of a loop. */
  step(): void {
    this.code.line("if(--B.steps<0)B.look();");
  }
}

/** What generated code reads of the graph in use, by short names. */
export const GRAPH_PARTS = "g=rt.graph,N=g.nodes,E=g.edges,V=rt.sight";

/** The graph that a statement names at that offset, to plan for. */
export type GraphOf = (scope: GraphScope, offset: number) => Graph;

/** Rows between two looks at the budget where looking each time would cost as much as the row. */
const STRETCH = 1024;

interface GeneratorOptions {
  readonly keyed: boolean;
  readonly replaces: boolean;
  readonly hiddenKeys: ReadonlySet<string> | null;
  readonly recorder?: PlanRecorder;
  /** Whether a run can begin again in other code when what this one takes for granted is not so. */
  readonly assumes?: boolean;
}

/**
 * `output` generates what becomes of a row, given as one variable per column. With `onlyCounted` it looks at none of them, and gets how
 * often the row counts.
 */
export type QueryCode = (
  g: Generator,
  query: Query,
  output: (row: readonly Variable[], times: string) => void,
  onlyCounted?: boolean,
) => void;

interface Head {
  readonly lines: string[];
  /** Columns by kind of element and key. */
  readonly columns: Map<string, string>;
  /** Constants of the run, by their names there. */
  readonly near: Map<string, string>;
  /** What is to be done with counters in the end. */
  readonly counters: string[];
}

const KEY_PART = {
  node: "nodeKeyPart",
  edge: "edgeKeyPart",
  value: "valueKeyPart",
  path: "valueKeyPart",
  nodes: "nodesKeyPart",
  edges: "edgesKeyPart",
  steps: "stepsKeyPart",
} as const;
