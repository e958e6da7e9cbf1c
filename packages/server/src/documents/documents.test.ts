import { readFileSync } from "node:fs";
import { GeodeError } from "@geode/values";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import * as Y from "yjs";
import { Peer } from "../../test/peer.ts";
import { Served } from "../../test/served.ts";

let served: Served;

beforeEach(async () => {
  served = await Served.start();
});
afterEach(() => served.close());

async function inDocument(user: string, document_id = "d"): Promise<Peer> {
  const peer = await served.connected(user);
  expect(await peer.ask({ type: "JOIN_SESSION", document_id })).toMatchObject({
    type: "SESSION_JOINED",
    document_id,
  });
  return peer;
}

/** Everything that was sent so far has been heard. */
async function quiet(peer: Peer): Promise<Record<string, unknown>[]> {
  const heard: Record<string, unknown>[] = [];
  peer.send({ type: "QUERY", id: "quiet", query: "RETURN 1" });
  for (let frame = await peer.next(); frame["id"] !== "quiet"; frame = await peer.next())
    heard.push(frame);
  return heard;
}

describe("a document of any JSON", () => {
  test("everybody else gets an edit, in one order, and its author an ACK when it is durable", async () => {
    const ann = await inDocument("ann");
    const bob = await inDocument("bob");
    expect(await ann.next()).toEqual({
      type: "USER_JOINED",
      document_id: "d",
      user: { id: "bob", name: "BOB" },
    });
    const edit = { insert: "é", at: [0, { deep: null }] };
    expect(await ann.ask({ type: "EDIT", id: "e1", document_id: "d", edit })).toMatchObject({
      type: "ACK",
      message_id: "e1",
      version: 1,
    });
    expect(await bob.next()).toEqual({
      type: "EDIT",
      document_id: "d",
      edit,
      user: { id: "ann", name: "ANN" },
      version: 1,
    });
    // Without an id there is no ACK.
    bob.send({ type: "EDIT", document_id: "d", edit: 2 });
    expect(await ann.next()).toMatchObject({ type: "EDIT", edit: 2, version: 2 });
    expect(await quiet(bob)).toEqual([]);
    bob.webSocket.terminate();
    expect(await ann.next()).toEqual({
      type: "USER_LEFT",
      document_id: "d",
      user: { id: "bob", name: "BOB" },
    });
  });

  test("who comes later gets all edits as replay, or the last snapshot and what follows it", async () => {
    const ann = await inDocument("ann");
    for (let n = 1; n <= 3; n++) await ann.ask({ type: "EDIT", id: n, document_id: "d", edit: n });
    const bob = await inDocument("bob");
    const replayed = await quiet(bob);
    expect(replayed.map(({ edit, replay, version }) => [version, edit, replay])).toEqual([
      [1, 1, true],
      [2, 2, true],
      [3, 3, true],
    ]);
    const whole = { type: "EDIT", id: 4, document_id: "d", edit: [1, 2, 3], snapshot: true };
    await ann.next();
    await ann.ask(whole);
    await ann.ask({ type: "EDIT", id: 5, document_id: "d", edit: 5 });
    const eve = await inDocument("eve");
    expect(await quiet(eve)).toMatchObject([
      { version: 4, edit: [1, 2, 3], snapshot: true, replay: true, user: { id: "ann" } },
      { version: 5, edit: 5, replay: true },
    ]);
  });

  test("edits and presence outlive a restart as they should: the one stay, the other is gone", async () => {
    const ann = await inDocument("ann");
    await ann.ask({ type: "EDIT", id: 1, document_id: "d", edit: "kept" });
    await served.stop();
    await served.start();
    const bob = await inDocument("bob");
    expect(await quiet(bob)).toMatchObject([{ edit: "kept", version: 1, user: { id: "ann" } }]);
    const query =
      "MATCH (p:GeodePresence)-[:IN]->(d:GeodeDocument) RETURN p.user AS who, d.id AS d";
    expect(await bob.ask({ type: "QUERY", id: 2, query })).toMatchObject({
      data: [{ who: "bob", d: "d" }],
    });
  });

  test("the same edit under the same id, over a reconnect of the client, is one", async () => {
    const ann = await served.connected("ann", { client: "laptop" });
    const edit = { type: "EDIT", id: 1, document_id: "d", edit: "once" };
    expect(await ann.ask(edit)).toMatchObject({ version: 1 });
    const again = await served.connected("ann", { client: "laptop" });
    expect(await again.ask(edit)).toMatchObject({ type: "ACK", message_id: 1, version: 1 });
    // A page that counts from 1 again says something else: that is not lost.
    expect(await again.ask({ ...edit, edit: "other" })).toMatchObject({ version: 2 });
    const other = await served.connected("ann", { client: "phone" });
    expect(await other.ask(edit)).toMatchObject({ version: 3 });
  });

  test("of many edits by several at once, everybody has the same in the same order", async () => {
    const authors = await Promise.all(["ann", "bob", "eve"].map((user) => inDocument(user)));
    for (const author of authors) await quiet(author);
    for (let n = 0; n < 40; n++)
      for (const [who, author] of authors.entries())
        author.send({ type: "EDIT", id: n, document_id: "d", edit: [who, n] });
    const late = await inDocument("late");
    const versionsOf = (frames: readonly Record<string, unknown>[]): Map<number, string> =>
      new Map(
        frames
          .filter(({ type }) => type === "EDIT")
          .map(({ edit, version }) => [version as number, JSON.stringify(edit)]),
      );
    for (const author of authors) {
      // Every edit is told of in a turn behind its ACK.
      await quiet(author);
    }
    const whole = versionsOf(await untilVersion(late, 120));
    expect([...whole.keys()]).toEqual(Array.from({ length: 120 }, (_, at) => at + 1));
    for (const [who] of authors.entries()) {
      const own = [...whole.values()].filter((edit) => edit.startsWith(`[${who},`));
      expect(own).toEqual(Array.from({ length: 40 }, (_, n) => JSON.stringify([who, n])));
    }
  });

  test("its form is that of the first edit", async () => {
    const ann = await inDocument("ann");
    await ann.ask({ type: "EDIT", id: 1, document_id: "d", edit: 1 });
    const update = Y.encodeStateAsUpdate(typed("x"));
    expect(await ann.ask(yjs(2, "d", update))).toMatchObject({
      type: "ERROR",
      id: 2,
      code: "INVALID_MESSAGE",
    });
    await ann.ask(yjs(3, "e", update));
    expect(await ann.ask({ type: "EDIT", id: 4, document_id: "e", edit: 1 })).toMatchObject({
      code: "INVALID_MESSAGE",
    });
  });
});

