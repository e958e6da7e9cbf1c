import { GeodeError, type Value } from "@geode/values";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ScriptedLog } from "../../test/scripted-log.ts";
import { SimulatedEnvironment } from "../../test/simulated.ts";
import { count, insert, statementOf, writeOf } from "../../test/statements.ts";
import { Database } from "../database.ts";
import { DEFAULT_BUDGET } from "../execute/budget.ts";
import { violations } from "../graph/invariants.ts";
import { Store } from "../graph/store.ts";
import type { LiveCommit } from "../live/change.ts";
import { Routes } from "../live/routes.ts";
import { LOG_START } from "../log/chain.ts";
import type { BeginRequest, Principal, Transaction } from "../requests.ts";
import { Conflicts } from "./conflicts.ts";
import { Door } from "./door.ts";
import { IdempotencyKeys } from "./idempotency.ts";
import { DEFAULT_TRANSACTION_LIMITS, type TransactionLimits } from "./limits.ts";
import { Replica } from "./replica.ts";
import { Transactions } from "./transactions.ts";

const ann: Principal = { id: "ann", roles: [], claims: new Map() };

let environment: SimulatedEnvironment;
let database: Database;

/** In place of the database that was opened without them. */
async function openWith(transactionLimits: Partial<TransactionLimits>): Promise<void> {
  await database.close();
  await open(transactionLimits);
}

async function open(transactionLimits: Partial<TransactionLimits> = {}): Promise<void> {
  environment = new SimulatedEnvironment();
  database = await Database.open({ environment, transactionLimits });
}

beforeEach(() => open());
afterEach(() => database.close());

const begin = (more: Partial<BeginRequest> = {}): Transaction =>
  database.begin({ principal: ann, ...more });

async function rows(
  on: Pick<Database, "query">,
  text: string,
): Promise<readonly (readonly Value[])[]> {
  return (await on.query({ text, principal: ann })).rows;
}

const failing = (on: Pick<Database, "query">, text: string): Promise<GeodeError> =>
  on.query({ text, principal: ann }).then(
    () => expect.unreachable(`${text} did not fail`),
    (error: unknown) => error as GeodeError,
  );

const PEOPLE = "MATCH (p:Person) RETURN p.name AS name ORDER BY name";

