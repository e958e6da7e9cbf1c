import type { Value } from "@geode/values";
import type { BudgetLimits } from "../execute/budget.ts";
import type { DocumentFormat, DocumentId, GraphName, Patch } from "../graph/effect.ts";
import type { Grantee } from "../policy/policies.ts";
import type { Withdrawal } from "../withdrawal.ts";
import type { Claims } from "./claims.ts";
import type { Result, Statement } from "../execute/statement.ts";
import type { WriteStats } from "../execute/write-stats.ts";

/**
 * A write is data, never a closure: it can be executed again when another node's entry came first, and it could be sent to another
 * node. What it draws (time, chance, ids) is drawn at execution and logged as effects.
 */
export type Write = StatementWrite | TransactionWrite | EditWrite | SystemWrite;

/** A statement of a user. */
export interface StatementWrite {
  readonly kind: "statement";
  readonly statement: Statement;
  readonly graph: GraphName;
  readonly parameters: ReadonlyMap<string, Value>;
  /** What the clock is read in; null: UTC. */
  readonly timeZone?: string | null;
  /** Who writes: the id that the log keeps. */
  readonly principal: string;
  /** Whom the policy judges, when the write is executed; null: the database itself. */
  readonly grantee: Grantee | null;
  /** A second write of the principal with the same key answers with the first one's seq and does nothing. */
  readonly idempotencyKey?: string;
  /** What its execution may use; waiting in the queue does not count. */
  readonly budget: BudgetLimits;
  /** Takes the write back while it still waits in the queue. Once it is being committed, it is too late. */
  readonly signal?: Withdrawal;
}

/** What the statements of a transaction did, all at once. It fails with 40000 if the transaction has lost. */
export interface TransactionWrite {
  readonly kind: "transaction";
  readonly patch: Patch;
  readonly claims: Claims;
  readonly principal: string;
  /** As for a statement: of two transactions with the same key the second answers with the seq of the first and does nothing. */
  readonly idempotencyKey?: string;
  readonly signal?: Withdrawal;
}

/** An edit of a document. Fails with INVALID_MESSAGE if that has another format, with TOO_LARGE if it would grow too much. */
export interface EditWrite {
  readonly kind: "edit";
  readonly document: DocumentId;
  readonly format: DocumentFormat;
  readonly bytes: Uint8Array;
  /** The edit holds all of the document: those before it are given up. */
  readonly whole: boolean;
  /** The most bytes of edits that a document keeps. */
  readonly bytesMax: number;
  readonly principal: string;
  /** As for a statement. */
  readonly idempotencyKey?: string;
  readonly signal?: Withdrawal;
}

/** Effects of the database itself: the beginning of an epoch. */
interface SystemWrite {
  readonly kind: "system";
  readonly patch: Patch;
}

export interface WriteOutcome {
  /** The commit that holds the write; of a write that changed nothing, the commit whose state it saw. */
  readonly seq: number;
  /** What the statement returned; null when it was not executed because its key was used before, and of a transaction. */
  readonly result: Result | null;
  readonly stats: WriteStats;
  /** Of an edit, the version of the document that it made; absent if it was done before. */
  readonly version?: number;
}
