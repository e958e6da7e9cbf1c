/** Time as the server sees it; it comes in through the door so that tests own it. */
export interface Clock {
  /** Milliseconds since 1970. */
  nowMs(): number;
  /** Milliseconds since whenever; never goes back, and does not leap when the clock is set. */
  monotonicMs(): number;
  /** Calls `due` once after `delayMs`. */
  timer(delayMs: number, due: () => void): Timer;
  /** Calls `due` once this turn of the event loop is over. */
  endOfTurn(due: () => void): void;
}

export interface Timer {
  cancel(): void;
}

/** setTimeout fires at once for anything longer. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** The machine's clock. Its timers do not keep the process alive. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  timer(delayMs, due) {
    let handle: NodeJS.Timeout;
    const arm = (leftMs: number): void => {
      handle = setTimeout(
        () => (leftMs > TIMER_MS_MAX ? arm(leftMs - TIMER_MS_MAX) : due()),
        Math.min(leftMs, TIMER_MS_MAX),
      );
      handle.unref();
    };
    arm(Math.max(0, delayMs));
    return { cancel: () => clearTimeout(handle) };
  },
  endOfTurn(due) {
    setImmediate(due);
  },
};