describe("a document of Yjs", () => {
  test("updates are merged, and a newcomer gets what it lacks", async () => {
    const ann = await inDocument("ann");
    const bob = await inDocument("bob");
    await ann.next();
    const doc = typed("Hello");
    expect(await ann.ask(yjs(1, "d", Y.encodeStateAsUpdate(doc)))).toMatchObject({ version: 1 });
    const heard = await bob.next();
    const other = new Y.Doc();
    Y.applyUpdate(other, bytesIn(heard));
    expect(other.getText("t").toString()).toBe("Hello");
    const behind = Y.encodeStateVector(other);
    other.getText("t").insert(5, " world");
    await bob.ask(yjs(2, "d", Y.encodeStateAsUpdate(other, behind)));
    const eve = await served.connected("eve");
    const joined = await eve.ask({
      type: "JOIN_SESSION",
      document_id: "d",
      state_vector: Buffer.from(behind).toString("base64"),
    });
    expect(joined).toMatchObject({ type: "SESSION_JOINED", version: 2 });
    const third = new Y.Doc();
    Y.applyUpdate(third, Y.encodeStateAsUpdate(doc));
    Y.applyUpdate(third, Buffer.from(joined["state"] as string, "base64"));
    expect(third.getText("t").toString()).toBe("Hello world");
    expect(joined["state_vector"]).toBe(Buffer.from(Y.encodeStateVector(other)).toString("base64"));
  });

  test("what is known already makes no version", async () => {
    const ann = await inDocument("ann");
    const update = Y.encodeStateAsUpdate(typed("x"));
    expect(await ann.ask(yjs(1, "d", update))).toMatchObject({ version: 1 });
    expect(await ann.ask(yjs(2, "d", update))).toMatchObject({ type: "ACK", version: 1 });
  });

  test("what is no update, or of another document, is refused and harms nobody", async () => {
    const ann = await inDocument("ann");
    const doc = typed("good");
    await ann.ask(yjs(1, "d", Y.encodeStateAsUpdate(doc)));
    const foreign = typed("foreign");
    const before = Y.encodeStateVector(foreign);
    foreign.getText("t").insert(3, "more");
    const bad = [
      Y.encodeStateAsUpdate(foreign, before),
      Uint8Array.from({ length: 64 }, (_, at) => (at * 89 + 7) % 256),
      Uint8Array.of(1, 1, 1, 0),
      new Uint8Array(0),
    ];
    for (const [at, update] of bad.entries())
      expect(await ann.ask(yjs(10 + at, "d", update))).toMatchObject({
        type: "ERROR",
        id: 10 + at,
        code: "INVALID_MESSAGE",
      });
    expect(
      await ann.ask({ type: "EDIT", id: 20, document_id: "d", edit: { yjs: "no base64!" } }),
    ).toMatchObject({ code: "INVALID_MESSAGE" });
    const bob = await served.connected("bob");
    const joined = await bob.ask({ type: "JOIN_SESSION", document_id: "d" });
    const copy = new Y.Doc();
    Y.applyUpdate(copy, Buffer.from(joined["state"] as string, "base64"));
    expect(copy.getText("t").toString()).toBe("good");
    expect(copy.store.pendingStructs).toBeNull();
  });

  test("its text and title show in the graph a little later, live, and after a restart that came too early", async () => {
    const ann = await inDocument("ann");
    const query = "SELECT id, title, text, version FROM GeodeDocument";
    const live = await ann.ask({ type: "SUBSCRIBE", id: "live", query });
    expect(live).toMatchObject({ data: [{ id: "d", text: null }] });
    const doc = typed("First line\nsecond");
    await ann.ask(yjs(1, "d", Y.encodeStateAsUpdate(doc)));
    expect(await quiet(ann)).toEqual([]);
    served.clock.pass(300);
    expect(await ann.next()).toMatchObject({
      type: "UPDATE",
      data: { id: "d", title: "First line", text: "First line\nsecond", version: 1 },
    });
    const before = Y.encodeStateVector(doc);
    doc.getText("t").insert(0, "The ");
    await ann.ask(yjs(2, "d", Y.encodeStateAsUpdate(doc, before)));
    await served.stop();
    // As a crash would leave it: the edit is there, and what is seen of it is not.
    await served.database.query({
      text: "MATCH (d:GeodeDocument) SET d.version = 1, d.text = 'old'",
      principal: { id: "test", roles: [], claims: new Map(), system: true },
    });
    await served.start();
    const bob = await served.connected("bob");
    expect(await bob.ask({ type: "QUERY", id: 1, query })).toMatchObject({
      data: [{ text: "The First line\nsecond", version: 2 }],
    });
  });

  test("of a long text, what changed is written, and not all of it", async () => {
    const ann = await inDocument("ann");
    const doc = typed("x".repeat(100_000));
    await ann.ask(yjs(1, "d", Y.encodeStateAsUpdate(doc)));
    await shown(ann, 1);
    const before = served.database.status().logBytes;
    for (let n = 2; n < 12; n++) {
      const known = Y.encodeStateVector(doc);
      doc.getText("t").insert(50_000, `${n}`);
      await ann.ask(yjs(n, "d", Y.encodeStateAsUpdate(doc, known)));
      await shown(ann, n);
    }
    expect(served.database.status().logBytes - before).toBeLessThan(20_000);
    const query = "MATCH (d:GeodeDocument) RETURN d.text AS text";
    const { data } = (await ann.ask({ type: "QUERY", id: "t", query })) as { data: unknown };
    expect(data).toEqual([{ text: doc.getText("t").toString() }]);
  });

  test("a long history is compacted, and nothing is lost", async () => {
    const ann = await inDocument("ann");
    const doc = new Y.Doc();
    const text = doc.getText("t");
    let last = Y.encodeStateVector(doc);
    for (let n = 0; n < 400; n++) {
      text.insert(0, "x".repeat(400));
      text.delete(0, 399);
      ann.send(yjs(n, "d", Y.encodeStateAsUpdate(doc, last)));
      last = Y.encodeStateVector(doc);
    }
    for (let n = 0; n < 400; n++) expect(await ann.next()).toMatchObject({ version: n + 1 });
    await quiet(ann);
    const stored = served.database.documents.get("d")!;
    expect(stored.version).toBe(400);
    expect(stored.editBytes).toBeLessThan(100_000);
    const bob = await served.connected("bob");
    const joined = await bob.ask({ type: "JOIN_SESSION", document_id: "d" });
    const copy = new Y.Doc();
    Y.applyUpdate(copy, Buffer.from(joined["state"] as string, "base64"));
    expect(copy.getText("t").toString()).toBe(text.toString());
  });
});

