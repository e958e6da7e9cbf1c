import { Database } from "@geode/engine";
import { configuredSecret, Server, signToken, systemClock } from "@geode/server";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Peer } from "../../packages/server/test/peer.ts";
import { promised } from "../../packages/server/test/promised.ts";
import { ask } from "./schedule.ts";

/* Transactions as clients have them: START TRANSACTION, COMMIT and ROLLBACK as queries, one transaction per connection. */

const secret = configuredSecret("a secret of at least thirty-two bytes, for tests");

let database: Database;
let server: Server;
const peers: Peer[] = [];

beforeEach(async () => {
  database = await Database.open();
  server = await Server.start({ database, secret, port: 0 });
});

afterEach(async () => {
  for (const peer of peers.splice(0)) peer.webSocket.terminate();
  await server.close();
  await database.close();
});

interface Answer {
  readonly type: string;
  readonly data?: readonly unknown[];
  readonly seq?: number;
  readonly code?: string;
  readonly retryable?: boolean;
}

/** One connection of ann's. */
class Connection {
  readonly peer: Peer;
  #lastId = 0;

  constructor(peer: Peer) {
    this.peer = peer;
  }

  static async open(): Promise<Connection> {
    const token = await signToken({ user: "ann", ttlMs: 3_600_000 }, secret, systemClock);
    const url = `${server.url.replace("http", "ws")}/ws`;
    const peer = await Peer.connect(url, { judge: promised });
    peers.push(peer);
    await peer.ask({ type: "AUTH", token });
    return new Connection(peer);
  }

