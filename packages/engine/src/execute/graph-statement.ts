import { GeodeError } from "@geode/values";
import type { GraphName } from "../graph/effect.ts";
import type { Graph } from "../graph/graph.ts";
import { isReserved } from "../graph/reserved.ts";
import { namesOf } from "../graph/store.ts";
import type { GraphChange } from "../plan/bind-graph.ts";
import { EVERYTHING, type Reads, READS_NOTHING } from "../plan/footprint.ts";
import type { Budget } from "./budget.ts";
import { graphIn } from "./graphs.ts";
import { located, withPosition } from "./located.ts";
import type { Column, Result, RunContext, Statement } from "./statement.ts";
import type { Writer } from "./writer.ts";

/** Graphs of one database, the default graph among them; each has tables of its own, even when it is empty. */
export const GRAPHS_MAX = 1_000;

const NEW = { name: null, ifNotExists: false } as const;

const NO_RESULT: Result = { columns: [], rows: [], keys: [], notices: [] };

/** CREATE GRAPH and DROP GRAPH (ISO/IEC 39075:2024 §12.4 and §12.5). */
export class GraphStatement implements Statement {
  readonly text: string;
  readonly access = "write";
  readonly liveForm = null;
  readonly volatile = false;
  readonly shape = "columns";
  readonly columns: readonly Column[] = [];
  readonly changesCatalog = true;
  readonly changesGraphs = true;
  readonly footprint: Reads;
  readonly otherGraphs: ReadonlyMap<GraphName, Reads>;
  readonly ordered = false;
  readonly #bound: GraphChange;

  constructor(text: string, bound: GraphChange) {
    const source = bound.kind === "createGraph" ? bound.source : null;
    this.text = text;
    this.#bound = bound;
    this.footprint = source?.graph === null ? EVERYTHING : READS_NOTHING;
    this.otherGraphs = new Map([
      ...(source === null || source.graph === null ? [] : [[source.graph, EVERYTHING] as const]),
      [bound.name, EVERYTHING],
    ]);
  }

  run(context: RunContext): Result {
    const { writer } = context;
    if (!writer) throw new Error("a statement that writes is run as a read");
    try {
      if (this.#bound.kind === "dropGraph") drop(this.#bound, context, writer);
      else create(this.#bound, context, writer);
    } catch (error) {
      writer.rollback();
      throw withPosition(error, this.text);
    }
    return NO_RESULT;
  }
}

function drop(
  { name, ifExists, offset }: GraphChange & { kind: "dropGraph" },
  context: RunContext,
  writer: Writer,
): void {
  if (ifExists && !context.graphs.has(name)) return;
  writer.dropGraph(graphIn(context, name, offset).name);
}

function create(
  bound: GraphChange & { kind: "createGraph" },
  context: RunContext,
  writer: Writer,
): void {
  const { name, ifNotExists, orReplace, source, offset } = bound;
  const { budget, graphs } = context;
  const copied = source && graphIn(context, source.graph, source.offset);
  const exists = graphs.has(name);
  if (exists && ifNotExists) return;
  if (exists && !orReplace)
    throw located(
      new GeodeError("42000", `There is a graph \`${name}\` already.`, {
        hint: "CREATE GRAPH IF NOT EXISTS does nothing then, CREATE OR REPLACE GRAPH makes it anew.",
      }),
      offset,
    );
  if (!exists && graphs.size >= GRAPHS_MAX)
    throw located(
      new GeodeError("LIMIT", `A database has at most ${GRAPHS_MAX} graphs.`, {
        hint: "Tell things apart by labels and properties; a graph is for what is never joined.",
      }),
      offset,
    );
  if (exists) writer.dropGraph(name);
  writer.createGraph(name);
  if (copied === null) return;
  copyIndexes(copied, writer.inGraph(name));
  if (source?.elements === true) copyElements(copied, writer.inGraph(name), budget);
}

function copyIndexes(from: Graph, to: Writer): void {
  for (const index of from.indexes.all())
    // A constraint brings its index with it.
    if (!index.isUnique) to.createIndex(index.name, { ...NEW, ...namesOf(from, index) });
  for (const { name, requirement, ...place } of from.constraints.all())
    to.createConstraint(name, { ...NEW, ...namesOf(from, place), requirement });
}

/**
 * Everything in a graph, under ids of its own: an id names one element of the database. What is the server's stays where it is: rooms,
 * messages and documents are in the default graph.
 */
function copyElements(from: Graph, to: Writer, budget: Budget): void {
  const slots = new Map<number, number>();
  const step = (): void => {
    if (--budget.steps < 0) budget.look();
    budget.keep();
  };
  for (const id of from.table.ids("node")) {
    step();
    const { labels, properties } = from.node(from.nodes.slot(id));
    if (!labels.some(isReserved)) slots.set(id, to.insertNode(labels, properties));
  }
  for (const id of from.table.ids("edge")) {
    step();
    const { label, from: start, to: end, properties } = from.edge(from.edges.slot(id));
    const [first, last] = [slots.get(start), slots.get(end)];
    if (first !== undefined && last !== undefined) to.insertEdge(label, first, last, properties);
  }
}
