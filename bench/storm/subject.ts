import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Database } from "@geode/engine";
import { configuredSecret, Server, signToken, systemClock } from "@geode/server";

/* The server of the storm: Geode as it is, its log on disk. It tells its parent how much it holds, once a second. */

export interface SubjectNews {
  readonly url?: string;
  readonly heapMiB?: number;
  readonly residentMiB?: number;
  readonly connections?: number;
  /** What is left after a collection: asked for by the word `measure`. */
  readonly kept?: Kept;
}

/** In mebibytes. */
export interface Kept {
  readonly heap: number;
  /** Buffers, and other memory outside of the heap that objects in it hold. */
  readonly external: number;
  readonly resident: number;
}

const directory = mkdtempSync(join(process.env["GEODE_BENCH_DIR"] ?? tmpdir(), "geode-storm-"));
const database = await Database.open({ directory });
const secret = configuredSecret("a secret of at least thirty-two bytes, for the bench");
const token = await signToken({ user: "storm", ttlMs: 3_600_000 }, secret, systemClock);
const server = await Server.start({
  database,
  secret,
  port: 0,
  limits: {
    connectionsMax: 20_000,
    connectionsPerUserMax: 20_000,
    connectionsPerAddressMax: 20_000,
    // One machine is the whole world here; the storm is not to be turned away at the door.
    handshakesPerSecond: 100_000,
    requestsPerSecond: 1_000_000,
  },
});
const say = (news: SubjectNews): void => void process.send!(news);
say({ url: `ws://127.0.0.1:${server.port}/ws?token=${token}` });

const mebibyte = 1024 * 1024;
process.on("message", () => {
  globalThis.gc?.();
  const { external, heapUsed, rss } = process.memoryUsage();
  const kept = {
    heap: heapUsed / mebibyte,
    external: external / mebibyte,
    resident: rss / mebibyte,
  };
  say({ kept });
});

setInterval(() => {
  const { heapUsed, rss } = process.memoryUsage();
  say({
    heapMiB: heapUsed / mebibyte,
    residentMiB: rss / mebibyte,
    connections: server.connections,
  });
}, 1_000);

process.on("disconnect", () => {
  rmSync(directory, { recursive: true, force: true });
  process.exit(0);
});
