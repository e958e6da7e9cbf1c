import { GeodeError } from "@geode/values";
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import type { ReservedCommit } from "../commit/news.ts";
import { Database } from "../database.ts";
import type { Principal } from "../requests.ts";

const someone = (id: string, ...roles: string[]): Principal => ({ id, roles, claims: new Map() });
const root = someone("root", "admin");
const ann = someone("ann");
const eve = someone("eve");
const server: Principal = { ...someone("ann"), system: true };

let database: Database;
beforeEach(async () => {
  database = await Database.open({ liveLimits: { commitMs: 1e9, groupMs: 1e9 } });
});
afterEach(() => database.close());

async function as(principal: Principal, text: string) {
  return (await database.query({ text, principal })).rows;
}

const CHAT = `INSERT (r:GeodeRoom {id: 'red'}), (:GeodePresence {user: 'ann', session: 's1'})-[:IN]->(r),
  (:GeodeMessage {text: 'hello', user: 'ann', room: 'red'})-[:IN]->(r),
  (:GeodeMessage {text: 'psst', user: 'bob', to: 'eve'}), (:Note {text: 'mine'})`;

const later = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("what the server keeps in the graph", () => {
  test("is read by those whom it concerns", async () => {
    await as(server, CHAT);
    const texts = "MATCH (m:GeodeMessage) RETURN m.text ORDER BY m.text";
    expect(await as(ann, texts)).toEqual([["hello"]]);
    expect(await as(eve, texts)).toEqual([["psst"]]);
    expect(await as(someone("bob"), texts)).toEqual([["psst"]]);
    expect(await as(root, texts)).toEqual([["hello"], ["psst"]]);
    expect(await as(ann, "MATCH (r:GeodeRoom) RETURN r.id")).toEqual([["red"]]);
    expect(await as(eve, "MATCH (r:GeodeRoom) RETURN r.id")).toEqual([]);
    expect(await as(eve, "MATCH (n) RETURN count(*)")).toEqual([[2]]);
  });

  test("is so under a policy too, whatever that says about it", async () => {
    await as(server, CHAT);
    await database.applyPolicy({
      roles: { member: { graphs: { default: ["read"] }, read: [{ label: "GeodeMessage" }] } },
    });
    expect(await as(someone("eve", "member"), "MATCH (m:GeodeMessage) RETURN m.text")).toEqual([
      ["psst"],
    ]);
  });

  test("does not show in live queries that were there before it", async () => {
    const heard: string[] = [];
    const query = await database.subscribe(
      { text: "MATCH (n) RETURN n.text AS text", principal: eve },
      ({ changes }) => heard.push(...changes.map(({ op, data }) => `${op} ${data}`)),
    );
    onTestFinished(query.close);
    await as(server, CHAT);
    await later();
    expect(heard.sort()).toEqual(['insert {"text":"mine"}', 'insert {"text":"psst"}']);
  });

  test("is there for those who join, and no longer for those who leave", async () => {
    await as(server, CHAT);
    const heard: string[] = [];
    const query = await database.subscribe(
      { text: "MATCH (m:GeodeMessage {room: 'red'}) RETURN m.text AS text", principal: eve },
      ({ changes }) => heard.push(...changes.map(({ op, data }) => `${op} ${data}`)),
    );
    onTestFinished(query.close);
    expect(query.rows).toEqual([]);
    await as(server, "MATCH (r:GeodeRoom) INSERT (:GeodePresence {user: 'eve'})-[:IN]->(r)");
    await later();
    await as(server, "MATCH (p:GeodePresence {user: 'eve'}) DETACH DELETE p");
    await later();
    expect(heard).toEqual(['insert {"text":"hello"}', 'delete {"text":"hello"}']);
  });

  test("is bound by nobody else's constraints", async () => {
    const text = "CREATE CONSTRAINT FOR (r:GeodeRoom) REQUIRE r.name IS NOT NULL";
    await expect(as(root, text)).rejects.toMatchObject({ code: "FORBIDDEN" });
    await as(server, CHAT);
  });

  test.each([
    "INSERT (:GeodeMessage {text: 'false'})",
    "MATCH (n:Note) SET n:GeodeRoom",
    "MATCH (m:GeodeMessage) SET m.text = 'changed'",
    "MATCH (m:GeodeMessage) SET m:Other",
    "MATCH (m:GeodeMessage) DETACH DELETE m",
    "MATCH (m:GeodeMessage)-[e]->() DELETE e",
    "MATCH (m:GeodeMessage)-[e]->() SET e.x = 1",
    "MATCH (r:GeodeRoom), (p:GeodePresence) INSERT (p)-[:IN]->(r)",
    "MERGE (r:GeodeRoom {id: 'mine'})",
  ])("is written by nobody else: %s", async (text) => {
    await as(server, CHAT);
    const { seq } = database;
    for (const user of [root, ann]) {
      await expect(as(user, text)).rejects.toMatchObject({
        code: "FORBIDDEN",
        message: expect.stringContaining("is reserved"),
      } satisfies Partial<GeodeError>);
    }
    expect(database.seq).toBe(seq);
  });

  test("may be pointed at from users' elements", async () => {
    await as(server, CHAT);
    await as(ann, "MATCH (n:Note), (r:GeodeRoom) INSERT (n)-[:DISCUSSED_IN]->(r)");
    await as(ann, "MATCH (:Note)-[e:DISCUSSED_IN]->() DELETE e");
  });

  test("tells messages the seq of their commit, also behind a lease and in a transaction", async () => {
    await as(server, CHAT);
    const { seq } = database;
    expect(await as(root, "MATCH (m:GeodeMessage) RETURN DISTINCT m.seq")).toEqual([[seq]]);
    const transaction = database.begin({ principal: ann });
    await transaction.query({ text: "INSERT (:Note)", principal: ann });
    await transaction.query({ text: "INSERT (:GeodeMessage {text: 'both'})", principal: server });
    const committed = await transaction.commit();
    expect(await as(root, "MATCH (m:GeodeMessage {text: 'both'}) RETURN m.seq")).toEqual([
      [committed.seq],
    ]);
  });

  test("is told of commit by commit, once it is durable", async () => {
    const told: ReservedCommit[] = [];
    const stop = database.watchReserved((commit) => told.push(commit));
    const writes = ["a", "b"].map((text) =>
      as(server, `INSERT (:GeodeMessage {text: '${text}'}), (:Note)`),
    );
    await as(ann, "INSERT (:Note)");
    await Promise.all(writes);
    await later();
    expect(told.map(({ nodes }) => nodes.map((node) => node.properties.get("text")))).toEqual([
      ["a"],
      ["b"],
    ]);
    for (const { seq, nodes } of told) expect(nodes[0]?.properties.get("seq")).toBe(seq);
    stop();
    await as(server, "INSERT (:GeodeMessage)");
    await later();
    expect(told).toHaveLength(2);
  });
});
