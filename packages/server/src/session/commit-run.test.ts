import type { CommitChanges } from "@geode/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { CommitRun } from "./commit-run.ts";

const commitOf = (seq: number): CommitChanges => ({
  seq,
  prevSeq: seq - 1,
  digest: "",
  changes: [],
});

test("those who wait for the same share a list, of which each knows its own part", () => {
  const [one, two, three] = [commitOf(1), commitOf(2), commitOf(3)];
  const [ann, bob] = [new CommitRun(one), new CommitRun(one)];
  ann.add(two);
  ann.add(three);
  bob.add(two);
  expect(bob.list).toEqual([one, two]);
  bob.add(three);
  expect(bob.list).toBe(ann.list);
});

test("whatever others wait for, a run holds what was added to it", () => {
  const commits = [1, 2, 3, 4].map(commitOf);
  const step = fc.record({ who: fc.nat(3), which: fc.nat(3), anew: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const runs = new Map<number, { run: CommitRun; plain: CommitChanges[] }>();
      for (const { anew, which, who } of steps) {
        const commit = commits[which]!;
        const known = runs.get(who);
        if (known === undefined || anew) {
          runs.set(who, { run: new CommitRun(commit), plain: [commit] });
        } else {
          known.run.add(commit);
          known.plain.push(commit);
        }
        for (const { plain, run } of runs.values()) {
          expect(run.list).toEqual(plain);
          expect([run.count, run.first]).toEqual([plain.length, plain[0]]);
        }
      }
    }),
  );
});