describe("a transaction", () => {
  test("sees what it has changed; others see all of it once it is committed, as one commit", async () => {
    const commits: LiveCommit[] = [];
    await database.subscribe({ text: PEOPLE, principal: ann }, (commit) => commits.push(commit));
    const transaction = begin();
    await rows(transaction, "INSERT (:Person {name: 'Ann'})");
    await rows(transaction, "MATCH (p:Person) INSERT (p)-[:KNOWS]->(:Person {name: 'Bob'})");
    await rows(transaction, "MATCH (p:Person {name: 'Ann'}) SET p.name = 'Anne'");
    expect(await rows(transaction, PEOPLE)).toEqual([["Anne"], ["Bob"]]);
    expect(await rows(database, PEOPLE)).toEqual([]);
    expect(database.check()).toEqual([]);
    const { seq } = await transaction.commit();
    expect(seq).toBe(database.seq);
    expect(await rows(database, PEOPLE)).toEqual([["Anne"], ["Bob"]]);
    await environment.settle();
    expect(commits.map((commit) => commit.seq)).toEqual([seq]);
    expect(transaction.status).toBe("committed");
    expect(database.status().openTransactions).toBe(0);
  });

  test("that is rolled back leaves nothing", async () => {
    const { seq } = database;
    const transaction = begin();
    await rows(transaction, "INSERT (:Person)");
    transaction.rollback();
    transaction.rollback();
    expect(transaction.status).toBe("rolledBack");
    expect(await rows(database, PEOPLE)).toEqual([]);
    expect(database.seq).toBe(seq);
  });

  test("goes on after a statement that failed, which is undone alone", async () => {
    const transaction = begin();
    await rows(transaction, "INSERT (:Person {name: 'Ann'})");
    const error = await failing(transaction, "INSERT (p:Person {name: 'Bob'}) RETURN 1 / 0");
    expect(error.code).toBe("22012");
    expect(await rows(transaction, PEOPLE)).toEqual([["Ann"]]);
    await transaction.commit();
    expect(await rows(database, PEOPLE)).toEqual([["Ann"]]);
  });

  test("that undoes what it did makes no commit", async () => {
    const { seq } = await database.query({ text: "INSERT (:Other)", principal: ann });
    const transaction = begin();
    await rows(transaction, "INSERT (:Person)");
    await rows(transaction, "MATCH (p:Person) DELETE p");
    expect(await transaction.commit()).toEqual({ seq });
  });

  test("answers with what each statement changed, and with the commit that it saw", async () => {
    const { seq } = await database.query({ text: "INSERT (:Person)", principal: ann });
    const transaction = begin();
    const text = "MATCH (p:Person) SET p.name = 'Ann', p:User RETURN p.name AS name";
    const answer = await transaction.query({ text, principal: ann });
    expect(answer).toMatchObject({ rows: [["Ann"]], seq, stats: { propertiesSet: 1 } });
  });

  test("leaves a log from which the same state is built", async () => {
    const transaction = begin();
    await rows(transaction, "INSERT (a:A {n: 1})-[:L {w: 1}]->(b:B), (c:C)");
    await rows(transaction, "MATCH (a:A)-[l:L]->(b) SET a.n = null, a.m = 2, b:D, l.w = 2");
    await rows(transaction, "MATCH (c:C) DELETE c");
    await rows(transaction, "MATCH (a:A)-[l:L]->() DELETE l INSERT (a)-[:L {w: 3}]->(a)");
    await transaction.commit();
    expect(await rows(database, "MATCH (n) RETURN labels(n), properties(n)")).toEqual([
      [["A"], new Map([["m", 2]])],
      [["B", "D"], new Map()],
    ]);
    expect(await rows(database, "MATCH ()-[l]->() RETURN l.w")).toEqual([[3]]);
    expect(database.check()).toEqual([]);
  });
});

