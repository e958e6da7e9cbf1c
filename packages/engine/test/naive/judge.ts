import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { Edge, Float, GeodeError, Node, Path, type Value } from "@geode/values";
import { Budget, DEFAULT_BUDGET } from "../../src/execute/budget.ts";
import { compile } from "../../src/execute/compile.ts";
import type { Result } from "../../src/execute/statement.ts";
import { Writer } from "../../src/execute/writer.ts";
import type * as ast from "../../src/gql/ast.ts";
import { parse } from "../../src/gql/parser.ts";
import { violations } from "../../src/graph/invariants.ts";
import { Store } from "../../src/graph/store.ts";
import { Undo } from "../../src/graph/undo.ts";
import type { Environment, Watch } from "./environment.ts";
import { Model } from "./model.ts";
import { bindingsOf, TooLarge } from "./patterns.ts";
import { resultOf } from "./queries.ts";

/** Something that may go wrong, as text: a graph, and statements one after the other. */
export interface NaiveCase {
  readonly graph: string;
  readonly statements: readonly CaseStatement[];
}

interface CaseStatement {
  readonly text: string;
  /** Whether errors of values are possible, so that it depends on the order of evaluation if there is one. */
  readonly risky: boolean;
}

const PARAMETERS: ReadonlyMap<string, Value> = new Map<string, Value>([
  ["p", 1],
  ["q", null],
]);

const INDEXES = [
  "CREATE INDEX ax FOR (n:A) ON (n.x)",
  "CREATE INDEX bx FOR (n:B) ON (n.x)",
  "CREATE INDEX ay FOR (n:A) ON (n.y)",
];

/** What came of a statement. */
type Outcome =
  | { readonly kind: "result"; readonly result: Result }
  | { readonly kind: "error"; readonly error: GeodeError };

/**
 * Plays the statements against the engine and against the naive evaluator, and holds the results against each other: rows as bags, in
 * their order where ORDER BY decides it, errors by their class, and the graph after every write. Returns how many were compared.
 */
export function playNaiveCase({ graph, statements }: NaiveCase): number {
  const engine = new Engine();
  engine.write(graph);
  let compared = 0;
  for (const statement of statements) {
    const { text } = statement;
    const { statement: tree } = parse(text);
    if (tree.kind !== "queryStatement") throw new Error(`no query: ${text}`);
    const model = Model.of(engine.store);
    const naive = naiveOutcome(tree.query, model.copy());
    if (naive === null) continue;
    compared += 1;
    const known = new Set([...model.nodes.keys(), ...model.edges.keys()]);
    const expected: Expectation = { statement, naive, known };
    if (compile(text).access === "read") {
      judge(expected, engine.read(text, false));
      const keyed = engine.read(text, true);
      judge(expected, keyed);
      if (keyed.kind === "result")
        strictEqual(
          new Set(keyed.result.keys).size,
          keyed.result.rows.length,
          `row keys of ${text}`,
        );
      const undo = new Undo();
      for (const index of INDEXES) engine.write(index, undo);
      judge(expected, engine.read(text, false));
      engine.store.rollback(undo, 0);
    } else {
      const before = printedGraph(model, known);
      const outcome = engine.write(text);
      judge(expected, outcome);
      const after =
        outcome.kind === "error" || naive.kind === "error"
          ? before
          : printedGraph(naive.model, known);
      deepStrictEqual(
        { text, graph: printedGraph(Model.of(engine.store), known) },
        { text, graph: after },
      );
      deepStrictEqual(violations(engine.store), []);
    }
  }
  return compared;
}

type NaiveOutcome =
  | { readonly kind: "error"; readonly error: GeodeError }
  | {
      readonly kind: "rows";
      readonly columns: readonly string[];
      /** Before OFFSET and LIMIT. */
      readonly rows: Watch["rows"];
      /** The window over them. */
      readonly from: number;
      readonly count: number;
      readonly model: Model;
    };

function naiveOutcome(query: ast.Query, model: Model): NaiveOutcome | null {
  const last = query.steps.at(-1);
  const final = last?.rest.length === 0 ? last.first.clauses.at(-1) : undefined;
  const tail = final?.kind === "return" ? final.tail : null;
  const watch: Watch | null = tail && { tail, rows: [] };
  const at: Environment = {
    model,
    parameters: PARAMETERS,
    row: new Map(),
    resultOf,
    bindingsOf: (path, where, inner) => bindingsOf([path], "differentEdges", where, inner),
    ...(watch ? { watch } : {}),
  };
  try {
    const { columns, rows } = resultOf(query, at);
    model.finish();
    const all = watch ? watch.rows : rows.map((row) => ({ row, place: 0 }));
    const offset = tail?.offset?.kind === "literal" ? Number(tail.offset.value) : 0;
    const count = columns.length === 0 ? 0 : rows.length;
    return { kind: "rows", columns, rows: all, from: Math.min(offset, all.length), count, model };
  } catch (error) {
    if (error instanceof TooLarge) return null;
    if (error instanceof GeodeError) return { kind: "error", error };
    throw error;
  }
}

interface Expectation {
  readonly statement: CaseStatement;
  readonly naive: NaiveOutcome;
  /** The elements that there were before. */
  readonly known: ReadonlySet<number>;
}

