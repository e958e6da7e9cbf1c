import { unreachable } from "@geode/values";
import { isWriting, replaces, writes } from "../../plan/writing.ts";
import type { Variable } from "../../plan/expression.ts";
import type { Aggregate, Bound, Item, Operator, Query, UseOperator } from "../../plan/operators.ts";
import { isUnseenInsert } from "../../plan/unseen-insert.ts";
import { neededAfter, usesOf } from "../../plan/uses.ts";
import { functions } from "../functions.ts";
import type { PlanRecorder } from "../plan-recorder.ts";
import type { Run } from "../run.ts";
import type { Grant } from "../sight.ts";
import { isElement, testCode, valueCode, variableCode } from "./expressions.ts";
import { Generator, GRAPH_PARTS, type GraphOf, type QueryCode } from "./generator.ts";
import { product } from "./branches.ts";
import { holdIds, holdSlots } from "./by-id.ts";
import { bytesCode, ENTRY_BYTES, STATE_BYTES } from "./bytes.ts";
import { matchCode } from "./match.ts";
import { deleteCode, insertCode, mergeCode, removeCode, setCode } from "./write.ts";
import { writingCallCode } from "./writing-call.ts";

export type Compiled = (run: Run) => void;

/**
 * Compiles a query for a graph: one function per pipeline, in which each operator is a loop or a test around the next one. A pipeline
 * ends where rows have to wait (sort, aggregate, write); the next one reads them back. Inside, `return true` means that no more rows
 * are wanted.
 */
export function generate(
  query: Query,
  graphOf: GraphOf,
  keyed: boolean,
  { recorder, grant }: { readonly recorder?: PlanRecorder; readonly grant?: Grant | null } = {},
): Compiled {
  const options = {
    keyed,
    replaces: replaces(query),
    hiddenKeys: grant?.hiddenKeys ?? null,
    ...(recorder ? { recorder } : {}),
  };
  const assumes = recorder === undefined && !writes(query);
  const g = new Generator(graphOf, { ...options, assumes }, queryCode);
  const first = compiled(g, query);
  if (!g.hasAssumed) return first;
  let general: Compiled | null = null;
  return (run) => {
    if (first(run) !== false) return;
    general ??= compiled(new Generator(graphOf, options, queryCode), query);
    general(run);
  };
}

/** Returns false, before it has done anything, when something is not so that the code takes for granted. */
function compiled(g: Generator, query: Query): (run: Run) => void | false {
  const { code } = g;
  code.line("return function run(rt) {");
  code.line(`const B=rt.budget,${GRAPH_PARTS};`);
  const head = code.place();
  queryCode(g, query, (row) => {
    if (query.output.kind === "nothing") return;
    const key = g.keyed ? `,${g.rowKey()}` : "";
    const values = row.map((variable) => variableCode(g, variable));
    code.line(`rt.row([${values.join(",")}]${key});`);
  });
  code.putAt(head, g.runHead());
  code.line("};");
  // oxlint-disable-next-line typescript/no-implied-eval -- the text is ours alone: what users wrote is in the constants
  const make = new Function("K", "F", `"use strict";\n${code.text()}`) as (
    constants: readonly unknown[],
    library: typeof functions,
  ) => (run: Run) => void | false;
  return make(code.constants, functions);
}

/** Generates the pipelines of a query one after the other; `output` generates what becomes of a row, given as one value per column. */
export const queryCode: QueryCode = (g, query, output, onlyCounted = false) =>
  new QueryGenerator(g, query, output, null, onlyCounted).pipelines();

/** Rows that wait between two pipelines: one array per variable. */
export interface Buffer {
  readonly count: string;
  readonly columns: Map<Variable, string>;
}

/** Generates a loop around a body. */
type Loop = (body: () => void) => void;

/** The variables that hold how many rows are still to be left out, and to be let through. */
interface Bounds {
  readonly skip: string | null;
  readonly take: string | null;
}

/** One key to sort by: the array of its values, this row's value, and what compares two of them. */
interface SortedBy {
  readonly values: string;
  readonly value: string;
  readonly sorter: string;
  /** How a number compares that comes later in the order than another one; null where keys are no numbers. */
  readonly behind: "<" | ">" | null;
}

