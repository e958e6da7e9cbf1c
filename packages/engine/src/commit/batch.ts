import { GeodeError, unreachable } from "@geode/values";
import { Budget } from "../execute/budget.ts";
import { placeOf } from "../execute/reach.ts";
import type { Result } from "../execute/statement.ts";
import { noChanges, type WriteStats } from "../execute/write-stats.ts";
import { type IdSource, Writer } from "../execute/writer.ts";
import type { AppendEdit, Patch } from "../graph/effect.ts";
import type { Documents } from "../graph/documents.ts";
import { Undo } from "../graph/undo.ts";
import type { Claims } from "./claims.ts";
import { catalogForbidden } from "../policy/policies.ts";
import { conflict, type Conflicts } from "./conflicts.ts";
import type { Environment } from "./environment.ts";
import { faultOf } from "./fault.ts";
import type { DoorLimits } from "./limits.ts";
import type { Replica } from "./replica.ts";
import { patchWeight } from "./weight.ts";
import type { EditWrite, StatementWrite, TransactionWrite, Write } from "./write.ts";

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
      /** Of a document, if it is an edit. */
      readonly version?: number;
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
 * and takes everything back: when it returns, the store is as it was. A write that fails undoes only itself. A transaction fails when
 * it has lost, or when a write before it in the batch touches what it rests on.
 */
export function runBatch(
  writes: readonly Write[],
  replica: Replica,
  conflicts: Pick<Conflicts, "collect">,
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
  /** Transactions that lose if this batch becomes durable. Kept only as long as one of them may follow. */
  const touched = new Set<Claims>();
  let transactionsAhead = writes.filter(({ kind }) => kind === "transaction").length;
  let weight = 0;
  /** The store does not show what was written last. */
  let isOver = false;

  const record = (draft: Draft): number => {
    weight += patchWeight(draft.patch);
    const index = drafts.push(draft) - 1;
    if (draft.key !== undefined) keys.set(JSON.stringify([draft.principal, draft.key]), index);
    return index;
  };

  const apply = (patch: Patch): void => {
    for (const effect of patch) {
      if (transactionsAhead > 0) conflicts.collect(effect, touched);
      store.apply(effect, undo);
    }
  };

  /** Set if the principal has used the key before. */
  const repeatOf = ({ principal, idempotencyKey: key }: KeyedWrite): Verdict | null => {
    if (key === undefined) return null;
    const seq = replica.idempotency.find(principal, key, environment.nowMs());
    if (seq !== undefined) return { kind: "repeats", seq };
    const index = keys.get(JSON.stringify([principal, key]));
    return index === undefined ? null : { kind: "repeatsDraft", index };
  };

  const runSystem = (patch: Patch): Verdict => {
    apply(patch);
    return {
      kind: "commits",
      index: record({ principal: "", patch }),
      result: null,
      stats: noChanges(),
    };
  };

  const runStatement = (write: StatementWrite): Verdict => {
    const repeat = repeatOf(write);
    if (repeat !== null) return repeat;
    const { grantee, statement } = write;
    const grant = grantee && replica.policies.grantTo(grantee);
    if (grant !== null && statement.changesCatalog === true) throw catalogForbidden();
    const place = placeOf(statement, write.graph, store.graphs, replica.policies.reachOf(grantee));
    const mark = undo.mark();
    // What a transaction rests on is held against every effect right before it is applied, and rules look at what is applied.
    const mayBeLast = transactionsAhead === 0 && grant === null;
    const system = grantee === null;
    const writer = new Writer(store, write.graph, ids, undo, { mayBeLast, system });
    const result = statement.run({
      ...place,
      parameters: write.parameters,
      timeZone: write.timeZone ?? null,
      timeMs: environment.nowMs(),
      random: environment.random,
      budget: new Budget(write.budget, environment.monotonicMs),
      grant,
      writer,
      keyed: false,
      hashKey,
    });
    const patch = writer.patch();
    if (patch.length === 0) return { kind: "unchanged", after: drafts.length, result };
    isOver = writer.isUnseen;
    if (transactionsAhead > 0) {
      // Once more, effect by effect, for what each of them touches shows only right before it.
      store.rollback(undo, mark);
      apply(patch);
    }
    return {
      kind: "commits",
      index: record(draftOf(write, patch)),
      result,
      stats: writer.stats,
    };
  };

  const runTransaction = (write: TransactionWrite): Verdict => {
    const { claims, patch } = write;
    transactionsAhead -= 1;
    const repeat = repeatOf(write);
    if (repeat !== null) return repeat;
    if (claims.lost !== null) throw claims.lost;
    if (touched.has(claims)) throw conflict();
    if (patch.length === 0) return { kind: "unchanged", after: drafts.length, result: null };
    apply(patch);
    return {
      kind: "commits",
      index: record(draftOf(write, patch)),
      result: null,
      stats: noChanges(),
    };
  };

  const runEdit = (write: EditWrite): Verdict => {
    const repeat = repeatOf(write);
    if (repeat !== null) return repeat;
    const effect = editOf(write, store.documents);
    apply([effect]);
    return {
      kind: "commits",
      index: record(draftOf(write, [effect])),
      result: null,
      stats: noChanges(),
      version: effect.version,
    };
  };

  const run = (write: Write): Verdict => {
    switch (write.kind) {
      case "edit":
        return runEdit(write);
      case "system":
        return runSystem(write.patch);
      case "statement":
        return runStatement(write);
      case "transaction":
        return runTransaction(write);
      default:
        return unreachable(write);
    }
  };

  try {
    for (const write of writes) {
      if (verdicts.length > 0) {
        const outOfTime = environment.monotonicMs() - startMs >= limits.batchMs;
        const isFull = weight >= limits.batchBytes || verdicts.length >= limits.batchWrites;
        if (isOver || isFull || outOfTime) break;
      }
      const mark = undo.mark();
      try {
        verdicts.push(run(write));
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

type KeyedWrite = StatementWrite | TransactionWrite | EditWrite;

function editOf(
  { bytes, bytesMax, document: id, format, whole }: EditWrite,
  documents: Documents,
): AppendEdit {
  const document = documents.get(id);
  if (document !== undefined && document.format !== format) {
    throw new GeodeError(
      "INVALID_MESSAGE",
      `The document ${JSON.stringify(id)} has edits of the form ${document.format}, this one is of the form ${format}.`,
      { hint: "The first edit decides. Take another document." },
    );
  }
  const kept = whole ? 0 : (document?.editBytes ?? 0);
  if (kept + bytes.length > bytesMax) {
    throw new GeodeError(
      "TOO_LARGE",
      `The document ${JSON.stringify(id)} would have ${kept + bytes.length} bytes of edits; ${bytesMax} are allowed.`,
      { limit: "documentBytes" },
    );
  }
  return {
    kind: "appendEdit",
    document: id,
    format,
    version: (document?.version ?? 0) + 1,
    whole,
    bytes,
  };
}

function draftOf({ principal, idempotencyKey: key }: KeyedWrite, patch: Patch): Draft {
  return key === undefined ? { principal, patch } : { principal, key, patch };
}
