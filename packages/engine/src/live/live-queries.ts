import { GeodeError, encode, equivalenceKey } from "@geode/values";
import { Budget } from "../execute/budget.ts";
import { finderOf } from "../execute/pattern-claims.ts";
import { placeOf, reachKey } from "../execute/reach.ts";
import type { Column, Notice, Result } from "../execute/statement.ts";
import { DEFAULT_GRAPH, type Effect } from "../graph/effect.ts";
import { isReserved } from "../graph/reserved.ts";
import type { Store } from "../graph/store.ts";
import type { LiveCommit } from "./change.ts";
import { Group, type GroupRoute, type GroupSpec } from "./group.ts";
import { DEFAULT_LIVE_LIMITS, type LiveLimits } from "./limits.ts";
import { Routes } from "./routes.ts";
import type { RowSet } from "./row-set.ts";
import { type LiveListener, type Viewer, type Watched, Watcher } from "./watcher.ts";

/** What live queries need of the world. */
export interface LiveEnvironment {
  /** Never goes back, in milliseconds. */
  readonly monotonicMs: () => number;
  /** Runs the task in a later turn of the event loop. */
  readonly later: (task: () => void) => void;
  /** Runs the task after at least that many milliseconds; the returned function calls it off. */
  readonly after: (delayMs: number, task: () => void) => () => void;
  /** Is told of listeners that threw. */
  readonly report: (error: unknown) => void;
}

/** A result at `seq`, and the way to stop watching it. */
export interface Watch {
  readonly columns: readonly Column[];
  readonly rows: RowSet;
  readonly seq: number;
  readonly digest: string;
  readonly notices: readonly Notice[];
  /** Whether nothing has changed since the state that the watcher said it has. */
  readonly unchanged: boolean;
  /** What is left of it when the result has gone to whoever asked. */
  readonly watcher: Watcher;
}

const EVERYBODY: Viewer = { grant: null, reach: null, parameters: (before) => before };

/** A state of the result that a watcher has already. */
export interface Known {
  readonly seq: number;
  readonly digest?: string;
}

/** News for those who watched when it came: whoever came later has it in their snapshot, and who left may be elsewhere by now. */
type Delivery =
  | { readonly to: readonly Watcher[]; readonly commit: LiveCommit }
  | { readonly to: readonly Watcher[]; readonly error: GeodeError }
  | {
      readonly to: readonly Watcher[];
      readonly pace: "behind" | "caught up";
      readonly seq: number;
    };

/**
 * All live queries of a database. They follow applied commits: each commit runs the results again that it may have changed, and what
 * differs goes to whoever watches, as one net change per row.
 *
 * A run costs what the query costs, so there are two ways. A cheap result is run again at once, after every commit, and shows every one
 * of them. What does not fit into {@link LiveLimits.commitMs}, or is known to be slow, is marked and run again in a later turn, and
 * jumps to the seq that it then finds: exact at every seq it shows, but it does not show all of them. A writer never waits longer than
 * one run beyond that time.
 *
 * Watchers are called in a turn of their own, after the writers of the commit have been answered, so that a writer knows the seq of its
 * write before it hears of it.
 */
