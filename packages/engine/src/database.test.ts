import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { GeodeError, Value } from "@geode/values";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { SimulatedEnvironment } from "../test/simulated.ts";
import { Database } from "./database.ts";
import type { DatabaseOptions } from "./options.ts";
import type { LiveQuery, Principal, Request } from "./requests.ts";
import type { LiveCommit } from "./live/change.ts";

const ann: Principal = { id: "ann", roles: ["editor"], claims: new Map([["team", "blue"]]) };
const bob: Principal = { id: "bob", roles: [], claims: new Map([["team", "red"]]) };

/** Each life of a database has other random numbers. */
let lives = 0;
let environment: SimulatedEnvironment;
let database: Database;

async function open(options: DatabaseOptions = {}): Promise<Database> {
  lives += 1;
  environment = new SimulatedEnvironment(lives);
  return Database.open({ environment, ...options });
}

beforeEach(async () => {
  database = await open();
});

afterEach(async () => {
  await database.close();
});

const query = (text: string, more: Partial<Request> = {}): ReturnType<Database["query"]> =>
  database.query({ text, principal: ann, ...more });

async function rows(
  text: string,
  more: Partial<Request> = {},
): Promise<readonly (readonly Value[])[]> {
  return (await query(text, more)).rows;
}

interface Subscription extends LiveQuery {
  readonly commits: LiveCommit[];
  readonly errors: GeodeError[];
}

async function subscribe(
  text: string,
  more: Partial<Parameters<Database["subscribe"]>[0]> = {},
): Promise<Subscription> {
  const commits: LiveCommit[] = [];
  const errors: GeodeError[] = [];
  const live = await database.subscribe(
    { text, principal: ann, ...more },
    (commit) => commits.push(commit),
    (error) => errors.push(error),
  );
  return { ...live, commits, errors };
}

