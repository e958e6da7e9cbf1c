import { connect, type Geode } from "@geode/client";
import { Database } from "@geode/engine";
import { afterEach, beforeEach, expect, test } from "vitest";
import { signToken } from "../src/auth/token.ts";
import { systemClock } from "../src/clock.ts";
import { Server } from "../src/server.ts";
import { Peer } from "./peer.ts";
import { promised } from "./promised.ts";
import { reaches } from "./reaches.ts";
import { SECRET } from "./running-server.ts";

/** The engine, the server and the client together, in one process. */
let database: Database;
let server: Server;
const clients: Geode[] = [];
beforeEach(async () => {
  database = await Database.open();
  server = await Server.start({ database, secret: SECRET, port: 0 });
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await server.close();
  await database.close();
});

async function client(user = "ann"): Promise<Geode> {
  const token = () => signToken({ user, ttlMs: 60_000 }, SECRET, systemClock);
  const url = `${server.url.replace("http", "ws")}/ws`;
  const opened = await connect(url, { token, floats: "exact" });
  clients.push(opened);
  return opened;
}

test("what one client writes, the live results of others show, commit by commit", async () => {
  const [writer, watcher] = [await client(), await client("bob")];
  const ordered = watcher.live("MATCH (p:Person) RETURN p.name AS name, p.age AS age ORDER BY age");
  const counted = watcher.live("MATCH (p:Person) WHERE p.age > $age RETURN count(p) AS n", {
    age: 30,
  });
  await writer.query("INSERT (:Person {name: 'Ann', age: 38})");
  await writer.query("INSERT (:Person {name: 'Bob', age: 25})");
  const { seq } = await writer.query("MATCH (p:Person {name: 'Bob'}) SET p.age = 50");
  await reaches(ordered, seq);
  await reaches(counted, seq);
  expect(ordered.rows).toEqual([
    { name: "Ann", age: 38 },
    { name: "Bob", age: 50 },
  ]);
  expect(counted.rows).toEqual([{ n: 2 }]);
});

test("a hundred writes in flight on one connection, and a read behind them that sees them all", async () => {
  const writer = await client();
  const writes = Array.from({ length: 100 }, (_, n) => writer.query("INSERT (:N {n: $n})", { n }));
  const read = writer.query<{ n: number }>("MATCH (x:N) RETURN count(x) AS n");
  expect((await read).data).toEqual([{ n: 100 }]);
  await Promise.all(writes);
});

test("many requests of two users at once: each gets its own answers, and sees its own writes", async () => {
  const users = ["ann", "bob"] as const;
  const asked = users.map(async (user) => {
    const geode = await client(user);
    const answers = Array.from({ length: 200 }, async (_, n) => {
      await geode.query("INSERT (:Own {by: $auth.id, n: $n})", { n });
      const mine = "MATCH (o:Own {by: $auth.id}) RETURN count(o) AS many, $auth.id AS me, $n AS n";
      const { data } = await geode.query<{ many: number; me: string; n: number }>(mine, { n });
      expect(data).toMatchObject([{ me: user, n }]);
      expect(data[0]!.many).toBeGreaterThan(0);
    });
    await Promise.all(answers);
  });
  await Promise.all(asked);
  const by = "MATCH (o:Own) RETURN o.by AS by, count(*) AS n ORDER BY by";
  expect((await (await client()).query(by)).data).toEqual([
    { by: "ann", n: 200 },
    { by: "bob", n: 200 },
  ]);
});

test("subscribing and leaving a thousand times leaves nothing behind", async () => {
  const geode = await client();
  for (let count = 0; count < 1_000; count++) {
    const live = geode.live("MATCH (p:Person) WHERE p.age > $age RETURN p", { age: count % 20 });
    if (count % 2 === 0) await live.ready;
    live.close();
  }
  // What was sent before it has been handled when this is answered.
  await geode.query("RETURN 1");
  expect(database.status().liveQueries).toBe(0);
});

