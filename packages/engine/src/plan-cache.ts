import type { Statement } from "./execute/statement.ts";

/** Longer texts are compiled every time: they are bulk loads with their data in the text, and would push out what is used again. */
const CACHED_TEXT_LENGTH_MAX = 64 * 1024;

/** Compiled statements by text, those used last. A statement holds no data, so it never goes stale. */
export class PlanCache {
  readonly #compile: (text: string) => Statement;
  readonly #size: number;
  /** Least recently used first. */
  readonly #plans = new Map<string, Statement>();
  /** The most recently used: asked for again and again, it need not move. */
  #last: Statement | null = null;

  constructor(compile: (text: string) => Statement, size: number) {
    this.#compile = compile;
    this.#size = size;
  }

  /** Throws what compiling throws; a text with an error is not kept. */
  get(text: string): Statement {
    if (this.#last?.text === text) return this.#last;
    const cached = this.#plans.get(text);
    if (cached !== undefined) {
      this.#plans.delete(text);
      this.#plans.set(text, cached);
      this.#last = cached;
      return cached;
    }
    const plan = this.#compile(text);
    if (text.length > CACHED_TEXT_LENGTH_MAX || this.#size === 0) return plan;
    this.#plans.set(text, plan);
    this.#last = plan;
    if (this.#plans.size > this.#size) {
      const oldest = this.#plans.keys().next();
      if (!oldest.done) this.#plans.delete(oldest.value);
    }
    return plan;
  }
}
