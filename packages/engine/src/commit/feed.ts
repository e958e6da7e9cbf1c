import type { Environment } from "./environment.ts";
import type { Commit, Follower } from "./replica.ts";

/**
 * Tells the server of what it keeps in the database once that is durable, whoever wrote it, commit by commit: in a turn of its own,
 * after the writers were answered.
 */
export class Feed<T> implements Follower {
  readonly #environment: Pick<Environment, "later" | "report">;
  readonly #newsOf: (commit: Commit) => T | null;
  readonly #listeners = new Set<(news: T) => void>();
  #waiting: T[] = [];

  /** `newsOf`: what a commit brought; null if nothing that is told of. */
  constructor(
    environment: Pick<Environment, "later" | "report">,
    newsOf: (commit: Commit) => T | null,
  ) {
    this.#environment = environment;
    this.#newsOf = newsOf;
  }

  /** Returns how to stop. */
  listen(listener: (news: T) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  afterCommit(commit: Commit): void {
    if (this.#listeners.size === 0) return;
    const news = this.#newsOf(commit);
    if (news === null) return;
    if (this.#waiting.push(news) === 1) this.#environment.later(() => this.#tell());
  }

  #tell(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const news of waiting) {
      for (const listener of this.#listeners) {
        try {
          listener(news);
        } catch (error) {
          this.#environment.report(error);
        }
      }
    }
  }
}
