import { Database, type Principal } from "@geode/engine";
import { configuredSecret, Server, signToken, systemClock } from "@geode/server";
import jaysonClient from "jayson/lib/client/browser/index.js";
import { JSONRPCClient } from "json-rpc-2.0";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

/*
 * JSON-RPC 2.0 as others speak it: every example of the specification, §7, and two clients from npm. Of the specification's methods,
 * `subtract` and `sum` are queries here that compute the same, `update`, `notify_hello` and `notify_sum` are `ping`.
 */

const admin: Principal = { id: "ada", roles: ["admin"], claims: new Map() };

let database: Database;
let server: Server;
let url: string;
const sockets: WebSocket[] = [];

beforeEach(async () => {
  database = await Database.open();
  const secret = configuredSecret("a secret of at least thirty-two bytes, for tests");
  const token = await signToken({ user: "ada", ttlMs: 3_600_000 }, secret, systemClock);
  server = await Server.start({ database, secret, port: 0 });
  url = `ws://127.0.0.1:${server.port}/ws?token=${token}`;
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.close();
  await server.close();
  await database.close();
});

async function open(): Promise<WebSocket> {
  const socket = new WebSocket(url, ["jsonrpc"]);
  sockets.push(socket);
  await new Promise((resolve) => (socket.onopen = resolve));
  return socket;
}

/** Sends a frame and, to know that nothing else comes, a last call; answers with what came before the answer to that. */
async function answersTo(frame: string): Promise<unknown[]> {
  const socket = await open();
  const answers: unknown[] = [];
  const done = Promise.withResolvers<void>();
  socket.onmessage = ({ data }) => {
    const answer = JSON.parse(String(data)) as { id?: unknown };
    if (answer.id === "last") done.resolve();
    else answers.push(answer);
  };
  socket.send(frame);
  socket.send('{"jsonrpc":"2.0","method":"query","params":["RETURN 1"],"id":"last"}');
  await done.promise;
  return answers;
}

const SUBTRACT = '"method": "query", "params": ["RETURN $minuend - $subtrahend AS n"';
const SUM = '"method": "query", "params": ["RETURN $a + $b + $c AS n", {"a": 1, "b": 2, "c": 4}]';
const result = (id: unknown, n: number) => ({ jsonrpc: "2.0", id, result: { data: [{ n }] } });
const refused = (id: unknown, code: number, message: string) => ({
  jsonrpc: "2.0",
  id,
  error: { code, message },
});