describe("a transaction loses with 40000 when another write", () => {
  const setup =
    "INSERT (a:A {id: 1, x: 0})-[:L {w: 0}]->(:B {id: 1}), (:A {id: 2, x: 0}), (:C {id: 1})";

  test.each([
    ["changes what it read", "MATCH (a:A) RETURN a.x", "MATCH (a:A {id: 1}) SET a.x = 1"],
    ["inserts what it would have read", "MATCH (a:A) RETURN a.x", "INSERT (:A)"],
    ["deletes what it read", "MATCH (c:C) RETURN c.id", "MATCH (c:C) DELETE c"],
    ["takes a label from what it read", "MATCH (c:C) RETURN 1", "MATCH (c:C) REMOVE c:C"],
    [
      "inserts an edge that it would have read",
      "MATCH (:A)-[:L]->() RETURN 1",
      "MATCH (b:B) INSERT (b)-[:L]->(b)",
    ],
    ["writes what it wrote", "MATCH (c:C) SET c.y = 1", "MATCH (c:C) SET c.y = 2"],
    [
      "writes what it set to what it was",
      "MATCH (a:A {id: 1}) SET a.x = 0",
      "MATCH (a:A {id: 1}) SET a.x = 1",
    ],
    ["deletes what it wrote", "MATCH (c:C) SET c.y = 1", "MATCH (c:C) DELETE c"],
    ["deletes where its edge ends", "MATCH (c:C) INSERT (c)-[:M]->(c)", "MATCH (c:C) DELETE c"],
    [
      "draws an edge from what it deleted",
      "MATCH (c:C) DELETE c",
      "MATCH (c:C), (b:B) INSERT (c)-[:M]->(b)",
    ],
    [
      "draws an edge to what it deleted",
      "MATCH (c:C) DELETE c",
      "MATCH (c:C), (b:B) INSERT (b)-[:M]->(c)",
    ],
    [
      "makes a statement possible that failed",
      "MATCH (b:B) DELETE b",
      "MATCH ()-[l:L]->() DELETE l",
    ],
    [
      "makes of another node what it looked for",
      "MATCH (a:A {id: 9}) RETURN a",
      "MATCH (a:A {id: 1}) SET a.id = 9",
    ],
    [
      "makes another node of what it found",
      "MATCH (a:A) WHERE 1 = a.id RETURN 1",
      "MATCH (a:A {id: 1}) SET a.id = 9",
    ],
    [
      "inserts what equals what it looked for",
      "MATCH (a:A {id: 9}) RETURN a",
      "INSERT (:A {id: 9.0})",
    ],
    [
      "takes an edge from a node that it found",
      "MATCH ()-[:L]-(:A {id: 1}) RETURN 1",
      "MATCH ()-[l:L]->() DELETE l",
    ],
    ["merges what it merged", "MERGE (:M {id: 1})", "MERGE (:M {id: 1})"],
  ])("%s", async (_, mine, theirs) => {
    await rows(database, setup);
    const transaction = begin();
    await transaction.query({ text: mine, principal: ann }).catch((error: unknown) => {
      expect(error).toMatchObject({ code: "G1001" });
    });
    await rows(transaction, "INSERT (:Mine)");
    await rows(database, theirs);
    expect(transaction.status).toBe("lost");
    for (let again = 0; again < 2; again += 1) {
      const error = await failing(transaction, "MATCH (n:Nothing) RETURN n");
      expect(error).toMatchObject({ code: "40000", retryable: true });
    }
    await expect(transaction.commit()).rejects.toMatchObject({ code: "40000" });
    expect(transaction.status).toBe("rolledBack");
    expect(await rows(database, "MATCH (m:Mine) RETURN m")).toEqual([]);
    expect(database.check()).toEqual([]);
  });

  test.each([
    ["another label", "MATCH (a:A) RETURN a.x", "MATCH (c:C) SET c.x = 1"],
    ["another node", "MATCH (a:A {id: 1}) SET a.x = 1", "MATCH (a:A {id: 2}) SET a.x = 1"],
    ["a new other node", "MATCH (a:A {id: 1}) SET a.x = 1", "INSERT (:A {id: 3})"],
    [
      "an edge of another node",
      "MATCH (:A {id: 1})-[l:L]->() SET l.w = 1",
      "MATCH (a:A {id: 2}), (b:B) INSERT (a)-[:L]->(b)",
    ],
    [
      "another node than its subquery finds",
      "MATCH (a:A {id: 1}) RETURN EXISTS { (a)-[:L]->(:B {id: 1}) }",
      "MATCH (a:A {id: 2}) DETACH DELETE a",
    ],
    ["another property", "MATCH (a:A) RETURN a.x", "MATCH (a:A) SET a.y = 1"],
    [
      "an edge at what it changed",
      "MATCH (c:C) SET c.x = 1",
      "MATCH (c:C), (b:B) INSERT (b)-[:M]->(c)",
    ],
    ["an index", "MATCH (a:A) SET a.x = 1", "CREATE INDEX FOR (a:A) ON (a.x)"],
  ])("but not when that write concerns %s", async (_, mine, theirs) => {
    await rows(database, setup);
    const transaction = begin();
    await rows(transaction, mine);
    await rows(transaction, "INSERT (:Mine)");
    await rows(database, theirs);
    expect(transaction.status).toBe("open");
    await transaction.commit();
    expect(await rows(database, "MATCH (m:Mine) RETURN 1")).toEqual([[1]]);
    expect(database.check()).toEqual([]);
  });

  test("also when that write is in the same entry of the log, before its commit", async () => {
    await rows(database, setup);
    const [first, second] = [begin(), begin()];
    for (const transaction of [first, second])
      await rows(transaction, "MATCH (a:A {id: 1}) SET a.x = a.x + 1");
    const alone = database.query({ text: "MATCH (a:A {id: 2}) SET a.y = 1", principal: ann });
    const outcomes = await Promise.allSettled([alone, first.commit(), second.commit()]);
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected"]);
    expect(await rows(database, "MATCH (a:A {id: 1}) RETURN a.x")).toEqual([[1]]);
  });

  test("unless it has only read, and been told nothing else: then it happened before that write", async () => {
    await rows(database, setup);
    const { seq } = database;
    const [quiet, told] = [begin(), begin()];
    for (const transaction of [quiet, told]) await rows(transaction, "MATCH (a:A) RETURN a.x");
    await rows(database, "MATCH (a:A) SET a.x = 5");
    expect(await quiet.commit()).toEqual({ seq });
    await failing(told, "MATCH (a:A) RETURN a.x");
    await expect(told.commit()).rejects.toMatchObject({ code: "40000" });
  });

  test("and draws an edge from a node that is, only for this one, what it looks for", async () => {
    await rows(database, setup);
    const transaction = begin();
    await rows(transaction, "MATCH (a:A {id: 2}) SET a.id = 7");
    expect(await rows(transaction, "MATCH (:A {id: 7})-[:L]->() RETURN 1")).toEqual([]);
    await rows(database, "MATCH (a:A {id: 2}), (b:B) INSERT (a)-[:L]->(b)");
    expect(transaction.status).toBe("lost");
  });

  test("and deletes a node that it was given and drew an edge to", async () => {
    await rows(database, setup);
    const [[node = null] = []] = await rows(database, "MATCH (c:C) RETURN c");
    const transaction = begin();
    const text = "FOR c IN [$node] INSERT (c)-[:M]->(:Mine)";
    await transaction.query({ text, principal: ann, parameters: new Map([["node", node]]) });
    await rows(database, "MATCH (c:C) DELETE c");
    expect(transaction.status).toBe("lost");
  });

  test("whatever it has read: more than it keeps apart counts as everything", async () => {
    const transaction = begin();
    for (let at = 0; at <= 1000; at += 1) await rows(transaction, `MATCH (n:L${at}) RETURN n.x`);
    await rows(transaction, "INSERT (:Mine)");
    await rows(database, "INSERT (:Unheard)");
    expect(transaction.status).toBe("lost");
  });
});