describe("a query", () => {
  test("answers a read with columns, rows and the commit whose state it shows", async () => {
    const { seq } = await query("INSERT (:User {name: 'Ann'})");
    const result = await query("MATCH (u:User) RETURN u.name AS name");
    expect(result.columns.map(({ name }) => name)).toEqual(["name"]);
    expect(result).toMatchObject({ rows: [["Ann"]], shape: "columns", seq });
    expect(result.stats).toBeUndefined();
  });

  test("that was made ready beforehand gives the same, and one that makes no sense says so then", async () => {
    await query("INSERT (:User {name: 'Ann'})");
    const text = "MATCH (u:User) RETURN u.name AS name";
    database.prepare({ text, principal: ann });
    expect(await rows(text)).toEqual([["Ann"]]);
    expect(() => database.prepare({ text: "MATCH (u RETURN u", principal: ann })).toThrow(
      expect.objectContaining({ code: "42001" }),
    );
  });

  test("answers a write with its commit and what it changed", async () => {
    const before = database.seq;
    const { seq, stats } = await query("INSERT (:User {name: 'Ann'})-[:KNOWS]->(:User)");
    expect(seq).toBeGreaterThan(before);
    expect(seq).toBe(database.seq);
    expect(stats).toMatchObject({ nodesInserted: 2, edgesInserted: 1, propertiesSet: 1 });
  });

  test("sees the writes that were answered before", async () => {
    await query("INSERT (:User)");
    expect(await rows("MATCH (u:User) RETURN count(*) AS c")).toEqual([[1]]);
  });

  test("takes parameters, also with names of Object.prototype's members", async () => {
    const parameters = new Map<string, Value>([["constructor", "Ann"]]);
    expect(await rows("RETURN $constructor AS c", { parameters })).toEqual([["Ann"]]);
  });

  test.each([
    [
      "that asks to be live",
      "SUBSCRIBE TO User",
      { code: "42000", hint: expect.stringContaining("SUBSCRIBE") },
    ],
    [
      "that asks for changes",
      "SELECT * FROM User EMIT CHANGES",
      { code: "42000", hint: expect.stringContaining("SUBSCRIBE") },
    ],
    ["that begins a transaction", "START TRANSACTION", { code: "25000" }],
    ["that is no GQL", "MATCH (", { code: "42001" }],
  ])("%s is refused", async (_, text, error) => {
    await expect(query(text)).rejects.toMatchObject(error);
  });

  test("of a graph that does not exist is refused, and does not make it", async () => {
    const admin = { ...ann, roles: ["admin"] };
    for (const text of ["MATCH (n) RETURN n", "INSERT (:User)"])
      await expect(query(text, { graph: "nowhere", principal: admin })).rejects.toMatchObject({
        code: "42002",
      });
    const graphs = await query("SHOW GRAPHS", { principal: admin });
    expect(graphs.rows.map(([name]) => name)).toEqual(["default"]);
  });

  test("that is too long is refused before it is read", async () => {
    await expect(query(`RETURN '${"x".repeat(1_048_576)}'`)).rejects.toMatchObject({
      code: "TOO_LARGE",
    });
  });

  test("that was cancelled before it began is not executed", async () => {
    const signal = AbortSignal.abort();
    await expect(query("INSERT (:User)", { signal })).rejects.toMatchObject({ code: "CANCELLED" });
    await expect(query("MATCH (u:User) RETURN u", { signal })).rejects.toMatchObject({
      code: "CANCELLED",
    });
    expect(await rows("MATCH (u:User) RETURN count(*) AS c")).toEqual([[0]]);
  });

  test("that reads is answered at once, where it need not wait for a commit", async () => {
    const asked = { principal: ann };
    const written = database.answer({ ...asked, text: "INSERT (:User {name: 'Ann'})" });
    expect(written).toBeInstanceOf(Promise);
    const { seq } = await written;
    const read = { ...asked, text: "MATCH (u:User) RETURN u.name AS name" };
    expect(database.answer({ ...read, minSeq: seq })).toMatchObject({ rows: [["Ann"]], seq });
    const waits = database.answer({ ...read, minSeq: seq + 1 });
    expect(waits).toBeInstanceOf(Promise);
    await query("INSERT (:User {name: 'Bob'})");
    expect((await waits).rows).toEqual([["Ann"], ["Bob"]]);
    expect(() => database.answer({ ...asked, text: "RETURN 1 / 0 AS x" })).toThrow(
      expect.objectContaining({ code: "22012" }),
    );
    expect(() => database.answer({ ...read, signal: AbortSignal.abort() })).toThrow(
      expect.objectContaining({ code: "CANCELLED" }),
    );
  });

  test.each([0, -1, Number.NaN])("with a timeout of %s is refused", async (timeoutMs) => {
    await expect(query("RETURN 1 AS one", { timeoutMs })).rejects.toMatchObject({
      code: "INVALID_MESSAGE",
    });
    await expect(query("INSERT (:User)", { timeoutMs })).rejects.toMatchObject({
      code: "INVALID_MESSAGE",
    });
  });

  test("with more rows than a result may have is refused with LIMIT", async () => {
    await database.close();
    database = await open({ queryLimits: { rowsMax: 2 } });
    expect(await rows("FOR i IN [1, 2] RETURN i")).toHaveLength(2);
    await expect(query("FOR i IN [1, 2, 3] RETURN i")).rejects.toMatchObject({ code: "LIMIT" });
  });
});

describe("who asks", () => {
  test("is what $auth says: claims, id and roles", async () => {
    expect(await rows("RETURN $auth.id AS id, $auth.team AS team, $auth.roles AS roles")).toEqual([
      ["ann", "blue", ["editor"]],
    ]);
  });

  test("cannot be given as a parameter", async () => {
    const parameters = new Map<string, Value>([["auth", new Map([["id", "root"]])]]);
    await expect(query("RETURN $auth.id AS id", { parameters })).rejects.toMatchObject({
      code: "42002",
    });
  });

  test("cannot be forged by a claim", async () => {
    const principal: Principal = {
      ...ann,
      claims: new Map<string, Value>([
        ["id", "root"],
        ["roles", ["admin"]],
      ]),
    };
    expect(await rows("RETURN $auth.id AS id, $auth.roles AS roles", { principal })).toEqual([
      ["ann", ["editor"]],
    ]);
  });

  test("separates live results that depend on it, and only those", async () => {
    await query("INSERT (:Note {owner: 'ann'}), (:Note {owner: 'bob'})");
    const mine = "MATCH (n:Note) WHERE n.owner = $auth.id RETURN n.owner AS owner";
    expect((await subscribe(mine)).rows).toEqual([["ann"]]);
    expect((await subscribe(mine, { principal: bob })).rows).toEqual([["bob"]]);
    expect(database.status().liveQueries).toBe(2);
    await subscribe("MATCH (n:Note) RETURN n.owner AS owner");
    await subscribe("MATCH (n:Note) RETURN n.owner AS owner", { principal: bob });
    expect(database.status().liveQueries).toBe(3);
  });
});

