import type { CommitChanges } from "@geode/protocol";
import { expect, test } from "vitest";
import type { LiveAnswer } from "../port.ts";
import type { Outbox } from "./outbox.ts";
import { Reply } from "./reply.ts";
import { Subscription } from "./subscription.ts";
import { plainVoice } from "./voice.ts";

const commit = (seq: number): CommitChanges => ({
  seq,
  prevSeq: seq - 1,
  digest: "00000000000000aa",
  changes: [{ op: "insert", key: `k${seq}`, data: "{}" }],
});

/** A subscription, with the seqs of the commits that were queued for it. */
function harness() {
  const queued: number[] = [];
  let closed = 0;
  const outbox = {
    update: (_stream: unknown, { seq }: CommitChanges) => queued.push(seq),
    withdraw: () => undefined,
  } as unknown as Outbox;
  const reply = new Reply(plainVoice({ encoding: "json", numbers: "exact" }), {
    answer: () => undefined,
  });
  const subscription = new Subscription(
    { outbox, restarted: () => undefined, failed: () => undefined },
    { id: "s", withBefore: false, backpressure: "conflate", reply },
  );
  const answer = (seq: number): LiveAnswer => ({
    text: "MATCH (n) RETURN n",
    columns: [],
    keys: [],
    encodedRows: [],
    epoch: "e",
    seq,
    digest: "0000000000000000",
    maintenance: "reexecution",
    resumed: false,
    reset: false,
    notices: [],
    watch: { renew: () => Promise.resolve(seq), close: () => closed++ },
  });
  return { answer, closed: () => closed, queued, subscription };
}

test("what comes before the RESULT waits for it, and what the RESULT shows already is not told again", () => {
  const { answer, queued, subscription } = harness();
  for (const seq of [1, 2, 3]) subscription.onChange(commit(seq));
  expect(queued).toEqual([]);
  subscription.begin(answer(2));
  expect(queued).toEqual([3]);
  subscription.onChange(commit(4));
  expect(queued).toEqual([3, 4]);
});

test("one that has ended hears nothing, and lets go of a result that comes too late", () => {
  const { answer, closed, queued, subscription } = harness();
  subscription.end();
  subscription.onChange(commit(1));
  subscription.begin(answer(0));
  expect(queued).toEqual([]);
  expect(closed()).toBe(1);
});

test("is behind from the commit that is looked at later until it has caught up", () => {
  const { subscription } = harness();
  expect(subscription.isBehindAt(5)).toBe(false);
  subscription.onPace("behind", 5);
  expect([4, 5, 9].map((seq) => subscription.isBehindAt(seq))).toEqual([false, true, true]);
  subscription.onPace("caught up", 8);
  expect([5, 7, 8].map((seq) => subscription.isBehindAt(seq))).toEqual([true, true, false]);
});
