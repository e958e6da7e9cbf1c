/**
 * A token bucket: `perSecond` on average, bursts of twice as many. It holds no timer; time is told to it.
 */
export class Bucket {
  readonly #perSecond: number;
  readonly #capacity: number;
  #tokens: number;
  #atMs: number;

  constructor(perSecond: number, nowMs: number) {
    this.#perSecond = perSecond;
    this.#capacity = 2 * perSecond;
    this.#tokens = this.#capacity;
    this.#atMs = nowMs;
  }

  /** Takes one token. Answers 0, or after how many milliseconds there will be one. */
  take(nowMs: number): number {
    this.#refill(nowMs);
    if (this.#tokens >= 1) {
      this.#tokens--;
      return 0;
    }
    return Math.ceil(((1 - this.#tokens) / this.#perSecond) * 1000);
  }

  /** After how many milliseconds it will be full, and could be forgotten. */
  fullInMs(nowMs: number): number {
    this.#refill(nowMs);
    return Math.ceil(((this.#capacity - this.#tokens) / this.#perSecond) * 1000);
  }

  #refill(nowMs: number): void {
    // A clock that was set back refills nothing, and does not count the time twice.
    const passedMs = Math.max(0, nowMs - this.#atMs);
    this.#atMs = nowMs;
    this.#tokens = Math.min(this.#capacity, this.#tokens + (passedMs / 1000) * this.#perSecond);
  }
}