describe("what is under way", () => {
  test("is shown to no newcomer before it is durable", async () => {
    const gate = await heldEdits();
    const ann = await served.connected("ann");
    ann.send(yjs(1, "d", Y.encodeStateAsUpdate(typed("soon"))));
    await gate.waiting(1);
    const bob = await served.connected("bob");
    bob.send({ type: "JOIN_SESSION", document_id: "d", state_vector: "AA==" });
    await present("bob");
    expect(await bob.ask({ type: "PING" })).toMatchObject({ type: "PONG" });
    gate.open();
    const joined = await bob.next();
    expect(joined).toMatchObject({ type: "SESSION_JOINED" });
    const copy = new Y.Doc();
    Y.applyUpdate(copy, Buffer.from(joined["state"] as string, "base64"));
    expect(copy.getText("t").toString()).toBe("soon");
  });

  test("is acknowledged to nobody else who says the same before it is durable", async () => {
    const gate = await heldEdits();
    const [ann, bob] = [await served.connected("ann"), await served.connected("bob")];
    const update = Y.encodeStateAsUpdate(typed("x"));
    ann.send(yjs(1, "d", update));
    await gate.waiting(1);
    bob.send(yjs(2, "d", update));
    expect(await bob.ask({ type: "PING" })).toMatchObject({ type: "PONG" });
    gate.open();
    expect(await bob.next()).toMatchObject({ type: "ACK", message_id: 2, version: 1 });
  });

  test("leaves nothing behind if it fails, and may be sent again", async () => {
    const gate = await heldEdits();
    const ann = await served.connected("ann");
    const update = Y.encodeStateAsUpdate(typed("again"));
    ann.send(yjs(1, "d", update));
    await gate.waiting(1);
    const bob = await served.connected("bob");
    bob.send({ type: "JOIN_SESSION", document_id: "d", state_vector: "AA==" });
    await present("bob");
    gate.fail();
    expect(await ann.next()).toMatchObject({ type: "ERROR", id: 1, code: "UNAVAILABLE" });
    const joined = await bob.next();
    const copy = new Y.Doc();
    Y.applyUpdate(copy, Buffer.from(joined["state"] as string, "base64"));
    expect(copy.getText("t").toString()).toBe("");
    expect(await ann.ask(yjs(2, "d", update))).toMatchObject({ type: "ACK", version: 1 });
    expect(await bob.next()).toMatchObject({ type: "EDIT", version: 1 });
  });
});