  send(query: string, more: object = {}): void {
    this.#lastId += 1;
    this.peer.send({ type: "QUERY", id: this.#lastId, query, ...more });
  }

  async query(query: string, more: object = {}): Promise<Answer> {
    this.send(query, more);
    return (await this.peer.next()) as unknown as Answer;
  }

  /** Sends all at once; answers when all are answered, in order of the queries. */
  async all(...queries: readonly string[]): Promise<readonly Answer[]> {
    const firstId = this.#lastId + 1;
    for (const query of queries) this.send(query);
    const byId = new Map<unknown, Answer>();
    for (const _ of queries) {
      const frame = await this.peer.next();
      byId.set(frame["id"], frame as unknown as Answer);
    }
    return queries.map((_, at) => byId.get(firstId + at)!);
  }
}

const COUNT = "MATCH (n:Note) RETURN count(n) AS n";

describe("on one connection", () => {
  test("what is between START TRANSACTION and COMMIT happens at once, and only then for others", async () => {
    const [mine, other] = [await Connection.open(), await Connection.open()];
    expect(await mine.query("START TRANSACTION")).toMatchObject({ type: "RESULT", data: [] });
    await mine.query("INSERT (:Note)");
    await mine.query("INSERT (:Note)");
    expect(await mine.query(COUNT)).toMatchObject({ data: [{ n: 2 }] });
    expect(await other.query(COUNT)).toMatchObject({ data: [{ n: 0 }] });
    const { seq } = await mine.query("COMMIT");
    expect(seq).toBe(database.seq);
    expect(await other.query(COUNT, { min_seq: seq })).toMatchObject({ data: [{ n: 2 }] });
  });

  test("what is before ROLLBACK did not happen", async () => {
    const mine = await Connection.open();
    await mine.query("START TRANSACTION");
    await mine.query("INSERT (:Note)");
    expect(await mine.query("ROLLBACK")).toMatchObject({ type: "RESULT" });
    expect(await mine.query(COUNT)).toMatchObject({ data: [{ n: 0 }] });
  });

  test("all of it may be sent at once", async () => {
    const mine = await Connection.open();
    const answers = await mine.all(
      "INSERT (:Note)",
      COUNT,
      "START TRANSACTION",
      "INSERT (:Note)",
      COUNT,
      "INSERT (:Note)",
      "COMMIT",
      "INSERT (:Note)",
      COUNT,
      "START TRANSACTION READ ONLY",
      COUNT,
      "INSERT (:Note)",
      "ROLLBACK",
      "ROLLBACK",
    );
    expect(answers.map(({ data, code }) => code ?? data)).toEqual([
      [],
      [{ n: 1 }],
      [],
      [],
      [{ n: 2 }],
      [],
      [],
      [],
      [{ n: 4 }],
      [],
      [{ n: 4 }],
      "25G03",
      [],
      "2D000",
    ]);
    // Before, in and after the transaction: three commits, besides those of the database itself.
    const [before, , , , , , commit, after] = answers.map(({ seq }) => seq ?? 0);
    expect([commit, after]).toEqual([before! + 1, before! + 2]);
  });

  test.each([
    ["25G01", "START TRANSACTION"],
    ["25000", "CREATE INDEX FOR (n:Note) ON (n.text)"],
    ["42000", "SUBSCRIBE TO Note"],
  ])("a transaction goes on after the refusal %s of %s", async (code, text) => {
    const mine = await Connection.open();
    await mine.query("START TRANSACTION");
    await mine.query("INSERT (:Note)");
    expect(await mine.query(text)).toMatchObject({ type: "ERROR", code });
    await mine.query("COMMIT");
    expect(await mine.query(COUNT)).toMatchObject({ data: [{ n: 1 }] });
  });

  test.each(["COMMIT", "ROLLBACK"])("%s without a transaction is refused", async (text) => {
    const mine = await Connection.open();
    expect(await mine.query(text)).toMatchObject({ type: "ERROR", code: "2D000" });
  });

  test("a live result shows what is committed, also to the one who is changing it", async () => {
    const mine = await Connection.open();
    await mine.query("START TRANSACTION");
    await mine.query("INSERT (:Note {text: 'a'})");
    const live = { type: "SUBSCRIBE", id: "live", query: "MATCH (n:Note) RETURN n.text AS text" };
    expect(await mine.peer.ask(live)).toMatchObject({ type: "RESULT", data: [] });
    mine.send("COMMIT");
    const [answer, update] = [await mine.peer.next(), await mine.peer.next()];
    expect(answer).toMatchObject({ type: "RESULT" });
    expect(update).toMatchObject({ op: "insert", data: { text: "a" }, seq: answer["seq"] });
  });
});

describe("two connections", () => {
  test("that change the same: the later one is told to try again, and succeeds then", async () => {
    const [one, two] = [await Connection.open(), await Connection.open()];
    await one.query("INSERT (:Note {n: 0})");
    const raise = "MATCH (n:Note) SET n.n = n.n + 1";
    for (const connection of [one, two]) await connection.query("START TRANSACTION");
    for (const connection of [one, two]) await connection.query(raise);
    await one.query("COMMIT");
    const conflict = { type: "ERROR", code: "40000", retryable: true };
    // What it may have sent before it knew does not happen on its own.
    expect(await two.all(raise, "INSERT (:Note)")).toMatchObject([conflict, conflict]);
    await two.query("ROLLBACK");
    const answers = await two.all("START TRANSACTION", raise, "COMMIT");
    expect(answers.map(({ type }) => type)).toEqual(["RESULT", "RESULT", "RESULT"]);
    expect(await ask(database, "MATCH (n:Note) RETURN n.n AS n")).toEqual([{ n: 2 }]);
  });

  test("COMMIT after a conflict ends the transaction with 40000", async () => {
    const [one, two] = [await Connection.open(), await Connection.open()];
    await one.query("INSERT (:Note {n: 0})");
    await two.query("START TRANSACTION");
    await two.query("MATCH (n:Note) SET n.n = n.n + 1");
    await one.query("MATCH (n:Note) SET n.n = 5");
    expect(await two.query("COMMIT")).toMatchObject({ type: "ERROR", code: "40000" });
    expect(await two.query("COMMIT")).toMatchObject({ type: "ERROR", code: "2D000" });
    expect(await ask(database, "MATCH (n:Note) RETURN n.n AS n")).toEqual([{ n: 5 }]);
  });

  test("a COMMIT that is sent again with its key, on another connection, is not done twice", async () => {
    const [one, two] = [await Connection.open(), await Connection.open()];
    const seqs = [];
    for (const connection of [one, two]) {
      await connection.query("START TRANSACTION");
      await connection.query("INSERT (:Note)");
      seqs.push((await connection.query("COMMIT", { idempotency_key: "k" })).seq);
    }
    expect(seqs[1]).toBe(seqs[0]);
    expect(await ask(database, COUNT)).toEqual([{ n: 1 }]);
  });
});

test("a connection that ends takes its transaction back", async () => {
  const mine = await Connection.open();
  await mine.query("START TRANSACTION");
  await mine.query("INSERT (:Note)");
  expect(database.status().openTransactions).toBe(1);
  await mine.peer.close();
  while (server.connections > 0) await new Promise((resume) => setImmediate(resume));
  expect(database.status().openTransactions).toBe(0);
  expect(await ask(database, COUNT)).toEqual([{ n: 0 }]);
});

test("7.4 what violates a constraint is 40002 and changes nothing; who comes second with a value is lost, 40000", async () => {
  const [first, second] = [await Connection.open(), await Connection.open()];
  await first.query("CREATE CONSTRAINT email FOR (p:Person) REQUIRE p.email IS UNIQUE");
  await first.query("START TRANSACTION");
  await first.query("INSERT (:Person {email: 'ann'})");
  expect(
    await second.query("INSERT (:Person {email: 'ann'}), (:Person {email: 'bob'})"),
  ).toMatchObject({
    type: "RESULT",
    stats: { nodes_inserted: 2 },
  });
  expect(await first.query("COMMIT")).toMatchObject({ code: "40000", retryable: true });
  expect(
    await first.query("INSERT (:Person {email: 'eve'}), (:Person {email: 'ann'})"),
  ).toMatchObject({
    code: "40002",
    error: expect.stringContaining(
      "The constraint `email` allows one node :Person with email = 'ann'",
    ) as string,
    retryable: false,
  });
  expect(await second.query("MATCH (p:Person) RETURN count(*) AS n")).toMatchObject({
    data: [{ n: 2 }],
  });
});