class QueryGenerator {
  readonly #query: Query;
  readonly #operators: readonly Operator[];
  readonly #needed: readonly Set<Variable>[];
  readonly #g: Generator;
  readonly #emit: (row: readonly Variable[], times: string) => void;
  /** The rows that the query starts from; null: one row, of what is around it. */
  readonly #input: Loop | null;
  readonly #onlyCounted: boolean;
  /** How many rows the row under construction stands for. */
  #times = "1";
  /** What has a value around this query. */
  readonly #outer: ReadonlySet<Variable>;
  readonly #bounds = new Map<Operator, Bounds>();
  /** What comes after the pipeline under construction: code between the two, and the loop of the next one around its body. */
  #next: { between: () => void; loop: Loop; index: number; use?: UseOperator } | null = null;

  constructor(
    g: Generator,
    query: Query,
    emit: (row: readonly Variable[], times: string) => void,
    input: Loop | null = null,
    onlyCounted = false,
  ) {
    this.#g = g;
    this.#input = input;
    this.#emit = emit;
    this.#onlyCounted = onlyCounted;
    // Where it writes again and again, what is around it may go; so it holds that as it holds what is its own.
    this.#outer = new Set(g.isInWritingCall && writes(query) ? [] : g.bound);
    this.#operators = g.keyed ? withDefinedOrder(query.operators) : query.operators;
    this.#query = { ...query, operators: this.#operators };
    this.#needed = neededAfter(this.#query);
  }

  pipelines(): void {
    const g = this.#g;
    const input = this.#input ?? ((body) => body());
    g.code.line(`${g.pipeline(() => input(() => this.#operator(0)))}();`);
    this.#pipelinesBehind();
  }

