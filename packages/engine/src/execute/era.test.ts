import { afterEach, beforeEach, expect, test } from "vitest";
import { Database } from "../database.ts";
import type { Principal } from "../requests.ts";

/** What a plan was made for may change between two runs of one text. */
const principal: Principal = { id: "test", roles: ["admin"], claims: new Map() };
let database: Database;

beforeEach(async () => {
  database = await Database.open();
});
afterEach(() => database.close());

const ask = (text: string, graph = "default"): ReturnType<Database["query"]> =>
  database.query({ text, principal, graph });

async function rows(text: string, graph?: string): Promise<unknown> {
  return (await ask(text, graph)).rows;
}

async function operators(text: string, graph?: string): Promise<readonly unknown[]> {
  return (await ask(`EXPLAIN ${text}`, graph)).rows.map(([operator]) => String(operator).trim());
}

const BY_X = "MATCH (n:N {x: 1}) RETURN n.y AS y";

test("an index that comes is used, and one that goes is not missed", async () => {
  await ask("INSERT (:N {x: 1, y: 'one'}), (:N {x: 2, y: 'two'})");
  expect(await rows(BY_X)).toEqual([["one"]]);
  await ask("CREATE INDEX by_x FOR (n:N) ON (n.x)");
  expect(await operators(BY_X)).toContain("IndexSeek");
  expect(await rows(BY_X)).toEqual([["one"]]);
  await ask("DROP INDEX by_x");
  expect(await rows(BY_X)).toEqual([["one"]]);
});

test("one text may be run in graphs with different indexes", async () => {
  await ask("CREATE GRAPH other ANY");
  await ask("CREATE INDEX by_x FOR (n:N) ON (n.x)");
  await ask("CREATE INDEX by_y FOR (n:N) ON (n.y)", "other");
  await ask("INSERT (:N {x: 1, y: 'here'})");
  await ask("INSERT (:N {x: 1, y: 'there'})", "other");
  for (const _ of [1, 2]) {
    expect(await rows(BY_X)).toEqual([["here"]]);
    expect(await rows(BY_X, "other")).toEqual([["there"]]);
  }
});

test("an index of a graph that the text names may go, and so may the graph", async () => {
  const text = `USE other ${BY_X}`;
  await ask("CREATE GRAPH other ANY");
  await ask("CREATE INDEX by_x FOR (n:N) ON (n.x)", "other");
  await ask("INSERT (:N {x: 1, y: 'there'})", "other");
  expect(await rows(text)).toEqual([["there"]]);
  await ask("DROP INDEX by_x", "other");
  expect(await rows(text)).toEqual([["there"]]);
  await ask("DROP GRAPH other");
  await expect(rows(text)).rejects.toMatchObject({ code: "42002" });
  await ask("CREATE GRAPH other ANY");
  expect(await rows(text)).toEqual([]);
});

test("a name that one graph knows is still told of in another that does not", async () => {
  await ask("CREATE GRAPH other ANY");
  await ask("INSERT (:N {x: 1, y: 2})");
  await ask("INSERT (:M)", "other");
  for (const _ of [1, 2]) {
    expect((await ask(BY_X)).notices).toEqual([]);
    expect((await ask(BY_X, "other")).notices).not.toEqual([]);
  }
});

test("a name that comes to be known is told of no longer", async () => {
  await ask("INSERT (:M)");
  expect((await ask(BY_X)).notices).not.toEqual([]);
  await ask("INSERT (:N {x: 1, y: 2})");
  expect((await ask(BY_X)).notices).toEqual([]);
});