export class LiveQueries {
  readonly #seq: () => number;
  readonly #hashKey: (text: string) => string;
  readonly #environment: LiveEnvironment;
  readonly #limits: LiveLimits;
  readonly #groups = new Map<string, Group>();
  readonly #store: Store;
  readonly #routes: Routes<GroupRoute>;
  /** Touched by the commit that is being applied. */
  readonly #touched = new Set<Group>();
  /** Who goes over, with the next commit, to what they may see. */
  readonly #toJudge = new Set<Watcher>();
  readonly #watched: Watched = {
    judge: (watcher) => void this.#toJudge.add(watcher),
    left: (watcher, group) => {
      this.#toJudge.delete(watcher);
      if (group.watchers.delete(watcher) && group.watchers.size === 0) this.#drop(group);
    },
  };
  /** Behind the log: to be run again in a later turn, in order. */
  readonly #behind = new Set<Group>();
  /** Of a policy that is over: nothing is told of them, and whoever watches them goes over to what they may see now, in this order. */
  readonly #retired = new Set<Group>();
  #deliveries: Delivery[] = [];
  #delivering = false;
  #catchUp: (() => void) | null = null;
  /** When the entry being applied first ran a result again. */
  #entryStartMs: number | null = null;
  /** Later turns have had their share until then. */
  #pausedUntilMs = 0;
  #rowsKept = 0;
  #policyChanged = false;
  #hasReserved: boolean;
  #closed = false;

  /** `seq` tells the last commit that the store holds. */
  constructor(
    store: Store,
    seq: () => number,
    hashKey: (text: string) => string,
    environment: LiveEnvironment,
    limits: LiveLimits = DEFAULT_LIVE_LIMITS,
  ) {
    this.#seq = seq;
    this.#hashKey = hashKey;
    this.#environment = environment;
    this.#limits = limits;
    this.#store = store;
    this.#routes = new Routes(store);
    this.#hasReserved = store.hasReserved;
  }

  /** Different results maintained now. */
  get groupCount(): number {
    return this.#groups.size + this.#retired.size;
  }

  /** Results that are behind the log and will jump. */
  get behindCount(): number {
    return this.#behind.size + this.#retired.size;
  }

  /**
   * The result now, and every later change of it to the watcher. Throws what the statement throws, and LIMIT when too much is watched.
   * `known` is what the watcher has already, of the same epoch.
   */
  watch(
    spec: Omit<GroupSpec, "grant" | "reach">,
    listener: LiveListener,
    known: Known | null = null,
    viewer: Viewer = EVERYBODY,
  ): Watch {
    if (this.#closed) throw new GeodeError("UNAVAILABLE", "The database is closed.");
    const { grant, reach } = viewer;
    const group = this.#groupOf({ ...spec, grant, reach });
    const seq = this.#seq();
    const watcher = new Watcher(this.#watched, group, { fromSeq: seq, listener, viewer });
    group.watchers.add(watcher);
    return {
      watcher,
      columns: group.columns,
      rows: group.rows,
      seq,
      digest: group.digest,
      notices: group.notices,
      unchanged: known !== null && isUnchanged(group, known, seq),
    };
  }

  /** The group, up to date. */
  #groupOf(spec: GroupSpec): Group {
    const key = groupKey(spec);
    const existing = this.#groups.get(key);
    if (existing !== undefined) {
      if (this.#behind.has(existing)) {
        const error = this.#catchUpWith(existing);
        if (error !== null) throw error;
      }
      return existing;
    }
    if (this.#groups.size >= this.#limits.groupsMax) {
      throw new GeodeError(
        "LIMIT",
        `${this.#limits.groupsMax} different live queries are open; no more are possible.`,
        {
          hint: "Close subscriptions that are not needed, or let several share one text and the same parameters.",
          limit: "liveResults",
        },
      );
    }
    const group = new Group(key, spec);
    const startMs = this.#environment.monotonicMs();
    const result = this.#run(group);
    if (this.#rowsKept + result.rows.length > this.#limits.rowsMax) {
      throw new GeodeError(
        "LIMIT",
        `Live queries hold ${this.#rowsKept} rows; this one's ${result.rows.length} would be too many.`,
        {
          hint: "Narrow the query, or aggregate.",
        },
      );
    }
    group.begin(result, this.#seq());
    group.lastRunMs = this.#environment.monotonicMs() - startMs;
    this.#rowsKept += group.rows.keys.length;
    this.#groups.set(key, group);
    for (const route of group.routes) this.#routes.add(route);
    return group;
  }

  #drop(group: Group): void {
    if (this.#remove(group) || this.#retired.delete(group))
      this.#rowsKept -= group.rows.keys.length;
  }

  /** Nobody joins it any more, and no commit touches it. Answers whether it was there. */
  #remove(group: Group): boolean {
    if (this.#groups.get(group.key) !== group) return false;
    this.#groups.delete(group.key);
    for (const route of group.routes) this.#routes.remove(route);
    this.#touched.delete(group);
    this.#behind.delete(group);
    return true;
  }

  /** See `Follower`: the store still shows the state before the effect. */
  beforeEffect(effect: Effect): void {
    if (effect.kind === "setPolicy" || this.#isFirstReserved(effect)) this.#policyChanged = true;
    if (this.#groups.size === 0) return;
    const found = new Set<GroupRoute>();
    this.#routes.collect(effect, found);
    if (found.size === 0) return;
    const graph = "graph" in effect ? this.#store.graphs.get(effect.graph) : undefined;
    const finder = graph === undefined ? null : finderOf(effect, graph);
    // Many watch elements of one kind, each with other parameters: a change reaches those whose patterns may find it.
    for (const { group, patterns } of found)
      if (patterns === null || finder === null || finder(patterns)) this.#touched.add(group);
  }

  /** From the first element of the server's own on, there are rules for these. */
  #isFirstReserved(effect: Effect): boolean {
    if (this.#hasReserved || effect.kind !== "insertNode" || !effect.labels.some(isReserved))
      return false;
    this.#hasReserved = true;
    return true;
  }

  /** See `Follower`: the commit is in. */
  afterCommit(): void {
    const passages = this.#leave(this.#toJudge);
    this.#toJudge.clear();
    if (this.#policyChanged) this.#retireAll();
    this.#refreshTouched();
    for (const passage of passages) this.#arrive(passage);
    if (this.#policyChanged) this.#passSome();
    this.#policyChanged = false;
  }

  #refreshTouched(): void {
    if (this.#touched.size === 0) return;
    this.#entryStartMs ??= this.#environment.monotonicMs();
    for (const group of this.#touched) {
      const spentMs = this.#environment.monotonicMs() - this.#entryStartMs;
      // What is behind already stays behind: it is run once, later, for all the commits until then.
      if (
        this.#behind.has(group) ||
        group.lastRunMs > this.#limits.groupMs ||
        spentMs >= this.#limits.commitMs
      ) {
        if (!this.#behind.has(group)) this.#tell(group, "behind");
        this.#behind.add(group);
      } else this.#refresh(group);
    }
    this.#touched.clear();
  }

  /** See `Follower`: the writers are answered next, and then the watchers. */
  afterEntry(): void {
    this.#entryStartMs = null;
    this.#scheduleCatchUp();
  }

  /**
   * Another policy: everybody goes over to the result that it grants them, from the one that they have. From now on they are shown
   * nothing but that; how many of them are at once is a matter of time.
   */
  #retireAll(): void {
    for (const group of this.#groups.values()) {
      this.#remove(group);
      this.#retired.add(group);
    }
  }

  /** Those for whom there is time before the writers are answered; the rest has its time in later turns. */
  #passSome(): void {
    if (this.#retired.size === 0) return;
    this.#entryStartMs ??= this.#environment.monotonicMs();
    for (const group of this.#retired) {
      const spentMs = this.#environment.monotonicMs() - this.#entryStartMs;
      if (spentMs < this.#limits.commitMs) this.#pass(group);
      else this.#tell(group, "behind");
    }
  }

  /** Everybody who watches a retired group goes over. */
  #pass(group: Group): void {
    for (const passage of this.#leave(new Set(group.watchers))) this.#arrive(passage);
    this.#drop(group);
  }

  /** On the way from one group to another: groups of their own, with the rows that they have. */
  #leave(watchers: ReadonlySet<Watcher>): Group[] {
    const passages = new Map<Group, Map<string, Group>>();
    for (const watcher of watchers) {
      const from = watcher.group;
      if (from === null) continue;
      let byKey = passages.get(from);
      if (byKey === undefined) passages.set(from, (byKey = new Map()));
      const { grant, reach } = watcher.viewer;
      const parameters = watcher.viewer.parameters(from.spec.parameters);
      const spec = { ...from.spec, grant, reach, parameters };
      const key = groupKey(spec);
      let passage = byKey.get(key);
      if (passage === undefined) byKey.set(key, (passage = from.fork(key, spec)));
      from.watchers.delete(watcher);
      passage.watchers.add(watcher);
      watcher.group = passage;
    }
    for (const from of passages.keys()) if (from.watchers.size === 0) this.#drop(from);
    return [...passages.values()].flatMap((byKey) => [...byKey.values()]);
  }

  /** They hear of the difference on their own; from there on they are where all are who may see the same. */
  #arrive(passage: Group): void {
    this.#rowsKept += passage.rows.keys.length;
    const failed = this.#refresh(passage) !== null;
    this.#rowsKept -= passage.rows.keys.length;
    if (failed) return;
    this.#tell(passage, "caught up");
    const { key, spec } = passage;
    let group = this.#groups.get(key);
    if (group !== undefined && this.#behind.has(group)) {
      // What it is about to hear, those who arrive have heard.
      if (this.#catchUpWith(group) !== null) group = undefined;
    }
    if (group === undefined) {
      group = passage.fork(key, spec);
      this.#groups.set(key, group);
      for (const route of group.routes) this.#routes.add(route);
      this.#rowsKept += group.rows.keys.length;
    }
    for (const watcher of passage.watchers) {
      group.watchers.add(watcher);
      watcher.group = group;
    }
  }

  /** Runs a group again; returns the error that ended it. */
  #refresh(group: Group): GeodeError | null {
    const startMs = this.#environment.monotonicMs();
    try {
      const rowsBefore = group.rows.keys.length;
      const commit = group.advance(this.#run(group), this.#seq());
      this.#rowsKept += group.rows.keys.length - rowsBefore;
      if (this.#rowsKept > this.#limits.rowsMax) {
        throw new GeodeError("LIMIT", `Live queries hold more than ${this.#limits.rowsMax} rows.`);
      }
      if (commit !== null) this.#deliver({ to: [...group.watchers], commit });
      return null;
    } catch (error) {
      const reason = error instanceof GeodeError ? error : this.#fault(error);
      this.#drop(group);
      this.#deliver({ to: [...group.watchers], error: reason });
      return reason;
    } finally {
      group.lastRunMs = this.#environment.monotonicMs() - startMs;
    }
  }

  /** Runs a group again that was behind; returns the error that ended it. */
  #catchUpWith(group: Group): GeodeError | null {
    this.#behind.delete(group);
    const error = this.#refresh(group);
    if (error === null) this.#tell(group, "caught up");
    return error;
  }

  #tell(group: Group, pace: "behind" | "caught up"): void {
    const to = [...group.watchers].filter(({ listener }) => listener.onPace !== undefined);
    if (to.length > 0) this.#deliver({ to, pace, seq: this.#seq() });
  }

  #run(group: Group): Result {
    const { statement, graph, reach, parameters, timeZone = null, frozen, grant } = group.spec;
    const { monotonicMs } = this.#environment;
    const limits = {
      timeMs: this.#limits.runMs,
      rows: this.#limits.resultRowsMax,
      keptRows: this.#limits.keptRowsMax,
      bytes: this.#limits.bytesMax,
      matches: this.#limits.matchesMax,
    };
    return statement.run({
      ...placeOf(statement, graph, this.#store.graphs, reach),
      parameters,
      timeZone,
      timeMs: frozen.timeMs,
      random: () => frozen.random,
      budget: new Budget(limits, monotonicMs),
      grant,
      keyed: true,
      hashKey: this.#hashKey,
    });
  }

  #fault(error: unknown): GeodeError {
    this.#environment.report(error);
    return new GeodeError("INTERNAL", "The live query ended because of an error in the database.", {
      cause: error,
    });
  }

  #deliver(delivery: Delivery): void {
    this.#deliveries.push(delivery);
    if (this.#delivering) return;
    this.#delivering = true;
    this.#environment.later(() => this.#deliverAll());
  }

  #deliverAll(): void {
    const deliveries = this.#deliveries;
    this.#deliveries = [];
    this.#delivering = false;
    for (const delivery of deliveries) {
      for (const watcher of delivery.to) {
        // A listener may close its own or somebody else's watch.
        if (watcher.group === null) continue;
        try {
          if ("error" in delivery) {
            watcher.group = null;
            watcher.listener.onEnd(delivery.error);
          } else if ("pace" in delivery) {
            watcher.listener.onPace?.(delivery.pace, delivery.seq);
          } else if (delivery.commit.seq > watcher.fromSeq)
            watcher.listener.onChange(delivery.commit);
        } catch (error) {
          this.#environment.report(error);
        }
      }
    }
  }

  #scheduleCatchUp(): void {
    if (this.#catchUp !== null || this.behindCount === 0) return;
    const delayMs = Math.max(0, this.#pausedUntilMs - this.#environment.monotonicMs());
    this.#catchUp = this.#environment.after(delayMs, () => this.#runBehind());
  }

  /** One later turn: runs groups again until the time is up, and comes back for the rest when others had their share. */
  #runBehind(): void {
    this.#catchUp = null;
    const startMs = this.#environment.monotonicMs();
    let nowMs = startMs;
    const { turnMs } = this.#limits;
    for (const group of this.#retired) {
      if (nowMs - startMs >= turnMs) break;
      this.#pass(group);
      nowMs = this.#environment.monotonicMs();
    }
    for (const group of this.#behind) {
      if (nowMs - startMs >= turnMs) break;
      this.#catchUpWith(group);
      nowMs = this.#environment.monotonicMs();
    }
    this.#pausedUntilMs = nowMs + (nowMs - startMs) * (1 / this.#limits.share - 1);
    this.#scheduleCatchUp();
  }

  /** Ends all; watchers hear nothing any more. */
  close(): void {
    this.#closed = true;
    this.#catchUp?.();
    this.#catchUp = null;
    for (const groups of [this.#groups.values(), this.#retired]) {
      for (const group of groups) {
        group.watchers.clear();
        this.#drop(group);
      }
    }
    this.#deliveries = [];
  }
}

/** Two subscriptions with the same key show the same result. */
function groupKey(spec: GroupSpec): string {
  const { statement, graph, reach, parameters, before, frozen, grant } = spec;
  const { otherGraphs, readsEveryGraph } = statement;
  // The default graph is within everybody's reach.
  const looksAround = readsEveryGraph === true || otherGraphs.size > 0 || graph !== DEFAULT_GRAPH;
  const moment = statement.volatile ? [frozen.timeMs, frozen.random, spec.timeZone ?? null] : [];
  // DATE '2024-02-29' is the same text as '2024-02-29', but not an equivalent value; 1 and 1.0 are equivalent, but not the same text.
  const given = [encode(parameters), equivalenceKey(parameters)];
  return JSON.stringify([
    graph,
    statement.text,
    ...given,
    before,
    grant?.key ?? null,
    looksAround ? reachKey(reach) : null,
    ...moment,
  ]);
}

/** Whether what the watcher has is the result as it is now. */
function isUnchanged(group: Group, { seq, digest }: Known, nowSeq: number): boolean {
  if (seq > nowSeq) return false;
  // It may have watched another result under the same text: as somebody else, or with other claims.
  if (digest !== undefined && digest !== group.digest) return false;
  // The group knows its history from its beginning on.
  if (seq >= group.changedSeq) return true;
  // Before that, the digest proves the rows, but says nothing of their order.
  return digest !== undefined && !group.spec.statement.ordered;
}
