import { randomFillSync } from "node:crypto";

/**
 * Everything that the engine takes from the world around it besides the disk: time, chance and turns of the event loop. It comes in
 * through a constructor, so that a test runs a whole database from one seed and one hand-driven clock.
 */
export interface Environment {
  /** Wall clock, in milliseconds since 1970. It may jump. */
  readonly nowMs: () => number;
  /** A clock for measuring, in milliseconds from anywhere. It never goes back. */
  readonly monotonicMs: () => number;
  /** A number in [0, 1), for queries. Not secret. */
  readonly random: () => number;
  /** Secret random bytes: nonces, epochs, hash keys. */
  readonly randomBytes: (count: number) => Uint8Array;
  /** Runs the task in a later turn of the event loop, once input and output had their chance. */
  readonly later: (task: () => void) => void;
  /** Runs the task after at least that many milliseconds; the returned function calls it off. */
  readonly after: (delayMs: number, task: () => void) => () => void;
  /** Is told of faults that concern no caller, e.g. a listener that threw. Must not throw. */
  readonly report: (error: unknown) => void;
}

/** Asked for one by one, the system call would be a good part of what a small commit costs. */
const RANDOM_POOL_BYTES = 4096;
const randomPool = new Uint8Array(RANDOM_POOL_BYTES);
let randomUsed = RANDOM_POOL_BYTES;

/** The real world: the only place in the engine that touches clocks, timers and entropy. */
export const SYSTEM: Environment = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  random: () => Math.random(),
  randomBytes: (count) => {
    if (count > RANDOM_POOL_BYTES) return randomFillSync(new Uint8Array(count));
    if (randomUsed + count > RANDOM_POOL_BYTES) {
      randomFillSync(randomPool);
      randomUsed = 0;
    }
    const bytes = randomPool.slice(randomUsed, randomUsed + count);
    // What was handed out is no longer known here.
    randomPool.fill(0, randomUsed, randomUsed + count);
    randomUsed += count;
    return bytes;
  },
  later: (task) => {
    setImmediate(task);
  },
  after: (delayMs, task) => {
    const timer = setTimeout(task, delayMs);
    return () => clearTimeout(timer);
  },
  report: (error) => {
    process.emitWarning(error instanceof Error ? error : new Error(String(error)));
  },
};
