import { GeodeError, unreachable } from "@geode/values";
import { parse } from "../gql/parser.ts";
import type { GraphName } from "../graph/effect.ts";
import type { Graph } from "../graph/graph.ts";
import { bind, type BoundStatement } from "../plan/bind.ts";
import { writes } from "../plan/writing.ts";
import {
  type Reads,
  NO_GRAPHS,
  READS_NOTHING,
  readsElsewhere,
  readsHere,
  readsOf,
} from "../plan/footprint.ts";
import { type NamesRead, namesRead } from "../plan/names-read.ts";
import type { GraphScope, Query } from "../plan/operators.ts";
import { rewrite } from "../plan/rewrite.ts";
import { outputTypes } from "../plan/types.ts";
import { CatalogStatement } from "./catalog-statement.ts";
import { Era } from "./era.ts";
import { ExplainStatement } from "./explain-statement.ts";
import type { GraphOf } from "./generate/generator.ts";
import { type Compiled, generate } from "./generate/query.ts";
import { graphIn } from "./graphs.ts";
import { GraphStatement } from "./graph-statement.ts";
import { withPosition } from "./located.ts";
import { noticesFor } from "./notices.ts";
import { BUILT_IN_PROCEDURES, type ProcedureTable } from "./procedures.ts";
import { Run } from "./run.ts";
import { SessionStatement } from "./session-statement.ts";
import { tooComplex } from "./too-complex.ts";
import type {
  Column,
  LiveForm,
  Notice,
  PlanContext,
  Result,
  RunContext,
  Statement,
  TransactionCommand,
} from "./statement.ts";

/** Parses, binds and plans a text; generated code follows with the first run, when there is a graph to plan for. */
export function compile(text: string, procedures: ProcedureTable = BUILT_IN_PROCEDURES): Statement {
  const bound = understood(text, procedures);
  switch (bound.kind) {
    case "query":
      return new QueryStatement(text, { ...bound, query: rewrite(bound.query) });
    case "explain":
      return new ExplainStatement(text, bound.mode, rewrite(bound.query));
    case "createIndex":
    case "dropIndex":
    case "createConstraint":
    case "dropConstraint":
      return new CatalogStatement(text, bound);
    case "createGraph":
    case "dropGraph":
      return new GraphStatement(text, bound);
    case "session": {
      const { command, query, offset } = bound;
      const value = query && new QueryStatement(text, { ...NOT_LIVE, query: rewrite(query) });
      return new SessionStatement(text, command, value, offset);
    }
    case "transaction":
      return new TransactionStatement(text, bound.command);
    default:
      return unreachable(bound);
  }
}

const NOT_LIVE = {
  kind: "query",
  live: null,
  volatile: true,
  definedHere: false,
  readsEveryGraph: false,
  namesGraphs: true,
} as const;

/** Generated code for some graphs, each in one state of its catalog and size. */
interface Plan {
  readonly era: Era;
  /** Of the graphs that the statement names, in that order; null: there was none of that name. */
  readonly others: readonly (Era | null)[];
  /** The names of properties that are hidden of some elements, as one text. */
  readonly hidden: string;
  readonly run: Compiled;
}