test("a write with a key is done once, also from another connection of the same user", async () => {
  const [one, two, stranger] = [await client(), await client(), await client("bob")];
  const insert = (geode: Geode) => geode.query("INSERT (:Once)", {}, { idempotencyKey: "k" });
  const { seq } = await insert(one);
  expect((await insert(two)).seq).toBe(seq);
  expect((await insert(stranger)).seq).toBeGreaterThan(seq);
  const { data } = await one.query<{ n: number }>("MATCH (x:Once) RETURN count(x) AS n");
  expect(data).toEqual([{ n: 2 }]);
});

test("min_seq makes another connection see a write", async () => {
  const [one, two] = [await client(), await client()];
  const { seq } = await one.query("INSERT (:Seen)");
  const { data } = await two.query<{ n: number }>(
    "MATCH (x:Seen) RETURN count(x) AS n",
    {},
    { minSeq: seq },
  );
  expect(data).toEqual([{ n: 1 }]);
});

test("statements that read who asks, read it from the token", async () => {
  await (await client()).query("INSERT (:Note {owner: $auth.id})");
  const mine = "MATCH (n:Note) WHERE n.owner = $auth.id RETURN count(n) AS n";
  expect((await (await client()).query(mine)).data).toEqual([{ n: 1 }]);
  expect((await (await client("bob")).query(mine)).data).toEqual([{ n: 0 }]);
});

test("errors arrive with their code, place and hint", async () => {
  const geode = await client();
  await expect(geode.query("MATCH (n RETURN n")).rejects.toMatchObject({
    code: "42001",
    position: { line: 1, column: 10, offset: 9 },
  });
  await expect(geode.query("SUBSCRIBE TO Person")).rejects.toMatchObject({
    hint: expect.stringContaining("SUBSCRIBE") as string,
  });
  await expect(geode.live("INSERT (:X)").ready).rejects.toMatchObject({
    hint: expect.stringContaining("QUERY") as string,
  });
});

test("a live result that new data break ends with the error; the write does not", async () => {
  const geode = await client();
  const live = geode.live("MATCH (n:Div) RETURN 10 / n.by AS q");
  await live.ready;
  await geode.query("INSERT (:Div {by: 0})");
  while (live.state !== "closed") {
    const changed = Promise.withResolvers<void>();
    const stop = live.subscribe(changed.resolve);
    if (live.getSnapshot().state !== "closed") await changed.promise;
    stop();
  }
  expect(live.error).toMatchObject({ code: "22012" });
});

test("the frames are those of the protocol, with the engine behind them", async () => {
  const token = await signToken({ user: "ann", ttlMs: 600_000 }, SECRET, systemClock);
  const url = `${server.url.replace("http", "ws")}/ws?token=${token}`;
  const peer = await Peer.connect(url, { judge: promised });
  const ask = (id: number, query: string) => peer.ask({ type: "QUERY", id, query });
  await peer.ask({ type: "SUBSCRIBE", id: "s", query: "SELECT name FROM Person ORDER BY name" });
  const write = await ask(1, "INSERT (:Person {name: 'Ann'})");
  expect(write).toMatchObject({ type: "RESULT", id: 1, stats: { nodes_inserted: 1 } });
  expect(await peer.next()).toMatchObject({
    type: "UPDATE",
    op: "insert",
    data: { name: "Ann" },
    index: 0,
    seq: write["seq"],
    last: true,
  });
  expect(await ask(2, "MATCH (p:Persn) RETURN p")).toMatchObject({
    data: [],
    notices: [{ message: expect.stringContaining("Persn") as string }],
  });
  await peer.close();
});

test("the seed's subscription reads as it was shown: the row is the node's properties", async () => {
  const [writer, watcher] = [await client(), await client()];
  const live = watcher.live("SUBSCRIBE TO users WHERE age > 18");
  await live.ready;
  await writer.query("INSERT (:users {name: 'kid', age: 9})");
  const { seq } = await writer.query("INSERT (:users {name: 'Ann', age: 38})");
  await reaches(live, seq);
  expect(live.rows).toEqual([{ age: 38, name: "Ann" }]);
});
