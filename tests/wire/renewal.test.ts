import { Database } from "@geode/engine";
import { Server } from "@geode/server";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Peer } from "../../packages/server/test/peer.ts";
import { signed } from "../../packages/server/test/messages.ts";
import { promised } from "../../packages/server/test/promised.ts";
import { SECRET } from "../../packages/server/test/running-server.ts";

/* Another token on an open connection (PROTOCOL 2.6): what is live follows what the token says now. */

let database: Database;
let server: Server;
const peers: Peer[] = [];

beforeEach(async () => {
  database = await Database.open();
  server = await Server.start({ database, secret: SECRET, port: 0 });
});

afterEach(async () => {
  for (const peer of peers.splice(0)) peer.webSocket.terminate();
  await server.close();
  await database.close();
});

/** A token with claims of its own. */
const tokenOf = (user: string, claims: object): Promise<string> =>
  signed({ sub: user, exp: Math.floor(Date.now() / 1000) + 3_600, ...claims });

async function connected(token: string): Promise<Peer> {
  const peer = await Peer.connect(`${server.url.replace("http", "ws")}/ws`, { judge: promised });
  peers.push(peer);
  await peer.ask({ type: "AUTH", token });
  return peer;
}

async function filled(): Promise<Peer> {
  const token = await tokenOf("root", { roles: ["admin"] });
  const root = await connected(token);
  const query =
    "INSERT (:Task {team: 'red', title: 'r'}), (:Task {team: 'blue', title: 'b'}), (:Task {team: 'blue', title: 'c'})";
  await root.ask({ type: "QUERY", id: 1, query });
  return root;
}

describe("2.6 AUTH with other claims", () => {
  test("brings a statement that names $auth to what they give, by delete and insert, in an unbroken chain", async () => {
    const root = await filled();
    const peer = await connected(await tokenOf("ann", { team: "red" }));
    const query = "MATCH (t:Task {team: $auth.team}) RETURN t.title AS title ORDER BY title";
    const before = await peer.ask({ type: "SUBSCRIBE", id: "s", query });
    expect(before).toMatchObject({ data: [{ title: "r" }] });
    peer.send({ type: "AUTH", token: await tokenOf("ann", { team: "blue" }) });
    const heard = [];
    for (let count = 0; count < 4; count++) heard.push(await peer.next());
    expect(heard.map(({ type }) => type)).toEqual(["AUTH_OK", "UPDATE", "UPDATE", "UPDATE"]);
    expect(heard.slice(1)).toMatchObject([
      { op: "delete", data: { title: "r" }, prev_seq: before["seq"] },
      { op: "insert", data: { title: "b" }, prev_seq: before["seq"] },
      { op: "insert", data: { title: "c" }, prev_seq: before["seq"], last: true },
    ]);
    await root.ask({ type: "QUERY", id: 2, query: "MATCH (t:Task {title: 'r'}) DELETE t" });
    await root.ask({ type: "QUERY", id: 3, query: "MATCH (t:Task {title: 'b'}) DELETE t" });
    expect(await peer.next()).toMatchObject({
      op: "delete",
      data: { title: "b" },
      prev_seq: heard[1]!["seq"],
    });
  });

  test("leaves alone what does not name them, and what others watch", async () => {
    const root = await filled();
    const [peer, other] = [
      await connected(await tokenOf("ann", { team: "red" })),
      await connected(await tokenOf("bob", { team: "red" })),
    ];
    const mine = "MATCH (t:Task {team: $auth.team}) RETURN t.title AS title";
    await peer.ask({ type: "SUBSCRIBE", id: "all", query: "SUBSCRIBE TO Task" });
    await other.ask({ type: "SUBSCRIBE", id: "mine", query: mine });
    await peer.ask({ type: "AUTH", token: await tokenOf("ann", { team: "blue" }) });
    await root.ask({
      type: "QUERY",
      id: 2,
      query: "MATCH (t:Task {title: 'r'}) SET t.title = 'R'",
    });
    expect(await peer.next()).toMatchObject({ subscription: "all", data: { title: "R" } });
    expect(await other.next()).toMatchObject({ subscription: "mine", data: { title: "R" } });
  });

  test("gives a role's rows, and takes them away again as delete without what they are by now", async () => {
    const root = await filled();
    await database.applyPolicy({
      roles: {
        red: { graphs: { default: ["read"] }, read: [{ label: "Task", where: "n.team = 'red'" }] },
        all: { graphs: { default: ["read"] } },
      },
    });
    const peer = await connected(await tokenOf("ann", { roles: ["red"] }));
    const query = "MATCH (t:Task) RETURN t.title AS title";
    expect(await peer.ask({ type: "SUBSCRIBE", id: "s", query })).toMatchObject({
      data: [{ title: "r" }],
    });
    await peer.ask({ type: "AUTH", token: await tokenOf("ann", { roles: ["all"] }) });
    expect([await peer.next(), await peer.next()]).toMatchObject([
      { op: "insert", data: { title: "b" } },
      { op: "insert", data: { title: "c" } },
    ]);
    await peer.ask({ type: "AUTH", token: await tokenOf("ann", { roles: ["red"] }) });
    expect([await peer.next(), await peer.next()]).toMatchObject([
      { op: "delete", data: { title: "c" } },
      { op: "delete", data: { title: "b" } },
    ]);
    await root.ask({
      type: "QUERY",
      id: 2,
      query: "MATCH (t:Task {title: 'b'}) SET t.title = 'secret'",
    });
    await root.ask({
      type: "QUERY",
      id: 3,
      query: "MATCH (t:Task {title: 'r'}) SET t.title = 'R'",
    });
    expect(await peer.next()).toMatchObject({ op: "update", data: { title: "R" } });
  });
});