describe("a transaction refuses", () => {
  test("to write when it only reads", async () => {
    const transaction = begin({ access: "readOnly" });
    expect(await failing(transaction, "INSERT (:A)")).toMatchObject({ code: "25G03" });
    expect(await rows(transaction, "MATCH (a:A) RETURN a")).toEqual([]);
    await transaction.commit();
  });

  test.each([
    ["CREATE INDEX FOR (a:A) ON (a.x)", "25000"],
    ["START TRANSACTION", "25000"],
    ["COMMIT", "2D000"],
    ["SUBSCRIBE TO A", "42000"],
    ["MATCH (", "42001"],
  ])("%s", async (text, code) => {
    const transaction = begin();
    expect(await failing(transaction, text)).toMatchObject({ code });
    expect(transaction.status).toBe("open");
    transaction.rollback();
  });

  test("everything once it is over", async () => {
    const transaction = begin();
    await transaction.commit();
    expect(await failing(transaction, "MATCH (a) RETURN a")).toMatchObject({ code: "25000" });
    await expect(transaction.commit()).rejects.toMatchObject({ code: "2D000" });
    transaction.rollback();
    expect(transaction.status).toBe("committed");
  });

  test("everything when the database is closed", async () => {
    const transaction = begin();
    await rows(transaction, "INSERT (:A)");
    await database.close();
    expect(await failing(transaction, "INSERT (:A)")).toMatchObject({ code: "UNAVAILABLE" });
    await expect(transaction.commit()).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(() => begin()).toThrow(GeodeError);
  });

  test("to be committed when its commit is taken back in time", async () => {
    const transaction = begin();
    await rows(transaction, "INSERT (:A)");
    const signal = AbortSignal.abort();
    await expect(transaction.commit({ signal })).rejects.toMatchObject({ code: "CANCELLED" });
    expect(transaction.status).toBe("rolledBack");
    expect(await rows(database, "MATCH (a:A) RETURN a")).toEqual([]);
  });

  test("an idempotency key for a single statement", async () => {
    const transaction = begin();
    const keyed = { text: "INSERT (:A)", principal: ann, idempotencyKey: "k" };
    await expect(transaction.query(keyed)).rejects.toMatchObject({ code: "25000" });
    transaction.rollback();
  });
});

