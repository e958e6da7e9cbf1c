import type { Budget } from "./budget.ts";

/** Orders the rows that stand at two places. */
export type Comparator = (left: number, right: number) => number;

/**
 * The first rows of an order, as many as are wanted, out of any number that come: a heap with the last of them on top. The rows
 * themselves lie with the caller, in arrays by place:
 *
 * ```ts
 * keys[first.place] = key; // what the comparator looks at
 * const place = first.admit();
 * if (place !== -1) values[place] = value; // the row stays for now, perhaps instead of another
 * ```
 */
export class FirstRows {
  /** Where to put what the next row is compared by. */
  place = 0;
  readonly #wanted: number;
  readonly #comparator: Comparator;
  readonly #budget: Budget;
  /** Places of the rows kept; each is before, or tied with, the one at (index - 1) >> 1. */
  readonly #heap: number[] = [];
  /** By place, how many rows had come before: ties stay as they came. */
  readonly #arrivals: number[] = [];
  #arrived = 0;

  constructor(wanted: number, comparator: Comparator, budget: Budget) {
    this.#wanted = wanted;
    this.#comparator = comparator;
    this.#budget = budget;
  }

  get count(): number {
    return this.#heap.length;
  }

  get isFull(): boolean {
    return this.#heap.length >= this.#wanted;
  }

  /** The place of the last one of those that are wanted so far; there has to be one. */
  get last(): number {
    return this.#heap[0]!;
  }

  /** The place of the row that was just put, or -1 if it is not among the first so far. */
  admit(): number {
    const { place } = this;
    const heap = this.#heap;
    this.#arrivals[place] = this.#arrived++;
    if (heap.length < this.#wanted) {
      this.#budget.keep();
      heap.push(place);
      this.#rise(heap.length - 1);
      this.place = heap.length;
      return place;
    }
    const last = heap[0];
    // Of equal rows the later one is out, and this one is the latest.
    if (last === undefined || this.#comparator(place, last) >= 0) return -1;
    heap[0] = place;
    this.#sink();
    this.place = last;
    return place;
  }

  /** The places of the rows, in order. */
  order(): Uint32Array {
    return Uint32Array.from(this.#heap).sort((left, right) => {
      if (--this.#budget.steps < 0) this.#budget.look();
      return this.#compare(left, right);
    });
  }

  #compare(left: number, right: number): number {
    return this.#comparator(left, right) || this.#arrivals[left]! - this.#arrivals[right]!;
  }

  #rise(from: number): void {
    const heap = this.#heap;
    const place = heap[from]!;
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#compare(place, heap[parent]!) <= 0) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = place;
  }

  /** Brings the top to where it belongs. */
  #sink(): void {
    const heap = this.#heap;
    const place = heap[0]!;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && this.#compare(heap[child + 1]!, heap[child]!) > 0) child += 1;
      if (this.#compare(heap[child]!, place) <= 0) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = place;
  }
}
