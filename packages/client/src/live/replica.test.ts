import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { digestOf } from "../../test/fake-server.ts";
import type { Op, UpdateMessage } from "../wire/messages.ts";
import { BrokenFrame } from "../wire/broken-frame.ts";
import { Replica } from "./replica.ts";

interface Person {
  readonly age: number;
}
const decode = (raw: unknown): Person => ({ ...(raw as Person) });

function change(op: Op, key: string, age: number, index: number | null = null): UpdateMessage {
  return {
    type: "UPDATE",
    subscription: "s",
    op,
    key,
    data: { age },
    index,
    seq: 1,
    prevSeq: 0,
    last: false,
    digest: null,
  };
}

function replica(...rows: readonly (readonly [string, number])[]): Replica<Person> {
  const copy = new Replica(decode);
  copy.reset(
    rows.map(([key]) => key),
    rows.map(([, age]) => ({ age })),
  );
  return copy;
}

describe("a copy of a live result", () => {
  test("a fresh snapshot tells only what differs, and keeps the objects of the rest", () => {
    const copy = replica(["a", 1], ["b", 2], ["c", 3]);
    const [a] = copy.rows();
    const changes = copy.reset(["a", "c", "d"], [{ age: 1 }, { age: 30 }, { age: 4 }]);
    expect(changes).toEqual([
      { op: "delete", key: "b", row: { age: 2 } },
      { op: "update", key: "c", row: { age: 30 } },
      { op: "insert", key: "d", row: { age: 4 } },
    ]);
    expect(copy.rows()[0]).toBe(a);
    expect(copy.digest).toBe(
      digestOf([
        ["a", { age: 1 }],
        ["c", { age: 30 }],
        ["d", { age: 4 }],
      ]),
    );
  });

  test("rows of an ordered result go where the server says", () => {
    const copy = replica(["a", 1], ["b", 2], ["c", 3]);
    copy.apply([
      change("delete", "a", 1),
      change("update", "c", 0, 0),
      change("insert", "d", 9, 2),
    ]);
    expect(copy.keys()).toEqual(["c", "b", "d"]);
    expect(copy.rows()).toEqual([{ age: 0 }, { age: 2 }, { age: 9 }]);
  });

  test("without positions an update stays in its place and an insert goes to the end", () => {
    const copy = replica(["a", 1], ["b", 2]);
    copy.apply([change("update", "a", 10), change("insert", "c", 3)]);
    expect(copy.keys()).toEqual(["a", "b", "c"]);
    expect(copy.rows()[0]).toEqual({ age: 10 });
  });

  test("a commit that names a row twice is not the protocol", () => {
    expect(() =>
      replica(["a", 1]).apply([change("update", "a", 2), change("update", "a", 3)]),
    ).toThrow(BrokenFrame);
  });

  test("whatever changes between two ordered results, folding the changes leads from one to the other", () => {
    const result = fc.uniqueArray(
      fc.tuple(fc.constantFrom(...Array.from("abcdefghij")), fc.integer({ min: 0, max: 3 })),
      {
        selector: ([key]) => key,
      },
    );
    fc.assert(
      fc.property(result, result, (before, after) => {
        const copy = replica(...before);
        copy.apply(differences(before, after));
        expect(copy.keys()).toEqual(after.map(([key]) => key));
        expect(copy.rows()).toEqual(after.map(([, age]) => ({ age })));
        expect(copy.digest).toBe(digestOf(after.map(([key, age]) => [key, { age }])));
      }),
    );
  });
});

/** What a server would send: deletes, then moves and inserts with their final positions. A row that only shifts is not sent. */
function differences(
  before: readonly (readonly [string, number])[],
  after: readonly (readonly [string, number])[],
): UpdateMessage[] {
  const ages = new Map(before);
  const kept = new Set(after.map(([key]) => key));
  const deletes = before
    .filter(([key]) => !kept.has(key))
    .map(([key, age]) => change("delete", key, age));
  const order = before.filter(([key]) => kept.has(key)).map(([key]) => key);
  let next = 0;
  const placed: UpdateMessage[] = [];
  after.forEach(([key, age], index) => {
    const stays = order.indexOf(key);
    if (stays >= next) {
      next = stays + 1;
      if (ages.get(key) !== age) placed.push(change("update", key, age, index));
    } else {
      placed.push(change(ages.has(key) ? "update" : "insert", key, age, index));
    }
  });
  return [...deletes, ...placed];
}
