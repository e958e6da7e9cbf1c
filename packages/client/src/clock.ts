/** Time as the client sees it, so that tests move it by hand. */
export interface Clock {
  /** Milliseconds, from any origin; only differences are used. */
  nowMs(): number;
  /** Calls `callback` once after the delay, unless the returned function was called before. */
  after(delayMs: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
  nowMs: () => performance.now(),
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};
