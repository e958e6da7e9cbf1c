import type { Live } from "@geode/client";

/** Resolves once the live result shows the commit. */
export async function reaches(live: Live<unknown>, seq: number): Promise<void> {
  await live.ready;
  while ((live.seq ?? 0) < seq) {
    const changed = Promise.withResolvers<void>();
    const stop = live.subscribe(changed.resolve);
    if ((live.seq ?? 0) < seq) await changed.promise;
    stop();
  }
}
