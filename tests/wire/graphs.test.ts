import { Database } from "@geode/engine";
import { configuredSecret, Server, signToken, systemClock } from "@geode/server";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Peer } from "../../packages/server/test/peer.ts";
import { promised } from "../../packages/server/test/promised.ts";

/* Several graphs and the session, as PROTOCOL.md promises them in 4.15 to 4.18, over a real connection. */

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

async function connected(user: string, ...roles: string[]): Promise<Peer> {
  const token = await signToken({ user, roles, ttlMs: 3_600_000 }, secret, systemClock);
  const peer = await Peer.connect(`${server.url.replace("http", "ws")}/ws`, { judge: promised });
  peers.push(peer);
  await peer.ask({ type: "AUTH", token });
  return peer;
}

let lastId = 0;
const query = (peer: Peer, text: string, more: object = {}) =>
  peer.ask({ type: "QUERY", id: ++lastId, query: text, ...more });

/** An admin, and a graph `travel` with one city. */
async function admin(): Promise<Peer> {
  const peer = await connected("root", "admin");
  await query(peer, "CREATE GRAPH travel");
  await query(peer, "INSERT (:City {name: 'Bern'})", { graph: "travel" });
  return peer;
}

const CITIES = "MATCH (c:City) RETURN c.name AS name";

describe("4.15 a statement works", () => {
  test("on the graph that the message names", async () => {
    const peer = await admin();
    expect(await query(peer, CITIES, { graph: "travel" })).toMatchObject({
      data: [{ name: "Bern" }],
    });
    expect(await query(peer, CITIES)).toMatchObject({ data: [] });
  });

  test("on the graph that it names itself, from there on", async () => {
    const peer = await admin();
    const text = `INSERT (p:Person {name: 'Ann'}) USE travel ${CITIES.replace("RETURN", "RETURN p.name AS person,")}`;
    expect(await query(peer, text)).toMatchObject({ data: [{ person: "Ann", name: "Bern" }] });
  });

  test("and its commit has a seq of the whole database", async () => {
    const peer = await admin();
    const here = await query(peer, "INSERT (:City)");
    const there = await query(peer, "INSERT (:City)", { graph: "travel" });
    expect(there["seq"]).toBe((here["seq"] as number) + 1);
  });
});

describe("4.16 the session", () => {
  test("holds for what is sent after it on the same connection, also at once, and on no other", async () => {
    const peer = await admin();
    for (const text of [
      "SESSION SET GRAPH travel",
      "SESSION SET VALUE $name = 'Thun'",
      "INSERT (:City {name: $name})",
      CITIES,
    ])
      peer.send({ type: "QUERY", id: ++lastId, query: text });
    for (let answer = 1; answer < 4; answer++) await peer.next();
    expect(await peer.next()).toMatchObject({ data: [{ name: "Bern" }, { name: "Thun" }] });
    const other = await connected("root", "admin");
    expect(await query(other, CITIES)).toMatchObject({ data: [] });
    expect(await query(other, "RETURN $name")).toMatchObject({ type: "ERROR", code: "42002" });
  });

  test("gives way to what a message says itself", async () => {
    const peer = await admin();
    await query(peer, "SESSION SET GRAPH travel");
    await query(peer, "SESSION SET VALUE $name = 'Bern'");
    const text = "OPTIONAL MATCH (c:City) RETURN c.name AS city, $name AS name";
    expect(
      await query(peer, text, { graph: "default", parameters: { name: "Thun" } }),
    ).toMatchObject({ data: [{ city: null, name: "Thun" }] });
  });

  test("is kept by a live result as it was", async () => {
    const peer = await admin();
    await query(peer, "SESSION SET GRAPH travel");
    const live = await peer.ask({ type: "SUBSCRIBE", id: "cities", query: CITIES });
    expect(live).toMatchObject({ data: [{ name: "Bern" }] });
    await query(peer, "SESSION RESET");
    const { seq } = await query(peer, "INSERT (:City {name: 'Thun'})", { graph: "travel" });
    expect(await peer.next()).toMatchObject({ op: "insert", data: { name: "Thun" }, seq });
  });

  test("stays as it is within a transaction", async () => {
    const peer = await admin();
    await query(peer, "START TRANSACTION");
    expect(await query(peer, "SESSION SET GRAPH travel")).toMatchObject({ code: "25G01" });
    expect(await query(peer, CITIES)).toMatchObject({ data: [] });
    await query(peer, "ROLLBACK");
    await query(peer, "SESSION SET GRAPH travel");
    await query(peer, "START TRANSACTION");
    expect(await query(peer, CITIES)).toMatchObject({ data: [{ name: "Bern" }] });
  });

  test("is unchanged by a command that fails", async () => {
    const peer = await admin();
    await query(peer, "SESSION SET GRAPH travel");
    expect(await query(peer, "SESSION SET GRAPH travle")).toMatchObject({
      code: "42002",
      hint: "Did you mean `travel`?",
    });
    expect(await query(peer, CITIES)).toMatchObject({ data: [{ name: "Bern" }] });
  });

  test("has at most 100 parameters", async () => {
    const peer = await connected("ann");
    for (let i = 0; i < 100; i++)
      expect(await query(peer, `SESSION SET VALUE $p${i} = ${i}`)).toMatchObject({
        type: "RESULT",
      });
    expect(await query(peer, "SESSION SET VALUE $more = 1")).toMatchObject({ code: "LIMIT" });
    expect(await query(peer, "SESSION SET VALUE $p7 = 1")).toMatchObject({ type: "RESULT" });
  });

  test("has parameters of at most 1 MiB together", async () => {
    const peer = await connected("ann");
    const large = { parameters: { x: "x".repeat(900_000) } };
    expect(await query(peer, "SESSION SET VALUE $a = $x", large)).toMatchObject({ type: "RESULT" });
    expect(await query(peer, "SESSION SET VALUE $b = $x", large)).toMatchObject({ code: "LIMIT" });
  });

  test("cannot be subscribed to", async () => {
    const peer = await connected("ann");
    const live = await peer.ask({ type: "SUBSCRIBE", id: 1, query: "SESSION SET VALUE $a = 1" });
    expect(live).toMatchObject({ type: "ERROR", code: "42000" });
  });
});