test("an edit that fails while others are in the document may be sent again, and is told then", async () => {
  const gate = await heldEdits();
  const bob = await inDocument("bob");
  const ann = await served.connected("ann");
  const update = Y.encodeStateAsUpdate(typed("again"));
  ann.send(yjs(1, "d", update));
  await gate.waiting(1);
  gate.fail();
  expect(await ann.next()).toMatchObject({ type: "ERROR", id: 1, code: "UNAVAILABLE" });
  expect(await ann.ask(yjs(2, "d", update))).toMatchObject({ type: "ACK", version: 1 });
  expect(await bob.next()).toMatchObject({ type: "EDIT", version: 1 });
});

test("who asks for a long document many times and takes nothing, is not given it many times", async () => {
  await served.stop();
  await served.start({ limits: { frameBytesMax: 8 * 1024 * 1024 } });
  const ann = await served.connected("ann");
  const doc = typed("x".repeat(4 * 1024 * 1024));
  await ann.ask(yjs(1, "d", Y.encodeStateAsUpdate(doc)));
  const bob = await served.connected("bob");
  await bob.ask({ type: "JOIN_SESSION", document_id: "d" });
  const asked = countOf(served.database.documents, "get");
  bob.webSocket.pause();
  for (let n = 0; n < 50; n++) bob.send({ type: "JOIN_SESSION", id: n, document_id: "d" });
  // Behind them on the same wire is what others say; so they have come when this is answered.
  for (let n = 0; n < 50; n++) await ann.ask({ type: "PING" });
  expect(asked()).toBeLessThan(20);
  bob.webSocket.resume();
  for (let n = 0; n < 50; n++) expect(await bob.next()).toMatchObject({ id: n });
});

