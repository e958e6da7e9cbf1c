import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Peer } from "../../test/peer.ts";
import { Served } from "../../test/served.ts";

const ROOMS_MD = readFileSync(new URL("../../docs/rooms.md", import.meta.url), "utf8");

let served: Served;

beforeEach(async () => {
  served = await Served.start();
});
afterEach(() => served.close());

async function inRoom(user: string, room: string, more: { client?: string } = {}): Promise<Peer> {
  const peer = await served.connected(user, more);
  expect(await peer.ask({ type: "JOIN_ROOM", room_id: room })).toMatchObject({
    type: "ROOM_JOINED",
  });
  return peer;
}

const root = { id: "root", roles: ["admin"], claims: new Map() };
const rows = async (text: string) => (await served.database.query({ text, principal: root })).rows;

/** Resolves when the server has noticed that so many connections are left. */
async function connections(count: number): Promise<void> {
  while (served.server.connections !== count) await new Promise((resolve) => setImmediate(resolve));
}

describe("16 rooms", () => {
  test("what is said goes to everybody in the room, once it is durable, the sender's other connections included", async () => {
    const [ann, bob] = [await inRoom("ann", "red"), await inRoom("bob", "red")];
    expect(await ann.next()).toMatchObject({
      type: "USER_JOINED",
      user: { id: "bob", name: "BOB" },
    });
    const ack = await ann.ask({
      type: "MESSAGE",
      id: 1,
      room_id: "red",
      text: "Hello",
      data: { n: [1.5, null] },
    });
    expect(ack).toEqual({ type: "ACK", message_id: 1, seq: served.database.seq });
    const said = {
      type: "MESSAGE",
      id: expect.any(String),
      client_id: 1,
      room_id: "red",
      user: { id: "ann", name: "ANN" },
      text: "Hello",
      data: { n: [1.5, null] },
      timestamp: expect.any(String),
      seq: ack["seq"],
    };
    expect(await ann.next()).toEqual(said);
    expect(await bob.next()).toEqual(said);
    expect(
      await rows("MATCH (m:GeodeMessage)-[:IN]->(r:GeodeRoom) RETURN m.text, m.seq, r.id"),
    ).toEqual([["Hello", ack["seq"], "red"]]);
  });

  test("a message without a place goes to the room `default`, one without an id gets no ACK", async () => {
    const ann = await inRoom("ann", "default");
    ann.send({ type: "MESSAGE", data: "x" });
    expect(await ann.next()).toMatchObject({ type: "MESSAGE", room_id: "default", data: "x" });
  });

  test("joining shows who is there and what was said last, oldest first", async () => {
    const ann = await inRoom("ann", "red");
    for (const text of ["a", "b", "c"]) {
      ann.send({ type: "MESSAGE", room_id: "red", text });
      await ann.next();
    }
    const bob = await served.connected("bob");
    const joined = await bob.ask({ type: "JOIN_ROOM", id: "j", room_id: "red", history: 2 });
    expect(joined).toMatchObject({
      type: "ROOM_JOINED",
      id: "j",
      members: [{ id: "ann" }, { id: "bob" }],
      history: [{ text: "b" }, { text: "c" }],
      seq: served.database.seq,
    });
  });

  test("no message is missed or doubled between the history and what follows", async () => {
    const ann = await inRoom("ann", "red");
    const bob = await served.connected("bob");
    const said = Array.from({ length: 40 }, (_, n) => `m${n}`);
    for (const [place, text] of said.entries()) {
      ann.send({ type: "MESSAGE", room_id: "red", text });
      if (place === 20) bob.send({ type: "JOIN_ROOM", room_id: "red", history: 500 });
    }
    const joined = await bob.next();
    const heard = (joined["history"] as { text: string }[]).map(({ text }) => text);
    while (heard.length < said.length) heard.push(String((await bob.next())["text"]));
    expect(heard).toEqual(said);
  });

  test("the same id of the same client is one message, over connections; with another text it is refused", async () => {
    const ann = await inRoom("ann", "red", { client: "tab" });
    const bob = await inRoom("bob", "red");
    await ann.next();
    const message = { type: "MESSAGE", id: "m1", room_id: "red", text: "once" };
    const first = await ann.ask(message);
    await ann.next();
    const again = await served.connected("ann", { client: "tab" });
    expect(await again.ask(message)).toEqual(first);
    expect(await again.ask({ ...message, text: "other" })).toMatchObject({
      type: "ERROR",
      id: "m1",
      code: "ID_REUSED",
    });
    const other = await served.connected("ann", { client: "another tab" });
    expect((await other.ask({ ...message, text: "twice" }))["seq"]).toBe(Number(first["seq"]) + 1);
    expect([(await bob.next())["text"], (await bob.next())["text"]]).toEqual(["once", "twice"]);
  });

  test("a page that counts its ids from 1 again is told, also when it says the same at another time", async () => {
    const ann = await inRoom("ann", "red", { client: "tab" });
    const ok = (timestamp: string) => ({
      type: "MESSAGE",
      id: 1,
      room_id: "red",
      text: "ok",
      timestamp,
    });
    const first = await ann.ask(ok("2030-01-01T10:00:00Z"));
    await ann.next();
    expect(await ann.ask(ok("2030-01-01T10:00:00Z"))).toEqual(first);
    const again = await ann.ask(ok("2030-01-01T10:05:00Z"));
    expect(again).toMatchObject({ type: "ERROR", code: "ID_REUSED" });
  });

  test("a cursor is told of a gap when all that it is behind of became too old, though nobody has said anything since", async () => {
    let bob = await inRoom("bob", "red", { client: "tab" });
    const ann = await inRoom("ann", "red");
    for (const text of ["a", "b"]) {
      ann.send({ type: "MESSAGE", room_id: "red", text });
      const { id } = await ann.next();
      if (text === "a") bob.send({ type: "ACK", message_id: id });
    }
    bob.send({ type: "PING" });
    while ((await bob.next())["type"] !== "PONG");
    bob.webSocket.terminate();
    served.clock.jump(31 * 24 * 3_600_000);
    served.clock.pass(3_600_000);
    while ((await rows("MATCH (m:GeodeMessage) RETURN m")).length > 0) {
      served.clock.pass(60_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    bob = await served.connected("bob", { client: "tab" });
    expect(await bob.ask({ type: "JOIN_ROOM", room_id: "red" })).toMatchObject({
      gap: true,
      history: [],
    });
  });

  test("what a client has not acknowledged comes again when it is back, in order, and not in the history", async () => {
    const ann = await inRoom("ann", "red");
    let bob = await inRoom("bob", "red", { client: "tab" });
    await ann.next();
    const say = async (text: string): Promise<void> => {
      ann.send({ type: "MESSAGE", room_id: "red", text });
      await ann.next();
    };
    await say("a");
    await say("b");
    const [a] = [await bob.next(), await bob.next()];
    bob.send({ type: "ACK", message_id: a!["id"] });
    await bob.ask({ type: "PING" });
    bob.webSocket.terminate();
    expect(await ann.next()).toMatchObject({ type: "USER_LEFT", user: { id: "bob" } });
    await say("c");
    bob = await served.connected("bob", { client: "tab" });
    expect(await bob.ask({ type: "JOIN_ROOM", room_id: "red" })).toMatchObject({
      history: [{ text: "a" }],
    });
    expect(await bob.next()).toMatchObject({ text: "b", redelivered: true });
    expect(await bob.next()).toMatchObject({ text: "c", redelivered: true });
    await ann.next();
    await say("d");
    expect(await bob.next()).toMatchObject({ text: "d" });
  });

  const query = (text: string) => ({ type: "QUERY", id: text, query: text });

  /** Says all of it in one commit. */
  async function sayTogether(peer: Peer, texts: readonly string[]): Promise<void> {
    await peer.ask(query("START TRANSACTION"));
    for (const text of texts) peer.send({ type: "MESSAGE", room_id: "red", text });
    peer.send(query("COMMIT"));
    while ((await peer.next())["id"] !== "COMMIT");
  }

  /** Bob has read the first message of the room, and is away. */
  async function bobIsAway(ann: Peer): Promise<void> {
    const bob = await inRoom("bob", "red", { client: "tab" });
    await ann.next();
    ann.send({ type: "MESSAGE", room_id: "red", text: "first" });
    await ann.next();
    bob.send({ type: "ACK", message_id: (await bob.next())["id"] });
    await bob.ask({ type: "PING" });
    bob.webSocket.terminate();
    expect(await ann.next()).toMatchObject({ type: "USER_LEFT" });
  }

  const heardBy = async (peer: Peer, count: number): Promise<unknown[]> => {
    const texts: unknown[] = [];
    while (texts.length < count) texts.push((await peer.next())["text"]);
    return texts;
  };

  test("a commit of more messages than are read at once comes again whole, in order", async () => {
    const ann = await inRoom("ann", "red");
    await bobIsAway(ann);
    const said = Array.from({ length: 1_200 }, (_, n) => `m${n}`);
    await sayTogether(ann, said);
    const bob = await served.connected("bob", { client: "tab" });
    await bob.ask({ type: "JOIN_ROOM", room_id: "red" });
    expect(await heardBy(bob, said.length)).toEqual(said);
  });

  test("who has acknowledged a part of a commit gets the rest of it again", async () => {
    const ann = await inRoom("ann", "red");
    await bobIsAway(ann);
    await sayTogether(ann, ["a", "b", "c"]);
    let bob = await served.connected("bob", { client: "tab" });
    await bob.ask({ type: "JOIN_ROOM", room_id: "red" });
    bob.send({ type: "ACK", message_id: (await bob.next())["id"] });
    await bob.ask({ type: "PING" }).catch(() => {});
    bob.webSocket.terminate();
    await ann.ask({ type: "PING" });
    bob = await served.connected("bob", { client: "tab" });
    await bob.ask({ type: "JOIN_ROOM", room_id: "red" });
    const again = await heardBy(bob, 2);
    expect([...again, ...(again[0] === "a" ? await heardBy(bob, 1) : [])].slice(-2)).toEqual([
      "b",
      "c",
    ]);
  });

  test("more than a connection may have waiting comes bit by bit, and nobody is closed for it", async () => {
    await served.stop();
    await served.start({ limits: { outboxBytesMax: 200_000 } });
    const ann = await inRoom("ann", "red");
    await bobIsAway(ann);
    const said = Array.from({ length: 300 }, (_, n) => `${n} ${"x".repeat(10_000)}`);
    for (const text of said) {
      ann.send({ type: "MESSAGE", room_id: "red", text });
      await ann.next();
    }
    const bob = await served.connected("bob", { client: "tab" });
    await bob.ask({ type: "JOIN_ROOM", room_id: "red", history: 0 });
    expect(await heardBy(bob, said.length)).toEqual(said);
  });

  test("direct messages are kept no longer than others", async () => {
    await served.stop();
    await served.start({ limits: { roomMessagesMax: 5 } });
    const ann = await served.connected("ann");
    for (let n = 0; n < 11; n++) await ann.ask({ type: "MESSAGE", id: n, to: "bob", text: `${n}` });
    const left = async () =>
      (await rows("MATCH (m:GeodeMessage) RETURN m.text ORDER BY m.seq")).flat();
    while ((await left()).length > 5) await new Promise((resolve) => setImmediate(resolve));
    expect(await left()).toEqual(["6", "7", "8", "9", "10"]);
  });

  test("a cursor survives a restart of the server, and so does what was said", async () => {
    const ann = await inRoom("ann", "red", { client: "tab" });
    for (const [id, text] of ["a", "b"].entries()) {
      await ann.ask({ type: "MESSAGE", id, room_id: "red", text });
      const message = await ann.next();
      if (text === "a") ann.send({ type: "ACK", message_id: message["id"] });
    }
    await ann.ask({ type: "PING" });
    await served.stop();
    expect(await rows("MATCH (p:GeodePresence) RETURN count(*)")).toEqual([[0]]);
    await served.start();
    const back = await served.connected("ann", { client: "tab" });
    expect(await back.ask({ type: "JOIN_ROOM", room_id: "red" })).toMatchObject({
      history: [{ text: "a" }],
    });
    expect(await back.next()).toMatchObject({ text: "b", redelivered: true });
  });

  test("a cursor from before what was given up is told that there is a gap", async () => {
    const ann = await inRoom("ann", "red", { client: "tab" });
    await ann.ask({ type: "MESSAGE", id: 1, room_id: "red", text: "a" });
    const first = await ann.next();
    ann.send({ type: "ACK", message_id: first["id"] });
    await ann.ask({ type: "PING" });
    await served.stop();
    await served.start({ limits: { roomMessagesMax: 100 } });
    const bob = await inRoom("bob", "red");
    for (let n = 1; n <= 1_100; n++)
      bob.send({ type: "MESSAGE", id: n, room_id: "red", text: `${n}` });
    while ((await bob.next())["client_id"] !== 1_100);
    while (Number((await rows("MATCH (m:GeodeMessage) RETURN count(*)"))[0]?.[0]) > 200)
      await new Promise((resolve) => setImmediate(resolve));
    const back = await served.connected("ann", { client: "tab" });
    expect(await back.ask({ type: "JOIN_ROOM", room_id: "red" })).toMatchObject({ gap: true });
    expect(await back.next()).toMatchObject({ redelivered: true });
  });

  test("USER_JOINED and USER_LEFT tell of a user's first and last connection", async () => {
    const ann = await inRoom("ann", "red");
    const first = await inRoom("bob", "red");
    const second = await inRoom("bob", "red");
    expect(await ann.next()).toMatchObject({ type: "USER_JOINED", user: { id: "bob" } });
    expect(await first.ask({ type: "LEAVE_ROOM", room_id: "red" })).toEqual({
      type: "ROOM_LEFT",
      room_id: "red",
    });
    second.webSocket.terminate();
    expect(await ann.next()).toMatchObject({ type: "USER_LEFT", user: { id: "bob" } });
    expect(ann.unread).toBe(0);
  });

  test("who is where is in the graph, and a live query shows it", async () => {
    const ann = await inRoom("ann", "red");
    await ann.ask({
      type: "SUBSCRIBE",
      id: 1,
      query:
        "MATCH (p:GeodePresence)-[:IN]->(r:GeodeRoom {id: 'red'}) RETURN p.user AS user, p.state AS state",
    });
    const bob = await inRoom("bob", "red");
    const news = [await ann.next(), await ann.next()];
    expect(news).toContainEqual(
      expect.objectContaining({ type: "UPDATE", op: "insert", data: { user: "bob", state: null } }),
    );
    bob.send({ type: "PRESENCE", room_id: "red", state: { status: "away" } });
    expect(await ann.next()).toMatchObject({
      type: "PRESENCE",
      user: { id: "bob" },
      state: { status: "away" },
    });
    served.clock.pass(1_000);
    expect(await ann.next()).toMatchObject({
      op: "update",
      data: { user: "bob", state: { status: "away" } },
    });
    bob.webSocket.terminate();
    const left = [await ann.next(), await ann.next()].map((frame) => frame["type"]);
    expect(left.map(String).sort()).toEqual(["UPDATE", "USER_LEFT"]);
  });

  test("TYPING goes to the others, and is not kept", async () => {
    const [ann, bob] = [await inRoom("ann", "red"), await inRoom("bob", "red")];
    await ann.next();
    const { seq } = served.database;
    ann.send({ type: "TYPING", room_id: "red" });
    expect(await bob.next()).toEqual({
      type: "TYPING",
      room_id: "red",
      user: { id: "ann", name: "ANN" },
    });
    expect(served.database.seq).toBe(seq);
    expect(await ann.ask({ type: "TYPING", room_id: "blue" })).toMatchObject({ code: "NOT_FOUND" });
  });

  test("history comes in pages, in both directions", async () => {
    const ann = await inRoom("ann", "red");
    const seqs: number[] = [];
    for (let n = 0; n < 5; n++) {
      ann.send({ type: "MESSAGE", room_id: "red", text: `${n}` });
      seqs.push(Number((await ann.next())["seq"]));
    }
    const page = async (more: object) => {
      const { messages, more: further } = await ann.ask({
        type: "HISTORY",
        id: "h",
        room_id: "red",
        ...more,
      });
      return [(messages as { text: string }[]).map(({ text }) => text).join(""), further];
    };
    expect(await page({ limit: 2 })).toEqual(["34", true]);
    expect(await page({ before: seqs[3], limit: 2 })).toEqual(["12", true]);
    expect(await page({ before: seqs[1], limit: 2 })).toEqual(["0", false]);
    expect(await page({ since: seqs[1], limit: 2 })).toEqual(["23", true]);
    expect(await page({ since: seqs[3] })).toEqual(["4", false]);
  });

  test("a page of the history is longer than asked for rather than end within a commit", async () => {
    const ann = await inRoom("ann", "red");
    await sayTogether(ann, ["a", "b", "c"]);
    await ann.ask({ type: "MESSAGE", id: "d", room_id: "red", text: "d" });
    while ((await ann.next())["text"] !== "d");
    const page = async (more: object) => {
      const asked = { type: "HISTORY", id: "h", room_id: "red", ...more };
      const { messages, more: further } = await ann.ask(asked);
      const said = messages as { text: string; seq: number }[];
      return { text: said.map(({ text }) => text).join(""), first: said[0]?.seq, further };
    };
    const last = await page({ limit: 2 });
    expect(last).toMatchObject({ text: "d", further: true });
    expect(await page({ before: last.first, limit: 2 })).toMatchObject({
      text: "abc",
      further: false,
    });
    expect(await page({ since: 0, limit: 2 })).toMatchObject({ text: "abc", further: true });
    // What joining shows is a page like any other: the one before it begins where it ends.
    await sayTogether(ann, ["e", "f", "g"]);
    const bob = await served.connected("bob");
    const joined = await bob.ask({ type: "JOIN_ROOM", room_id: "red", history: 2 });
    expect((joined["history"] as { text: string }[]).map(({ text }) => text).join("")).toBe("efg");
  });

  test("who joins a room that it is in is there once", async () => {
    const ann = await inRoom("ann", "red");
    await ann.ask({ type: "JOIN_ROOM", room_id: "red" });
    expect(await rows("MATCH (p:GeodePresence) RETURN count(*)")).toEqual([[1]]);
  });

  test("a direct message reaches all connections of its user, or waits for them", async () => {
    const ann = await served.connected("ann");
    const bob = await served.connected("bob");
    expect(await ann.ask({ type: "MESSAGE", id: 1, to: "bob", text: "psst" })).toMatchObject({
      type: "ACK",
    });
    const direct = await bob.next();
    expect(direct).toMatchObject({ type: "MESSAGE", to: "bob", text: "psst", user: { id: "ann" } });
    const other = await served.connected("bob");
    expect(await other.next()).toMatchObject({ text: "psst", redelivered: true });
    other.send({ type: "ACK", message_id: direct["id"] });
    await other.ask({ type: "PING" });
    const later = await served.connected("bob");
    expect(await later.ask({ type: "PING" })).toMatchObject({ type: "PONG" });
    expect(ann.unread).toBe(0);
  });

  test("within a transaction a message waits for the COMMIT, and goes with the rest", async () => {
    const ann = await inRoom("ann", "red");
    const query = (text: string) => ({ type: "QUERY", id: text, query: text });
    await ann.ask(query("START TRANSACTION"));
    ann.send({ type: "MESSAGE", id: "m", room_id: "red", text: "with it" });
    await ann.ask(query("INSERT (:Order)"));
    expect(await rows("MATCH (m:GeodeMessage) RETURN m")).toEqual([]);
    const answers = [await ann.ask(query("COMMIT")), await ann.next(), await ann.next()];
    const seq = served.database.seq;
    expect(answers).toContainEqual({ type: "ACK", message_id: "m", seq });
    expect(answers).toContainEqual(
      expect.objectContaining({ type: "MESSAGE", text: "with it", seq }),
    );
    await ann.ask(query("START TRANSACTION"));
    ann.send({ type: "MESSAGE", id: "n", room_id: "red", text: "without it" });
    const refused = [await ann.ask(query("ROLLBACK")), await ann.next()];
    expect(refused).toContainEqual(expect.objectContaining({ id: "n", code: "CANCELLED" }));
  });

  /** What the paragraph about unread messages tells people to ask. */
  const UNREAD = /```gql\n(SUBSCRIBE[^`]*GeodeCursor[^]*?)```/.exec(ROOMS_MD)?.[1] ?? "";

  test("unread messages by room are one live query, which follows what is said and what is read", async () => {
    const ann = await inRoom("ann", "red", { client: "tab" });
    await ann.ask({ type: "JOIN_ROOM", room_id: "blue" });
    const bob = await served.connected("bob");
    const say = async (room: string, text: string): Promise<Record<string, unknown>> => {
      await bob.ask({ type: "MESSAGE", id: text, room_id: room, text });
      return ann.next();
    };
    const read = async ({ id }: Record<string, unknown>): Promise<void> => {
      ann.send({ type: "ACK", message_id: id });
      await ann.ask({ type: "PING" });
      served.clock.pass(1_000);
    };
    await read(await say("red", "1"));
    await read(await say("blue", "2"));
    while (Number((await rows("MATCH (c:GeodeCursor) RETURN count(*)"))[0]?.[0]) < 2)
      await new Promise((resolve) => setImmediate(resolve));
    await say("red", "3");
    const watcher = await served.connected("ann");
    const answer = await watcher.ask({ type: "SUBSCRIBE", id: 1, query: UNREAD });
    const sorted = (answer["data"] as { room: string }[]).toSorted((a, b) =>
      a.room < b.room ? -1 : 1,
    );
    expect(sorted).toEqual([
      { room: "blue", unread: 0 },
      { room: "red", unread: 1 },
    ]);
    const fourth = await say("red", "4");
    expect(await watcher.next()).toMatchObject({ op: "update", data: { room: "red", unread: 2 } });
    await read(fourth);
    expect(await watcher.next()).toMatchObject({ op: "update", data: { room: "red", unread: 0 } });
    // What others have not read is nobody else's business.
    const eve = await served.connected("eve");
    expect(await eve.ask({ type: "SUBSCRIBE", id: 1, query: UNREAD })).toMatchObject({ data: [] });
    await say("red", "5");
    await served.stop();
    await served.start();
    const back = await inRoom("ann", "red", { client: "tab" });
    expect(await back.next()).toMatchObject({ type: "MESSAGE", text: "5", redelivered: true });
    expect(await back.ask({ type: "SUBSCRIBE", id: 1, query: UNREAD })).toMatchObject({
      data: [{ room: "red", unread: 1 }],
    });
  });

  test("a connection that is gone without a word is out of the graph when its pings are not answered", async () => {
    const ann = await served.connected("ann");
    const query = "SELECT user, state FROM GeodePresence";
    expect(await ann.ask({ type: "SUBSCRIBE", id: 1, query })).toMatchObject({ data: [] });
    await ann.ask({ type: "JOIN_ROOM", room_id: "red" });
    expect(await ann.next()).toMatchObject({ op: "insert", data: { user: "ann", state: null } });
    const url = `${served.server.url.replace(/^http/, "ws")}/ws?room=red`;
    const silent = await Peer.connect(url, { autoPong: false });
    const name = { status: "here", color: "#00f" };
    await silent.ask({ type: "AUTH", token: await served.token("bob") });
    await silent.next();
    silent.send({ type: "PRESENCE", room_id: "red", state: name });
    const heard = [await ann.next(), await ann.next(), await ann.next()];
    expect(new Set(heard.map(({ type }) => type))).toEqual(
      new Set(["PRESENCE", "UPDATE", "USER_JOINED"]),
    );
    served.clock.pass(1_000);
    expect(await ann.next()).toMatchObject({ op: "update", data: { user: "bob", state: name } });
    const left: unknown[] = [];
    // Ann answers hers; Bob's are not answered, twice.
    for (let ms = 0; ms < 80_000 && served.server.connections > 1; ms += 5_000) {
      await ann.ask({ type: "PING" });
      served.clock.pass(5_000);
    }
    left.push(await ann.next(), await ann.next());
    expect(left).toContainEqual(expect.objectContaining({ type: "USER_LEFT" }));
    expect(left).toContainEqual(expect.objectContaining({ type: "UPDATE", op: "delete" }));
  });

  test("a change of the graph and the message about it are one commit: who watches both sees both, at one seq", async () => {
    const ann = await inRoom("ann", "red");
    const orders = "MATCH (o:Order) RETURN o.number AS number, o.state AS state";
    const bob = await inRoom("bob", "red");
    await ann.next();
    await bob.ask({ type: "SUBSCRIBE", id: "orders", query: orders });
    await ann.ask(query("START TRANSACTION"));
    await ann.ask(query("INSERT (:Order {number: 7, state: 'shipped'})"));
    ann.send({ type: "MESSAGE", id: "m", room_id: "red", text: "Number 7 is on its way" });
    ann.send(query("COMMIT"));
    const news = [await bob.next(), await bob.next()];
    const { seq } = served.database;
    expect(news).toContainEqual(
      expect.objectContaining({ type: "UPDATE", data: { number: 7, state: "shipped" }, seq }),
    );
    expect(news).toContainEqual(
      expect.objectContaining({ type: "MESSAGE", text: "Number 7 is on its way", seq }),
    );
    expect(
      await bob.ask(query("MATCH (o:Order), (m:GeodeMessage) RETURN o.number, m.seq")),
    ).toMatchObject({
      data: [{ "o.number": 7, "m.seq": seq }],
    });
  });

  test("a message is put into words once, however many hear it", async () => {
    const members = [await inRoom("ann", "red")];
    for (let n = 0; n < 9; n++) members.push(await inRoom(`u${n}`, "red"));
    const stringify = vi.spyOn(JSON, "stringify");
    members[0]!.send({ type: "MESSAGE", room_id: "red", text: "Hello" });
    for (const member of members) while ((await member.next())["type"] !== "MESSAGE");
    const frames = stringify.mock.calls.filter(
      ([value]) => value?.type === "MESSAGE" && value.seq !== undefined,
    );
    stringify.mockRestore();
    expect(frames).toHaveLength(1);
  });

  test("a policy says who may join, write and read", async () => {
    await served.database.applyPolicy({
      roles: {
        member: { rooms: { join: ["public-*", "team-$auth.id"], write: ["team-$auth.id"] } },
      },
    });
    const ann = await served.connected("ann", { roles: ["member"] });
    const join = (room: string) => ann.ask({ type: "JOIN_ROOM", id: 1, room_id: room });
    expect(await join("public-1")).toMatchObject({ type: "ROOM_JOINED" });
    expect(await join("team-ann")).toMatchObject({ type: "ROOM_JOINED" });
    expect(await join("team-bob")).toMatchObject({ id: 1, code: "FORBIDDEN" });
    const say = (room: string) => ann.ask({ type: "MESSAGE", id: 2, room_id: room, text: "x" });
    expect(await say("public-1")).toMatchObject({ id: 2, code: "FORBIDDEN" });
    expect(await say("team-ann")).toMatchObject({ type: "ACK" });
    const eve = await served.connected("eve");
    expect(await eve.ask({ type: "HISTORY", id: 3, room_id: "public-1" })).toMatchObject({
      code: "FORBIDDEN",
    });
    expect(
      await eve.ask({ type: "QUERY", id: 4, query: "MATCH (m:GeodeMessage) RETURN m" }),
    ).toMatchObject({ data: [] });
  });

  test.each([
    [{ type: "MESSAGE", id: 1, text: "x".repeat(16_384) }, { type: "ACK" }],
    [{ type: "MESSAGE", id: 1, text: "x".repeat(16_385) }, { code: "TOO_LARGE" }],
    [{ type: "MESSAGE", id: 1, data: "x".repeat(16_383) }, { code: "TOO_LARGE" }],
    [{ type: "MESSAGE", id: 1, room_id: "a", to: "b", text: "x" }, { code: "INVALID_MESSAGE" }],
  ])("%# has its answer", async (message, answer) => {
    const ann = await served.connected("ann");
    expect(await ann.ask(message)).toMatchObject(answer);
  });

  test("a connection is in so many rooms, and no more", async () => {
    await served.stop();
    await served.start({ limits: { roomsMax: 2 } });
    const ann = await served.connected("ann");
    for (const room of ["a", "b", "a"])
      expect(await ann.ask({ type: "JOIN_ROOM", room_id: room })).toMatchObject({
        type: "ROOM_JOINED",
      });
    expect(await ann.ask({ type: "JOIN_ROOM", id: 1, room_id: "c" })).toMatchObject({
      id: 1,
      code: "LIMIT",
    });
    await ann.ask({ type: "LEAVE_ROOM", room_id: "a" });
    expect(await ann.ask({ type: "JOIN_ROOM", room_id: "c" })).toMatchObject({
      type: "ROOM_JOINED",
    });
    expect(await served.server.metrics()).toContain('geode_limit_reached_total{limit="rooms"} 1');
  });

  test("rooms that a transaction makes count for their user, and only if it is committed", async () => {
    await served.stop();
    await served.start({ limits: { roomsPerUserMax: 2 } });
    const ann = await served.connected("ann");
    const say = (room: string) => ({ type: "MESSAGE", id: room, room_id: room, text: "x" });
    await ann.ask(query("START TRANSACTION"));
    ann.send(say("a"));
    ann.send(say("b"));
    expect(await ann.ask(say("c"))).toMatchObject({ id: "c", code: "LIMIT" });
    ann.send(query("ROLLBACK"));
    while ((await ann.next())["id"] !== "ROLLBACK");
    const answers: unknown[] = [];
    for (const room of ["c", "d", "a"]) {
      ann.send({ type: "JOIN_ROOM", id: `join ${room}`, room_id: room });
      for (let answer = await ann.next(); ; answer = await ann.next()) {
        if (answer["id"] !== `join ${room}`) continue;
        answers.push(answer["code"] ?? answer["type"]);
        break;
      }
    }
    expect(answers).toEqual(["ROOM_JOINED", "ROOM_JOINED", "LIMIT"]);
  });

  test("what people read about rooms works as it stands", async () => {
    const ann = await served.connected("ann");
    for (const line of (/```json\n([^]*?)```/.exec(ROOMS_MD)?.[1] ?? "").trim().split("\n"))
      ann.send(line);
    const statements = [...ROOMS_MD.matchAll(/```gql\n([^]*?)```/g)].map(([, gql]) => gql ?? "");
    expect(statements).toHaveLength(3);
    for (const [id, query] of statements.entries())
      ann.send({ type: query.startsWith("SUBSCRIBE") ? "SUBSCRIBE" : "QUERY", id, query });
    const heard: Record<string, unknown>[] = [];
    while (heard.filter(({ type }) => type === "RESULT").length < 3) heard.push(await ann.next());
    expect(heard.map(({ type }) => type)).not.toContain("ERROR");
    const page = heard.find(({ type }) => type === "HISTORY");
    expect(page).toMatchObject({ messages: [{ text: "Hello" }] });
  });

  test("who may not be in a room any more hears nothing any more", async () => {
    const roles = {
      talker: { graphs: { default: ["read"] }, rooms: { join: ["*"], write: ["*"] } },
    };
    await served.database.applyPolicy({ roles });
    const ann = await served.connected("ann", { roles: ["admin"] });
    const bob = await served.connected("bob", { roles: ["talker"] });
    for (const peer of [ann, bob]) await peer.ask({ type: "JOIN_ROOM", room_id: "red" });
    await ann.next();
    await served.database.applyPolicy({
      roles: { talker: { ...roles.talker, rooms: { join: ["blue"] } } },
    });
    ann.send({ type: "MESSAGE", id: 1, room_id: "red", text: "secret" });
    expect(await bob.next()).toEqual({ type: "ROOM_LEFT", room_id: "red" });
    expect(await bob.ask({ type: "PING", id: 1 })).toMatchObject({ type: "PONG" });
    const token = await served.token("ann");
    await served.database.applyPolicy({ roles: {} });
    ann.send({ type: "AUTH", token });
    let heard = await ann.next();
    while (heard["type"] !== "AUTH_OK") heard = await ann.next();
    expect(await ann.next()).toEqual({ type: "ROOM_LEFT", room_id: "red" });
  });

  test("names that objects have already are rooms and data like any other", async () => {
    const ann = await inRoom("ann", "__proto__");
    ann.send(
      '{"type":"MESSAGE","room_id":"__proto__","data":{"__proto__":1,"$int":"2","constructor":{}}}',
    );
    const said = await ann.next();
    expect(JSON.stringify(said["data"])).toBe('{"__proto__":1,"$int":"2","constructor":{}}');
  });

  test("who comes and goes at once leaves nothing behind", async () => {
    for (let n = 0; n < 20; n++) {
      const peer = await served.connected(`u${n}`);
      peer.send({ type: "JOIN_ROOM", room_id: "red" });
      peer.webSocket.terminate();
    }
    await connections(0);
    while (Number((await rows("MATCH (p:GeodePresence) RETURN count(*)"))[0]?.[0]) > 0)
      await new Promise((resolve) => setImmediate(resolve));
    const ann = await served.connected("ann");
    const joined = await ann.ask({ type: "JOIN_ROOM", room_id: "red" });
    expect(joined["members"]).toEqual([{ id: "ann", name: "ANN" }]);
  });
});