describe("the examples of the specification, §7", () => {
  test.each([
    [
      "rpc call with positional parameters",
      `{"jsonrpc": "2.0", ${SUBTRACT}, {"minuend": 42, "subtrahend": 23}], "id": 1}`,
      [result(1, 19)],
    ],
    [
      "rpc call with positional parameters, the other way round",
      `{"jsonrpc": "2.0", ${SUBTRACT}, {"minuend": 23, "subtrahend": 42}], "id": 2}`,
      [result(2, -19)],
    ],
    [
      "rpc call with named parameters",
      '{"jsonrpc": "2.0", "method": "query", "params": {"gql": "RETURN $minuend - $subtrahend AS n", "params": {"subtrahend": 23, "minuend": 42}}, "id": 3}',
      [result(3, 19)],
    ],
    [
      "rpc call with named parameters, the other way round",
      '{"jsonrpc": "2.0", "method": "query", "params": {"params": {"minuend": 42, "subtrahend": 23}, "gql": "RETURN $minuend - $subtrahend AS n"}, "id": 4}',
      [result(4, 19)],
    ],
    ["a notification", '{"jsonrpc": "2.0", "method": "ping", "params": [1]}', []],
    ["another notification", '{"jsonrpc": "2.0", "method": "foobar"}', []],
    [
      "rpc call of non-existent method",
      '{"jsonrpc": "2.0", "method": "foobar", "id": "1"}',
      [refused("1", -32601, "Method not found")],
    ],
    [
      "rpc call with invalid JSON",
      '{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]',
      [refused(null, -32700, "Parse error")],
    ],
    [
      "rpc call with invalid Request object",
      '{"jsonrpc": "2.0", "method": 1, "params": "bar"}',
      [refused(null, -32600, "Invalid Request")],
    ],
    [
      "rpc call Batch, invalid JSON",
      '[{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},{"jsonrpc": "2.0", "method"]',
      [refused(null, -32700, "Parse error")],
    ],
    ["rpc call with an empty Array", "[]", [refused(null, -32600, "Invalid Request")]],
    [
      "rpc call with an invalid Batch (but not empty)",
      "[1]",
      [[refused(null, -32600, "Invalid Request")]],
    ],
    [
      "rpc call with invalid Batch",
      "[1,2,3]",
      [[1, 2, 3].map(() => refused(null, -32600, "Invalid Request"))],
    ],
    [
      "rpc call Batch (all notifications)",
      '[{"jsonrpc": "2.0", "method": "ping", "params": [1]}, {"jsonrpc": "2.0", "method": "ping", "params": [7]}]',
      [],
    ],
  ])("%s", async (_, frame, expected) => {
    expect(await answersTo(frame)).toMatchObject(expected);
  });

  test("rpc call Batch", async () => {
    const [answers] = (await answersTo(
      `[
        {"jsonrpc": "2.0", ${SUM}, "id": "1"},
        {"jsonrpc": "2.0", "method": "ping", "params": [7]},
        {"jsonrpc": "2.0", ${SUBTRACT}, {"minuend": 42, "subtrahend": 23}], "id": "2"},
        {"foo": "boo"},
        {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"},
        {"jsonrpc": "2.0", "method": "query", "params": ["RETURN 'hello' AS n"], "id": "9"}
      ]`,
    )) as [unknown[]];
    // The specification leaves their order open.
    expect(answers).toHaveLength(5);
    const byId = new Map(answers.map((answer) => [(answer as { id: unknown }).id, answer]));
    expect(byId.get("1")).toMatchObject(result("1", 7));
    expect(byId.get("2")).toMatchObject(result("2", 19));
    expect(byId.get(null)).toMatchObject(refused(null, -32600, "Invalid Request"));
    expect(byId.get("5")).toMatchObject(refused("5", -32601, "Method not found"));
    expect(byId.get("9")).toMatchObject({ result: { data: [{ n: "hello" }] } });
  });
});

describe("clients from npm", () => {
  test("json-rpc-2.0: calls, batches, notifications, errors", async () => {
    const socket = await open();
    const client = new JSONRPCClient((request) => socket.send(JSON.stringify(request)));
    socket.onmessage = ({ data }) => client.receive(JSON.parse(String(data)));
    await database.query({ text: "INSERT (:Person), (:Person)", principal: admin });
    const gql = "MATCH (p:Person) RETURN COUNT(p)";
    expect(await client.request("query", { gql, params: {} })).toMatchObject({
      data: [{ count: 2 }],
    });
    client.notify("query", { gql: "INSERT (:Person)" });
    await expect(client.request("query", { gql: "MATCH (" })).rejects.toMatchObject({
      code: -32000,
    });
    await expect(client.request("nonsense", {})).rejects.toThrow("Method not found");
    const batch = await client.requestAdvanced([
      { jsonrpc: "2.0", id: "a", method: "query", params: [gql] },
      { jsonrpc: "2.0", id: "b", method: "ping" },
    ]);
    expect(new Set(batch.map(({ id }) => id))).toEqual(new Set(["a", "b"]));
  });

  test("jayson: calls, batches, errors", async () => {
    const socket = await open();
    const waiting: ((error: null, response: string) => void)[] = [];
    socket.onmessage = ({ data }) => waiting.shift()?.(null, String(data));
    const client = new jaysonClient(
      (request: string, callback: (error: null, response: string) => void) => {
        waiting.push(callback);
        socket.send(request);
      },
      { version: 2 },
    );
    const call = (method: string, parameters: Record<string, unknown> | unknown[]) =>
      new Promise<{ error?: { code: number }; result?: unknown }>((resolve) =>
        client.request(method, parameters, (_: unknown, response: object) => resolve(response)),
      );
    expect(await call("query", { gql: "RETURN 1 AS one" })).toMatchObject({
      result: { data: [{ one: 1 }] },
    });
    expect(await call("query", ["RETURN $n AS n", { n: 7 }])).toMatchObject({
      result: { data: [{ n: 7 }] },
    });
    expect((await call("query", { gql: "RETURN" })).error?.code).toBe(-32000);
    expect((await call("nonsense", {})).error?.code).toBe(-32601);
  });
});
