import { CLOSES, type CloseName, type LimitName } from "@geode/protocol";
import { GeodeError } from "@geode/values";
import { afterEach, describe, expect, test } from "vitest";
import type { ServerOptions } from "../src/server.ts";
import { query, WITHOUT_PINGS } from "./messages.ts";
import { Peer } from "./peer.ts";
import { RunningServer } from "./running-server.ts";

/**
 * Every way in which the server ends a connection, with the code and the reason that PROTOCOL.md has for it, and the metric that counts
 * it under its name. A new one does not compile before it has its row.
 */
interface Row {
  /** What leads to it. Resolves to the connection that is closed, if it is not the one that was given. */
  readonly provoke: (peer: Peer) => unknown;
  readonly options?: Partial<ServerOptions>;
  readonly limits?: { readonly [Name in LimitName]?: number };
}

let running: RunningServer;
afterEach(() => running.close());

const ROWS: { readonly [Name in CloseName]: Row } = {
  idle: { provoke: () => running.clock.pass(300_000) },
  replaced: { limits: { connectionsPerUserMax: 1 }, provoke: () => void running.peer() },
  sessionClosed: {
    provoke: (peer) => {
      Object.assign(running.database, {
        sessionCommand: () => ({ action: "close" }),
        sessionAfter: () =>
          Promise.resolve({ graph: "default", timeZone: null, parameters: new Map() }),
      });
      peer.send(query(1, "SESSION CLOSE"));
    },
  },
  badFrame: {
    provoke: ({ webSocket }) => {
      const { _socket: socket } = webSocket as unknown as { _socket: { write(b: Buffer): void } };
      // All reserved bits are set.
      socket.write(Buffer.from([0xf1, 0x80, 0, 0, 0, 0]));
    },
  },
  invalidJson: { provoke: (peer) => peer.send("{") },
  invalidMessage: { provoke: (peer) => peer.send({ type: "HELLO" }) },
  badUtf8: {
    provoke: ({ webSocket }) => webSocket.send(Buffer.from([0xff]), { binary: false }),
  },
  authenticationRequired: {
    provoke: async () => {
      const stranger = await running.stranger();
      stranger.send({ type: "PING" });
      return stranger;
    },
  },
  invalidToken: { provoke: (peer) => peer.send({ type: "AUTH", token: "nonsense" }) },
  revoked: {
    provoke: async () => {
      const token = await running.token({ user: "root", roles: ["admin"] });
      await fetch(`${running.http}/admin/revocations/users/ann`, {
        method: "PUT",
        headers: { authorization: `Bearer ${token}` },
      });
    },
  },
  atCapacity: { limits: { connectionsMax: 1 }, provoke: () => running.stranger() },
  editRefused: {
    provoke: async () => {
      const url = running.ws.replace(/\/ws$/, "/yjs/d");
      const editor = await Peer.connect(`${url}?token=${await running.token()}`);
      // An update with nothing that could be one, to a server without documents.
      editor.webSocket.send(Uint8Array.of(0, 2, 1, 9));
      return editor;
    },
  },
  tooBig: { provoke: (peer) => peer.send("x".repeat(1024 * 1024 + 1)) },
  internal: {
    // The key set is not to be had.
    options: {
      tokenKeys: [
        {
          algorithms: ["RS256"],
          candidates: () => Promise.reject(new GeodeError("UNAVAILABLE", "no keys")),
        },
      ],
    },
    provoke: async () => {
      const head = Buffer.from('{"alg":"RS256"}').toString("base64url");
      return running.stranger(`?token=${head}.e30.AAAA`);
    },
  },
  restart: { provoke: () => void running.server.close() },
  slow: {
    limits: { progressMsMax: 1_000, resultBytesMax: 64 * 1024 * 1024 },
    provoke: async (peer) => {
      peer.webSocket.pause();
      // Behind an answer that is not taken it would not be started.
      peer.send(query("held", "value hold"));
      peer.send(query("large", `large ${30 * 1024 * 1024}`));
      await running.requests(2);
      const { signal } = running.database.requests[0]!;
      while (!signal!.aborted) {
        running.clock.pass(1_000);
        await new Promise((resolve) => setImmediate(resolve));
      }
      running.database.release();
      peer.webSocket.resume();
    },
  },
  tokenExpired: {
    provoke: async () => {
      const brief = await running.peer({ ttlMs: 10_000 });
      running.clock.pass(10_000);
      return brief;
    },
  },
};

/** How often connections ended so, by the metric. */
async function counted(name: CloseName): Promise<number> {
  const { code } = CLOSES[name];
  const prefix = `geode_closes_total{code="${code}",reason="${name}"} `;
  const line = (await running.server.metrics()).split("\n").find((each) => each.startsWith(prefix));
  return Number(line?.slice(prefix.length) ?? 0);
}

describe.each(Object.keys(CLOSES) as CloseName[])("%s", (name) => {
  const { code, reason } = CLOSES[name];

  test(`closes with ${code} ${reason}, and is counted by its name`, async () => {
    const { limits, options, provoke } = ROWS[name];
    running = await RunningServer.start({ ...options, limits: { ...WITHOUT_PINGS, ...limits } });
    const peer = await running.peer();
    const closed = ((await provoke(peer)) as Peer | undefined) ?? peer;
    expect(await closed.closed).toEqual({ code, reason });
    const others = closed === peer && name !== "replaced" ? 0 : 1;
    await running.connections(others);
    expect(await counted(name)).toBe(1);
  });
});