describe("a write with an idempotency key", () => {
  test("is done once, and the answer to its repetition has the same seq", async () => {
    const first = await query("INSERT (:User) RETURN 1 AS one", { idempotencyKey: "k" });
    const again = await query("INSERT (:User) RETURN 1 AS one", { idempotencyKey: "k" });
    expect(again).toMatchObject({ seq: first.seq, rows: [], stats: { nodesInserted: 0 } });
    expect(again.columns).toEqual(first.columns);
    expect(await rows("MATCH (u:User) RETURN count(*) AS c")).toEqual([[1]]);
  });

  test("is refused when the key is too long", async () => {
    await expect(
      query("INSERT (:User)", { idempotencyKey: "k".repeat(257) }),
    ).rejects.toMatchObject({ code: "TOO_LARGE" });
  });
});

describe("a request with min_seq", () => {
  test("waits until that commit is there", async () => {
    const waiting = rows("MATCH (u:User) RETURN count(*) AS c", { minSeq: database.seq + 2 });
    await query("INSERT (:User)");
    expect(await waiting).toEqual([[1]]);
  });

  test("gives up with UNAVAILABLE when it does not come", async () => {
    const waiting = query("MATCH (u:User) RETURN u", { minSeq: database.seq + 1 });
    const refused = expect(waiting).rejects.toMatchObject({ code: "UNAVAILABLE", retryable: true });
    await environment.settle();
    environment.pass(2_000);
    await environment.settle();
    await refused;
  });

  test("gives up sooner when it has less time", async () => {
    const waiting = query("MATCH (u:User) RETURN u", { minSeq: database.seq + 1, timeoutMs: 300 });
    const refused = expect(waiting).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await environment.settle();
    environment.pass(300);
    await environment.settle();
    await refused;
  });

  test("can be cancelled", async () => {
    const controller = new AbortController();
    const waiting = query("MATCH (u:User) RETURN u", {
      minSeq: database.seq + 1,
      signal: controller.signal,
    });
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ code: "CANCELLED" });
  });

  test("is refused when too many wait", async () => {
    await database.close();
    database = await open({ queryLimits: { minSeqWaitersMax: 1 } });
    const minSeq = database.seq + 1;
    const first = query("RETURN 1 AS one", { minSeq });
    await expect(query("RETURN 1 AS one", { minSeq })).rejects.toMatchObject({
      code: "UNAVAILABLE",
    });
    await query("INSERT (:User)");
    await first;
  });
});

