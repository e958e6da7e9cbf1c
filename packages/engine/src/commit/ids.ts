import type { ElementId } from "@geode/values";
import type { IdSource } from "../execute/writer.ts";
import type { Lease } from "../graph/effect.ts";
import { BLOCK_IDS } from "../graph/store.ts";

/**
 * Element ids from blocks that this process leased through the log.
 *
 * A run that runs out of ids takes the next block on credit: {@link pendingLease} then has to be logged in the same entry, ahead of
 * the commits that use it. Whether the entry is accepted or not, an id that was drawn is never drawn again, so that an id which a
 * caller has seen in an error or a log line can never come to mean something else. What a process has not used of its last block is
 * lost when it ends; there are 2^37 blocks.
 */
export class LeasedIds implements IdSource {
  readonly #nextBlock: () => number;
  #next = 0;
  #end = 0;
  /** One more than the largest id ever drawn. It starts at 1: no element has the id 0. */
  #drawnEnd = 1;
  #pending: { firstBlock: number; count: number } | null = null;

  /** `nextBlock` is the first block that nobody has leased, as far as the log has been applied. */
  constructor(nextBlock: () => number) {
    this.#nextBlock = nextBlock;
  }

  next(): ElementId {
    if (this.#next === this.#end) this.#extend();
    const id = this.#next;
    this.#next += 1;
    this.#drawnEnd = this.#next;
    return id;
  }

  #extend(): void {
    const firstBlock =
      this.#pending === null ? this.#nextBlock() : this.#pending.firstBlock + this.#pending.count;
    // After a refused entry the same blocks may be free again; go on behind what was drawn from them.
    this.#next = Math.max(firstBlock * BLOCK_IDS, this.#drawnEnd);
    const count = Math.floor(this.#next / BLOCK_IDS) - firstBlock + 1;
    this.#end = (firstBlock + count) * BLOCK_IDS;
    this.#pending =
      this.#pending === null
        ? { firstBlock, count }
        : { ...this.#pending, count: this.#pending.count + count };
  }

  /** The lease that has to be logged before the ids drawn so far may appear in the log; null when all are covered. */
  pendingLease(): Lease | null {
    return this.#pending === null ? null : { kind: "lease", ...this.#pending };
  }

  /** This lease, which was pending, is durable. What was taken on credit since it was asked for stays pending. */
  confirm({ firstBlock, count }: Lease): void {
    if (this.#pending === null) return;
    const rest = this.#pending.count - count;
    this.#pending = rest === 0 ? null : { firstBlock: firstBlock + count, count: rest };
  }

  /**
   * Somebody else's entry came first: the blocks taken on credit may be theirs now. Answers whether there were any, that is, whether
   * ids were drawn that must not be used.
   */
  discard(): boolean {
    if (this.#pending === null) return false;
    this.#pending = null;
    this.#next = 0;
    this.#end = 0;
    return true;
  }
}
