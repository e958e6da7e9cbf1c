import type { Clock, Timer } from "../clock.ts";
import { addressKey } from "./addresses.ts";
import { Bucket, type Rate } from "./bucket.ts";
import type { Source } from "./proxies.ts";

export interface HttpRatesOptions {
  readonly clock: Clock;
  readonly rate: Rate;
  /** Called for each request beyond it. */
  readonly onExceeded: () => void;
}

/** Counts HTTP requests by address and by user. Whoever has not asked for a while is forgotten: their bucket is full again. */
export class HttpRates {
  readonly #options: HttpRatesOptions;
  readonly #addresses = new Map<string, Bucket>();
  readonly #users = new Map<string, Bucket>();
  #sweep: Timer | undefined;

  constructor(options: HttpRatesOptions) {
    this.#options = options;
  }

  /** Answers 0, or after how many milliseconds that address may ask again. One that stands for many is not limited. */
  ofAddress(source: Source): number {
    return source.isClient ? this.#take(this.#addresses, addressKey(source)) : 0;
  }

  /** Likewise of a user, from wherever. */
  ofUser(id: string): number {
    return this.#take(this.#users, id);
  }

  /** How many addresses and users are remembered. */
  get count(): number {
    return this.#addresses.size + this.#users.size;
  }

  close(): void {
    this.#sweep?.cancel();
  }

  #take(buckets: Map<string, Bucket>, key: string): number {
    const { clock, onExceeded, rate } = this.#options;
    const nowMs = clock.nowMs();
    let bucket = buckets.get(key);
    if (bucket === undefined) buckets.set(key, (bucket = new Bucket(rate, nowMs)));
    const waitMs = bucket.take(nowMs);
    if (waitMs > 0) onExceeded();
    this.#sweepLater();
    return waitMs;
  }

  /** Once in the time in which any bucket fills up. */
  #sweepLater(): void {
    const { clock, rate } = this.#options;
    this.#sweep ??= clock.timer((rate.burst / rate.perSecond) * 1000, () => {
      this.#sweep = undefined;
      const nowMs = clock.nowMs();
      for (const buckets of [this.#addresses, this.#users])
        for (const [key, bucket] of buckets) if (bucket.fullInMs(nowMs) <= 0) buckets.delete(key);
      if (this.count > 0) this.#sweepLater();
    });
  }
}
