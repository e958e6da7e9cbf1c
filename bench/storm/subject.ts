import { rmSync } from "node:fs";
import { served } from "../served.ts";

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

const { directory, server, url } = await served("storm");
const say = (news: SubjectNews): void => void process.send!(news);
say({ url });

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
