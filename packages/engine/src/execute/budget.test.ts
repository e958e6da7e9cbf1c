import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { float, Node, type Value } from "@geode/values";
import { afterEach, describe, expect, test } from "vitest";
import { Database } from "../database.ts";
import type { QueryLimits } from "../limits.ts";
import { Budget, DEFAULT_BUDGET } from "./budget.ts";
import { bytesOf } from "./bytes-of.ts";

const budgetOf = (limits: Partial<typeof DEFAULT_BUDGET>): Budget =>
  new Budget({ ...DEFAULT_BUDGET, ...limits }, () => 0);

describe("a budget", () => {
  test("allows its bytes and not one more", () => {
    const budget = budgetOf({ bytes: 100 });
    budget.keep(60);
    budget.hold(40);
    expect(() => budget.hold(1)).toThrow(
      expect.objectContaining({ code: "LIMIT", limit: "queryBytes" }),
    );
  });

  test("allows its rows and not one more", () => {
    const budget = budgetOf({ keptRows: 2 });
    budget.keep();
    budget.keep();
    expect(() => budget.keep()).toThrow(expect.objectContaining({ limit: "keptRows" }));
  });

  test("allows its matches and not one more", () => {
    const budget = budgetOf({ matches: 2 });
    budget.matched();
    budget.matched();
    expect(() => budget.matched()).toThrow(
      expect.objectContaining({ code: "LIMIT", limit: "matches" }),
    );
  });

  test("counts again what was released", () => {
    const budget = budgetOf({ bytes: 100 });
    const before = budget.kept;
    budget.keep(100);
    budget.release(before);
    budget.keep(40);
    const own = budget.since(before);
    budget.keep(60);
    budget.giveBack(own);
    budget.keep(40);
    expect(() => budget.hold(1)).toThrow("100 bytes");
  });
});

const opened: Database[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((database) => database.close()));
});

async function opening(limits: Partial<QueryLimits>) {
  const database = await Database.open({ queryLimits: limits });
  opened.push(database);
  const principal = { id: "test", roles: [], claims: new Map() };
  return async (text: string) => (await database.query({ text, principal })).rows;
}

describe("memory is counted", () => {
  test.each([
    ["in the result", "FOR x IN range(1, 2000) RETURN 'text ' || CAST(x AS STRING) AS t"],
    ["by ORDER BY", "FOR x IN range(1, 2000) RETURN x ORDER BY -x OFFSET 1999"],
    ["by DISTINCT", "FOR x IN range(1, 2000) RETURN DISTINCT x OFFSET 1999"],
    ["by groups", "FOR x IN range(1, 2000) RETURN x, count(*) AS n OFFSET 1999"],
    ["by COLLECT_LIST", "FOR x IN range(1, 4000) RETURN size(collect_list(x)) AS n"],
    ["by an aggregate of DISTINCT", "FOR x IN range(1, 2000) RETURN count(DISTINCT x) AS n"],
    ["by percentiles", "FOR x IN range(1, 2000) RETURN percentile_disc(x, 0.5) AS n"],
    ["by a list comprehension", "RETURN size([x IN range(1, 4000) | x]) AS n"],
    ["by REDUCE", "RETURN size(reduce(a = [], x IN range(1, 4000) | a || [x])) AS n"],
    [
      "by set operators",
      "FOR x IN range(1, 2000) RETURN x EXCEPT FOR x IN range(1, 2000) RETURN x",
    ],
    ["by CALL", "CALL { FOR x IN range(1, 2000) RETURN x } RETURN count(*) AS n"],
    [
      "by a query as a value",
      "RETURN size(VALUE { FOR x IN range(1, 4000) RETURN collect_list(x) }) AS n",
    ],
    [
      "by rows that wait for a write",
      "FOR x IN range(1, 4000) INSERT (n:N {x: x}) RETURN count(n) AS n",
    ],
  ])("%s", async (_, text) => {
    await expect((await opening({ bytesMax: 50_000 }))(text)).rejects.toMatchObject({
      code: "LIMIT",
      limit: "queryBytes",
    });
    await expect((await opening({}))(text)).resolves.toBeDefined();
  });

  test("once for what is there at once: a subquery's rows are gone with it", async () => {
    const run = await opening({ bytesMax: 50_000 });
    await expect(
      run(
        "FOR x IN range(1, 300) RETURN sum(VALUE { FOR y IN range(1, 100) RETURN count(DISTINCT y) }) AS n",
      ),
    ).resolves.toEqual([[30_000]]);
    await expect(
      run("FOR x IN range(1, 300) CALL { FOR y IN range(1, 100) RETURN y } RETURN count(*) AS n"),
    ).resolves.toEqual([[30_000]]);
  });
});

describe("matches are counted", () => {
  test.each([
    ["of a repetition", "MATCH (:A)-[:R]->+(b) RETURN count(b) AS n"],
    ["of a path search", "MATCH ALL SHORTEST (:A)-[:R]->+(b) RETURN count(b) AS n"],
  ])("%s without an upper bound: as many as are allowed", async (_, text) => {
    for (const [length, isAllowed] of [
      [3, true],
      [4, false],
    ] as const) {
      const run = await opening({ matchesMax: 3 });
      await run(`INSERT (:A)${"-[:R]->(:B)".repeat(length)}`);
      if (isAllowed) await expect(run(text)).resolves.toEqual([[length]]);
      else await expect(run(text)).rejects.toMatchObject({ code: "LIMIT", limit: "matches" });
    }
  });

  test("of one with an upper bound are not", async () => {
    const run = await opening({ matchesMax: 1 });
    await run("INSERT (:A)-[:R]->()-[:R]->()-[:R]->()");
    await expect(run("MATCH (:A)-[:R]->{1,5}(b) RETURN count(b) AS n")).resolves.toEqual([[3]]);
  });
});

setFlagsFromString("--expose_gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** What 20,000 values take in memory, those that come from the same number being different objects. */
function measuredBytes(make: (number: number) => Value): { real: number; estimated: number } {
  const count = 20_000;
  const values: Value[] = Array.from({ length: count }, () => null);
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  for (let at = 0; at < count; at++) values[at] = make(at);
  collectGarbage();
  const real = process.memoryUsage().heapUsed - before;
  let estimated = 0;
  for (const value of values) estimated += bytesOf(value);
  return { real, estimated };
}

test.each([
  ["fractions", (at: number): Value => at + 0.5],
  ["floats", (at: number): Value => float(at)],
  ["strings", (at: number): Value => Buffer.from(`text ${at}`.repeat(5)).toString("latin1")],
  ["short lists", (at: number): Value => [at, at + 1]],
  ["long lists", (at: number): Value => Array.from({ length: 100 }, (_, item) => item + at)],
  [
    "records",
    (at: number): Value =>
      new Map<string, Value>([
        ["a", at],
        ["b", at + 0.5],
      ]),
  ],
  [
    "nodes",
    (at: number): Value =>
      new Node(
        at,
        [],
        new Map<string, Value>([
          ["a", at],
          ["b", at],
          ["c", at],
        ]),
      ),
  ],
])("the estimate for %s is not far from what the process takes", (_, make) => {
  const { real, estimated } = measuredBytes(make);
  expect(estimated).toBeGreaterThan(real * 0.5);
  expect(estimated).toBeLessThan(real * 4 + 20_000 * 16);
});
