import { GeodeError } from "@geode/values";

/** So many that a slot and one bit fit into 32 bits, and that 0 and the largest can mean something else. */
const SLOTS_MAX = 2 ** 31 - 2;

/**
 * Dense numbers for elements. A released slot is the first to be used again, so arrays by slot do not grow with churn. Taking and
 * releasing can be undone in reverse order, exactly: the same slots come next as if it had never happened.
 */
export class Slots {
  readonly #free: number[] = [];
  readonly #max: number;
  #end = 0;

  constructor(max: number = SLOTS_MAX) {
    this.#max = max;
  }

  /** Every slot in use is below it. */
  get end(): number {
    return this.#end;
  }

  get used(): number {
    return this.#end - this.#free.length;
  }

  /** What {@link take} will return. */
  get next(): number {
    return this.#free.length > 0 ? this.#free[this.#free.length - 1]! : this.#end;
  }

  /** Whether the next slot was in use before. */
  get nextIsReused(): boolean {
    return this.#free.length > 0;
  }

  /** Throws LIMIT, with nothing changed, when all are in use. */
  take(): number {
    if (this.#free.length > 0) return this.#free.pop()!;
    if (this.#end === this.#max)
      throw new GeodeError("LIMIT", `a graph has at most ${this.#max} nodes, and as many edges`);
    return this.#end++;
  }

  untake(slot: number, reused: boolean): void {
    if (reused) this.#free.push(slot);
    else this.#end--;
  }

  release(slot: number): void {
    this.#free.push(slot);
  }

  unrelease(): void {
    this.#free.pop();
  }

  /** The free slots, the next one last. */
  free(): readonly number[] {
    return this.#free;
  }
}
