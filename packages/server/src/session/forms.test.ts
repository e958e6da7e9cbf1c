import { decodeCbor, encodeCbor, binaryFrame } from "@geode/protocol";
import { float } from "@geode/values";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { RunningServer } from "../../test/running-server.ts";
import type { Peer } from "../../test/peer.ts";

type Json = Record<string, unknown>;

let running: RunningServer;
beforeEach(async () => {
  running = await RunningServer.start({ limits: { pingMs: 86_400_000 } });
});
afterEach(() => running.close());

const query = (id: string | number, text: string) => ({ type: "QUERY", id, query: text });
const subscribe = (id: string, more: object = {}) => ({
  type: "SUBSCRIBE",
  id,
  query: "x",
  ...more,
});

/** A connection whose frames are not held to the shapes of the JSON messages. */
async function free(search = "", protocols: string[] = [], claims = {}): Promise<Peer> {
  const url = `?token=${await running.token(claims)}${search}`;
  return running.stranger(url, { judge: (frame) => frame, protocols });
}

describe("PROTOCOL 11.1: BATCH", () => {
  test("each message is answered as if it had come alone, in the order in which they stand", async () => {
    const peer = await running.peer();
    peer.send({
      type: "BATCH",
      messages: [
        query(1, "value hold"),
        query(2, "value two"),
        subscribe("s"),
        { type: "CANCEL", id: "nothing" },
        { type: "PING", id: 3 },
      ],
    });
    peer.send(query(4, "value four"));
    expect(await peer.next()).toMatchObject({ type: "RESULT", id: 4 });
    running.database.commit(7);
    running.database.release();
    const answers = [await peer.next(), await peer.next(), await peer.next(), await peer.next()];
    expect(answers).toMatchObject([
      { type: "RESULT", id: 1 },
      { type: "RESULT", id: 2 },
      { type: "RESULT", id: "s", live: true },
      { type: "PONG", id: 3 },
    ]);
    expect(await peer.next()).toMatchObject({
      type: "UPDATE",
      subscription: "s",
      data: { age: 7 },
    });
  });

  test("a subscription that ended before its answer had its turn says nothing", async () => {
    const peer = await running.peer();
    peer.send({ type: "BATCH", messages: [query(1, "value hold"), subscribe("s")] });
    peer.send({ type: "UNSUBSCRIBE", id: "s" });
    expect(await peer.next()).toEqual({ type: "UNSUBSCRIBED", id: "s" });
    running.database.release();
    expect(await peer.next()).toMatchObject({ type: "RESULT", id: 1 });
    expect(await peer.ask({ type: "PING" })).toMatchObject({ type: "PONG" });
    expect(running.database.live[0]?.closed ?? true).toBe(true);
  });

  test("every message in it is charged", async () => {
    await running.close();
    running = await RunningServer.start({
      rate: { burst: 2, perSecond: 1 },
    });
    const peer = await running.peer();
    peer.send({ type: "BATCH", messages: [1, 2, 3].map((id) => query(id, "value x")) });
    expect([await peer.next(), await peer.next(), await peer.next()]).toMatchObject([
      { type: "RESULT", id: 1 },
      { type: "RESULT", id: 2 },
      { type: "ERROR", id: 3, code: "RATE_LIMITED" },
    ]);
  });

  test("what is no message is answered, the others are handled, and the frame closes the connection once", async () => {
    const peer = await running.peer();
    peer.send({
      type: "BATCH",
      messages: [
        { type: "NONSENSE", id: 1 },
        { type: "PING", id: 2 },
        3,
        { type: "BATCH", messages: [{}] },
      ],
    });
    expect([
      await peer.next(),
      await peer.next(),
      await peer.next(),
      await peer.next(),
    ]).toMatchObject([
      { code: "INVALID_MESSAGE", id: 1 },
      { type: "PONG", id: 2 },
      { code: "INVALID_MESSAGE" },
      { code: "INVALID_MESSAGE", error: expect.stringContaining("BATCH") as string },
    ]);
    expect(await peer.closed).toEqual({ code: 1003, reason: "Invalid message format" });
  });

  test("where invalid messages are tolerated, all of one BATCH count once", async () => {
    await running.close();
    running = await RunningServer.start({ invalidMessages: "tolerate" });
    const peer = await running.peer();
    for (let frame = 0; frame < 5; frame++) {
      peer.send({ type: "BATCH", messages: [1, 2, 3] });
      for (let message = 0; message < 3; message++)
        expect(await peer.next()).toMatchObject({ code: "INVALID_MESSAGE" });
    }
    peer.send({ type: "BATCH", messages: [1] });
    expect(await peer.closed).toEqual({ code: 1003, reason: "Invalid message format" });
  });

  test("it holds 100 messages and not one more", async () => {
    const peer = await running.peer();
    const messages = Array.from({ length: 100 }, (_, id) => ({ type: "PING", id }));
    peer.send({ type: "BATCH", messages });
    for (let id = 0; id < 100; id++) expect(await peer.next()).toMatchObject({ type: "PONG", id });
    peer.send({ type: "BATCH", messages: [...messages, { type: "PING" }] });
    expect(await peer.next()).toMatchObject({
      code: "INVALID_MESSAGE",
      error: expect.stringContaining("100") as string,
    });
  });

  test("a new token in the middle of it is waited for", async () => {
    const peer = await running.peer();
    const token = await running.token();
    peer.send({
      type: "BATCH",
      messages: [
        { type: "PING", id: 1 },
        { type: "AUTH", token },
        { type: "PING", id: 2 },
      ],
    });
    expect([await peer.next(), await peer.next(), await peer.next()]).toMatchObject([
      { type: "PONG", id: 1 },
      { type: "AUTH_OK" },
      { type: "PONG", id: 2 },
    ]);
  });

  test("before authentication it is refused like any other message", async () => {
    const peer = await running.stranger();
    peer.send({ type: "BATCH", messages: [{ type: "AUTH", token: await running.token() }] });
    expect(await peer.closed).toEqual({ code: 1008, reason: "Authentication required" });
  });
});

