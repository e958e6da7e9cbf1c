import { updateHead, updateTails, type CommitChanges, type RequestId } from "@geode/protocol";
import type { UpdateFrames } from "./outbox.ts";

/** What all who watch a result share of one commit's frames: made once, gone with the commit. */
interface SharedTails {
  readonly tails: readonly string[];
  readonly bytes: number;
}

const after = new WeakMap<CommitChanges, SharedTails>();
const before = new WeakMap<CommitChanges, SharedTails>();

/** The UPDATE frames of one commit for one subscription. */
export function updateFrames(
  subscription: RequestId,
  commit: CommitChanges,
  withBefore: boolean,
): UpdateFrames {
  const shared = sharedTails(commit, withBefore);
  const head = updateHead(subscription);
  return {
    frames: shared.tails.map((tail) => head + tail),
    bytes: shared.bytes + shared.tails.length * Buffer.byteLength(head),
  };
}

function sharedTails(commit: CommitChanges, withBefore: boolean): SharedTails {
  const cache = withBefore ? before : after;
  let shared = cache.get(commit);
  if (shared === undefined) {
    const tails = updateTails(commit, withBefore);
    shared = { tails, bytes: tails.reduce((sum, tail) => sum + Buffer.byteLength(tail), 0) };
    cache.set(commit, shared);
  }
  return shared;
}
