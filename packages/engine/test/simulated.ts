import type { Environment } from "../src/commit/environment.ts";

/**
 * A world in which nothing happens by itself: time stands until it is moved, chance follows from a seed, and what was put off runs when
 * the test says so. For tests.
 */
export class SimulatedEnvironment implements Environment {
  /** What was reported, in order. */
  readonly reports: unknown[] = [];
  #timeMs = 1_000_000;
  #state: number;
  #tasks: { readonly dueMs: number; readonly task: () => void }[] = [];

  constructor(seed = 1) {
    this.#state = seed;
  }

  readonly nowMs = (): number => this.#timeMs;
  readonly monotonicMs = (): number => this.#timeMs;

  /** Mulberry32. */
  readonly random = (): number => {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };

  readonly randomBytes = (count: number): Uint8Array =>
    Uint8Array.from({ length: count }, () => this.random() * 256);

  readonly later = (task: () => void): void => {
    this.after(0, task);
  };

  readonly after = (delayMs: number, task: () => void): (() => void) => {
    const entry = { dueMs: this.#timeMs + delayMs, task };
    this.#tasks.push(entry);
    return () => {
      this.#tasks = this.#tasks.filter((other) => other !== entry);
    };
  };

  readonly report = (error: unknown): void => {
    this.reports.push(error);
  };

  /** Lets time pass; what falls due runs with the next {@link settle}. */
  pass(durationMs: number): void {
    this.#timeMs += durationMs;
  }

  /** Runs promises and everything that is due until nothing is left to do. */
  async settle(): Promise<void> {
    for (;;) {
      await new Promise<void>((resume) => {
        setImmediate(resume);
      });
      const due = this.#tasks.filter((entry) => entry.dueMs <= this.#timeMs);
      if (due.length === 0) return;
      this.#tasks = this.#tasks.filter((entry) => entry.dueMs > this.#timeMs);
      for (const { task } of due) task();
    }
  }
}
