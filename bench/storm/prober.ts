import { monitorEventLoopDelay } from "node:perf_hooks";
import { connect } from "@geode/client";

/*
 * Somebody else who uses the server meanwhile: one connection in a process of its own that asks for one element at a time, so that what
 * it waits for is the server, and not the crowd's own work. It tells its parent what it waited, once a second, and how late its own
 * timers were.
 */

export interface ProberNews {
  readonly waitsMs: readonly number[];
  /** The 99th percentile of the delays of its own event loop. */
  readonly stallMs: number;
}

const EVERY_MS = 10;

const [url, items] = process.argv.slice(2) as [string, string];
const geode = await connect(url);
const stalls = monitorEventLoopDelay({ resolution: 1 });
stalls.enable();
let waitsMs: number[] = [];

setInterval(() => {
  const news: ProberNews = { waitsMs, stallMs: stalls.percentile(99) / 1e6 };
  waitsMs = [];
  stalls.reset();
  process.send!(news);
}, 1_000);

for (;;) {
  const startMs = performance.now();
  await geode.query("MATCH (n:Item {id: $id}) RETURN n.value AS value", {
    id: Math.floor(Math.random() * Number(items)),
  });
  waitsMs.push(performance.now() - startMs);
  await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
}
