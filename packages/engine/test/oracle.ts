import { Digest, GeodeError, encode, type Value } from "@geode/values";
import { expect } from "vitest";
import { Conflicts } from "../src/commit/conflicts.ts";
import { Door } from "../src/commit/door.ts";
import { IdempotencyKeys } from "../src/commit/idempotency.ts";
import { Replica } from "../src/commit/replica.ts";
import { Budget, DEFAULT_BUDGET } from "../src/execute/budget.ts";
import { compile } from "../src/execute/compile.ts";
import type { Result, Statement } from "../src/execute/statement.ts";
import { violations } from "../src/graph/invariants.ts";
import { Store } from "../src/graph/store.ts";
import type { LiveCommit } from "../src/live/change.ts";
import { type Copy, fold } from "./fold.ts";
import { DEFAULT_LIVE_LIMITS, type LiveLimits } from "../src/live/limits.ts";
import { LiveQueries } from "../src/live/live-queries.ts";
import { Routes } from "../src/live/routes.ts";
import { type RowSet, rowSetOf } from "../src/live/row-set.ts";
import { LOG_START, readChain } from "../src/log/chain.ts";
import { MemoryLog } from "../src/log/memory.ts";
import { policyOf, policyText } from "../src/policy/policy.ts";
import { SimulatedEnvironment } from "./simulated.ts";
import { writeOf } from "./statements.ts";

/** Something that may go wrong, as text: a graph, live queries over it, and entries of several commits each. */
export interface OracleCase {
  readonly setup: readonly string[];
  readonly queries: readonly string[];
  readonly entries: readonly (readonly string[])[];
  /** Documents; the text `POLICY n` among the writes puts the n-th in force. Those who watch have the role `member`. */
  readonly policies?: readonly unknown[];
}

/** Who watches, and whom policies judge. */
const MEMBER = { id: "ann", roles: ["member"], claims: new Map<string, Value>([["x", 1]]) };

export interface OracleOptions {
  /** "every": each commit is shown. "jumps": results are run again in later turns only and jump over commits. */
  readonly shows: "every" | "jumps";
}

interface Subject {
  readonly query: string;
  readonly statement: Statement;
  /** Compiled on its own, so that nothing is shared with what is checked. */
  readonly own: Statement;
  /** The result run from scratch at each commit since the subscription, or the error that this run ended with. */
  readonly truth: Map<number, RowSet | GeodeError>;
  readonly commits: LiveCommit[];
  readonly errors: GeodeError[];
  copy: Copy;
}

const HASH_KEY = (text: string): string => text;
const JUMPS: Partial<LiveLimits> = { groupMs: -1 };

/**
 * Plays a case and holds, at every commit that a live query shows, the copy that a far client would have against the same query run from
 * scratch on the graph as of that commit; likewise the digest, the keyed result against the plain one, and in the end the graph against
 * its own invariants and against what the log says. Returns how many changes of results were checked.
 */
export async function playCase(
  { setup, queries, entries, policies = [] }: OracleCase,
  { shows }: OracleOptions,
): Promise<number> {
  const environment = new SimulatedEnvironment();
  const log = new MemoryLog();
  const replica = new Replica(new Store(), new IdempotencyKeys(), environment, LOG_START);
  const { store } = replica;
  const door = new Door(
    replica,
    log,
    new Conflicts(replica.store, new Routes(replica.store)),
    environment,
    HASH_KEY,
  );
  const limits = { ...DEFAULT_LIVE_LIMITS, ...(shows === "jumps" ? JUMPS : {}) };
  const live = new LiveQueries(store, () => replica.seq, HASH_KEY, environment, limits);
  replica.follow(live);

  const write = async (text: string): Promise<void> => {
    if (text.startsWith("POLICY ")) {
      const policy = policyText(policyOf(policies[Number(text.slice("POLICY ".length))]));
      await door.submit({ kind: "system", patch: [{ kind: "setPolicy", policy }] });
      return;
    }
    const statement = compile(text);
    try {
      await door.submit({ ...writeOf(() => {}), statement });
    } catch (error) {
      // A write that the database refuses is part of the game; a mistake of the database is not.
      if (!(error instanceof GeodeError) || error.code === "INTERNAL" || error.code === "CORRUPT")
        throw error;
    }
  };

  for (const text of setup) await write(text);
  await environment.settle();

  const subjects = queries.flatMap((query) => subscribe(query, live, replica));
  replica.follow({
    afterCommit: ({ seq }) => {
      for (const { own, truth } of subjects) truth.set(seq, scratch(own, replica));
    },
  });

  for (const [place, entry] of entries.entries()) {
    await Promise.all(entry.map(write));
    // With jumps, some entries come before the results of the one before are run again.
    if (shows === "every" || place % 2 === 1) await environment.settle();
  }
  await environment.settle();

  let checked = 0;
  for (const subject of subjects) checked += checkSubject(subject, replica.seq, shows);
  expect(environment.reports).toEqual([]);
  expect(violations(store)).toEqual([]);
  expect(replayed(log, environment)).toEqual([...store.effects()].flat());
  return checked;
}