describe("PROTOCOL 11.2: CONFIGURE", () => {
  test("says how it is now; what is left out stays", async () => {
    const peer = await running.peer();
    expect(await peer.ask({ type: "CONFIGURE" })).toEqual({
      type: "CONFIGURED",
      batch_ms: 0,
      batch_commits: false,
      encoding: "json",
      numbers: "exact",
    });
    await peer.ask({ type: "CONFIGURE", batch_ms: 100, numbers: "plain" });
    expect(await peer.ask({ type: "CONFIGURE", batch_commits: true })).toMatchObject({
      batch_ms: 100,
      batch_commits: true,
      numbers: "plain",
    });
  });

  test("batch_ms: updates come together when the time is over, answers at once", async () => {
    const peer = await running.peer();
    await peer.ask(subscribe("s"));
    await peer.ask({ type: "CONFIGURE", batch_ms: 100 });
    running.database.commit(1);
    running.database.commit(2, 3);
    expect(await peer.ask({ type: "PING" })).toMatchObject({ type: "PONG" });
    running.clock.pass(100);
    expect(await peer.next()).toMatchObject({
      type: "BATCH",
      messages: [{ data: { age: 1 } }, { data: { age: 2 } }, { data: { age: 3 } }],
    });
  });

  test("batch_commits: what one commit changed in all subscriptions comes as one message", async () => {
    const peer = await running.peer();
    await peer.ask(subscribe("a"));
    await peer.ask(subscribe("b"));
    await peer.ask({ type: "CONFIGURE", batch_commits: true });
    running.database.commit(1);
    running.database.commit(2);
    expect([await peer.next(), await peer.next()]).toMatchObject([
      { type: "BATCH", seq: 1, messages: [{ subscription: "a" }, { subscription: "b" }] },
      { type: "BATCH", seq: 2, messages: [{ subscription: "a" }, { subscription: "b" }] },
    ]);
  });

  test("batch_commits: a BATCH names the subscriptions that are worked out later, until they have caught up", async () => {
    const peer = await running.peer();
    await peer.ask(subscribe("quick"));
    await peer.ask(subscribe("slow"));
    await peer.ask({ type: "CONFIGURE", batch_commits: true });
    const [quick, slow] = running.database.live;
    const change = (seq: number, prevSeq: number) => ({
      seq,
      prevSeq,
      digest: "00000000000000aa",
      changes: [{ op: "insert", key: `k${seq}`, data: `{"age":${seq}}` } as const],
    });
    quick!.listener.onChange(change(1, 0));
    slow!.listener.onPace!("behind", 1);
    expect(await peer.next()).toMatchObject({ seq: 1, behind: ["slow"] });
    quick!.listener.onChange(change(2, 1));
    expect(await peer.next()).toMatchObject({ seq: 2, behind: ["slow"] });
    slow!.listener.onChange(change(2, 0));
    slow!.listener.onPace!("caught up", 2);
    expect(await peer.next()).toEqual({
      type: "BATCH",
      seq: 2,
      messages: [expect.objectContaining({ subscription: "slow", seq: 2, prev_seq: 0 })],
    });
    quick!.listener.onChange(change(3, 2));
    expect(await peer.next()).not.toHaveProperty("behind");
  });

  test("numbers: a float without a fraction comes as a plain number, and text that looks like one as it is", async () => {
    const peer = await running.peer();
    const text = '{"$float":"2.0"}';
    await peer.ask({ type: "CONFIGURE", numbers: "plain" });
    await peer.ask(subscribe("s"));
    running.database.live[0]!.listener.onChange({
      seq: 1,
      prevSeq: 0,
      digest: "00000000000000aa",
      changes: [
        {
          op: "insert",
          key: "k",
          data: `{"f":{"$float":"2.0"},"n":{"$float":"NaN"},"t":${JSON.stringify(text)}}`,
        },
      ],
    });
    expect((await peer.next())["data"]).toEqual({ f: 2, n: { $float: "NaN" }, t: text });
  });
});