test("who is in a document is not idle", async () => {
  await served.stop();
  await served.start({ limits: { idleMsMax: 1_000 } });
  const ann = await inDocument("ann");
  served.clock.pass(1_000);
  expect(await ann.ask({ type: "PING" })).toMatchObject({ type: "PONG" });
  await ann.ask({ type: "LEAVE_SESSION", document_id: "d" });
  served.clock.pass(1_000);
  expect(await ann.closed).toEqual({ code: 1000, reason: "Idle timeout" });
});

describe("a document that is edited without a pause", () => {
  test("is compacted all the same, before its history is too long", async () => {
    await served.stop();
    await served.start({ limits: { documentBytesMax: 100_000, realtimePerSecond: 100_000 } });
    const count = 1_000;
    const authors = await Promise.all(["ann", "bob", "eve", "dan"].map((user) => inDocument(user)));
    const docs = authors.map(() => new Y.Doc());
    let n = 1;
    for (const [who, doc] of docs.entries())
      doc.on("update", (update: Uint8Array) => authors[who]!.send(yjs(n, "d", update)));
    for (; n <= 2 * count; n++) {
      for (const [who, doc] of docs.entries()) {
        const text = doc.getText("t");
        if (n % 2 === 1) text.insert(0, `${who}`.repeat(400));
        else text.delete(0, 400);
      }
    }
    for (const author of authors) {
      const heard = await untilAck(author, 2 * count);
      expect(heard.filter(({ type }) => type === "ERROR")).toEqual([]);
    }
    // The last compaction may still be under way.
    while (served.database.documents.get("d")!.editBytes > 200_000)
      await new Promise((resolve) => setImmediate(resolve));
    const late = await served.connected("late");
    const joined = await late.ask({ type: "JOIN_SESSION", document_id: "d" });
    const all = new Y.Doc();
    for (const doc of docs) Y.applyUpdate(all, Y.encodeStateAsUpdate(doc));
    const copy = new Y.Doc();
    Y.applyUpdate(copy, Buffer.from(joined["state"] as string, "base64"));
    expect(copy.getText("t").toString()).toBe(all.getText("t").toString());
  });
});

