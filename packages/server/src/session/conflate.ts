import type { CommitChanges, RowChange } from "@geode/protocol";

/**
 * Changes of several commits in a row as those of one: at most one net change per row, from before the first to after the last. It has
 * no changes if they cancel out. Null when rows have positions, which are those of one commit and cannot be merged.
 */
export function conflate(commits: readonly CommitChanges[]): CommitChanges | null {
  const first = commits[0];
  const last = commits.at(-1);
  if (first === undefined || last === undefined) return null;
  const rows = new Map<string, Net>();
  for (const { changes } of commits) {
    for (const change of changes) {
      if (change.index !== undefined || change.from !== undefined) return null;
      const net = merge(rows.get(change.key), change);
      if (net === null) rows.delete(change.key);
      else rows.set(change.key, net);
    }
  }
  const changes = [...rows.values()].map(changeOf).sort((a, b) => STAGES[a.op] - STAGES[b.op]);
  return { seq: last.seq, prevSeq: first.prevSeq, digest: last.digest, changes };
}

/** A row's net change. `before` is the row before all of it, where that is known. */
interface Net {
  readonly op: RowChange["op"];
  readonly key: string;
  readonly data: string;
  readonly before: string | undefined;
}

/** The order in which changes of one commit are told. */
const STAGES = { delete: 0, update: 1, insert: 2 } as const;

/** What is left of a row's changes so far and another one that follows them; null if nothing is. */
function merge(net: Net | undefined, { before, data, key, op }: RowChange): Net | null {
  // A delete says what the row was.
  if (net === undefined) return { op, key, data, before: op === "delete" ? data : before };
  if (net.op === "insert") return op === "delete" ? null : { ...net, data };
  if (op === "delete") return { ...net, op, data };
  return net.before === data ? null : { ...net, op: "update", data };
}

function changeOf({ before, data, key, op }: Net): RowChange {
  return { op, key, data, ...(op === "update" && before !== undefined ? { before } : {}) };
}