  #pipelinesBehind(): void {
    const g = this.#g;
    while (this.#next) {
      const { between, loop, index, use } = this.#next;
      this.#next = null;
      g.bound = new Set(this.#outer);
      between();
      const pipeline = (): void => {
        g.bound = new Set(this.#outer);
        g.code.line(`${g.pipeline(() => loop(() => this.#operator(index)))}();`);
      };
      if (use === undefined) pipeline();
      else
        g.inGraph(use, () => {
          pipeline();
          this.#pipelinesBehind();
        });
    }
  }

  /** Generates the operator at that index and, inside of it, what follows. */
  #operator(index: number): void {
    const operator = this.#operators[index];
    const g = this.#g;
    g.countRow(this.#operators[index - 1], this.#times);
    if (!operator) {
      this.#output();
      return;
    }
    g.record(operator);
    const { code } = g;
    const rest = (): void => this.#operator(index + 1);
    switch (operator.kind) {
      case "match":
        matchCode(g, operator, this.#unlooked(operator, index), (times) => {
          this.#extendKey(operator.introduces);
          const before = this.#times;
          this.#times = product([before, times]);
          rest();
          this.#times = before;
        });
        return;
      case "filter":
        code.block(`if(${testCode(g, operator.predicate)})`, rest);
        return;
      case "let":
        for (const item of operator.items)
          this.#define(item.variable, valueCode(g, item.expression));
        rest();
        return;
      case "for": {
        const [list, at] = [code.fresh("list"), code.fresh("i")];
        code.line(`const ${list}=F.items(${valueCode(g, operator.list)},${operator.offset});`);
        code.block(`for(let ${at}=0;${at}<${list}.length;${at}++)`, () => {
          g.step();
          this.#define(operator.variable, `${list}[${at}]`);
          this.#define(operator.hidden, at);
          if (operator.ordinal) this.#define(operator.ordinal, `${at}+${operator.ordinalBase}`);
          this.#extendKey([operator.hidden]);
          rest();
        });
        return;
      }
      case "distinct": {
        const [seen, key] = [g.state("seen", "new Set()"), code.fresh("key")];
        code.line(`const ${key}=${this.#groupKey(operator.variables)};`);
        code.block(`if(!${seen}.has(${key}))`, () => {
          code.line(`${seen}.add(${key});B.keep(${ENTRY_BYTES}+F.bytesOf(${key}));`);
          this.#replaceKey(operator.rowKey, `rt.groupRowKey(${key})`);
          rest();
        });
        return;
      }
      case "element": {
        const { variable, of, asEnd, offset } = operator;
        const slot = asEnd
          ? `rt.endSlot(${g.local(of)},${code.constant(of.name ?? "a node")},${offset})`
          : `rt.slotOf("${variable.type}",${g.local(of)},${offset})`;
        this.#define(variable, slot);
        rest();
        return;
      }
      case "use":
        this.#use(operator, index);
        return;
      case "call":
        if (writes(operator.query))
          this.#barrier(index, (buffer) =>
            writingCallCode(g, operator, buffer, (columnCode) =>
              this.#rowsOf(operator.query, (column, at) => {
                const outer = operator.columns[at] ?? column;
                return columnCode(isElement(outer) ? g.local(column) : variableCode(g, column), at);
              }),
            ),
          );
        else this.#call(operator, rest);
        return;
      case "procedure":
        this.#procedure(operator, rest);
        return;
      case "combine":
        if (index === 0 && this.#input === null && !isWriting(operator))
          this.#combine(operator, rest);
        else this.#combineRows(operator, index);
        return;
      case "merge":
        this.#barrier(index, (buffer) => mergeCode(g, operator, buffer, this.#writing(buffer)));
        return;
      case "aggregate":
        this.#aggregate(operator, index);
        return;
      case "sort":
        this.#sort(operator, index);
        return;
      case "slice":
        this.#slice(operator, rest);
        return;
      case "insert":
        this.#barrier(index, (buffer) => {
          const unseen = !g.isInWritingCall && isUnseenInsert(this.#query, index);
          const reading = (body: () => void): void =>
            g.code.line(`${g.pipeline(() => this.#loop(buffer, body))}();`);
          insertCode(g, operator, buffer, reading, this.#writing(buffer), unseen);
        });
        return;
      case "set":
        this.#barrier(index, (buffer) => setCode(g, operator, this.#writing(buffer)));
        return;
      case "remove":
        this.#barrier(index, (buffer) => removeCode(g, operator, this.#writing(buffer)));
        return;
      case "delete":
        this.#barrier(index, (buffer) => deleteCode(g, operator, buffer, this.#writing(buffer)));
        return;
      default:
        unreachable(operator);
    }
  }

  /** Rows wait here, since what follows works on another graph; what is held of this one goes on as values. */
  #use(operator: UseOperator, index: number): void {
    const g = this.#g;
    for (const item of operator.carried) this.#define(item.variable, valueCode(g, item.expression));
    if (g.keyParts.length > 0) this.#replaceKey(operator.rowKey, g.rowKey());
    const buffer = this.#buffer(index);
    this.#keep(buffer);
    const loop: Loop = (body) => this.#loop(buffer, body);
    this.#next = { between: () => {}, loop, index: index + 1, use: operator };
  }

  #call(operator: Operator & { kind: "call" }, rest: () => void): void {
    const g = this.#g;
    const { query, columns, optional, rowKey } = operator;
    const [rows, before, here] = [
      g.code.fresh("rows"),
      g.code.fresh("before"),
      g.code.fresh("here"),
    ];
    g.code.line(`const ${before}=B.kept;`);
    g.code.line(
      `const ${rows}=${this.#rowsOf(query, (column, at) => (isElement(columns[at] ?? column) ? g.local(column) : variableCode(g, column)))};`,
    );
    if (optional) {
      const nothing = columns.map((column) => (isElement(column) ? "-1" : "null"));
      g.code.line(`if(${rows}.length===0)${rows}.push([${[...nothing, '"-"'].join(",")}]);`);
    }
    g.code.line(`const ${here}=B.since(${before});`);
    if (query.output.kind === "nothing") rest();
    else this.#each(rows, columns, rowKey, rest);
    g.code.line(`B.giveBack(${here});`);
  }

  #procedure(operator: Operator & { kind: "procedure" }, rest: () => void): void {
    const g = this.#g;
    const { procedure, args, columns, optional, hidden, offset } = operator;
    const values = args.map((argument) => valueCode(g, argument)).join(",");
    const [rows, at] = [g.code.fresh("rows"), g.code.fresh("i")];
    g.code.line(`const ${rows}=rt.procedure(${g.code.constant(procedure)},[${values}],${offset});`);
    if (procedure.columns.length === 0) {
      rest();
      return;
    }
    if (optional) g.code.line(`if(${rows}.length===0)${rows}.push([]);`);
    g.code.block(`for(let ${at}=0;${at}<${rows}.length;${at}++)`, () => {
      g.step();
      for (const { index, variable } of columns)
        this.#define(variable, `(${rows}[${at}][${index}]??null)`);
      this.#define(hidden, at);
      this.#extendKey([hidden]);
      rest();
    });
  }

  #combine(operator: Operator & { kind: "combine" }, rest: () => void): void {
    const g = this.#g;
    const { columns, rowKey } = operator;
    const rows = g.code.fresh("rows");
    const combined = this.#combined(operator, (branch) =>
      this.#rowsOf(branch, (column) => variableCode(g, column)),
    );
    g.code.line(`const ${rows}=${combined};`);
    this.#each(rows, columns, rowKey, rest);
  }

  /** The text of the combined rows. One side is run after the other, and OTHERWISE runs none that it does not need. */
  #combined(
    { operation, all, branches, columns }: Operator & { kind: "combine" },
    rowsOf: (branch: Query, at: number) => string,
  ): string {
    const { code } = this.#g;
    const sides: string[] = [];
    for (const [at, branch] of branches.entries()) {
      const rows = rowsOf(branch, at);
      const side = code.fresh("side");
      const isAnswered = sides.map((before) => `${before}.length>0`).join("||");
      const lazy = operation === "otherwise" && at > 0;
      code.line(`const ${side}=${lazy ? `${isAnswered}?[]:${rows}` : rows};`);
      sides.push(side);
    }
    return `F.combine("${operation}",${all},[${sides.join(",")}],${columns.length},rt,B)`;
  }

  /**
   * Set operators behind NEXT, or of changes: each of the queries works on all rows so far, and on the graph as the one before left it.
   */
  #combineRows(operator: Operator & { kind: "combine" }, index: number): void {
    const g = this.#g;
    const { code } = g;
    const { columns, rowKey } = operator;
    const buffer = this.#buffer(index);
    this.#keep(buffer);
    const writing = isWriting(operator);
    // What one side deletes, the next one must not meet in its place: for each, the slots are found anew.
    const held = writing
      ? [...buffer.columns].map(([variable]) => [variable, g.state("b", "[]")] as const)
      : [];
    const hold = (at: number): void => {
      if (!writing) return;
      for (const [variable, array] of held) {
        const slots = buffer.columns.get(variable);
        code.line(at === 0 ? `${array}=${slots};` : `${slots}=${array};`);
      }
      if (at === 0) holdIds(g, held);
      else holdSlots(g, buffer.columns);
    };
    if (writing && operator.branches.some(replaces))
      for (const [variable] of held) if (isElement(variable)) g.makeNullable(variable);
    const { keyParts } = g;
    const rows = g.state("rows", "[]");
    const input: Loop = (body) =>
      this.#loop(buffer, () => {
        g.keyParts = keyParts;
        body();
      });
    this.#next = {
      between: () => {
        const combined = this.#combined(operator, (branch, at) => {
          hold(at);
          const text = (): string =>
            this.#rowsOf(branch, (column) => variableCode(g, column), input);
          return writing ? g.writingSubquery(text) : text();
        });
        code.line(`${rows}=${combined};`);
      },
      loop: (body) => {
        g.keyParts = [];
        this.#each(rows, columns, rowKey, body);
      },
      index: index + 1,
    };
  }

  /** The text of all rows of a query over the variables so far: arrays of its columns and, last, the row's key. */
  #rowsOf(
    query: Query,
    columnCode: (column: Variable, at: number) => string,
    input: Loop | null = null,
  ): string {
    const g = this.#g;
    return g.subquery(() => {
      const rows = g.state("rows", "[]");
      const keep = (row: readonly Variable[]): void => {
        const key = g.keyed ? g.rowKey() : '""';
        const kept = g.code.fresh("row");
        g.code.line(`const ${kept}=[${[...row.map(columnCode), key].join(",")}];`);
        g.code.line(`B.keep(F.bytesOf(${kept}));${rows}.push(${kept});`);
      };
      new QueryGenerator(g, query, keep, input).pipelines();
      g.code.line(`return ${rows};`);
    });
  }

  #each(rows: string, columns: readonly Variable[], rowKey: Variable, rest: () => void): void {
    const g = this.#g;
    const at = g.code.fresh("i");
    g.code.block(`for(let ${at}=0;${at}<${rows}.length;${at}++)`, () => {
      g.step();
      for (const [index, column] of columns.entries())
        this.#define(column, `${rows}[${at}][${index}]`);
      if (g.keyed) {
        this.#define(rowKey, `${rows}[${at}][${columns.length}]`);
        this.#extendKey([rowKey]);
      }
      rest();
    });
  }

  #output(): void {
    const { output } = this.#query;
    switch (output.kind) {
      case "rows":
        this.#emit(
          output.columns.map(({ variable }) => variable),
          this.#times,
        );
        return;
      case "records":
        this.#emit([output.variable], this.#times);
        return;
      case "nothing":
        this.#emit([], this.#times);
        return;
      default:
        unreachable(output);
    }
  }

  /** The variables of a MATCH that make no difference but by how many bindings there are: all that follows counts rows. */
  #unlooked(match: Operator & { kind: "match" }, index: number): ReadonlySet<Variable> {
    const looked = new Set<Variable>();
    for (const operator of this.#operators.slice(index + 1)) {
      for (const variable of usesOf(operator)) looked.add(variable);
      if (operator.kind === "match") continue;
      if (operator.kind !== "aggregate" || !operator.aggregates.every(isCounter)) return new Set();
      return new Set(match.introduces.filter((variable) => !looked.has(variable)));
    }
    if (!this.#onlyCounted) return new Set();
    return new Set(match.introduces.filter((variable) => !looked.has(variable)));
  }

  #define(variable: Variable, expression: string): void {
    this.#g.code.line(`const ${this.#g.local(variable)}=${expression};`);
    this.#g.bound.add(variable);
  }

  #extendKey(variables: readonly Variable[]): void {
    this.#g.keyParts = [...this.#g.keyParts, ...variables];
  }

  /** Rows merge here: from now on their key is that of the group. */
  #replaceKey(rowKey: Variable, expression: string): void {
    if (!this.#g.keyed) return;
    this.#define(rowKey, expression);
    this.#g.keyParts = [rowKey];
  }

  /** Equal exactly for equivalent rows. Elements count by slot, or by id where the key outlives the run. */
  #groupKey(variables: readonly Variable[]): string {
    const g = this.#g;
    const parts = variables.map((variable) => {
      if (!isElement(variable)) return variableCode(g, variable);
      if (!g.keyed) return g.local(variable);
      return `rt.${variable.type}KeyPart(${g.local(variable)})`;
    });
    return parts.length === 1
      ? `F.equivalenceKey(${parts.join("")})`
      : `F.groupKey([${parts.join(",")}])`;
  }

  /** Ends the pipeline: rows are kept, `between` works on them, the next pipeline goes on. */
  #barrier(index: number, between: (buffer: Buffer) => void): void {
    const buffer = this.#buffer(index);
    this.#keep(buffer);
    this.#next = {
      between: () => between(buffer),
      loop: (body) => this.#loop(buffer, body),
      index: index + 1,
    };
  }

  /** Runs a body for each kept row, where it may write. */
  #writing(buffer: Buffer): (body: () => void) => void {
    const g = this.#g;
    return (body) => {
      const name = g.pipeline(() => g.whileWriting(() => this.#loop(buffer, body)));
      g.code.line(`${name}();`);
    };
  }

  /** Arrays for the variables that the operator and what follows it look at. */
  #buffer(index: number): Buffer {
    const g = this.#g;
    const operator = this.#operators[index];
    const wanted = new Set([
      ...(this.#needed[index] ?? []),
      ...(operator ? usesOf(operator) : []),
      ...(g.keyed ? g.keyParts : []),
    ]);
    const columns = new Map<Variable, string>();
    for (const variable of wanted)
      if (g.bound.has(variable) && !this.#outer.has(variable))
        columns.set(variable, g.state("b", "[]"));
    return { count: g.state("n", "0"), columns };
  }

  #keep(buffer: Buffer): void {
    const { code } = this.#g;
    for (const [variable, array] of buffer.columns)
      code.line(`${array}.push(${this.#g.local(variable)});`);
    code.line(`${buffer.count}++;B.keep(${bytesCode(this.#g, buffer.columns.keys())});`);
  }

  /** A loop over kept rows, in which their variables have their values. */
  #loop(buffer: Buffer, body: () => void, order?: string): void {
    const g = this.#g;
    const { code } = g;
    const at = code.fresh("i");
    code.block(`for(let ${at}=0;${at}<${buffer.count};${at}++)`, () => {
      g.step();
      const row = order ? `${order}[${at}]` : at;
      for (const [variable, array] of buffer.columns) this.#define(variable, `${array}[${row}]`);
      body();
    });
  }

  #sort(operator: Operator & { kind: "sort" }, index: number): void {
    const next = this.#operators[index + 1];
    const bounds = next?.kind === "slice" ? this.#boundsOf(next) : null;
    const keys = operator.keys.map((key): SortedBy => ({
      values: this.#g.state("k", "[]"),
      value: valueCode(this.#g, key.expression),
      sorter: sorter(key.descending, key.nulls),
      behind: key.descending ? "<" : ">",
    }));
    if (this.#g.keyed)
      keys.push({
        values: this.#g.state("k", "[]"),
        value: this.#g.rowKey(),
        sorter: "byRowKey",
        behind: null,
      });
    const comparisons = keys.map(({ values, sorter: by }) => `F.${by}(${values}[i],${values}[j])`);
    const comparator = `(i,j)=>${comparisons.join("||") || "0"}`;
    if (bounds?.take) this.#sortFirst(bounds, keys, comparator, index);
    else this.#sortAll(keys, comparator, index);
  }

  #sortAll(keys: readonly SortedBy[], comparator: string, index: number): void {
    const g = this.#g;
    const { code } = g;
    for (const { values, value } of keys) {
      const key = code.fresh("key");
      code.line(`const ${key}=${value};${values}.push(${key});B.hold(F.bytesOf(${key}));`);
    }
    const buffer = this.#buffer(index);
    this.#keep(buffer);
    const order = g.state("order", "null");
    this.#next = {
      between: () => code.line(`${order}=rt.order(${buffer.count},${comparator});`),
      loop: (body) => this.#loop(buffer, body, order),
      index: index + 1,
    };
  }

  /** Only so many rows are wanted: no more are kept at any time. */
  #sortFirst(
    { skip, take }: Bounds,
    keys: readonly SortedBy[],
    comparator: string,
    index: number,
  ): void {
    const g = this.#g;
    const { code } = g;
    const wanted = skip ? `${skip}+${take}` : take;
    const first = g.state("first", `rt.firstRows(${wanted},${comparator})`);
    const order = g.state("order", "null");
    const { columns } = this.#buffer(index);
    const [place, key] = [code.fresh("place"), code.fresh("key")];
    const [primary, ...others] = keys;
    const edge = g.state("edge", "null");
    const behind = primary?.behind ?? null;
    if (primary) code.line(`const ${key}=${primary.value};`);
    // Most rows are behind the last one that is wanted by a number that they begin with, and need no more than a look at it.
    const isNear =
      behind && `typeof ${edge}!=="number"||typeof ${key}!=="number"||!(${key}${behind}${edge})`;
    code.block(isNear ? `if(${isNear})` : "", () => {
      if (primary) code.line(`${primary.values}[${first}.place]=${key};`);
      for (const { values, value } of others) code.line(`${values}[${first}.place]=${value};`);
      code.line(`const ${place}=${first}.admit();`);
      code.block(`if(${place}!==-1)`, () => {
        if (primary && behind)
          code.line(`if(${first}.isFull)${edge}=${primary.values}[${first}.last];`);
        for (const [variable, array] of columns)
          code.line(`${array}[${place}]=${g.local(variable)};`);
      });
    });
    this.#next = {
      between: () => code.line(`${order}=${first}.order();`),
      loop: (body) => this.#loop({ count: `${first}.count`, columns }, body, order),
      index: index + 1,
    };
  }

  /** What OFFSET and LIMIT count down from: computed once, whoever asks. */
  #boundsOf(operator: Operator & { kind: "slice" }): Bounds {
    const known = this.#bounds.get(operator);
    if (known) return known;
    const g = this.#g;
    const bound = (what: "OFFSET" | "LIMIT", { expression, where }: Bound): string =>
      g.stateOf("left", () => `rt.rowCount("${what}",${valueCode(g, expression)},${where})`);
    const bounds: Bounds = {
      skip: operator.offset && bound("OFFSET", operator.offset),
      take: operator.limit && bound("LIMIT", operator.limit),
    };
    this.#bounds.set(operator, bounds);
    return bounds;
  }

  #slice(operator: Operator & { kind: "slice" }, rest: () => void): void {
    const { code } = this.#g;
    const { skip, take } = this.#boundsOf(operator);
    if (take) code.line(`if(${take}===0)return true;`);
    const inner = (): void => {
      rest();
      if (take) code.line(`if(--${take}===0)return true;`);
    };
    if (skip) {
      code.line(`if(${skip}>0)${skip}--;`);
      code.block("else", inner);
    } else {
      code.block("", inner);
    }
  }

  #aggregate(operator: Operator & { kind: "aggregate" }, index: number): void {
    for (const key of operator.keys) {
      if (key.expression.kind !== "variable" || key.expression.variable !== key.variable)
        this.#define(key.variable, valueCode(this.#g, key.expression));
    }
    if (operator.keys.length === 0) this.#total(operator, index);
    else this.#groups(operator, index);
  }

  /** Everything is one group: one state per aggregate, and always one row. */
  #total(operator: Operator & { kind: "aggregate" }, index: number): void {
    const g = this.#g;
    const { code } = g;
    const columns = new Map<Variable, string>();
    const states = operator.aggregates.map((aggregate) => {
      columns.set(aggregate.variable, g.state("b", "[]"));
      const state = isElementCounter(aggregate) ? "F.slotSet()" : newState(aggregate);
      return { aggregate, state: g.state("total", state) };
    });
    for (const { aggregate, state } of states)
      this.#accumulate(aggregate, isCounter(aggregate) ? g.counter(state) : state, index);
    const rowKey = operator.rowKey;
    if (g.keyed) columns.set(rowKey, g.state("b", '[rt.groupRowKey("")]'));
    this.#next = {
      between: () => {
        for (const { aggregate, state } of states) {
          const result = isElementCounter(aggregate)
            ? `${state}.release()`
            : resultCode(aggregate, state);
          code.line(`${columns.get(aggregate.variable)}.push(${result});`);
        }
      },
      loop: (body) => {
        if (g.keyed) g.keyParts = [rowKey];
        this.#loop({ count: "1", columns }, body);
      },
      index: index + 1,
    };
  }

  #groups(operator: Operator & { kind: "aggregate" }, index: number): void {
    const g = this.#g;
    const { code } = g;
    const groups = g.state("groups", "new Map()");
    const count = g.state("n", "0");
    const columns = new Map<Variable, string>();
    for (const { variable } of operator.keys) {
      const held = variable.type === "path" ? variable.elements : [variable];
      for (const part of held) if (!columns.has(part)) columns.set(part, g.state("b", "[]"));
    }
    if (g.keyed) columns.set(operator.rowKey, g.state("b", "[]"));
    const [key, at] = [code.fresh("key"), code.fresh("group")];
    const states = operator.aggregates.map((aggregate) => ({
      aggregate,
      array: g.state("b", "[]"),
    }));
    const find = (): void => {
      code.line(`const ${key}=${this.#groupKey(operator.keys.map((item) => item.variable))};`);
      code.line(`${at}=${groups}.get(${key});`);
      code.block(`if(${at}===undefined)`, () => {
        code.line(`${at}=${count}++;${groups}.set(${key},${at});`);
        const own = ENTRY_BYTES + states.length * STATE_BYTES;
        const held = [...columns.keys()].filter((variable) => variable !== operator.rowKey);
        code.line(`B.keep(${own}+F.bytesOf(${key})+${bytesCode(g, held)});`);
        for (const [variable, array] of columns) {
          const value = variable === operator.rowKey ? `rt.groupRowKey(${key})` : g.local(variable);
          code.line(`${array}.push(${value});`);
        }
        for (const { aggregate, array } of states)
          code.line(`${array}.push(${newState(aggregate)});`);
      });
    };
    this.#findGroup(operator.keys, at, find);
    for (const { variable } of operator.keys) {
      if (variable.type !== "value") continue;
      const kept = `${columns.get(variable)}[${at}]`;
      const value = g.local(variable);
      code.line(`if(${kept}!==${value})${kept}=F.representative(${kept},${value});`);
    }
    for (const { aggregate, array } of states) {
      this.#accumulate(aggregate, `${array}[${at}]`, index);
      columns.set(aggregate.variable, array);
    }
    this.#next = {
      between: () => {
        for (const { aggregate, array } of states)
          code.line(`${array}=${array}.map((state)=>${resultCode(aggregate, "state")});`);
      },
      loop: (body) => {
        if (g.keyed) g.keyParts = [operator.rowKey];
        this.#loop({ count, columns }, body);
      },
      index: index + 1,
    };
  }

  /** Sets `at`. What one property of strings tells apart is found by the code of the string, where there is one. */
  #findGroup(keys: readonly Item[], at: string, find: () => void): void {
    const g = this.#g;
    const { code } = g;
    const [of, ...others] = keys.map(({ expression }) => expression);
    const codes =
      of?.kind === "property" && of.of.kind === "variable" && others.length === 0
        ? g.codes(of.of.variable, of.key)
        : null;
    if (codes === null) {
      code.line(`let ${at};`);
      code.block("", find);
      return;
    }
    const [byCode, own] = [g.state("byCode", "[]"), code.fresh("code")];
    code.line(`const ${own}=${codes};`);
    code.line(`let ${at}=${own}===0?undefined:${byCode}[${own}];`);
    code.block(`if(${at}===undefined)`, () => {
      find();
      code.line(`if(${own}!==0)${byCode}[${own}]=${at};`);
    });
  }

  #accumulate(aggregate: Aggregate, state: string, index: number): void {
    const g = this.#g;
    const { code } = g;
    const { argument } = aggregate;
    const increment = this.#times === "1" ? `${state}++` : `${state}+=${this.#times}`;
    if (!argument) {
      code.line(`${increment};`);
      return;
    }
    if (isCounter(aggregate)) {
      const present =
        argument.kind === "variable" && isElement(argument.variable)
          ? g.isNullable(argument.variable)
            ? `${g.local(argument.variable)}!==-1`
            : "true"
          : `${valueCode(g, argument)}!==null`;
      code.line(`if(${present})${increment};`);
      return;
    }
    if (argument.kind === "variable" && isElementCounter(aggregate)) {
      const slot = g.local(argument.variable);
      const isThere = g.isNullable(argument.variable) ? `${slot}!==-1&&` : "";
      code.line(
        `if(${isThere}!${state}.has(${slot})){${state}.add(${slot});B.keep(${ENTRY_BYTES});}`,
      );
      return;
    }
    const { parameter } = aggregate;
    if (parameter) code.line(`${state}.parameter(${valueCode(g, parameter)});`);
    // In a live query the order of a list has to be defined: by ORDER BY before it, else by row key.
    const needsKey = g.keyed && aggregate.name === "collect_list" && !this.#isSortedBefore(index);
    code.line(`${state}.add(${valueCode(g, argument)}${needsKey ? `,${g.rowKey()}` : ""});`);
  }

  /** Whether the rows come in the order of an ORDER BY. */
  #isSortedBefore(index: number): boolean {
    for (const operator of this.#operators.slice(0, index).toReversed()) {
      if (operator.kind === "sort") return operator.keys.length > 0;
      if (operator.kind !== "filter" && operator.kind !== "let" && operator.kind !== "slice")
        return false;
    }
    return false;
  }
}