function subscribe(query: string, live: LiveQueries, replica: Replica): Subject[] {
  const statement = compile(query);
  const subject: Subject = {
    query,
    statement,
    own: compile(query),
    truth: new Map(),
    commits: [],
    errors: [],
    copy: { keys: [], texts: [] },
  };
  try {
    const { rows } = live.watch(
      {
        statement,
        graph: "default",
        parameters: new Map(),
        before: false,
        frozen: { timeMs: 0, random: 0.5 },
      },
      {
        onChange: (commit) => subject.commits.push(commit),
        onEnd: (error) => subject.errors.push(error),
      },
      null,
      {
        get grant() {
          return replica.policies.grantTo(MEMBER);
        },
        reach: null,
        parameters: (before) => before,
      },
    );
    subject.copy = rows;
    return [subject];
  } catch (error) {
    // What cannot be computed now cannot be subscribed to now.
    if (!(error instanceof GeodeError) || error.code === "INTERNAL") throw error;
    return [];
  }
}

/** The keyed result, from scratch. */
function scratch(statement: Statement, replica: Replica): RowSet | GeodeError {
  try {
    const keyed = run(statement, replica, true);
    const names = keyed.columns.map(({ name }) => name);
    if (!/\b(?:LIMIT|OFFSET|collect)\b/.test(statement.text))
      expect(bag(run(statement, replica, false))).toEqual(bag(keyed));
    return rowSetOf(keyed, statement.shape, names);
  } catch (error) {
    if (error instanceof GeodeError && error.code !== "INTERNAL") return error;
    throw error;
  }
}

function run(statement: Statement, { store, policies }: Replica, keyed: boolean): Result {
  return statement.run({
    graph: store.graph("default"),
    grant: policies.grantTo(MEMBER),
    graphName: "default",
    graphs: store.graphs,
    parameters: new Map(),
    timeMs: 0,
    random: () => 0.5,
    budget: new Budget(DEFAULT_BUDGET, () => 0),
    keyed,
    hashKey: HASH_KEY,
  });
}

/** The rows without order and keys. */
function bag({ rows }: Result): string[] {
  return rows.map((row) => encode(row)).sort();
}

function checkSubject(
  { query, statement, truth, commits, errors, copy }: Subject,
  lastSeq: number,
  shows: OracleOptions["shows"],
): number {
  const shown = new Map(commits.map((commit) => [commit.seq, commit]));
  expect(shown.size, "one change per commit").toBe(commits.length);
  let now = copy;
  let prevSeq = -1;
  for (const [seq, expected] of truth) {
    const commit = shown.get(seq);
    if (commit !== undefined) {
      expect(commit.changes.length, "a change changes something").toBeGreaterThan(0);
      if (prevSeq >= 0) expect(commit.prevSeq, `${query}: the chain at ${seq}`).toBe(prevSeq);
      prevSeq = seq;
      now = fold(now, commit.changes);
    }
    if (expected instanceof GeodeError) {
      if (shows === "every" || seq === lastSeq)
        expect(
          errors.map(({ code }) => code),
          query,
        ).toEqual([expected.code]);
      if (errors.length > 0) return commits.length;
      continue;
    }
    if (shows === "jumps" && commit === undefined && seq !== lastSeq) continue;
    expect(comparable(now, statement), `${query} at ${seq}`).toEqual(
      comparable(expected, statement),
    );
    if (commit !== undefined)
      expect(commit.digest, `${query}: digest at ${seq}`).toBe(digestOf(expected));
  }
  if (shows === "every") expect(errors).toEqual([]);
  return commits.length;
}

/** In order if the order means something. */
function comparable({ keys, texts }: Copy, { ordered }: Statement): string[] {
  const rows = keys.map((key, place) => `${key} ${texts[place]}`);
  return ordered ? rows : rows.sort();
}

function digestOf({ keys, texts }: RowSet): string {
  const digest = new Digest();
  for (const [place, key] of keys.entries()) digest.add(key, texts[place] as string);
  return digest.toString();
}

function replayed(log: MemoryLog, environment: SimulatedEnvironment): unknown[] {
  const replica = new Replica(new Store(), new IdempotencyKeys(), environment, LOG_START);
  for (const next of readChain(log, LOG_START)) replica.bringIn(next);
  return [...replica.store.effects()].flat();
}