describe("the idempotency key of a commit", () => {
  async function committing(key: string, label = "A"): Promise<{ readonly seq: number }> {
    const transaction = begin();
    await rows(transaction, `INSERT (:${label})`);
    return transaction.commit({ idempotencyKey: key });
  }

  test("makes a second one with it answer with the first one's seq and do nothing", async () => {
    const first = await committing("k");
    await rows(database, "INSERT (:B)");
    expect(await committing("k")).toEqual(first);
    expect(await rows(database, "MATCH (a:A) RETURN count(a)")).toEqual([[1]]);
  });

  test("counts within one entry of the log, too", async () => {
    const [one, two] = [begin(), begin()];
    for (const transaction of [one, two]) await rows(transaction, "INSERT (:A)");
    const key = { idempotencyKey: "k" };
    const [first, second] = await Promise.all([one.commit(key), two.commit(key)]);
    expect(second).toEqual(first);
    expect(await rows(database, "MATCH (a:A) RETURN count(a)")).toEqual([[1]]);
  });

  test("answers although the transaction was lost, e.g. to itself before the answer was lost", async () => {
    const again = begin();
    await rows(again, "MATCH (a:A) RETURN a");
    await rows(again, "INSERT (:A)");
    const first = await committing("k");
    expect(again.status).toBe("lost");
    expect(await again.commit({ idempotencyKey: "k" })).toEqual(first);
  });

  test("may tell of a transaction that wrote nothing what became of another", async () => {
    const first = await committing("k");
    await rows(database, "INSERT (:B)");
    expect(await begin().commit({ idempotencyKey: "k" })).toEqual(first);
    expect(await begin().commit({ idempotencyKey: "new" })).toEqual({ seq: database.seq });
  });

  test("is not too long", async () => {
    const transaction = begin();
    const key = { idempotencyKey: "k".repeat(257) };
    await expect(transaction.commit(key)).rejects.toMatchObject({ code: "TOO_LARGE" });
    transaction.rollback();
  });
});

