import type { Value } from "@geode/values";
import type { GraphName } from "../graph/effect.ts";
import type { Graph } from "../graph/graph.ts";
import type { NodeRead, PatternReads } from "../plan/pattern-reads.ts";
import type { SessionCommand } from "../plan/session-command.ts";
import type { Budget } from "./budget.ts";
import type { Grant } from "./sight.ts";
import type { Writer } from "./writer.ts";

export type { NodeRead, PatternReads, SessionCommand };

/** A result column. `name` is the key in row objects, `text` the source text, `type` what is known of the values. */
export interface Column {
  readonly name: string;
  readonly text: string;
  readonly type: string;
}

/** One row, aligned with the columns; in a result of shape "record" its only value is a record whose fields are the columns. */
export type Row = readonly Value[];

/** Something worth saying that is not an error, e.g. an unknown label with the nearest known one. */
export interface Notice {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
}

/**
 * What a statement's plan reads, including what it looks at in order to write. An element outside of it cannot change the result.
 * "any" is everything; an absent name is nothing.
 * Node keys and edge keys are properties read of elements that the labels admit.
 */
export interface Footprint {
  readonly nodeLabels: ReadonlySet<string> | "any";
  readonly edgeLabels: ReadonlySet<string> | "any";
  readonly nodeKeys: ReadonlySet<string> | "any";
  readonly edgeKeys: ReadonlySet<string> | "any";
  /** The same more closely, with what has to be known of single elements; null or absent when that is not known. */
  readonly patterns?: PatternReads | null;
}

/** How a statement asks to be live: `SUBSCRIBE TO` with its snapshot, `EMIT CHANGES` without one. */
export type LiveForm = "snapshot" | "changes";

/** Begins or ends a transaction over several statements (ISO/IEC 39075:2024 §8). */
export type TransactionCommand =
  | { readonly action: "start"; readonly access: "readWrite" | "readOnly" }
  | { readonly action: "commit" }
  | { readonly action: "rollback" };

/** A statement, parsed, bound, planned and compiled. Cached by text; it holds no data and no graph. */
export interface Statement {
  readonly text: string;
  readonly access: "read" | "write";
  /** Set when the text itself says that it is live; such a statement is refused as a plain query. */
  readonly liveForm: LiveForm | null;
  /** Whether it reads the clock or chance: run at another moment, the same state may give another result. */
  readonly volatile: boolean;
  /** Set when the text is such a command: it says what to do with a transaction, and fails when it is run. */
  readonly transactionCommand?: TransactionCommand;
  /** Set when the text is such a command: running it gives the value that it sets, as the only one of its result. */
  readonly sessionCommand?: SessionCommand;
  /** Set when it changes what is not data, e.g. an index. */
  readonly changesCatalog?: true;
  /** Set when it creates or drops graphs. */
  readonly changesGraphs?: true;
  /** Set when it calls a procedure that came with `Database.open`: it can run in this thread only. */
  readonly definedHere?: true;
  /** "record": every row is one record and the columns are the names of its fields, sorted (`SELECT *`). */
  readonly shape: "columns" | "record";
  readonly columns: readonly Column[];
  /** What it reads in the graph that it is run in. */
  readonly footprint: Footprint;
  /** What it reads and uses of other graphs, by name: those that its text names. */
  readonly otherGraphs: ReadonlyMap<GraphName, Footprint>;
  /** Set when its result depends on which graphs there are, and on everything in them. */
  readonly readsEveryGraph?: true;
  /** Whether the outermost result has an ORDER BY, so that the position of a row means something. */
  readonly ordered: boolean;
  /** Does all that its first run there would do before it runs. Absent where that is nothing to speak of. */
  prepare?(place: PlanContext): void;
  /** Runs to the end in one synchronous go. Throws GeodeError; a write that throws has undone its effects. */
  run(context: RunContext): Result;
}

/** What a plan is made for. */
export type PlanContext = Pick<RunContext, "graph" | "graphs" | "grant" | "keyed">;

export interface RunContext {
  /** The graph that it works on, until it names another one. */
  readonly graph: Graph;
  readonly graphName: GraphName;
  /** Those that its user may know of. */
  readonly graphs: ReadonlyMap<GraphName, Graph>;
  readonly parameters: ReadonlyMap<string, Value>;
  /** Milliseconds since 1970, drawn once per statement by the caller: the engine has no clock of its own. */
  readonly timeMs: number;
  /** What the clock is read in; absent: UTC. */
  readonly timeZone?: string | null;
  /** In [0, 1). */
  readonly random: () => number;
  readonly budget: Budget;
  /** What the user may see and change; absent or null: everything. */
  readonly grant?: Grant | null;
  /** Present when a write may run. */
  readonly writer?: Writer;
  /**
   * For live queries: every row gets a key (element ids of all pattern variables; values under `hashKey` for DISTINCT and groups),
   * ties of ORDER BY and LIMIT without order are broken by key.
   */
  readonly keyed: boolean;
  /** A keyed hash of the database, for row keys that must not show values; the same on every replica. */
  readonly hashKey: (text: string) => string;
}

export interface Result {
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
  /** One per row when `keyed`; else empty. */
  readonly keys: readonly string[];
  readonly notices: readonly Notice[];
}
