import type { Environment } from "./commit/environment.ts";
import type { IdempotencyLimits } from "./commit/idempotency.ts";
import type { DoorLimits, TransactionLimits } from "./commit/limits.ts";
import type { ProcedureDefinition } from "./execute/procedures.ts";
import type { QueryLimits } from "./limits.ts";
import type { LiveLimits } from "./live/limits.ts";
import type { ReaderLimits } from "./readers/limits.ts";

/** How far opening has come. */
export interface OpeningProgress {
  /** Entries of the log that are in, after the checkpoint. */
  readonly entries: number;
  /** Those that there are. */
  readonly entryCount: number;
}

export interface DatabaseOptions {
  /** The data directory, made if need be. Default: none, everything is in memory and gone with the process. */
  readonly directory?: string;
  /** "relaxed": writes are answered before they are safe from a power cut. Default: "durable". */
  readonly durability?: "durable" | "relaxed";
  /** Clock, chance and timers. Default: the real ones. */
  readonly environment?: Environment;
  readonly queryLimits?: Partial<QueryLimits>;
  readonly doorLimits?: Partial<DoorLimits>;
  readonly liveLimits?: Partial<LiveLimits>;
  readonly transactionLimits?: Partial<TransactionLimits>;
  readonly idempotencyLimits?: Partial<IdempotencyLimits>;
  /** Tables that statements can call by name, beside those that come with the database. Default: none. */
  readonly procedures?: readonly ProcedureDefinition[];
  /** How much the log grows before the next checkpoint is made, in bytes. Default: 64 MiB, or half the last checkpoint if that is more. */
  readonly checkpointBytes?: number;
  /** Entries that stay in the log whatever checkpoints there are. Default: 0. */
  readonly retainedEntries?: number;
  /**
   * Threads for reads that take longer than a few milliseconds, each with a replica of the graph: twice the memory for one. Default: 0,
   * and then such a read holds up everything else until its budget ends it.
   */
  readonly readers?: number;
  readonly readerLimits?: Partial<ReaderLimits>;
  /** Called now and then while the log is read. */
  readonly onProgress?: (progress: OpeningProgress) => void;
}
