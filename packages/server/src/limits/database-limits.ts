import type { DatabaseOptions } from "@geode/engine";
import type { Limits } from "@geode/protocol";

/** The limits that the database keeps, and not the server, as it is opened with them. */
export function databaseLimits(
  limits: Limits,
): Pick<DatabaseOptions, "queryLimits" | "doorLimits" | "liveLimits" | "transactionLimits"> {
  return {
    queryLimits: {
      timeoutMs: limits.queryMsMax,
      timeoutMsMax: limits.queryMsMax,
      rowsMax: limits.resultRowsMax,
      keptRowsMax: limits.keptRowsMax,
      bytesMax: limits.queryBytesMax,
      matchesMax: limits.matchesMax,
    },
    doorLimits: { queuedWritesMax: limits.queuedWritesMax },
    liveLimits: {
      groupsMax: limits.liveResultsMax,
      resultRowsMax: limits.resultRowsMax,
      keptRowsMax: limits.keptRowsMax,
      bytesMax: limits.queryBytesMax,
      matchesMax: limits.matchesMax,
    },
    transactionLimits: {
      openMax: limits.transactionsMax,
      durationMs: limits.transactionMsMax,
      effectsMax: limits.transactionChangesMax,
    },
  };
}
