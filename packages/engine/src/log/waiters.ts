import { GeodeError } from "@geode/values";
import { logClosed } from "./log.ts";

interface Waiter {
  readonly number: number;
  readonly resolve: () => void;
  readonly reject: (error: GeodeError) => void;
}

/** Those who wait for an entry that is not there yet. */
export class Waiters {
  readonly #waiting = new Set<Waiter>();

  /** Resolves when entry `number` arrives. Rejects with CANCELLED by the signal, with UNAVAILABLE by {@link Waiters.close}. */
  wait(number: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const finish = (): void => {
        this.#waiting.delete(waiter);
        signal?.removeEventListener("abort", cancel);
      };
      const cancel = (): void => {
        finish();
        reject(
          new GeodeError("CANCELLED", `the wait for log entry ${number} was cancelled`, {
            cause: signal?.reason,
          }),
        );
      };
      const waiter: Waiter = {
        number,
        resolve: () => {
          finish();
          resolve();
        },
        reject: (error) => {
          finish();
          reject(error);
        },
      };
      this.#waiting.add(waiter);
      if (signal?.aborted === true) {
        cancel();
      } else {
        signal?.addEventListener("abort", cancel);
      }
    });
  }

  arrived(head: number): void {
    for (const waiter of this.#waiting) {
      if (waiter.number <= head) {
        waiter.resolve();
      }
    }
  }

  close(): void {
    for (const waiter of this.#waiting) {
      waiter.reject(logClosed());
    }
  }
}
