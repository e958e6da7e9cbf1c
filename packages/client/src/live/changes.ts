import type { Op } from "../wire/messages.ts";

/** One row that changed. */
export interface Change<Row> {
  readonly op: Op;
  /** Opaque; unique within the result, and the same for a row as long as it is in the result. */
  readonly key: string;
  /** The row now; for a delete, the last one. */
  readonly row: Row;
}

/** What one commit changed in a result; the first one of an iteration inserts everything that is there. */
export interface Commit<Row> {
  readonly seq: number;
  readonly changes: readonly Change<Row>[];
}

/** Changes that wait for a slow consumer before they are merged. */
const WAITING_CHANGES_MAX = 1_024;

/**
 * What a consumer has not taken yet. While few, commits stay apart; beyond {@link WAITING_CHANGES_MAX} they become one, with one net
 * change per row, so that the most it can hold is the result itself.
 */
export class ChangeBuffer<Row> {
  #commits: Commit<Row>[] = [];
  #changes = 0;

  get empty(): boolean {
    return this.#commits.length === 0;
  }

  push(commit: Commit<Row>): void {
    this.#commits.push(commit);
    this.#changes += commit.changes.length;
    if (this.#changes > WAITING_CHANGES_MAX && this.#commits.length > 1) {
      const merged = mergeCommits(this.#commits);
      this.#commits = [merged];
      this.#changes = merged.changes.length;
    }
  }

  shift(): Commit<Row> | undefined {
    const commit = this.#commits.shift();
    this.#changes -= commit?.changes.length ?? 0;
    return commit;
  }
}

/** The net effect of several commits in a row: at most one change per key. */
export function mergeCommits<Row>(commits: readonly Commit<Row>[]): Commit<Row> {
  const net = new Map<string, Change<Row>>();
  let seq = 0;
  for (const commit of commits) {
    seq = commit.seq;
    for (const change of commit.changes) {
      const before = net.get(change.key);
      // Taken out and put in again, so that the order is that of the latest change.
      net.delete(change.key);
      const merged = before === undefined ? change : mergeChanges(before, change);
      if (merged !== null) net.set(change.key, merged);
    }
  }
  return { seq, changes: [...net.values()] };
}

/** Two changes of one row as one; null when they cancel. */
function mergeChanges<Row>(before: Change<Row>, after: Change<Row>): Change<Row> | null {
  if (before.op === "insert") return after.op === "delete" ? null : { ...after, op: "insert" };
  if (before.op === "delete") return after.op === "insert" ? { ...after, op: "update" } : after;
  return after;
}
