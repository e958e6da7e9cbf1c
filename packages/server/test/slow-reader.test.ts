import { connect, type Geode, type GeodeOptions, type LiveOptions } from "@geode/client";
import { Database, type Principal } from "@geode/engine";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { signToken } from "../src/auth/token.ts";
import { systemClock } from "../src/clock.ts";
import { Server } from "../src/server.ts";
import { Peer } from "./peer.ts";
import { reaches } from "./reaches.ts";
import { SECRET } from "./running-server.ts";

const admin: Principal = { id: "ann", roles: ["admin"], claims: new Map() };
const KIB = 1024;

let database: Database;
let server: Server;
const clients: Geode[] = [];
beforeEach(async () => {
  database = await Database.open();
  server = await Server.start({
    database,
    secret: SECRET,
    port: 0,
    limits: { conflateBytesMin: 64 * KIB, outboxBytesMax: 512 * KIB },
  });
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await server.close();
  await database.close();
});

const url = () => `${server.url.replace("http", "ws")}/ws`;
const token = () =>
  signToken({ user: "ann", roles: ["admin"], ttlMs: 3_600_000 }, SECRET, systemClock);
const write = (text: string, parameters: Record<string, unknown> = {}) =>
  database.query({
    text,
    parameters: new Map(Object.entries(parameters)) as never,
    principal: admin,
  });

/** A client whose socket can be stopped, so that it reads nothing, and started again. */
async function stoppable(options: GeodeOptions): Promise<{ client: Geode; socket: WebSocket }> {
  let socket: WebSocket | undefined;
  const webSocket = new Proxy(WebSocket, {
    construct(target, [address, protocols]: [string, string[]]) {
      socket = new target(address, protocols, { perMessageDeflate: false });
      return socket;
    },
  });
  const client = await connect(url(), { token, webSocket: webSocket as never, ...options });
  clients.push(client);
  return { client, socket: socket! };
}

const ROWS = "MATCH (n:N) RETURN n.id AS id, n.text AS text";
const FILLER = "x".repeat(40 * KIB);

/** So many commits that no buffer between the server and a stopped reader holds all of them. */
const STEPS = 500;

interface Way {
  readonly query: string;
  readonly live?: LiveOptions;
  readonly client?: GeodeOptions;
}

const WAYS: readonly (readonly [name: string, way: Way])[] = [
  ["merged updates", { query: ROWS }],
  [
    "merged updates, in CBOR and batches",
    { query: ROWS, client: { encoding: "cbor", batchMs: 5 } },
  ],
  ["the latest state", { query: ROWS, live: { backpressure: "latest" } }],
  [
    "a result sent anew, because its rows have positions",
    { query: `${ROWS} ORDER BY n.text LIMIT 20` },
  ],
];

describe.each(WAYS)("PROTOCOL 5.15: a reader that stops catches up by %s", (_, way) => {
  test("its copy is the result again, and others were not held up", async () => {
    const { query } = way;
    const { client, socket } = await stoppable(way.client ?? {});
    const other = await connect(url(), { token });
    clients.push(other);
    const [slow, quick] = [client.live(query, {}, way.live), other.live(query)];
    await Promise.all([slow.ready, quick.ready]);
    let heard = 0;
    quick.subscribe(() => heard++);
    socket.pause();
    const random = fc.sample(fc.nat(), STEPS);
    let seq = 0;
    for (const [step, number] of random.entries()) {
      const id = number % 40;
      const text = `${number}${FILLER}`;
      const known = { id, text };
      const done =
        step % 7 === 0
          ? await write("MATCH (n:N {id: $id}) DETACH DELETE n", { id })
          : await write("MERGE (n:N {id: $id}) SET n.text = $text", known).catch(() =>
              write("INSERT (:N {id: $id, text: $text})", known),
            );
      seq = done.seq;
      await turn();
    }
    // The last commit has to be one that both results hear of: it comes first in the one that is sorted.
    seq = (await write("INSERT (:N {id: 1000, text: ''})")).seq;
    await reaches(quick, seq);
    expect(heard).toBeGreaterThan(10);
    expect(slow.seq).toBeLessThan(seq);
    expect(socket.readyState).toBe(WebSocket.OPEN);
    socket.resume();
    await reaches(slow, seq);
    const { data } = await other.query(query);
    const sorted = (rows: readonly unknown[]) => rows.map((row) => JSON.stringify(row)).sort();
    expect(sorted(slow.rows)).toEqual(sorted(data));
    expect(client.state.kind).toBe("ready");
  });
});

test("PROTOCOL 5.15: a result that is sent anew says so, and updates follow it in an unbroken chain", async () => {
  const peer = await Peer.connect(`${url()}?token=${await token()}`);
  const first = await peer.ask({ type: "SUBSCRIBE", id: "s", query: `${ROWS} ORDER BY id` });
  peer.webSocket.pause();
  let written = 0;
  for (let id = 0; id < STEPS; id++) {
    written = (await write("INSERT (:N {id: $id, text: $text})", { id, text: FILLER })).seq;
    await turn();
  }
  peer.webSocket.resume();
  const resets: Record<string, unknown>[] = [];
  let seq = first["seq"] as number;
  while (seq < written) {
    const message = await peer.next();
    if (message["type"] === "RESULT") resets.push(message);
    else expect(message["prev_seq"]).toBeLessThanOrEqual(seq);
    seq = message["seq"] as number;
  }
  expect(resets.length).toBeGreaterThan(0);
  for (const reset of resets) {
    expect(reset).toMatchObject({ id: "s", subscription: "s", live: true, reset: true });
    expect(reset["notices"]).toMatchObject([{ code: "RESET" }]);
  }
  await write("INSERT (:N {id: -1, text: 'after'})");
  const update = await peer.next();
  expect(update).toMatchObject({ type: "UPDATE", subscription: "s", data: { id: -1 }, index: 0 });
  expect(update["prev_seq"]).toBeLessThanOrEqual(seq);
  await peer.close();
});

/** Lets the server, and everybody who reads, have a turn. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
