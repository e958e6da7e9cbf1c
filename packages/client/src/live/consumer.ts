import type { GeodeError } from "@geode/values";
import { ChangeBuffer } from "./changes.ts";
import type { Commit } from "./changes.ts";

/** One `for await` loop over a live result. */
export class Consumer<Row> implements AsyncIterator<Commit<Row>, undefined> {
  readonly #buffer = new ChangeBuffer<Row>();
  readonly #leave: (consumer: Consumer<Row>) => void;
  #waiting: {
    resolve(result: IteratorResult<Commit<Row>, undefined>): void;
    reject(error: Error): void;
  }[] = [];
  #ended: { readonly error: GeodeError | null } | null = null;

  constructor(leave: (consumer: Consumer<Row>) => void) {
    this.#leave = leave;
  }

  push(commit: Commit<Row>): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#buffer.push(commit);
    else waiting.resolve({ done: false, value: commit });
  }

  end(error: GeodeError | null): void {
    this.#ended ??= { error };
    for (const waiting of this.#waiting.splice(0)) {
      if (error === null) waiting.resolve({ done: true, value: undefined });
      else waiting.reject(error);
    }
  }

  next(): Promise<IteratorResult<Commit<Row>, undefined>> {
    const commit = this.#buffer.shift();
    if (commit !== undefined) return Promise.resolve({ done: false, value: commit });
    if (this.#ended !== null) {
      const { error } = this.#ended;
      // An error is thrown once; after it the iteration is over.
      this.#ended = { error: null };
      return error === null
        ? Promise.resolve({ done: true, value: undefined })
        : Promise.reject(error);
    }
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  return(): Promise<IteratorResult<Commit<Row>, undefined>> {
    this.#leave(this);
    this.end(null);
    return Promise.resolve({ done: true, value: undefined });
  }
}