describe("limits", () => {
  test("a transaction changes as many elements as it may, and not one more", async () => {
    await openWith({ effectsMax: 3 });
    const transaction = begin();
    await rows(transaction, "FOR i IN [1, 2, 3] INSERT (:A {i: i})");
    await rows(transaction, "MATCH (a:A) SET a.i = 0");
    expect(await failing(transaction, "INSERT (:A)")).toMatchObject({ code: "LIMIT" });
    expect(await rows(transaction, "MATCH (a:A) RETURN count(a)")).toEqual([[3]]);
    await transaction.commit();
    expect(await rows(database, "MATCH (a:A) RETURN count(a)")).toEqual([[3]]);
  });

  test("a transaction is open as long as it may be, and no longer", async () => {
    await openWith({ durationMs: 1000 });
    const transaction = begin();
    await rows(transaction, "INSERT (:A)");
    environment.pass(999);
    await environment.settle();
    expect(transaction.status).toBe("open");
    environment.pass(1);
    await environment.settle();
    expect(transaction.status).toBe("lost");
    expect(await failing(transaction, "INSERT (:A)")).toMatchObject({ code: "TIMEOUT" });
    await expect(transaction.commit()).rejects.toMatchObject({ code: "TIMEOUT" });
    expect(await rows(database, "MATCH (a:A) RETURN a")).toEqual([]);
  });

  test("as many transactions are open as may be, and not one more, until one is over", async () => {
    await openWith({ openMax: 2 });
    const first = begin();
    begin();
    expect(database.status().openTransactions).toBe(2);
    expect(() => begin()).toThrow(expect.objectContaining({ code: "UNAVAILABLE" }) as Error);
    first.rollback();
    begin();
  });

  test("open transactions hold together as much as they may, until one is over", async () => {
    await openWith({ heldBytesMax: 3000 });
    const [first, second] = [begin(), begin()];
    const text = `INSERT (:A {text: '${"x".repeat(2000)}'})`;
    await rows(first, text);
    expect(await failing(second, text)).toMatchObject({ code: "UNAVAILABLE" });
    first.rollback();
    await rows(second, text);
    await second.commit();
    expect(await rows(database, "MATCH (a:A) RETURN count(a)")).toEqual([[1]]);
  });
});

describe("when another node's entry comes first", () => {
  const FOREIGN_BLOCK = { kind: "lease", firstBlock: 0, count: 1 } as const;
  let log: ScriptedLog;
  let replica: Replica;
  let door: Door;
  let transactions: Transactions;

  beforeEach(() => {
    log = new ScriptedLog();
    replica = new Replica(new Store(), new IdempotencyKeys(), environment, LOG_START);
    const conflicts = new Conflicts(replica.store, new Routes(replica.store));
    replica.follow(conflicts);
    const hash = (text: string): string => text;
    door = new Door(replica, log, conflicts, environment, hash);
    const limits = DEFAULT_TRANSACTION_LIMITS;
    transactions = new Transactions(replica, door, conflicts, environment, hash, limits);
  });

  /** Reads nothing and inserts a node. */
  const inserted = () => {
    const transaction = transactions.begin("ann", "readWrite");
    const nothing = new Set<string>();
    const footprint = {
      nodeLabels: nothing,
      edgeLabels: nothing,
      nodeKeys: nothing,
      edgeKeys: nothing,
    };
    transaction.run({
      statement: { ...statementOf(insert("A")), footprint },
      graph: "default",
      parameters: new Map(),
      budget: DEFAULT_BUDGET,
      grantee: null,
    });
    return transaction;
  };

  test("a transaction with element ids that the other node may have taken is lost", async () => {
    const transaction = inserted();
    log.script.push({ kind: "overtake", commits: [{ principal: "", patch: [FOREIGN_BLOCK] }] });
    await door.submit(writeOf(insert("B")));
    expect(transaction.status).toBe("lost");
    await expect(transaction.commit()).rejects.toMatchObject({ code: "40000" });
    expect(violations(replica.store)).toEqual([]);
  });

  test("a transaction whose element ids are its own is committed behind it", async () => {
    await door.submit(writeOf(insert("B")));
    const transaction = inserted();
    const foreign = { ...FOREIGN_BLOCK, firstBlock: 7 };
    log.script.push({ kind: "overtake", commits: [{ principal: "", patch: [foreign] }] });
    await transaction.commit();
    const seen = await door.submit(writeOf(count("A")));
    expect(seen.result?.rows).toEqual([[1]]);
  });

  test("ids that are drawn while an entry is being logged are leased with the next one", async () => {
    log.script.push({ kind: "hold" });
    const held = door.submit(writeOf(insert("B")));
    await environment.settle();
    const transaction = inserted();
    log.release();
    await held;
    await transaction.commit();
    expect(violations(replica.store)).toEqual([]);
    expect(log.entries.flat().filter(({ patch }) => patch[0]?.kind === "lease")).toHaveLength(1);
  });
});
