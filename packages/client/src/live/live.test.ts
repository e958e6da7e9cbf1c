import { describe, expect, test } from "vitest";
import { FakeClock } from "../../test/fake-clock.ts";
import { digestOf, FakeServer } from "../../test/fake-server.ts";
import type { FakeSocket } from "../../test/fake-server.ts";
import { Geode } from "../geode.ts";
import type { Commit } from "./changes.ts";
import type { Live } from "./live.ts";

interface Person {
  readonly name: string;
}
type Rows = readonly (readonly [key: string, row: Person])[];

interface Fixture {
  readonly server: FakeServer;
  readonly clock: FakeClock;
  readonly socket: FakeSocket;
  readonly live: Live<Person>;
}

/** A live query that is connected and has been sent. */
function subscribed(text = "MATCH (p:Person) RETURN p.name AS name"): Fixture {
  const server = new FakeServer();
  const clock = new FakeClock();
  const geode = new Geode("ws://here/ws", {
    token: "t",
    webSocket: server.webSocket,
    clock,
    random: () => 0,
  });
  server.socket.accept();
  const live = geode.live<Person>(text);
  expect(server.socket.take()).toEqual({ type: "SUBSCRIBE", id: "s1", query: text });
  return { server, clock, socket: server.socket, live };
}

function snapshot(id: string, seq: number, rows: Rows, more: object = {}): object {
  const columns = [{ name: "name", text: "p.name", type: "STRING" }];
  return {
    type: "RESULT",
    id,
    subscription: id,
    live: true,
    data: rows.map(([, row]) => row),
    keys: rows.map(([key]) => key),
    columns,
    epoch: "e1",
    seq,
    digest: digestOf(rows),
    maintenance: "reexecution",
    ...more,
  };
}

const ADA: Rows = [["a", { name: "Ada" }]];
const BOTH: Rows = [...ADA, ["b", { name: "Bob" }]];

function update(seq: number, prevSeq: number, after: Rows, more: object): object {
  return {
    type: "UPDATE",
    subscription: "s1",
    seq,
    prev_seq: prevSeq,
    last: true,
    digest: digestOf(after),
    ...more,
  };
}

const insertBob = (seq: number, prevSeq: number): object =>
  update(seq, prevSeq, BOTH, { op: "insert", key: "b", data: { name: "Bob" } });