describe("PROTOCOL 12: JSON-RPC", () => {
  const call = (id: unknown, method: string, params?: unknown) => ({
    jsonrpc: "2.0",
    ...(id === undefined ? {} : { id }),
    method,
    ...(params === undefined ? {} : { params }),
  });

  test("12.1 query takes gql and params, by name and by position", async () => {
    const peer = await free();
    const answer = { columns: [{ name: "value" }], data: [{ value: "x" }], seq: 0 };
    const byName = await peer.ask(call(1, "query", { gql: "value x", params: { a: 1 } }));
    expect(byName).toMatchObject({ jsonrpc: "2.0", id: 1, result: answer });
    expect(Object.keys(byName["result"] as Json)).toEqual(["columns", "data", "seq"]);
    expect(await peer.ask(call("2", "query", ["value x", { a: 1 }]))).toMatchObject({
      id: "2",
      result: answer,
    });
    for (const { parameters } of running.database.requests)
      expect([...parameters]).toEqual([["a", 1]]);
  });

  test("12.2 a message without an answer gives null, one that fails an error with everything that ERROR says", async () => {
    const peer = await free();
    expect(await peer.ask(call(1, "cancel", { id: 9 }))).toEqual({
      jsonrpc: "2.0",
      id: 1,
      result: null,
    });
    expect(await peer.ask(call(2, "ping"))).toEqual({ jsonrpc: "2.0", id: 2, result: { seq: 0 } });
    expect(await peer.ask(call(3, "query", { gql: "fail" }))).toMatchObject({
      id: 3,
      error: { code: -32000, data: { code: "42001", retryable: false, position: { line: 1 } } },
    });
    expect(await peer.ask(call(4, "query", {}))).toMatchObject({
      id: 4,
      error: { code: -32602, message: expect.stringContaining("query") as string },
    });
  });

  test("12.2 live updates come as notifications, under the id of the call or its own", async () => {
    const peer = await free();
    expect(await peer.ask(call(1, "subscribe", { gql: "x" }))).toMatchObject({
      id: 1,
      result: { subscription: 1, live: true, data: [{ age: 1 }] },
    });
    await peer.ask(call(2, "subscribe", { gql: "x", id: "own" }));
    running.database.commit(5);
    const update = { op: "insert", data: { age: 5 }, last: true };
    expect([await peer.next(), await peer.next()]).toMatchObject([
      { jsonrpc: "2.0", method: "update", params: { subscription: 1, ...update } },
      { jsonrpc: "2.0", method: "update", params: { subscription: "own", ...update } },
    ]);
    await peer.ask(call(3, "unsubscribe", { id: 1 }));
    expect(running.database.live[0]!.closed).toBe(true);
  });

  test("12.2 what the server says of its own accord is a notification too", async () => {
    const peer = await free("", [], { ttlMs: 100_000 });
    await peer.ask(call(1, "ping"));
    running.clock.pass(40_000);
    expect(await peer.next()).toMatchObject({
      method: "auth_expiring",
      params: { expires_at: expect.any(String) as string },
    });
  });

  test("12.3 a notification is carried out and not answered, whatever comes of it", async () => {
    const peer = await free();
    peer.send(call(undefined, "query", { gql: "value x" }));
    peer.send(call(undefined, "query", { gql: "fail" }));
    peer.send(call(undefined, "nonsense"));
    expect(await peer.ask(call(1, "ping"))).toMatchObject({ id: 1 });
    expect(running.database.requests).toHaveLength(2);
    expect(peer.unread).toBe(0);
  });

  test("12.3 the calls of a batch are answered together, when all of them are done", async () => {
    const peer = await free();
    peer.send([
      call(1, "query", { gql: "value hold" }),
      call(undefined, "query", { gql: "value x" }),
      call(2, "query", { gql: "value y" }),
      call(3, "subscribe", { gql: "x" }),
    ] as object);
    peer.send(call(4, "ping"));
    expect(await peer.next()).toMatchObject({ id: 4 });
    running.database.commit(6);
    running.database.release();
    const answers = (await peer.next()) as unknown as Json[];
    expect(new Set(answers.map(({ id }) => id))).toEqual(new Set([1, 2, 3]));
    expect(await peer.next()).toMatchObject({ method: "update", params: { data: { age: 6 } } });
  });

  test("12.3 what a batch cannot hold is an error in its place", async () => {
    await running.close();
    running = await RunningServer.start({ limits: { resultBytesMax: 1500 } });
    const peer = await free();
    peer.send([1, 2].map((id) => call(id, "query", { gql: "large 1000" })));
    expect(await peer.next()).toMatchObject([
      { id: 1, result: {} },
      { id: 2, error: { code: -32000, data: { code: "TOO_LARGE" } } },
    ]);
  });

  test("12.4 with the subprotocol, or after a call, a frame that is none is answered, and five a minute are enough", async () => {
    const peer = await free("", ["jsonrpc"]);
    expect(peer.webSocket.protocol).toBe("jsonrpc");
    const code = async (frame: object | string) =>
      ((await peer.ask(frame as object))["error"] as Json)["code"];
    expect(await code("{")).toBe(-32700);
    expect(await code("17")).toBe(-32600);
    expect(await code({ hello: "world" })).toBe(-32600);
    expect(await code(call(1, "nonsense"))).toBe(-32601);
    expect(await code(call(1, "ping", 5))).toBe(-32602);
    expect(await code("{")).toBe(-32700);
    expect(await peer.closed).toEqual({ code: 1003, reason: "Invalid message format" });
  });

  test("12.4 messages are messages on such a connection too", async () => {
    const peer = await free("", ["jsonrpc"]);
    expect(await peer.ask({ type: "PING", id: 1 })).toEqual({ type: "PONG", id: 1, seq: 0 });
  });

  test("before authentication there is only auth", async () => {
    const first = await running.stranger("", { judge: (frame) => frame });
    const auth = call(1, "auth", { token: await running.token() });
    expect(await first.ask(auth)).toMatchObject({ id: 1, result: { user: { id: "ann" } } });
    const second = await running.stranger("", { judge: (frame) => frame });
    second.send(call(1, "ping"));
    expect(await second.closed).toEqual({ code: 1008, reason: "Authentication required" });
  });

  test("calls are charged like the messages that they are", async () => {
    await running.close();
    running = await RunningServer.start({
      rate: { burst: 1, perSecond: 1 },
    });
    const peer = await free();
    peer.send([1, 2].map((id) => call(id, "query", { gql: "value x" })));
    expect(await peer.next()).toMatchObject([
      { id: 1, result: {} },
      { error: { data: { code: "RATE_LIMITED", retry_after_ms: expect.any(Number) as number } } },
    ]);
  });
});

