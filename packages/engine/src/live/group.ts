import { Digest, type Value } from "@geode/values";
import { patternClaimsOf, type PatternClaims } from "../execute/pattern-claims.ts";
import type { Reach } from "../execute/reach.ts";
import type { Column, Footprint, Notice, Result, Statement } from "../execute/statement.ts";
import type { Grant } from "../execute/sight.ts";
import type { GraphName } from "../graph/effect.ts";
import type { LiveCommit } from "./change.ts";
import { diff } from "./diff.ts";
import type { Routed } from "./routes.ts";
import { NO_ROWS, type RowSet, rowSetOf } from "./row-set.ts";
import type { Watcher } from "./watcher.ts";

/** Everything that makes two subscriptions show the same result. */
export interface GroupSpec {
  readonly statement: Statement;
  readonly graph: GraphName;
  /** The graphs that the watchers may know of. */
  readonly reach: Reach;
  readonly parameters: ReadonlyMap<string, Value>;
  /** What the clock is read in; null: UTC. */
  readonly timeZone?: string | null;
  /** Whether updates carry the row before. */
  readonly before: boolean;
  /** What those who watch may see; null: everything. */
  readonly grant: Grant | null;
  /** What clock and chance say in this result, for as long as it lives. */
  readonly frozen: Frozen;
}

/** Clock and chance as they were when a live query was subscribed to. */
interface Frozen {
  readonly timeMs: number;
  readonly random: number;
}

/** What a group reads in one graph. */
export interface GroupRoute extends Routed {
  readonly group: Group;
  /** The same more closely: what its patterns can find, with its parameters. Null when names say as much. */
  readonly patterns: PatternClaims | null;
}

/** One live result, maintained once for everybody who watches it. */
export class Group {
  readonly key: string;
  readonly spec: GroupSpec;
  readonly watchers = new Set<Watcher>();
  /** How long the last run took, in milliseconds. */
  lastRunMs = 0;
  readonly #columnNames: readonly string[];
  readonly #digest = new Digest();
  #columns: readonly Column[];
  #notices: readonly Notice[] = [];
  #rows: RowSet = NO_ROWS;
  #changedSeq = 0;
  /** By what it may be touched: a way for each graph that it reads. */
  readonly routes: readonly GroupRoute[];

  constructor(key: string, spec: GroupSpec) {
    this.key = key;
    this.spec = spec;
    const { grant, statement } = spec;
    const { footprint, otherGraphs, readsEveryGraph } = statement;
    const route = (graphName: GraphName | null, read: Footprint): GroupRoute => {
      const wide = grant?.widen(read) ?? read;
      const patterns = graphName === null ? null : patternClaimsOf(wide.patterns, spec.parameters);
      return { group: this, graphName, footprint: wide, patterns };
    };
    this.routes = [
      route(spec.graph, footprint),
      ...[...otherGraphs].map(([graphName, other]) => route(graphName, other)),
      ...(readsEveryGraph ? [route(null, footprint)] : []),
    ];
    this.#columns = spec.statement.columns;
    this.#columnNames = spec.statement.columns.map((column) => column.name);
  }

  /** As of the last run: those of a `SELECT *` depend on the data. */
  get columns(): readonly Column[] {
    return this.#columns;
  }

  get notices(): readonly Notice[] {
    return this.#notices;
  }

  /** The result as of the last run. */
  get rows(): RowSet {
    return this.#rows;
  }

  get digest(): string {
    return this.#digest.toString();
  }

  /** The seq of the last commit that changed the result, or of the state that it began with. */
  get changedSeq(): number {
    return this.#changedSeq;
  }

  /** Begins with this result. */
  begin(result: Result, seq: number): void {
    this.#rows = this.#rowSetOf(result);
    this.#changedSeq = seq;
    for (const [position, key] of this.#rows.keys.entries())
      this.#digest.add(key, this.#rows.texts[position] as string);
  }

  /** Another group that begins with the result as it is here. */
  fork(key: string, spec: GroupSpec): Group {
    const group = new Group(key, spec);
    group.#columns = this.#columns;
    group.#notices = this.#notices;
    group.#rows = this.#rows;
    group.#changedSeq = this.#changedSeq;
    group.lastRunMs = this.lastRunMs;
    for (const [position, row] of this.#rows.keys.entries())
      group.#digest.add(row, this.#rows.texts[position] as string);
    return group;
  }

  /** Goes over to the result at `seq`; null when nothing changed. */
  advance(result: Result, seq: number): LiveCommit | null {
    const old = this.#rows;
    const now = this.#rowSetOf(result);
    const changes = diff(old, now, {
      ordered: this.spec.statement.ordered,
      before: this.spec.before,
    });
    this.#rows = now;
    if (changes.length === 0) return null;
    for (const { op, key, data } of changes) {
      const position = old.positions.get(key);
      if (position !== undefined) this.#digest.remove(key, old.texts[position] as string);
      if (op !== "delete") this.#digest.add(key, data);
    }
    const prevSeq = this.#changedSeq;
    this.#changedSeq = seq;
    return { seq, prevSeq, digest: this.digest, changes };
  }

  #rowSetOf(result: Result): RowSet {
    this.#columns = result.columns;
    this.#notices = result.notices;
    return rowSetOf(result, this.spec.statement.shape, this.#columnNames, this.#rows);
  }
}
