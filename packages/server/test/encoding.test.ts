import { connect, type Geode, type GeodeOptions } from "@geode/client";
import { Database } from "@geode/engine";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { signToken } from "../src/auth/token.ts";
import { systemClock } from "../src/clock.ts";
import { Server } from "../src/server.ts";
import { reaches } from "./reaches.ts";
import { SECRET } from "./running-server.ts";

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

/** The kinds of frames that the client heard, "binary" or "text". */
let heard: Set<string>;

async function client(options: GeodeOptions): Promise<Geode> {
  heard = new Set();
  const kinds = heard;
  const webSocket = new Proxy(WebSocket, {
    construct(target, [url, protocols]: [string, string[]]) {
      const socket = new target(url, protocols);
      socket.on("message", (_, isBinary) => kinds.add(isBinary ? "binary" : "text"));
      return socket;
    },
  });
  const token = () => signToken({ user: "ann", ttlMs: 3_600_000 }, SECRET, systemClock);
  const opened = await connect(`${server.url.replace("http", "ws")}/ws`, {
    token,
    floats: "exact",
    webSocket: webSocket as never,
    ...options,
  });
  clients.push(opened);
  return opened;
}

const VALUES =
  "{n: 1, big: 9007199254740993, float: 2.0, half: 1.5, text: 'é水', none: NULL, list: [1, 2.0]}";

describe.each(["json", "cbor"] as const)("a client that speaks %s", (encoding) => {
  test("gets the same values, from queries and live, and its copies are proven by their digests", async () => {
    const [geode, plain] = [await client({ encoding }), await client({})];
    const live = geode.live("MATCH (v:Value) RETURN v, v.float AS float ORDER BY v.n");
    await live.ready;
    await geode.query(`INSERT (:Value ${VALUES})`);
    const { seq } = await geode.query("MATCH (v:Value) SET v.n = v.n + 1, v.bytes = $bytes", {
      bytes: Uint8Array.from([1, 2, 255]),
    });
    await reaches(live, seq);
    const { data } = await plain.query("MATCH (v:Value) RETURN v, v.float AS float");
    expect(live.rows).toEqual(data);
    expect((await geode.query("MATCH (v:Value) RETURN v, v.float AS float")).data).toEqual(data);
    expect(live.error).toBeNull();
  });

  test("hears of errors, and its frames are of that kind alone", async () => {
    const geode = await client({ encoding });
    await expect(geode.query("MATCH (")).rejects.toMatchObject({ code: "42001" });
    await geode.live("MATCH (n) RETURN n").ready;
    expect(heard).toEqual(new Set([encoding === "json" ? "text" : "binary"]));
  });

  test("can have the updates of a while in one frame", async () => {
    const geode = await client({ encoding, batchMs: 20 });
    const live = geode.live("MATCH (n:N) RETURN n.n AS n ORDER BY n");
    await live.ready;
    let seq = 0;
    for (let n = 0; n < 5; n++) ({ seq } = await geode.query("INSERT (:N {n: $n})", { n }));
    await reaches(live, seq);
    expect(live.rows).toHaveLength(5);
  });
});