class QueryStatement implements Statement {
  readonly text: string;
  readonly access: "read" | "write";
  readonly liveForm: LiveForm | null;
  readonly volatile: boolean;
  readonly definedHere?: true;
  readonly readsEveryGraph?: true;
  readonly shape: "columns" | "record";
  readonly columns: readonly Column[];
  readonly otherGraphs: ReadonlyMap<GraphName, Reads>;
  readonly ordered: boolean;
  readonly #query: Query;
  #footprint: Reads | null = null;
  #names: ReadonlyMap<GraphScope, NamesRead> | null = null;
  /** The notices of the last run, and what they rested on. */
  #said: {
    readonly graph: Graph;
    readonly names: number;
    readonly isEmpty: boolean;
    readonly notices: readonly Notice[];
  } | null = null;
  /** What was generated last, for each way to be run. */
  readonly #plans: Record<"plain" | "keyed" | "guarded", Plan | null> = {
    plain: null,
    keyed: null,
    guarded: null,
  };

  constructor(text: string, bound: Extract<BoundStatement, { kind: "query" }>) {
    const { query, live, volatile } = bound;
    this.text = text;
    if (bound.definedHere) this.definedHere = true;
    if (bound.readsEveryGraph) this.readsEveryGraph = true;
    this.volatile = volatile;
    this.#query = query;
    this.access = writes(query) ? "write" : "read";
    this.liveForm = live;
    this.shape = query.output.kind === "records" ? "record" : "columns";
    this.columns = columnsOf(query);
    this.otherGraphs = bound.namesGraphs ? readsElsewhere(readsOf(query)) : NO_GRAPHS;
    this.ordered = isOrdered(query);
  }

  /** Only who watches, or holds a transaction, asks. */
  get footprint(): Reads {
    this.#footprint ??= readsHere(readsOf(this.#query));
    return this.#footprint;
  }

  run(context: RunContext): Result {
    const run = new Run(context);
    try {
      this.#plan(context)(run);
      context.writer?.finish();
    } catch (error) {
      context.writer?.rollback();
      throw withPosition(tooComplex(error), this.text);
    }
    const columns = this.shape === "record" ? recordColumns(run) : this.columns;
    return {
      columns,
      rows: run.rows,
      keys: run.keys,
      // The nearest name may be one that the user is not to know.
      notices: context.grant ? [] : this.#notices(context),
    };
  }

  #notices(context: RunContext): readonly Notice[] {
    const { graph } = context;
    const isEmpty = graph.nodes.count === 0;
    // Names are never forgotten: while there is no new one, there is nothing else to say.
    const names = graph.labels.size + graph.edgeLabels.size + graph.keys.size;
    const said = this.#said;
    if (said?.graph === graph && said.names === names && said.isEmpty === isEmpty)
      return said.notices;
    const read = (this.#names ??= namesRead(this.#query));
    const notices = [...read].flatMap(([scope, found]) =>
      noticesFor(found, graphIn(context, scope, 0)),
    );
    if (this.otherGraphs.size === 0) this.#said = { graph, names, isEmpty, notices };
    return notices;
  }

  prepare(context: PlanContext): void {
    try {
      this.#plan(context);
    } catch (error) {
      throw withPosition(tooComplex(error), this.text);
    }
  }

  #plan(context: PlanContext): Compiled {
    const { keyed, grant } = context;
    const kind = grant ? "guarded" : keyed ? "keyed" : "plain";
    const hidden = grant ? `${keyed} ${JSON.stringify([...grant.hiddenKeys])}` : "";
    const known = this.#plans[kind];
    if (
      known?.hidden === hidden &&
      known.era.lasts(context.graph) &&
      this.#othersLast(known, context)
    )
      return known.run;
    return this.#planAnew(context, kind, hidden);
  }

  #planAnew(context: PlanContext, kind: "plain" | "keyed" | "guarded", hidden: string): Compiled {
    const graphOf: GraphOf = (scope, offset) => graphIn(context, scope, offset);
    const run = generate(this.#query, graphOf, context.keyed, { grant: context.grant ?? null });
    const others = [...this.otherGraphs.keys()].map((name) => {
      const graph = context.graphs.get(name);
      return graph === undefined ? null : new Era(graph);
    });
    this.#plans[kind] = { era: new Era(context.graph), others, hidden, run };
    return run;
  }

  #othersLast({ others }: Plan, { graphs }: PlanContext): boolean {
    if (others.length === 0) return true;
    return [...this.otherGraphs.keys()].every((name, index) => {
      const [era, graph] = [others[index], graphs.get(name)];
      return graph === undefined ? era === null : era?.lasts(graph) === true;
    });
  }
}

/** START TRANSACTION, COMMIT and ROLLBACK: for whoever holds the transaction. On its own it can only be refused. */
class TransactionStatement implements Statement {
  readonly text: string;
  readonly access = "read";
  readonly liveForm = null;
  readonly shape = "columns";
  readonly columns: readonly Column[] = [];
  readonly footprint = READS_NOTHING;
  readonly otherGraphs = NO_GRAPHS;
  readonly ordered = false;
  readonly volatile = false;
  readonly transactionCommand: TransactionCommand;

  constructor(text: string, command: TransactionCommand) {
    this.text = text;
    this.transactionCommand = command;
  }

  run(): never {
    if (this.transactionCommand.action === "start")
      throw new GeodeError("25000", "A transaction cannot begin here.", {
        hint: "Send START TRANSACTION as a QUERY of its own: the transaction belongs to the connection.",
      });
    throw new GeodeError("2D000", "There is no transaction to end here.");
  }
}

function understood(text: string, procedures: ProcedureTable): BoundStatement {
  try {
    return bind(text, parse(text), procedures);
  } catch (error) {
    throw withPosition(error, text);
  }
}

function columnsOf(query: Query): readonly Column[] {
  if (query.output.kind !== "rows") return [];
  const types = outputTypes(query);
  return query.output.columns.map(({ name, text, variable }) => ({
    name,
    text,
    type: types.get(variable) ?? "ANY",
  }));
}

/** The field names that occur, sorted. */
function recordColumns(run: Run): Column[] {
  const names = new Set<string>();
  for (const [record] of run.rows)
    if (record instanceof Map) for (const name of record.keys()) names.add(name);
  return [...names].sort().map((name) => ({ name, text: name, type: "ANY" }));
}

/** An ORDER BY that nothing later undoes. */
function isOrdered(query: Query): boolean {
  for (const operator of query.operators.toReversed()) {
    if (operator.kind === "sort") return true;
    if (operator.kind === "aggregate" || operator.kind === "distinct" || operator.kind === "match")
      return false;
  }
  return false;
}
