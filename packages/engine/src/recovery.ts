import { type Environment, SYSTEM } from "./commit/environment.ts";
import { DEFAULT_IDEMPOTENCY, IdempotencyKeys } from "./commit/idempotency.ts";
import { type Follower, Replica } from "./commit/replica.ts";
import { Store } from "./graph/store.ts";
import { LOG_START } from "./log/chain.ts";
import { Checkpointer } from "./log/checkpointer.ts";
import type { DataDirectory, Recovery } from "./log/directory.ts";
import type { CommitLog } from "./log/log.ts";
import type { DatabaseOptions } from "./options.ts";

/** Entries that are brought in between two turns of the event loop while a database is opened. */
const ENTRIES_PER_TURN = 256;

interface Recovered {
  readonly replica: Replica;
  readonly checkpoint: Recovery["checkpoint"];
}

/** The state that the directory holds: that of its newest good checkpoint and of the entries behind it. */
export async function recover(
  directory: DataDirectory | null,
  options: DatabaseOptions,
): Promise<Recovered> {
  const environment = options.environment ?? SYSTEM;
  const store = new Store();
  const idempotency = new IdempotencyKeys({ ...DEFAULT_IDEMPOTENCY, ...options.idempotencyLimits });
  if (directory === null) {
    return { replica: new Replica(store, idempotency, environment, LOG_START), checkpoint: null };
  }
  const recovery = directory.recover();
  for (const { error } of recovery.damaged) environment.report(error);
  for (const chunk of recovery.chunks) for (const effect of chunk) store.apply(effect);
  for (const record of recovery.idempotency) idempotency.add(record);
  const { checkpoint, entryCount } = recovery;
  const replica = new Replica(
    store,
    idempotency,
    environment,
    checkpoint ?? LOG_START,
    checkpoint?.timeMs,
  );
  let entries = 0;
  for (const next of recovery.entries) {
    replica.bringIn(next);
    entries += 1;
    if (entries % ENTRIES_PER_TURN !== 0) continue;
    options.onProgress?.({ entries, entryCount });
    await new Promise<void>((resume) => environment.later(resume));
  }
  return { replica, checkpoint };
}

export function checkpointerOf(
  directory: DataDirectory | null,
  checkpoint: Recovery["checkpoint"],
  { environment = SYSTEM, checkpointBytes, retainedEntries, idempotencyLimits }: DatabaseOptions,
): Checkpointer | null {
  if (directory === null) return null;
  const { keptMs, keysMax } = { ...DEFAULT_IDEMPOTENCY, ...idempotencyLimits };
  return new Checkpointer({
    log: directory.log,
    directory: directory.checkpointsPath,
    previous: checkpoint,
    idempotency: { idempotencyKeptMs: keptMs, idempotencyKeysMax: keysMax },
    onOutcome: (outcome) => {
      if (outcome.kind === "failed") environment.report(outcome.error);
    },
    ...(checkpointBytes === undefined ? {} : { checkpointBytes }),
    ...(retainedEntries === undefined ? {} : { retainedEntries }),
  });
}

/** Nobody reads a log in memory behind us: entries that are applied can go. */
export function forgetting(log: CommitLog, environment: Environment): Follower {
  return {
    afterEntry: () => {
      const { number, oldest } = log.head();
      if (number - oldest >= ENTRIES_IN_MEMORY) log.trim(number).catch(environment.report);
    },
  };
}

/** Entries of a log in memory that are kept before they go. */
const ENTRIES_IN_MEMORY = 1024;
