import { SharedFrame, type OutFrame } from "../transport/out-frame.ts";

/** What was gathered last, of frames that others may get, too. */
let last: readonly OutFrame[] = [];

/**
 * Frames for one write. If they are those of the write before, in the same order, they are the same list: whoever knows that one need not
 * look through it again.
 */
export class GatheredFrames {
  /** Undefined while they are the first of {@link last}. */
  #own: OutFrame[] | undefined;
  #alike = 0;

  add(frame: OutFrame): void {
    if (this.#own === undefined && last[this.#alike] === frame) this.#alike++;
    else (this.#own ??= last.slice(0, this.#alike)).push(frame);
  }

  /** To be called once, last. */
  get list(): readonly OutFrame[] {
    if (this.#own === undefined && this.#alike === last.length) return last;
    const list = this.#own ?? last.slice(0, this.#alike);
    // What nobody else gets would only be kept from being forgotten.
    if (list.length > 1 && list[0] instanceof SharedFrame) last = list;
    return list;
  }
}
