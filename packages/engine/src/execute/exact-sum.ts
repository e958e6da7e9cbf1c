/**
 * A sum of floats without rounding on the way, so that it does not depend on the order of its terms: non-overlapping partial sums after
 * J. R. Shewchuk, "Adaptive Precision Floating-Point Arithmetic and Fast Robust Geometric Predicates" (1997).
 */
export class ExactSum {
  readonly #partials: number[] = [];
  /** Infinities and NaN, and what overflowed: they decide alone. */
  #special = 0;
  #isSpecial = false;

  add(term: number): void {
    if (!Number.isFinite(term)) {
      this.#special += term;
      this.#isSpecial = true;
      return;
    }
    const partials = this.#partials;
    let x = term;
    let kept = 0;
    for (let index = 0; index < partials.length; index++) {
      let y = partials[index] ?? 0;
      if (Math.abs(x) < Math.abs(y)) [x, y] = [y, x];
      const high = x + y;
      const low = y - (high - x);
      if (low !== 0) partials[kept++] = low;
      x = high;
    }
    if (!Number.isFinite(x)) {
      this.#special += x;
      this.#isSpecial = true;
      partials.length = 0;
      return;
    }
    partials.length = kept;
    partials.push(x);
  }

  /** The sum, rounded once. */
  get value(): number {
    if (this.#isSpecial) return this.#special;
    const partials = this.#partials;
    let index = partials.length - 1;
    if (index < 0) return 0;
    let high = partials[index] ?? 0;
    let low = 0;
    while (index > 0) {
      index -= 1;
      const x = high;
      const y = partials[index] ?? 0;
      high = x + y;
      low = y - (high - x);
      if (low !== 0) break;
    }
    // Half-way cases: the next partial says to which side the exact sum lies.
    const next = index > 0 ? (partials[index - 1] ?? 0) : 0;
    if ((low < 0 && next < 0) || (low > 0 && next > 0)) {
      const y = low * 2;
      const x = high + y;
      if (y === x - high) return x;
    }
    return high;
  }
}