describe("PROTOCOL 13: channels", () => {
  test("13.1 a message in a channel is handled, and everything that it causes comes back in the envelope", async () => {
    const peer = await free();
    const inChannel = (data: unknown) => ({ channel: "queries", data });
    expect(await peer.ask(inChannel(query(1, "value x")))).toMatchObject(
      inChannel({ type: "RESULT", id: 1, data: [{ value: "x" }] }),
    );
    expect(await peer.ask(inChannel(query(2, "fail")))).toMatchObject(
      inChannel({ type: "ERROR", id: 2 }),
    );
    await peer.ask(inChannel(subscribe("s")));
    running.database.commit(5);
    expect(await peer.next()).toMatchObject(
      inChannel({ type: "UPDATE", subscription: "s", data: { age: 5 } }),
    );
  });

  test("13.2 anything else reaches the others in the channel, and nobody who is not there", async () => {
    const [ann, bob, cem] = [await free("&channels=lobby"), await free(), await free()];
    expect(await bob.ask({ type: "OPEN_CHANNEL", channel: "lobby" })).toEqual({
      type: "CHANNEL_OPENED",
      channel: "lobby",
    });
    cem.send({ channel: "lobby", data: { hello: "all" } });
    expect([await ann.next(), await bob.next()]).toEqual([
      { channel: "lobby", data: { hello: "all" } },
      { channel: "lobby", data: { hello: "all" } },
    ]);
    // Who sends is in the channel from then on.
    ann.send({ type: "PUBLISH", channel: "lobby", data: "back" });
    expect(await cem.next()).toEqual({ channel: "lobby", data: "back" });
    expect(await bob.next()).toEqual({ channel: "lobby", data: "back" });
    await cem.ask({ type: "CLOSE_CHANNEL", channel: "lobby" });
    ann.send({ channel: "lobby", data: "gone" });
    await bob.next();
    expect(await cem.ask({ type: "PING" })).toMatchObject({ type: "PONG" });
    expect(ann.unread).toBe(0);
  });

  test("13.2 each member hears it in the form in which it speaks", async () => {
    const [rpc, other] = [await free("&channels=lobby", ["jsonrpc"]), await free()];
    other.send({ channel: "lobby", data: 1 });
    expect(await rpc.next()).toEqual({
      jsonrpc: "2.0",
      method: "channel",
      params: { channel: "lobby", data: 1 },
    });
  });

  test("13.3 a connection may be in 100 channels", async () => {
    const peer = await running.peer();
    const open = (channel: string) => peer.ask({ type: "OPEN_CHANNEL", channel });
    for (let n = 0; n < 100; n++) await open(`c${n}`);
    expect(await open("c100")).toMatchObject({ type: "ERROR", code: "LIMIT" });
    expect(await open("c5")).toMatchObject({ type: "CHANNEL_OPENED" });
    await peer.ask({ type: "CLOSE_CHANNEL", channel: "c5" });
    expect(await open("c100")).toMatchObject({ type: "CHANNEL_OPENED" });
  });

  test("13.3 names are data", async () => {
    const [ann, bob] = [await free("&channels=__proto__,constructor"), await free()];
    for (const channel of ["__proto__", "constructor"]) {
      bob.send({ type: "PUBLISH", channel, data: 1 });
      expect(await ann.next()).toEqual({ channel, data: 1 });
    }
    bob.send({ channel: "x".repeat(129), data: query(1, "value x") });
    expect(await bob.next()).toMatchObject({ data: { code: "INVALID_MESSAGE" } });
  });

  test("13.4 an administrator notifies one user, or all who listen", async () => {
    const admin = await free("", [], { user: "root", roles: ["admin"] });
    const [ann, bob] = [
      await free("&channels=notifications"),
      await free("&channels=notifications", [], { user: "bob" }),
    ];
    // Their tokens are being checked yet; what they ask is answered behind that.
    for (const peer of [ann, bob]) await peer.ask({ type: "PING" });
    expect(await admin.ask({ type: "NOTIFY", id: 1, message: "all", data: { n: 1 } })).toEqual({
      type: "NOTIFIED",
      id: 1,
      connections: 2,
    });
    const toAll = { channel: "notifications", data: { message: "all", data: { n: 1 } } };
    expect([await ann.next(), await bob.next()]).toEqual([toAll, toAll]);
    expect(await admin.ask({ type: "NOTIFY", user: "bob", message: "you" })).toEqual({
      type: "NOTIFIED",
      connections: 1,
    });
    expect(await bob.next()).toEqual({ channel: "notifications", data: { message: "you" } });
    expect(await ann.ask({ type: "NOTIFY", id: 2, message: "x" })).toMatchObject({
      type: "ERROR",
      id: 2,
      code: "FORBIDDEN",
    });
  });

  test("13.5 metrics come every second, to those who may", async () => {
    const monitor = await free("&channels=metrics", [], { user: "mo", roles: ["monitor"] });
    await monitor.ask({ type: "PING" });
    for (let second = 0; second < 3; second++) {
      running.clock.pass(1_000);
      expect(await monitor.next()).toMatchObject({
        channel: "metrics",
        data: { metrics: { connections_total: 1 } },
      });
    }
    const ann = await free("&channels=metrics");
    expect(await ann.next()).toMatchObject({ type: "ERROR", code: "FORBIDDEN" });
    const armed = running.clock.armed;
    await ann.close();
    await monitor.close();
    await running.connections(0);
    running.clock.pass(1_000);
    expect(running.clock.armed).toBeLessThan(armed);
  });

  test("13.5 who renews with a token that grants less hears no more metrics", async () => {
    const peer = await free("&channels=metrics", [], { roles: ["monitor"] });
    await peer.ask({ type: "AUTH", token: await running.token() });
    running.clock.pass(1_000);
    expect(await peer.ask({ type: "PING", id: 1 })).toMatchObject({ type: "PONG", id: 1 });
  });

  test("13.5 nobody publishes in the server's own channels", async () => {
    const peer = await running.peer({ roles: ["admin"] });
    for (const channel of ["notifications", "metrics"])
      expect(await peer.ask({ type: "PUBLISH", channel, data: 1 })).toMatchObject({
        type: "ERROR",
        code: "FORBIDDEN",
      });
  });

  test("1.8 a connection in a channel is not idle", async () => {
    const peer = await running.peer();
    await peer.ask({ type: "OPEN_CHANNEL", channel: "lobby" });
    running.clock.pass(1_800_000);
    expect(await peer.ask({ type: "PING" })).toMatchObject({ type: "PONG" });
  });
});