describe("a subscription", () => {
  const USERS = "MATCH (u:User) RETURN u.name AS name ORDER BY name";

  test("is a snapshot and then its changes, none before the writer is answered", async () => {
    await query("INSERT (:User {name: 'Bob'})");
    const users = await subscribe(USERS);
    expect(users).toMatchObject({
      rows: [["Bob"]],
      encodedRows: ['{"name":"Bob"}'],
      liveForm: "snapshot",
      seq: database.seq,
      epoch: database.epoch,
      maintenance: "reexecution",
      resumed: false,
      reset: false,
    });
    const { seq } = await query("INSERT (:User {name: 'Ann'})");
    expect(users.commits).toEqual([]);
    await environment.settle();
    expect(users.commits).toMatchObject([
      { seq, changes: [{ op: "insert", data: '{"name":"Ann"}', row: ["Ann"], index: 0 }] },
    ]);
  });

  test("SUBSCRIBE TO has the property objects of the nodes as rows", async () => {
    await query("INSERT (:User {name: 'Ann', age: 30}), (:User {name: 'Tim', age: 9})");
    const users = await subscribe("SUBSCRIBE TO User WHERE age > 18");
    expect(users).toMatchObject({
      shape: "record",
      liveForm: "snapshot",
      encodedRows: ['{"age":30,"name":"Ann"}'],
    });
    await query("MATCH (u:User {name: 'Tim'}) SET u.age = 19");
    await environment.settle();
    expect(users.commits).toMatchObject([
      { changes: [{ op: "insert", data: '{"age":19,"name":"Tim"}' }] },
    ]);
  });

  test("EMIT CHANGES comes without a snapshot", async () => {
    await query("INSERT (:Metric {load: 1})");
    const metrics = await subscribe("SELECT * FROM Metric EMIT CHANGES");
    expect(metrics).toMatchObject({ liveForm: "changes", rows: [], keys: [], encodedRows: [] });
    await query("MATCH (m:Metric) SET m.load = 2");
    await environment.settle();
    expect(metrics.commits).toMatchObject([{ changes: [{ op: "update", data: '{"load":2}' }] }]);
  });

  test("to a write is refused", async () => {
    await expect(subscribe("INSERT (:User)")).rejects.toMatchObject({
      code: "42000",
      hint: expect.stringContaining("QUERY"),
    });
  });

  test("that new data makes impossible ends with the error, and the write succeeds", async () => {
    await query("INSERT (:Share {parts: 2})");
    const shares = await subscribe("MATCH (s:Share) RETURN 10 / s.parts AS part");
    await query("INSERT (:Share {parts: 0})");
    await environment.settle();
    expect(shares.errors).toMatchObject([{ code: "22012" }]);
    expect(database.status().liveQueries).toBe(0);
  });

  test("resumes with nothing when its state still holds, and starts over when not", async () => {
    const first = await subscribe(USERS);
    const resume = { epoch: first.epoch, seq: first.seq, digest: first.digest };
    await query("INSERT (:Project)");
    expect(await subscribe(USERS, { resume })).toMatchObject({
      resumed: true,
      reset: false,
      rows: [],
      seq: database.seq,
    });
    await query("INSERT (:User {name: 'Ann'})");
    expect(await subscribe(USERS, { resume })).toMatchObject({
      resumed: false,
      reset: true,
      rows: [["Ann"]],
    });
    expect(await subscribe(USERS, { resume: { ...resume, epoch: "another" } })).toMatchObject({
      resumed: false,
      reset: true,
    });
  });

  test("of somebody whose claims changed meanwhile starts over", async () => {
    await query("INSERT (:Note {team: 'blue'}), (:Note {team: 'red'})");
    const notes = "MATCH (n:Note) WHERE n.team = $auth.team RETURN n.team AS team";
    const { epoch, seq, digest } = await subscribe(notes);
    await subscribe(notes, { principal: bob });
    const moved: Principal = { ...ann, claims: bob.claims };
    expect(
      await subscribe(notes, { principal: moved, resume: { epoch, seq, digest } }),
    ).toMatchObject({
      resumed: false,
      reset: true,
      rows: [["red"]],
    });
  });

  test("tells everybody what is worth noticing, also who joins a result that is live already", async () => {
    await query("INSERT (:User {name: 'Ann'})");
    const first = await subscribe("MATCH (u:Usr) RETURN u.name AS name");
    const second = await subscribe("MATCH (u:Usr) RETURN u.name AS name");
    expect(first.notices).toHaveLength(1);
    expect(second.notices).toEqual(first.notices);
  });

  test("hears nothing after it was closed", async () => {
    const users = await subscribe(USERS);
    users.close();
    await query("INSERT (:User {name: 'Ann'})");
    await environment.settle();
    expect(users.commits).toEqual([]);
    expect(database.status().liveQueries).toBe(0);
  });
});

