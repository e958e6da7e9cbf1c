import { rmSync } from "node:fs";
import { served } from "../served.ts";

/* The server of the storm: Geode as it is, its log on disk. It tells its parent how much it holds, once a second. */

export interface SubjectNews {
  readonly url?: string;
  readonly heapMiB?: number;
  readonly residentMiB?: number;
  readonly connections?: number;
  /** Processor time of the main thread in the last second, and how much of it passed between timers that were a millisecond apart. */
  readonly mainThreadMs?: number;
  readonly stretchesMs?: readonly number[];
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

const spentMs = (): number => {
  const { system, user } = process.threadCpuUsage();
  return (system + user) / 1_000;
};
let stretchesMs: number[] = [];
let tickMs = spentMs();
const tick = (): void => {
  const nowMs = spentMs();
  stretchesMs.push(nowMs - tickMs);
  tickMs = nowMs;
  setTimeout(tick, 1);
};
tick();
let secondMs = spentMs();

setInterval(() => {
  const nowMs = spentMs();
  const { heapUsed, rss } = process.memoryUsage();
  say({
    heapMiB: heapUsed / mebibyte,
    residentMiB: rss / mebibyte,
    connections: server.connections,
    mainThreadMs: nowMs - secondMs,
    stretchesMs,
  });
  secondMs = nowMs;
  stretchesMs = [];
}, 1_000);

process.on("disconnect", () => {
  rmSync(directory, { recursive: true, force: true });
  process.exit(0);
});