describe("awareness", () => {
  test("goes to the others, to newcomers, and ends with its connection", async () => {
    const ann = await inDocument("ann");
    ann.send({ type: "AWARENESS", document_id: "d", state: { cursor: 4 } });
    await quiet(ann);
    const bob = await inDocument("bob");
    const shown = await bob.next();
    expect(shown).toMatchObject({ type: "AWARENESS", user: { id: "ann" }, state: { cursor: 4 } });
    await ann.next();
    bob.send({ type: "AWARENESS", document_id: "d", state: { cursor: 1 } });
    expect(await ann.next()).toMatchObject({ type: "AWARENESS", user: { id: "bob" } });
    ann.webSocket.terminate();
    expect(await bob.next()).toEqual({ ...shown, state: null });
    expect(await bob.next()).toMatchObject({ type: "USER_LEFT", user: { id: "ann" } });
  });

  test("is for those who are in the document", async () => {
    const ann = await served.connected("ann");
    expect(await ann.ask({ type: "AWARENESS", document_id: "d", state: 1 })).toMatchObject({
      type: "ERROR",
      code: "NOT_FOUND",
    });
  });
});

describe("in the graph", () => {
  test("the open documents of my team with who is in them now: one live query", async () => {
    const text = readFileSync(new URL("../../docs/documents.md", import.meta.url), "utf8");
    const [team] = [...text.matchAll(/```gql\n([^]*?)```/g)].map(([, gql]) => gql ?? "");
    await served.database.query({
      text: `INSERT (t:Team {name: 'red'})-[:OWNS]->(:File {document: 'plan'}),
             (:Person {id: 'ann'})-[:MEMBER_OF]->(t)`,
      principal: { id: "root", roles: ["admin"], claims: new Map() },
    });
    const ann = await served.connected("ann");
    expect(await ann.ask({ type: "SUBSCRIBE", id: "t", query: team })).toMatchObject({ data: [] });
    const bob = await inDocument("bob", "plan");
    expect(await ann.next()).toMatchObject({ op: "insert", data: { team: "red", who: ["bob"] } });
    await bob.ask(yjs(1, "plan", Y.encodeStateAsUpdate(typed("The plan"))));
    await shown(bob, 1);
    const heard = [await ann.next(), await ann.next()];
    expect(heard.find(({ op }) => op !== "delete")).toMatchObject({
      data: { team: "red", title: "The plan", who: ["bob"] },
    });
    bob.webSocket.terminate();
    expect(await ann.next()).toMatchObject({ op: "delete" });
  });

  test("what people read about documents works as it stands", async () => {
    const text = readFileSync(new URL("../../docs/documents.md", import.meta.url), "utf8");
    const ann = await served.connected("ann");
    for (const line of (/```json\n([^]*?)```/.exec(text)?.[1] ?? "").trim().split("\n"))
      ann.send(line);
    const statements = [...text.matchAll(/```gql\n([^]*?)```/g)].map(([, gql]) => gql ?? "");
    expect(statements).toHaveLength(2);
    for (const [at, query] of statements.entries()) ann.send({ type: "QUERY", id: at, query });
    const heard = await quiet(ann);
    expect(heard.map(({ type }) => type)).toEqual(["SESSION_JOINED", "RESULT", "RESULT"]);
    expect(served.database.documents.get("board")?.version).toBe(2);
  });
});

