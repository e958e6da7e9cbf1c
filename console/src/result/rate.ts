/** The span that a rate is taken over, in milliseconds. */
const WINDOW_MS = 5_000;
/** Events kept; beyond it the rate is a lower bound, which nobody can read any more anyway. */
const EVENTS_MAX = 10_000;

/** Counts events of the last seconds. */
export class RateMeter {
  #atMs: number[] = [];

  record(nowMs: number): void {
    this.#atMs.push(nowMs);
    if (this.#atMs.length > EVENTS_MAX) this.#forget(nowMs);
    if (this.#atMs.length > EVENTS_MAX) this.#atMs = this.#atMs.slice(-EVENTS_MAX / 2);
  }

  perSecond(nowMs: number): number {
    this.#forget(nowMs);
    return this.#atMs.length / (WINDOW_MS / 1_000);
  }

  clear(): void {
    this.#atMs = [];
  }

  #forget(nowMs: number): void {
    const kept = this.#atMs.findIndex((atMs) => atMs > nowMs - WINDOW_MS);
    this.#atMs = kept < 0 ? [] : this.#atMs.slice(kept);
  }
}