function judge({ statement, naive, known }: Expectation, outcome: Outcome): void {
  const { text, risky } = statement;
  if (outcome.kind === "error") {
    const { code, message } = outcome.error;
    if (naive.kind === "error") {
      strictEqual(
        classOf(code),
        classOf(naive.error.code),
        `${text}: ${message}, instead of ${naive.error.message}`,
      );
      return;
    }
    // What the engine looks at early may be what the naive evaluator never comes to.
    if (!risky || classOf(code) !== "22")
      throw new Error(`${text}: ${code} ${message}`, { cause: outcome.error });
    return;
  }
  if (naive.kind === "error") {
    // A row that LIMIT, EXISTS or a zero count makes needless need not be computed.
    if (/LIMIT|EXISTS|COUNT|size/.test(text)) return;
    throw new Error(`${text}: no error, instead of ${naive.error.code} ${naive.error.message}`);
  }
  const { columns, rows, from, count } = naive;
  const print: Print = { exact: !MERGING.test(text), bags: text.includes("collect("), known };
  const found = outcome.result.rows.map((row) => printedRow(row, print));
  const expected = rows.map(({ row, place }) => ({
    text: printedRow(
      columns.map((column) => row.get(column) ?? null),
      print,
    ),
    place,
  }));
  const show = (): string =>
    `${text}\nfound:\n${found.join("\n")}\nexpected (from ${from}, ${count}):\n${expected.map(({ text: one, place }) => `${place}: ${one}`).join("\n")}`;
  if (found.length !== count) throw new Error(`${count} rows expected of ${show()}`);
  if (count === 0) return;
  deepStrictEqual(
    outcome.result.columns.map(({ name }) => name),
    columns,
  );
  const left = new Map<string, number>();
  for (const { text: one, place } of expected)
    left.set(`${place} ${one}`, (left.get(`${place} ${one}`) ?? 0) + 1);
  for (const [index, row] of found.entries()) {
    const place = expected[from + index]?.place ?? 0;
    const times = left.get(`${place} ${row}`) ?? 0;
    if (times === 0) throw new Error(`row ${index} is not expected there of ${show()}`);
    left.set(`${place} ${row}`, times - 1);
  }
}

/** Which of several equivalent values, such as 2 and 2.0, comes out of these is open. */
const MERGING = /DISTINCT|UNION|EXCEPT|INTERSECT|ORDER BY|(?:min|max|count|sum|avg|collect)\(/;

function classOf(code: string): string {
  return code.slice(0, 2);
}

class Engine {
  readonly store = new Store();
  #ids = 1;

  read(text: string, keyed: boolean): Outcome {
    return this.#outcome(() => this.#run(text, keyed, undefined));
  }

  write(text: string, undo = new Undo()): Outcome {
    const writer = new Writer(this.store, "default", { next: () => this.#ids++ }, undo);
    return this.#outcome(() => this.#run(text, false, writer));
  }

  #run(text: string, keyed: boolean, writer: Writer | undefined): Result {
    return compile(text).run({
      graph: this.store.graph("default"),
      graphName: "default",
      graphs: this.store.graphs,
      parameters: PARAMETERS,
      timeMs: 0,
      random: () => 0.5,
      budget: new Budget(DEFAULT_BUDGET, () => 0),
      keyed,
      hashKey: (key) => key,
      ...(writer ? { writer } : {}),
    });
  }

  #outcome(run: () => Result): Outcome {
    try {
      return { kind: "result", result: run() };
    } catch (error) {
      if (error instanceof GeodeError && error.code !== "INTERNAL") return { kind: "error", error };
      throw error;
    }
  }
}

interface Print {
  readonly exact: boolean;
  /** Whether lists are in no particular order. */
  readonly bags: boolean;
  readonly known: ReadonlySet<number>;
}

function printedRow(row: readonly Value[], print: Print): string {
  return row.map((value) => printed(value, print)).join(" | ");
}

function printed(value: Value, print: Print): string {
  const part = (one: Value): string => printed(one, print);
  if (value instanceof Float) return `${value.value + 0}${print.exact ? ".0" : ""}`;
  if (typeof value === "string") return JSON.stringify(value);
  const id = (of: number): string => (print.known.has(of) ? String(of) : "new");
  if (value instanceof Node)
    return `(${id(value.id)}:${value.labels.join("&")} ${part(value.properties)})`;
  if (value instanceof Edge)
    return `[${id(value.id)}:${value.label} ${id(value.from)}->${id(value.to)} ${part(value.properties)}]`;
  if (value instanceof Path) return `<${value.elements.map(part).join("")}>`;
  if (Array.isArray(value)) {
    const items = value.map(part);
    return `[${(print.bags ? items.sort() : items).join(", ")}]`;
  }
  if (value instanceof Map)
    return `{${[...value]
      .map(([key, one]) => `${key}: ${part(one as Value)}`)
      .sort()
      .join(", ")}}`;
  return String(value);
}

/** The graph, whatever the ids of what is new: each node with what it looks like from some steps away. */
function printedGraph(model: Model, known: ReadonlySet<number>): string[] {
  const print: Print = { exact: true, bags: false, known };
  let looks = new Map([...model.nodes].map(([id, node]) => [id, printed(node, print)]));
  for (let step = 0; step < 3; step++) {
    looks = new Map(
      [...looks].map(([id, look]) => {
        const edges = model.edgesAt(id).map((edge) => {
          const [way, other] = edge.from === id ? ["out", edge.to] : ["in", edge.from];
          return `${way} ${printed(edge, print)} ${step === 0 ? (looks.get(other) ?? "") : digest(looks.get(other) ?? "")}`;
        });
        return [
          id,
          step === 0
            ? `${look} ${edges.sort().join(" ")}`
            : `${look.split("\n")[0]}\n${digest(look + edges.sort().join(" "))}`,
        ];
      }),
    );
  }
  return [...looks.values()].sort();
}

function digest(text: string): string {
  let hash = 0;
  for (let at = 0; at < text.length; at++) hash = (Math.imul(hash, 31) + text.charCodeAt(at)) | 0;
  return String(hash);
}
