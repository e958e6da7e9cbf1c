import type { GeodeError } from "@geode/values";
import { Budget } from "../execute/budget.ts";
import type { Result, WriteStats } from "../execute/statement.ts";
import { type IdSource, Writer } from "../execute/writer.ts";
import type { Patch } from "../graph/effect.ts";
import { Undo } from "../graph/undo.ts";
import type { Environment } from "./environment.ts";
import { faultOf } from "./fault.ts";
import type { DoorLimits } from "./limits.ts";
import type { Replica } from "./replica.ts";
import { patchWeight } from "./weight.ts";
import { type StatementWrite, type Write, noChanges } from "./write.ts";

/** A commit to be, without its seq. */
interface Draft {
  readonly principal: string;
  readonly key?: string;
  readonly patch: Patch;
}

/** What became of one write in a run. Nothing of it may be told before the batch is durable: it rests on the writes before it. */
export type Verdict =
  /** It makes the batch's commit at this index. */
  | {
      readonly kind: "commits";
      readonly index: number;
      readonly result: Result | null;
      readonly stats: WriteStats;
    }
  /** It changed nothing, on top of the batch's first `after` commits. */
  | { readonly kind: "unchanged"; readonly after: number; readonly result: Result | null }
  /** Its key was used before, by the commit with this seq. */
  | { readonly kind: "repeats"; readonly seq: number }
  /** Its key was used by the batch's commit at this index. */
  | { readonly kind: "repeatsDraft"; readonly index: number }
  | { readonly kind: "fails"; readonly error: GeodeError };

export interface Batch {
  /** One per write taken, in order. */
  readonly verdicts: readonly Verdict[];
  readonly drafts: readonly Draft[];
}

/**
 * Executes waiting writes in order in one synchronous run, each on top of the one before, as many as fit into a batch (at least one),
 * and takes everything back: when it returns, the store is as it was. A write that fails undoes only itself.
 */
export function runBatch(
  writes: Iterable<Write>,
  replica: Replica,
  ids: IdSource,
  environment: Environment,
  limits: DoorLimits,
  hashKey: (text: string) => string,
): Batch {
  const { store } = replica;
  const undo = new Undo();
  const start = undo.mark();
  const startMs = environment.monotonicMs();
  const verdicts: Verdict[] = [];
  const drafts: Draft[] = [];
  const keys = new Map<string, number>();
  let weight = 0;

  const record = (draft: Draft): number => {
    weight += patchWeight(draft.patch);
    return drafts.push(draft) - 1;
  };

  const runSystem = (patch: Patch): Verdict => {
    for (const effect of patch) store.apply(effect, undo);
    return {
      kind: "commits",
      index: record({ principal: "", patch }),
      result: null,
      stats: noChanges(),
    };
  };

  const runStatement = (write: StatementWrite): Verdict => {
    const timeMs = environment.nowMs();
    const { principal, idempotencyKey: key } = write;
    if (key !== undefined) {
      const seq = replica.idempotency.find(principal, key, timeMs);
      if (seq !== undefined) return { kind: "repeats", seq };
      const index = keys.get(JSON.stringify([principal, key]));
      if (index !== undefined) return { kind: "repeatsDraft", index };
    }
    const writer = new Writer(store, write.graph, ids, undo);
    const result = write.statement.run({
      graph: writer.graph,
      graphName: write.graph,
      parameters: write.parameters,
      timeMs,
      random: environment.random,
      budget: new Budget(write.budget, environment.monotonicMs),
      writer,
      keyed: false,
      hashKey,
    });
    const patch = writer.patch();
    if (patch.length === 0) return { kind: "unchanged", after: drafts.length, result };
    const index = record(key === undefined ? { principal, patch } : { principal, key, patch });
    if (key !== undefined) keys.set(JSON.stringify([principal, key]), index);
    return { kind: "commits", index, result, stats: writer.stats };
  };

  try {
    for (const write of writes) {
      if (verdicts.length > 0) {
        const outOfTime = environment.monotonicMs() - startMs >= limits.batchMs;
        if (outOfTime || weight >= limits.batchBytes || verdicts.length >= limits.batchWrites)
          break;
      }
      const mark = undo.mark();
      try {
        verdicts.push(write.kind === "system" ? runSystem(write.patch) : runStatement(write));
      } catch (error) {
        store.rollback(undo, mark);
        verdicts.push({ kind: "fails", error: faultOf(error, environment) });
      }
    }
  } finally {
    store.rollback(undo, start);
  }
  return { verdicts, drafts };
}