describe("rights", () => {
  const policy = {
    roles: {
      member: {
        graphs: { default: ["read", "write"] },
        documents: { read: ["public/*", "$auth.id"], write: ["public/*"] },
      },
      reader: { graphs: { default: ["read"] }, documents: { read: ["public/*"] } },
    },
  };

  test("by name: who may read, who may write, and whose rows show", async () => {
    await served.database.applyPolicy(policy);
    const member = await served.connected("ann", { roles: ["member"] });
    const reader = await served.connected("bob", { roles: ["reader"] });
    const nobody = await served.connected("eve", { roles: ["other"] });
    const join = (document_id: string) => ({ type: "JOIN_SESSION", document_id });
    expect(await member.ask(join("public/a"))).toMatchObject({ type: "SESSION_JOINED" });
    expect(await member.ask(join("private"))).toMatchObject({ code: "FORBIDDEN" });
    expect(await member.ask(join("ann"))).toMatchObject({ type: "SESSION_JOINED" });
    const edit = { type: "EDIT", id: 1, document_id: "public/a", edit: 1 };
    expect(await member.ask(edit)).toMatchObject({ type: "ACK" });
    expect(await member.ask({ ...edit, document_id: "ann" })).toMatchObject({ code: "FORBIDDEN" });
    expect(await reader.ask(join("public/a"))).toMatchObject({ type: "SESSION_JOINED" });
    expect(await reader.next()).toMatchObject({ type: "EDIT", edit: 1 });
    expect(await reader.ask(edit)).toMatchObject({ type: "ERROR", id: 1, code: "FORBIDDEN" });
    expect(await nobody.ask(join("public/a"))).toMatchObject({ code: "FORBIDDEN" });
    const query = "MATCH (d:GeodeDocument) RETURN d.id AS id ORDER BY id";
    const seen = async (peer: Peer): Promise<unknown> => {
      const heard = await peer.ask({ type: "QUERY", id: 2, query });
      return (heard["type"] === "RESULT" ? heard : await peer.next())["data"];
    };
    expect(await seen(member)).toEqual([{ id: "ann" }, { id: "public/a" }]);
    expect(await seen(reader)).toEqual([{ id: "public/a" }]);
    expect(await nobody.ask({ type: "QUERY", id: 2, query })).toMatchObject({ data: [] });
  });

  test("who may not read any more hears nothing any more: by another policy, or another token", async () => {
    await served.database.applyPolicy(policy);
    const ann = await served.connected("ann", { roles: ["member"] });
    const bob = await served.connected("bob", { roles: ["reader"] });
    for (const peer of [ann, bob])
      await peer.ask({ type: "JOIN_SESSION", document_id: "public/a" });
    await ann.next();
    const edit = { type: "EDIT", document_id: "public/a", edit: 1 };
    ann.send({ ...edit, id: 1 });
    expect(await bob.next()).toMatchObject({ type: "EDIT" });
    const { reader: _, ...others } = policy.roles;
    await served.database.applyPolicy({ roles: { ...others, reader: { graphs: {} } } });
    await quiet(ann);
    ann.send({ ...edit, id: 2 });
    expect(await bob.next()).toEqual({ type: "SESSION_LEFT", document_id: "public/a" });
    expect(await quiet(ann)).toMatchObject([{ type: "ACK" }, { type: "USER_LEFT" }]);
    expect(await quiet(bob)).toEqual([]);
    const token = await served.token("ann");
    ann.send({ type: "AUTH", token });
    const heard = [await ann.next(), await ann.next()];
    expect(heard).toContainEqual({ type: "SESSION_LEFT", document_id: "public/a" });
  });

  test("who may only read may say what is there already, as providers do", async () => {
    const update = Y.encodeStateAsUpdate(typed("x"));
    const admin = await served.connected("root", { roles: ["admin"] });
    await admin.ask(yjs(1, "public/y", update));
    await served.database.applyPolicy(policy);
    const reader = await served.connected("bob", { roles: ["reader"] });
    expect(await reader.ask(yjs(1, "public/y", update))).toMatchObject({ type: "ACK", version: 1 });
    expect(await reader.ask(yjs(2, "public/y", Y.encodeStateAsUpdate(typed("y"))))).toMatchObject({
      code: "FORBIDDEN",
    });
  });
});