describe("a data directory", () => {
  let directory: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "geode-database-"));
  });

  afterEach(async () => {
    await database.close();
    rmSync(directory, { recursive: true, force: true });
  });

  async function reopen(options: DatabaseOptions = {}): Promise<void> {
    await database.close();
    database = await open({ directory, ...options });
  }

  test("holds everything when it is opened again: data, indexes, epoch, seq, and what was done under a key", async () => {
    await reopen();
    await query("CREATE INDEX users FOR (u:User) ON (u.name)");
    await query(
      "INSERT (:User {name: 'Ann', age: 2.0, tags: ['a', 'b']})-[:KNOWS {since: 1999}]->(:User {name: 'Bob'})",
    );
    await query("MATCH (u:User {name: 'Bob'}) SET u.name = 'Bert'", { idempotencyKey: "k" });
    await query("INSERT (:Gone)");
    await query("MATCH (g:Gone) DELETE g");
    const everything = "MATCH (a)-[k]->(b) RETURN a, k, b";
    const before = {
      rows: await rows(everything),
      epoch: database.epoch,
      seq: database.seq,
      status: database.status(),
    };
    await reopen();
    expect(await rows(everything)).toEqual(before.rows);
    expect(database.epoch).toBe(before.epoch);
    expect(database.seq).toBe(before.seq);
    expect(database.status()).toEqual(before.status);
    expect(database.check()).toEqual([]);
    await query("MATCH (u:User {name: 'Ann'}) DETACH DELETE u", { idempotencyKey: "k" });
    expect(database.seq).toBe(before.seq);
  });

  test("never gives an element id twice, also after it was opened again", async () => {
    const seen = new Set<Value>();
    for (let life = 0; life < 3; life += 1) {
      await reopen();
      for (let turn = 0; turn < 3; turn += 1) {
        for (const [id] of await rows("INSERT (n:Node) RETURN element_id(n) AS id")) {
          expect(seen.has(id ?? null)).toBe(false);
          seen.add(id ?? null);
        }
        await query("MATCH (n:Node) DELETE n");
      }
    }
    expect(seen.size).toBe(9);
  });

  test("is opened from its newest checkpoint and what came after; what was done under a key is still known", async () => {
    await reopen();
    for (let turn = 0; turn < 3; turn += 1) {
      await query("INSERT (:User {turn: $turn})", {
        parameters: new Map([["turn", turn]]),
        idempotencyKey: `k${turn}`,
      });
      await database.checkpoint();
    }
    const { seq } = await query("INSERT (:User {turn: 3})", { idempotencyKey: "k3" });
    const { logBytes } = database.status();
    await reopen();
    expect(database.seq).toBe(seq);
    expect(database.status().logBytes).toBe(logBytes);
    expect(await rows("MATCH (u:User) RETURN u.turn AS turn ORDER BY turn")).toEqual([
      [0],
      [1],
      [2],
      [3],
    ]);
    for (let turn = 0; turn <= 3; turn += 1)
      await query("INSERT (:User)", { idempotencyKey: `k${turn}` });
    expect(database.seq).toBe(seq);
    expect(database.check()).toEqual([]);
  });

  test("begins a new epoch, and keeps the keys of rows, when commits that were acknowledged may be missing", async () => {
    await reopen();
    await query("INSERT (:User {name: 'Ann'})");
    const counts = "MATCH (u:User) RETURN u.name AS name, count(*) AS c";
    const before = await subscribe(counts);
    await database.close();
    // As a process that acknowledged before the disk had it leaves it when it is killed.
    writeFileSync(join(directory, "relaxed"), "");
    database = await open({ directory });
    expect(database.epoch).not.toBe(before.epoch);
    const { epoch, seq, digest } = before;
    const after = await subscribe(counts, { resume: { epoch, seq, digest } });
    expect(after).toMatchObject({ reset: true, resumed: false, keys: before.keys });
    const newEpoch = database.epoch;
    await reopen();
    expect(database.epoch).toBe(newEpoch);
  });

  test("belongs to one database at a time", async () => {
    await reopen();
    await expect(Database.open({ directory })).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });
});

test("a database in memory does not keep its log for ever", async () => {
  await query("INSERT (:User)");
  const { logBytes } = database.status();
  for (let turn = 0; turn < 2100; turn += 1) await query("INSERT (:User)");
  expect(database.status().logBytes).toBeLessThan(1100 * logBytes);
  await expect(database.checkpoint()).rejects.toMatchObject({ code: "NOT_FOUND" });
});

describe("the status", () => {
  test("counts what there is", async () => {
    await query("INSERT (:User)-[:KNOWS]->(:User)");
    await subscribe("MATCH (u:User) RETURN u");
    expect(database.status()).toMatchObject({
      writable: true,
      nodes: 2,
      edges: 1,
      liveQueries: 1,
      queuedWrites: 0,
    });
    expect(database.status().logBytes).toBeGreaterThan(0);
  });

  test("says why nothing can be written", async () => {
    await database.close();
    expect(database.status()).toMatchObject({
      writable: false,
      reason: expect.stringContaining("closed"),
    });
  });
});

describe("closing", () => {
  test("answers writes under way and refuses what comes later; twice is once", async () => {
    const write = query("INSERT (:User)");
    const closing = database.close();
    expect(database.close()).toBe(closing);
    await closing;
    await write;
    await expect(query("INSERT (:User)")).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await expect(query("MATCH (u:User) RETURN u")).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await expect(subscribe("MATCH (u:User) RETURN u")).rejects.toMatchObject({
      code: "UNAVAILABLE",
    });
  });

  test("lets nobody wait for a commit that will not come", async () => {
    const waiting = query("RETURN 1 AS one", { minSeq: database.seq + 1 });
    const refused = expect(waiting).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await database.close();
    await refused;
  });
});

test("a text can be asked whether it would write, without running it", async () => {
  expect(database.access("MATCH (u:User) RETURN u")).toBe("read");
  expect(database.access("INSERT (:User)")).toBe("write");
  expect(database.access("MATCH (")).toBe("unknown");
});