test("4.17 SESSION CLOSE is answered, rolls back, and ends the connection", async () => {
  const peer = await connected("ann");
  await query(peer, "START TRANSACTION");
  await query(peer, "INSERT (:City)");
  expect(await query(peer, "SESSION CLOSE")).toMatchObject({ type: "RESULT", data: [] });
  expect(await peer.closed).toEqual({ code: 1000, reason: "Session closed" });
  expect(database.status().openTransactions).toBe(0);
  expect(await query(await connected("ann"), CITIES)).toMatchObject({ data: [] });
});

describe("4.18 whoever is no admin", () => {
  const forbidden = { type: "ERROR", code: "FORBIDDEN" };

  test.each([
    ["the graph of a message", "RETURN 1 AS one", { graph: "travel" }],
    ["USE", "USE travel MATCH (c) RETURN c", {}],
    ["USE behind NEXT", "RETURN 1 AS one NEXT USE travel MATCH (c) RETURN c", {}],
    ["USE in a subquery", "RETURN EXISTS { USE travel MATCH (c) RETURN c } AS any", {}],
    ["USE in CALL", "CALL { USE travel MATCH (c) RETURN c } RETURN c", {}],
    ["USE in a set operator", "RETURN 1 AS n UNION USE travel RETURN 2 AS n", {}],
    ["SELECT", "SELECT c.name FROM travel MATCH (c)", {}],
    ["a write", "USE travel INSERT (:City)", {}],
    ["SESSION SET GRAPH", "SESSION SET GRAPH travel", {}],
    ["EXPLAIN", "EXPLAIN USE travel MATCH (c) RETURN c", {}],
    ["PROFILE", "PROFILE USE travel MATCH (c) RETURN c", {}],
    [
      "the value of a session parameter",
      "SESSION SET VALUE $x = COUNT { USE travel MATCH (c) }",
      {},
    ],
    ["CREATE GRAPH", "CREATE GRAPH mine", {}],
    ["CREATE GRAPH IF NOT EXISTS", "CREATE GRAPH IF NOT EXISTS travel", {}],
    ["DROP GRAPH", "DROP GRAPH travel", {}],
    ["DROP GRAPH IF EXISTS", "DROP GRAPH IF EXISTS travel", {}],
  ])(
    "reaches no other graph by %s, and learns nothing of which there are",
    async (_, text, more) => {
      await admin();
      const ann = await connected("ann", "monitor");
      const there = await query(ann, text, more);
      expect(there).toMatchObject(forbidden);
      // With a name that no graph has, the answer is the same but for the name.
      const nowhere = await query(ann, text.replaceAll("travel", "travle"), {
        ...more,
        ...("graph" in more ? { graph: "travle" } : {}),
      });
      const told = (answer: object): string =>
        JSON.stringify({ ...answer, id: 0 }).replaceAll("travle", "travel");
      expect(told(nowhere)).toBe(told(there));
    },
  );

  test("reaches no other graph by SUBSCRIBE, also where an admin watches the same", async () => {
    const root = await admin();
    for (const more of [{ query: `USE travel ${CITIES}` }, { query: CITIES, graph: "travel" }]) {
      const subscribe = { type: "SUBSCRIBE", id: 1, ...more };
      expect(await root.ask(subscribe)).toMatchObject({ type: "RESULT" });
      const ann = await connected("ann");
      expect(await ann.ask(subscribe)).toMatchObject(forbidden);
    }
  });

  test("reaches no other graph within a transaction", async () => {
    await admin();
    const ann = await connected("ann");
    await query(ann, "START TRANSACTION");
    expect(await query(ann, `USE travel ${CITIES}`)).toMatchObject(forbidden);
    expect(await query(ann, CITIES, { graph: "travel" })).toMatchObject(forbidden);
  });

  test("is told of the default graph alone by SHOW GRAPHS, also live, and also where it writes", async () => {
    const root = await admin();
    const show = { type: "SUBSCRIBE", id: 1, query: "SHOW GRAPHS" };
    expect((await root.ask(show))["data"]).toHaveLength(2);
    const ann = await connected("ann");
    const alone = [{ name: "default", nodes: 0, edges: 0 }];
    expect(await ann.ask(show)).toMatchObject({ data: alone });
    expect(await query(ann, "SHOW GRAPHS")).toMatchObject({ data: alone });
    const written = await query(
      ann,
      "CALL geode.graphs() YIELD name INSERT (g:Seen {name: name}) RETURN g.name AS name",
    );
    expect(written).toMatchObject({ data: [{ name: "default" }] });
  });

  test("any more loses what it watches, and its session with it", async () => {
    const peer = await admin();
    await query(peer, "SESSION SET GRAPH travel");
    expect(await peer.ask({ type: "SUBSCRIBE", id: "cities", query: CITIES })).toMatchObject({
      data: [{ name: "Bern" }],
    });
    const token = await signToken({ user: "root", ttlMs: 3_600_000 }, secret, systemClock);
    peer.send({ type: "AUTH", token });
    const told = [await peer.next(), await peer.next()];
    expect(told).toContainEqual(expect.objectContaining({ type: "AUTH_OK", roles: [] }));
    expect(told).toContainEqual(
      expect.objectContaining({ type: "ERROR", subscription: "cities", code: "FORBIDDEN" }),
    );
    expect(await query(peer, CITIES)).toMatchObject(forbidden);
    await query(peer, "SESSION RESET");
    expect(await query(peer, CITIES)).toMatchObject({ data: [] });
  });

  test("uses the default graph by any name of it", async () => {
    const ann = await connected("ann");
    await query(ann, "INSERT (:City {name: 'Bern'})", { graph: "default" });
    for (const text of [`USE default ${CITIES}`, `USE HOME_GRAPH ${CITIES}`, CITIES])
      expect(await query(ann, text)).toMatchObject({ data: [{ name: "Bern" }] });
    expect(await query(ann, "SESSION SET GRAPH HOME_GRAPH")).toMatchObject({ type: "RESULT" });
  });
});

test("the end of a graph is told to those who watch it as 42002, and what an admin watches of all graphs goes on", async () => {
  const peer = await admin();
  await peer.ask({ type: "SUBSCRIBE", id: "cities", query: `USE travel ${CITIES}` });
  await peer.ask({ type: "SUBSCRIBE", id: "graphs", query: "SHOW GRAPHS" });
  const { seq } = await query(peer, "DROP GRAPH travel");
  const told = [await peer.next(), await peer.next()];
  expect(told).toContainEqual(
    expect.objectContaining({ type: "ERROR", subscription: "cities", code: "42002" }),
  );
  expect(told).toContainEqual(
    expect.objectContaining({ subscription: "graphs", op: "delete", seq }),
  );
});