describe("PROTOCOL 14: binary frames", () => {
  /** A connection that hears binary frames. */
  async function binaryPeer(claims = {}) {
    const url = `${running.ws}?token=${await running.token(claims)}`;
    const webSocket = new WebSocket(url, { perMessageDeflate: false });
    const frames: Buffer[] = [];
    let wake = () => {};
    webSocket.on("message", (data: Buffer, isBinary) => {
      frames.push(isBinary ? data : Buffer.from(`text ${data.toString()}`));
      wake();
    });
    const closed = new Promise<unknown>((resolve) =>
      webSocket.on("close", (code, reason) => resolve({ code, reason: reason.toString() })),
    );
    await new Promise((resolve) => webSocket.on("open", resolve));
    const next = async () => {
      while (frames.length === 0) await new Promise<void>((resolve) => (wake = resolve));
      return frames.shift()!;
    };
    return { webSocket, next, closed, close: () => webSocket.terminate() };
  }
  const asJson = (frame: Buffer) => JSON.parse(frame.subarray(6).toString()) as Json;
  const asCbor = (frame: Buffer) => decodeCbor(frame.subarray(6), 64) as Json;
  const message = (json: object) => binaryFrame("message", encodeCbor(json));

  test("14.2 a query is answered by RESULT or ERROR as JSON without type and id, in the order of the queries", async () => {
    const peer = await binaryPeer();
    for (const text of ["value hold", "value two", "fail"])
      peer.webSocket.send(binaryFrame("query", Buffer.from(text)));
    await running.requests(3);
    running.database.release();
    const answers = [await peer.next(), await peer.next(), await peer.next()];
    expect(answers.map((frame) => [...frame.subarray(0, 2)])).toEqual([
      [1, 2],
      [1, 2],
      [1, 3],
    ]);
    for (const frame of answers) expect(frame.readUInt32BE(2)).toBe(frame.length - 6);
    expect(asJson(answers[0]!)["data"]).toEqual([{ value: "hold" }]);
    expect(Object.keys(asJson(answers[1]!))).toEqual(["columns", "data", "seq"]);
    expect(asJson(answers[2]!)).toMatchObject({ code: "42001", retryable: false });
    peer.close();
  });

  test("14.2 a connection that sends nothing else gets nothing else", async () => {
    const peer = await binaryPeer({ ttlMs: 100_000 });
    peer.webSocket.send(binaryFrame("query", Buffer.from("value one")));
    await peer.next();
    running.clock.pass(40_000);
    peer.webSocket.send(binaryFrame("query", Buffer.from("value two")));
    expect(asJson(await peer.next())["data"]).toEqual([{ value: "two" }]);
    peer.close();
  });

  test("14.3 any message travels as CBOR, with its id, and its updates too", async () => {
    const peer = await binaryPeer();
    peer.webSocket.send(message({ type: "PING", id: "p" }));
    const pong = await peer.next();
    expect([...pong.subarray(0, 2)]).toEqual([2, 0]);
    expect(asCbor(pong)).toEqual({ type: "PONG", id: "p", seq: 0 });
    peer.webSocket.send(message(subscribe("s")));
    expect(asCbor(await peer.next())).toMatchObject({ type: "RESULT", live: true });
    running.database.commit(5);
    const update = await peer.next();
    expect(update.readUInt32BE(2)).toBe(update.length - 6);
    expect(asCbor(update)).toEqual({
      type: "UPDATE",
      subscription: "s",
      op: "insert",
      key: "k5",
      data: { age: 5 },
      seq: 1,
      prev_seq: 0,
      last: true,
      digest: "00000000000000aa",
    });
    peer.close();
  });

  test("14.3 values keep their types: big integers, floats, bytes", async () => {
    const peer = await binaryPeer();
    const parameters = {
      big: { $int: "9007199254740993" },
      float: { $float: "2.0" },
      bytes: { $bytes: "AQI=" },
    };
    peer.webSocket.send(message({ ...query(1, "value x"), parameters }));
    await peer.next();
    const [request] = running.database.requests;
    expect(request!.parameters.get("big")).toBe(9007199254740993n);
    expect(request!.parameters.get("bytes")).toEqual(Uint8Array.from([1, 2]));
    expect(request!.parameters.get("float")).toEqual(float(2));
    peer.close();
  });

  test("11.2 after CONFIGURE encoding, what is asked for as text is answered in CBOR, batches too", async () => {
    const peer = await binaryPeer();
    peer.webSocket.send(
      JSON.stringify({ type: "CONFIGURE", encoding: "cbor", batch_commits: true }),
    );
    await peer.next();
    peer.webSocket.send(JSON.stringify(subscribe("s")));
    expect(asCbor(await peer.next())).toMatchObject({ type: "RESULT", id: "s" });
    running.database.commit(1, 2);
    const batch = await peer.next();
    expect(batch.readUInt32BE(2)).toBe(batch.length - 6);
    expect(asCbor(batch)).toMatchObject({
      type: "BATCH",
      seq: 1,
      messages: [
        { type: "UPDATE", data: { age: 1 } },
        { type: "UPDATE", data: { age: 2 } },
      ],
    });
    peer.close();
  });

  test.each([
    ["14.1 a header that is none", Buffer.from([9, 9, 0, 0, 0, 0])],
    ["14.1 a length that is not that of the payload", Buffer.from([1, 1, 0, 0, 0, 9, 65])],
    ["14.2 a query that is not UTF-8", binaryFrame("query", Buffer.from([0xc3, 0x28]))],
    ["14.3 a payload that is not CBOR", binaryFrame("message", Buffer.from([0x9f]))],
    ["14.3 CBOR that is no message", message({ type: "NONSENSE" })],
  ])("%s closes the connection after an ERROR", async (_, frame) => {
    const peer = await binaryPeer();
    peer.webSocket.send(frame);
    expect((await peer.next()).toString("latin1")).toContain("INVALID_MESSAGE");
    expect(await peer.closed).toEqual({ code: 1003, reason: "Invalid message format" });
  });

  test("before authentication a binary frame is refused like any other", async () => {
    const peer = await running.stranger();
    peer.webSocket.send(binaryFrame("query", Buffer.from("value x")));
    expect(await peer.closed).toEqual({ code: 1008, reason: "Authentication required" });
  });
});
