/** So many at once, and so many a second on average. */
export interface Rate {
  readonly burst: number;
  readonly perSecond: number;
}

/** A token bucket. It holds no timer; time is told to it. */
export class Bucket {
  readonly #rate: Rate;
  #tokens: number;
  #atMs: number;

  constructor(rate: Rate, nowMs: number) {
    this.#rate = rate;
    this.#tokens = rate.burst;
    this.#atMs = nowMs;
  }

  /** Takes one token. Answers 0, or after how many milliseconds there will be one. */
  take(nowMs: number): number {
    this.#refill(nowMs);
    if (this.#tokens >= 1) {
      this.#tokens--;
      return 0;
    }
    return Math.ceil(((1 - this.#tokens) / this.#rate.perSecond) * 1000);
  }

  /** After how many milliseconds it will be full, and could be forgotten. */
  fullInMs(nowMs: number): number {
    this.#refill(nowMs);
    return Math.ceil(((this.#rate.burst - this.#tokens) / this.#rate.perSecond) * 1000);
  }

  #refill(nowMs: number): void {
    // A clock that was set back refills nothing, and does not count the time twice.
    const passedMs = Math.max(0, nowMs - this.#atMs);
    this.#atMs = nowMs;
    this.#tokens = Math.min(
      this.#rate.burst,
      this.#tokens + (passedMs / 1000) * this.#rate.perSecond,
    );
  }
}
