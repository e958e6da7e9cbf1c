import type { Budget } from "./budget.ts";
import type { Writer } from "./writer.ts";

/** A place in a set or a map. */
const DELETION_BYTES = 40;

/** What one DELETE is about to remove: edges go first, then nodes. */
export class Deletions {
  readonly #writer: Writer;
  readonly #budget: Budget;
  readonly #detach: boolean;
  /** With where in the text it was said. */
  readonly #nodes = new Map<number, number>();
  readonly #edges = new Set<number>();

  constructor(writer: Writer, budget: Budget, detach: boolean) {
    this.#writer = writer;
    this.#budget = budget;
    this.#detach = detach;
  }

  add(kind: "node" | "edge", slot: number, offset: number): void {
    this.#budget.hold(DELETION_BYTES);
    if (kind === "edge") this.#edges.add(slot);
    else this.#nodes.set(slot, offset);
  }

  apply(): void {
    for (const edge of this.#edges) this.#writer.deleteEdge(edge);
    for (const [node, offset] of this.#nodes) this.#writer.deleteNode(node, this.#detach, offset);
    this.#writer.settleDeletes();
  }
}