describe("a live result", () => {
  test("is empty and connecting until its snapshot comes", async () => {
    const { socket, live } = subscribed();
    expect(live.getSnapshot()).toMatchObject({ state: "connecting", rows: [], seq: null });
    socket.says(snapshot("s1", 5, ADA));
    await live.ready;
    expect(live.getSnapshot()).toMatchObject({
      state: "live",
      rows: [{ name: "Ada" }],
      keys: ["a"],
      seq: 5,
      maintenance: "reexecution",
    });
  });

  test("shows all changes of a commit together, and tells once", () => {
    const { socket, live } = subscribed();
    socket.says(snapshot("s1", 5, ADA));
    let told = 0;
    live.subscribe(() => (told += 1));
    const first = { type: "UPDATE", subscription: "s1", seq: 6, prev_seq: 5, last: false };
    socket.says({ ...first, op: "delete", key: "a", data: { name: "Ada" } });
    expect(told).toBe(0);
    expect(live.rows).toEqual([{ name: "Ada" }]);
    socket.says(
      update(6, 5, [BOTH[1] as Rows[0]], { op: "insert", key: "b", data: { name: "Bob" } }),
    );
    expect(told).toBe(1);
    expect(live.rows).toEqual([{ name: "Bob" }]);
    expect(live.seq).toBe(6);
  });

  test("keeps the identity of its snapshot until something changes, as React asks", () => {
    const { socket, live } = subscribed();
    socket.says(snapshot("s1", 5, ADA));
    const before = live.getSnapshot();
    expect(live.getSnapshot()).toBe(before);
    socket.says(insertBob(6, 5));
    expect(live.getSnapshot()).not.toBe(before);
    expect(live.rows[0]).toBe(before.rows[0]);
  });

  test("ignores what its snapshot already contains", () => {
    const { socket, live } = subscribed();
    socket.says(snapshot("s1", 6, BOTH));
    socket.says(insertBob(6, 5));
    expect(live.rows).toHaveLength(2);
    expect(live.state).toBe("live");
  });

  test("a commit that does not follow its own makes it ask again from where it is", () => {
    const { socket, live } = subscribed();
    socket.says(snapshot("s1", 5, ADA));
    socket.says(insertBob(9, 8));
    expect(socket.take()).toEqual({ type: "UNSUBSCRIBE", id: "s1" });
    expect(socket.take()).toMatchObject({
      type: "SUBSCRIBE",
      id: "s2",
      resume: { epoch: "e1", seq: 5, digest: digestOf(ADA) },
    });
    expect(live.state).toBe("stale");
    // Late frames of the old subscription change nothing.
    socket.says(insertBob(10, 9));
    socket.says(snapshot("s2", 10, BOTH, { reset: true }));
    expect(live.rows).toEqual([{ name: "Ada" }, { name: "Bob" }]);
    expect(live.state).toBe("live");
  });

  test("after a reset listeners see the difference only", async () => {
    const { socket, live } = subscribed();
    socket.says(snapshot("s1", 5, ADA));
    const changes = live[Symbol.asyncIterator]();
    expect((await changes.next()).value).toEqual({
      seq: 5,
      changes: [{ op: "insert", key: "a", row: { name: "Ada" } }],
    });
    const [ada] = live.rows;
    socket.says(insertBob(9, 8));
    socket.says(snapshot("s2", 9, BOTH, { reset: true }));
    expect((await changes.next()).value).toEqual({
      seq: 9,
      changes: [{ op: "insert", key: "b", row: { name: "Bob" } }],
    });
    expect(live.rows[0]).toBe(ada);
  });

  test("what changed while it was away comes after a resumed answer", () => {
    const { socket, live } = subscribed();
    socket.says(snapshot("s1", 5, ADA));
    socket.says(insertBob(9, 8));
    socket.says(snapshot("s2", 9, [], { resumed: true, digest: digestOf(BOTH) }));
    expect(live.rows).toEqual([{ name: "Ada" }]);
    socket.says({ ...insertBob(9, 5), subscription: "s2" });
    expect(live.rows).toEqual([{ name: "Ada" }, { name: "Bob" }]);
  });

  test("a copy that is not the server's result says that it is stale and is put right", async () => {
    const { socket, live } = subscribed();
    socket.says(snapshot("s1", 5, ADA));
    const changes = live[Symbol.asyncIterator]();
    socket.says({ ...insertBob(6, 5), digest: "0123456789abcdef" });
    expect(live.state).toBe("stale");
    socket.says(snapshot("s2", 6, ADA, { reset: true }));
    expect(live.state).toBe("live");
    expect(live.rows).toEqual([{ name: "Ada" }]);
    live.close();
    const seen: string[] = [];
    for (let next = await changes.next(); next.done !== true; next = await changes.next()) {
      seen.push(...next.value.changes.map(({ op, key }) => `${op} ${key}`));
    }
    expect(seen).toEqual(["insert a", "insert b", "delete b"]);
  });

  test("a server whose digests are never right is not asked for ever", () => {
    const { socket, live } = subscribed();
    for (const id of ["s1", "s2", "s3"])
      socket.says(snapshot(id, 5, ADA, { digest: "0123456789abcdef" }));
    expect(live.state).toBe("closed");
    expect(live.error).toMatchObject({ code: "INTERNAL" });
  });

  test("ends when the query is refused", async () => {
    const { socket, live } = subscribed();
    socket.says({
      type: "ERROR",
      id: "s1",
      error: "no such thing",
      code: "42002",
      retryable: false,
    });
    await expect(live.ready).rejects.toMatchObject({ code: "42002" });
    expect(live.state).toBe("closed");
    await expect(live[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: "42002" });
  });

  test("an error that may pass is waited out", () => {
    const { socket, clock, live } = subscribed();
    socket.says(snapshot("s1", 5, ADA));
    socket.says({
      type: "ERROR",
      subscription: "s1",
      error: "slow down",
      code: "RATE_LIMITED",
      retryable: true,
      retry_after_ms: 2_000,
    });
    expect(live.state).toBe("stale");
    clock.advance(1_999);
    expect(socket.sent).toEqual([]);
    clock.advance(1);
    expect(socket.take()).toMatchObject({ type: "SUBSCRIBE", id: "s2" });
  });

  test("changes only: there is no snapshot, and no digest to compare", () => {
    const { socket, live } = subscribed("SELECT * FROM metrics EMIT CHANGES");
    socket.says(snapshot("s1", 5, [], { digest: digestOf(ADA) }));
    socket.says(update(6, 5, ADA, { op: "update", key: "b", data: { name: "Bob" } }));
    expect(live.rows).toEqual([{ name: "Bob" }]);
    expect(live.state).toBe("live");
  });

  test("changes only: what was missed while it was away is said", () => {
    const { server, socket, clock, live } = subscribed("SELECT * FROM metrics EMIT CHANGES");
    socket.says(snapshot("s1", 5, [], { digest: digestOf(ADA) }));
    socket.says(update(6, 5, ADA, { op: "insert", key: "a", data: { name: "Ada" } }));
    socket.drop();
    clock.advance(1_000);
    server.socket.accept();
    expect(server.socket.take()).toMatchObject({ resume: { epoch: "e1", seq: 6 } });
    server.socket.says(snapshot("s2", 9, [], { reset: true, digest: digestOf(BOTH) }));
    expect(live.rows).toEqual([{ name: "Ada" }]);
    expect(live.getSnapshot().notices).toEqual([
      { code: "GAP", message: "Changes after commit 6 and up to 9 were missed" },
    ]);
  });

  test("one that the server cannot even read ends, and is not sent for ever", () => {
    const { server, socket, clock, live } = subscribed();
    socket.drop(1009, "Message too big");
    expect(live.error).toMatchObject({ code: "INVALID_MESSAGE" });
    clock.advance(1_000);
    server.socket.accept();
    expect(server.socket.sent).toEqual([]);
  });

  test("properties that nobody had before become columns, sorted as those of SELECT * are", () => {
    const { socket, live } = subscribed("SUBSCRIBE TO users");
    socket.says(snapshot("s1", 5, [], { columns: [] }));
    expect(live.columns).toEqual([]);
    const row = { name: "Ada", age: 36 };
    const digest = digestOf([["a", row]]);
    socket.says(update(6, 5, [], { op: "insert", key: "a", data: row, digest }));
    expect(live.columns.map(({ name }) => name)).toEqual(["age", "name"]);
  });

  test("a row that is none drops the connection; what was shown stays", () => {
    const { socket, live } = subscribed();
    socket.says(snapshot("s1", 5, ADA));
    socket.says(update(6, 5, BOTH, { op: "insert", key: "b", data: { name: { $int: "x" } } }));
    expect(live.state).toBe("stale");
    expect(live.rows).toEqual([{ name: "Ada" }]);
    expect(socket.closedByClient).toBe(1000);
  });

  test("closing tells the server and keeps the last rows", () => {
    const { socket, live } = subscribed();
    socket.says(snapshot("s1", 5, ADA));
    live.close();
    live.close();
    expect(socket.sent).toEqual([{ type: "UNSUBSCRIBE", id: "s1" }]);
    expect(live.rows).toEqual([{ name: "Ada" }]);
    expect(live.state).toBe("closed");
  });

  test("can be iterated: everything that is there, then commit by commit, until it is closed", async () => {
    const { socket, live } = subscribed();
    const seen: Commit<Person>[] = [];
    const done = (async () => {
      for await (const commit of live) seen.push(commit);
    })();
    socket.says(snapshot("s1", 5, ADA));
    socket.says(insertBob(6, 5));
    live.close();
    await done;
    expect(
      seen.map(({ seq, changes }) => [seq, ...changes.map(({ op, key }) => `${op} ${key}`)]),
    ).toEqual([
      [5, "insert a"],
      [6, "insert b"],
    ]);
  });

  test("leaving the loop leaves the live result alone", async () => {
    const { socket, live } = subscribed();
    socket.says(snapshot("s1", 5, []));
    for await (const commit of live) {
      expect(commit).toEqual({ seq: 5, changes: [] });
      break;
    }
    expect(live.state).toBe("live");
  });
});
