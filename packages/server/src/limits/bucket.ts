/** So many at once, and so many a second on average. */
export interface Rate {
  readonly burst: number;
  readonly perSecond: number;
}

/**
 * A token bucket. It holds no timer; time is told to it. It counts in milliseconds, of which each token costs some, so that whole
 * numbers stay whole.
 */
export class Bucket {
  readonly #costMs: number;
  readonly #fullMs: number;
  #creditMs: number;
  #atMs: number;

  constructor({ burst, perSecond }: Rate, nowMs: number) {
    this.#costMs = 1000 / perSecond;
    this.#fullMs = burst * this.#costMs;
    this.#creditMs = this.#fullMs;
    this.#atMs = nowMs;
  }

  /** Takes one token. Answers 0, or after how many milliseconds there will be one. */
  take(nowMs: number): number {
    this.#refill(nowMs);
    if (this.#creditMs < this.#costMs) return Math.ceil(this.#costMs - this.#creditMs);
    this.#creditMs -= this.#costMs;
    return 0;
  }

  /** After how many milliseconds it will be full, and could be forgotten. */
  fullInMs(nowMs: number): number {
    this.#refill(nowMs);
    return Math.ceil(this.#fullMs - this.#creditMs);
  }

  #refill(nowMs: number): void {
    // A clock that was set back refills nothing, and does not count the time twice.
    this.#creditMs = Math.min(this.#fullMs, this.#creditMs + Math.max(0, nowMs - this.#atMs));
    this.#atMs = nowMs;
  }
}
