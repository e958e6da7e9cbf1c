import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Database } from "@geode/engine";
import { configuredSecret, Server, signToken, systemClock } from "@geode/server";

/** A server over a new directory, which one user alone may use as hard as a crowd. */
export interface Served {
  readonly directory: string;
  readonly database: Database;
  readonly server: Server;
  /** Of the WebSocket, with a token. */
  readonly url: string;
}

export async function served(user: string): Promise<Served> {
  const root = process.env["GEODE_BENCH_DIR"] ?? tmpdir();
  const directory = mkdtempSync(join(root, `geode-${user}-`));
  const database = await Database.open({ directory });
  const secret = configuredSecret("a secret of at least thirty-two bytes, for the bench");
  const token = await signToken({ user, ttlMs: 3_600_000 }, secret, systemClock);
  const server = await Server.start({
    database,
    secret,
    port: 0,
    limits: {
      connectionsMax: 20_000,
      connectionsPerUserMax: 20_000,
      connectionsPerAddressMax: 20_000,
      // One machine is the whole world here; the crowd is not to be turned away at the door.
      handshakesPerSecond: 100_000,
      requestsPerSecond: 1_000_000,
      realtimePerSecond: 1_000_000,
    },
  });
  return { directory, database, server, url: `ws://127.0.0.1:${server.port}/ws?token=${token}` };
}