function isCounter(aggregate: Aggregate): boolean {
  return aggregate.name === "count" && !aggregate.distinct;
}

/** Counts different elements: which they are is known by their slots, without a look into them. */
function isElementCounter({ name, distinct, argument }: Aggregate): boolean {
  return (
    name === "count" && distinct && argument?.kind === "variable" && isElement(argument.variable)
  );
}

function resultCode(aggregate: Aggregate, state: string): string {
  if (isCounter(aggregate)) return `F.exactCount(${state})`;
  return isElementCounter(aggregate) ? `${state}.size` : `${state}.result()`;
}

function newState(aggregate: Aggregate): string {
  if (isElementCounter(aggregate)) return "new Set()";
  return isCounter(aggregate)
    ? "0"
    : `F.accumulator("${aggregate.name}",${aggregate.distinct},${aggregate.offset},B)`;
}

function sorter(descending: boolean, nulls: "first" | "last"): string {
  return `${descending ? "descending" : "ascending"}${nulls === "first" ? "NullsFirst" : "NullsLast"}`;
}

/** In live queries LIMIT without an order takes the rows with the smallest keys. */
function withDefinedOrder(operators: readonly Operator[]): readonly Operator[] {
  return operators.flatMap((operator, index): Operator[] =>
    operator.kind === "slice" && operators[index - 1]?.kind !== "sort"
      ? [{ kind: "sort", keys: [] }, operator]
      : [operator],
  );
}
