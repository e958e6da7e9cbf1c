import fc from "fast-check";
import { expect, test } from "vitest";
import { backoffMs, DEFAULT_BACKOFF } from "./backoff.ts";

test("waits double up to the most, and keep at least half of it", () => {
  const wait = (attempt: number): number => backoffMs(DEFAULT_BACKOFF, attempt, () => 0.999_999);
  expect([1, 2, 3, 4].map((attempt) => Math.round(wait(attempt)))).toEqual([
    250, 500, 1_000, 2_000,
  ]);
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 10_000 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (attempt, random) => {
        const waitMs = backoffMs(DEFAULT_BACKOFF, attempt, () => random);
        expect(waitMs).toBeGreaterThanOrEqual(DEFAULT_BACKOFF.firstMs / 2);
        expect(waitMs).toBeLessThanOrEqual(DEFAULT_BACKOFF.mostMs);
      },
    ),
  );
});