/** How often that member was called since. */
function countOf<T extends object>(whole: T, name: keyof T): () => number {
  const spy = vi.spyOn(whole, name as never);
  return () => spy.mock.calls.length;
}

interface Gate {
  /** Resolves when so many edits wait. */
  waiting(count: number): Promise<void>;
  /** Lets through what waits, and what comes. */
  open(): void;
  /** Refuses what waits; what comes is let through. */
  fail(): void;
}

/** The server again, over a database that keeps nobody's edit before it is told to. */
async function heldEdits(): Promise<Gate> {
  await served.stop();
  const { documents } = served.database;
  const waiting: { through: () => void; fail: () => void }[] = [];
  let isOpen = false;
  const held = {
    edit: async (request: Parameters<typeof documents.edit>[0]) => {
      if (!isOpen)
        await new Promise<void>((through, reject) => {
          const fail = (): void => reject(new GeodeError("UNAVAILABLE", "the disk is full"));
          waiting.push({ through, fail });
        });
      return documents.edit(request);
    },
  };
  await served.start({
    database: instead(served.database, { documents: instead(documents, held) }),
  });
  return {
    waiting: async (count) => {
      while (waiting.length < count) await new Promise((resolve) => setImmediate(resolve));
    },
    open: () => {
      isOpen = true;
      for (const { through } of waiting.splice(0)) through();
    },
    fail: () => {
      isOpen = true;
      for (const { fail } of waiting.splice(0)) fail();
    },
  };
}

/** The same, but for some of its members. */
function instead<T extends object>(whole: T, members: Partial<T>): T {
  return new Proxy(whole, {
    get: (target, name) => {
      if (name in members) return members[name as keyof T];
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === "function" ? (member.bind(target) as unknown) : member;
    },
  });
}

/** Resolves when the graph says that the user is in a document. */
async function present(user: string): Promise<void> {
  for (;;) {
    const { rows } = await served.database.query({
      text: "MATCH (p:GeodePresence {user: $user}) RETURN count(*)",
      parameters: new Map([["user", user]]),
      principal: { id: "root", roles: ["admin"], claims: new Map() },
    });
    if (rows[0]?.[0] === 1) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** What is seen of the document is that of the version. */
async function shown(peer: Peer, version: number): Promise<void> {
  served.clock.pass(300);
  const query = "MATCH (d:GeodeDocument {version: $version}) RETURN count(*) AS n";
  for (;;) {
    const request = { type: "QUERY", id: "shown", query, parameters: { version } };
    const { data } = (await peer.ask(request)) as { data: readonly { n: number }[] };
    if (data[0]?.n === 1) return;
  }
}

function typed(text: string): Y.Doc {
  const doc = new Y.Doc();
  doc.getText("t").insert(0, text);
  return doc;
}

function yjs(id: number, document_id: string, update: Uint8Array): object {
  const base64 = Buffer.from(update).toString("base64");
  return { type: "EDIT", id, document_id, edit: { yjs: base64 } };
}

function bytesIn({ edit }: Record<string, unknown>): Uint8Array {
  return Buffer.from((edit as { yjs: string }).yjs, "base64");
}

async function untilAck(peer: Peer, id: number): Promise<Record<string, unknown>[]> {
  const heard: Record<string, unknown>[] = [];
  for (;;) {
    const frame = await peer.next();
    heard.push(frame);
    if (frame["message_id"] === id || frame["id"] === id) return heard;
  }
}

async function untilVersion(peer: Peer, version: number): Promise<Record<string, unknown>[]> {
  const heard: Record<string, unknown>[] = [];
  for (;;) {
    const frame = await peer.next();
    heard.push(frame);
    if (frame["version"] === version) return heard;
  }
}
