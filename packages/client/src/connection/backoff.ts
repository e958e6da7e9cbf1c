export interface Backoff {
  /** Around the first wait, in milliseconds. Default 250. */
  readonly firstMs: number;
  /** No wait is longer, in milliseconds. Default 30,000. */
  readonly mostMs: number;
}

export const DEFAULT_BACKOFF: Backoff = { firstMs: 250, mostMs: 30_000 };

/**
 * How long to wait before the attempt with that number (1 is the first repetition): doubling, and drawn evenly from the upper half,
 * so that a thousand clients which lost one server do not come back in one instant.
 */
export function backoffMs(backoff: Backoff, attempt: number, random: () => number): number {
  const ceilingMs = Math.min(backoff.mostMs, backoff.firstMs * 2 ** Math.min(attempt - 1, 30));
  return ceilingMs / 2 + random() * (ceilingMs / 2);
}
