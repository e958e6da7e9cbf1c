/**
 * What PROFILE notes while a statement runs: how many rows come out of each line of its plan, and how long each line takes. The lines of
 * a pipeline are loops inside of loops; so the time until a row comes out of a line is that line's, since the last row came out of any.
 */
export class Profile {
  readonly #rows: number[];
  readonly #timesMs: number[];
  readonly #elapsedMs: () => number;
  #line = 0;
  #lastMs: number;

  /** `elapsedMs`: a clock that does not go back. */
  constructor(lines: number, elapsedMs: () => number) {
    this.#rows = Array.from({ length: lines }, () => 0);
    this.#timesMs = Array.from({ length: lines }, () => 0);
    this.#elapsedMs = elapsedMs;
    this.#lastMs = elapsedMs();
  }

  /** A row came out of a line, or one that stands for so many. */
  came(line: number, rows: number): void {
    this.#line = line;
    this.#rows[line]! += rows;
    this.#lap();
  }

  /** The end: what was still done after the last row belongs to its line. */
  end(): void {
    this.#lap();
  }

  rows(line: number): number {
    return this.#rows[line] ?? 0;
  }

  /** In a line and in those that stand below it, deeper. */
  timeMs(line: number, depths: readonly number[]): number {
    let timeMs = this.#timesMs[line] ?? 0;
    for (let below = line + 1; depths[below]! > depths[line]!; below++)
      timeMs += this.#timesMs[below] ?? 0;
    return timeMs;
  }

  #lap(): void {
    const nowMs = this.#elapsedMs();
    this.#timesMs[this.#line]! += nowMs - this.#lastMs;
    this.#lastMs = nowMs;
  }
}
