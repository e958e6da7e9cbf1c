import { type Duration, durationOfFractions } from "@geode/values";

/** The sum of durations, part by part: exact, so that their order does not matter, and 22003 only if the result is too long. */
export class DurationTotal {
  #months = 0n;
  #days = 0n;
  #nanoseconds = 0n;
  count = 0;

  add({ months, days, nanoseconds }: Duration): void {
    this.count += 1;
    this.#months += BigInt(months);
    this.#days += BigInt(days);
    this.#nanoseconds += nanoseconds;
  }

  sum(): Duration {
    return this.#dividedBy(1n);
  }

  average(): Duration {
    return this.#dividedBy(BigInt(this.count));
  }

  #dividedBy(denominator: bigint): Duration {
    return durationOfFractions({
      months: this.#months,
      days: this.#days,
      nanoseconds: this.#nanoseconds,
      denominator,
    });
  }
}
