import { float, type Value } from "@geode/values";
import { expect, test } from "vitest";
import { Database } from "../database.ts";

const principal = { id: "test", roles: [], claims: new Map() };

/** What is stored, step by step: integers, then ones that are larger, then anything. */
const STAGES: readonly (readonly Value[])[] = [
  [1, 2, 3, null, -5, 0, 7],
  [2 ** 40, -(2 ** 40)],
  [9_007_199_254_740_993n, float(2), 2.5, float(Number.NaN), "b", true],
];
const VALUES: readonly Value[] = [
  2,
  float(2),
  2.5,
  -1,
  0,
  float(Number.NaN),
  float(Number.POSITIVE_INFINITY),
  9_007_199_254_740_993n,
  null,
  "a",
  true,
];

test.each(["<", "<=", ">", ">="])(
  "x %s $v finds the same, whatever x and $v turn out to be, from one run to the next",
  async (operator) => {
    const database = await Database.open();
    const rows = async (text: string, v: Value): Promise<unknown> =>
      (await database.query({ text, principal, parameters: new Map([["v", v]]) })).rows;
    const places = [
      ["MATCH (n:N)", "n"],
      ["MATCH ()-[n:E]->()", "n"],
      ["MATCH (m:N)-[:E]->(n:N)", "n"],
      ["MATCH (m:N) OPTIONAL MATCH (m)-[:E]->(n:N)", "n"],
    ] as const;
    for (const stage of STAGES) {
      // More than a few, so that the values stand in a column.
      for (let turn = 0; turn < 12; turn++)
        for (const x of stage) await rows("INSERT (:N {x: $v})-[:E {x: $v}]->(:N {x: $v})", x);
      for (const [match, n] of places) {
        for (const v of VALUES) {
          // What is denied twice is compared in general.
          const general = await rows(
            `${match} FILTER NOT NOT (${n}.x ${operator} $v) RETURN count(*)`,
            v,
          );
          expect(await rows(`${match} FILTER ${n}.x ${operator} $v RETURN count(*)`, v)).toEqual(
            general,
          );
          const looked = `${match} FILTER ${n}.x ${operator} $v AND TRUE RETURN ${n}.x NEXT RETURN count(*)`;
          expect(await rows(looked, v)).toEqual(general);
        }
      }
    }
    await database.close();
  },
);

test("a live query goes on when a column gets another kind of value", async () => {
  const database = await Database.open();
  const write = async (x: Value): Promise<void> => {
    await database.query({
      text: "INSERT (:N {x: $x})",
      principal,
      parameters: new Map([["x", x]]),
    });
  };
  for (let x = 0; x < 100; x++) await write(x);
  let changed = Promise.withResolvers<unknown>();
  const live = await database.subscribe(
    {
      text: "MATCH (n:N) WHERE n.x > $x RETURN count(*) AS c",
      principal,
      parameters: new Map([["x", 97]]),
    },
    (commit) => changed.resolve(commit),
  );
  expect(live.rows).toEqual([[2]]);
  for (const [x, count] of [
    [99.5, 3],
    [200, 4],
  ] as const) {
    changed = Promise.withResolvers();
    await write(x);
    expect(await changed.promise).toMatchObject({ changes: [{ row: [count] }] });
  }
  live.close();
  await database.close();
});

test("a condition on a selected path is one or the other, too", async () => {
  const database = await Database.open();
  const rows = async (text: string, v: Value): Promise<unknown> =>
    (await database.query({ text, principal, parameters: new Map([["v", v]]) })).rows;
  await rows("FOR x IN range(1, 100) INSERT (:N {x: x})", null);
  await rows("MATCH (a:N), (b:N) WHERE b.x = a.x + 1 INSERT (a)-[:E]->(b)", null);
  const paths =
    "MATCH ANY SHORTEST ((a:N)-[:E]->{1,5}(b:N) WHERE b.x > $v) FILTER a.x = 94 RETURN b.x";
  for (const v of [97, float(97)])
    expect(await rows(`${paths} ORDER BY b.x`, v)).toEqual([[98], [99]]);
  await database.close();
});
