import type { Clock, Timer } from "../src/clock.ts";

/** A clock that stands still until told otherwise; the end of a turn is the real one. */
export class ManualClock implements Clock {
  #nowMs: number;
  readonly #timers = new Set<{ atMs: number; due: () => void }>();

  constructor(nowMs = 1_000_000_000_000) {
    this.#nowMs = nowMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  timer(delayMs: number, due: () => void): Timer {
    const timer = { atMs: this.#nowMs + delayMs, due };
    this.#timers.add(timer);
    return { cancel: () => void this.#timers.delete(timer) };
  }

  endOfTurn(due: () => void): void {
    setImmediate(due);
  }

  /** Lets time pass, with every timer that falls due, in order. */
  pass(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (;;) {
      const due = [...this.#timers]
        .filter((timer) => timer.atMs <= endMs)
        .sort((a, b) => a.atMs - b.atMs)[0];
      if (due === undefined) break;
      this.#timers.delete(due);
      this.#nowMs = Math.max(this.#nowMs, due.atMs);
      due.due();
    }
    this.#nowMs = endMs;
  }

  /** Time leaps, and no timer has noticed yet: a machine that slept, or a clock that was set. */
  jump(ms: number): void {
    this.#nowMs += ms;
  }

  /** How many timers are armed. */
  get armed(): number {
    return this.#timers.size;
  }
}
