import type { Writer } from "./writer.ts";

/** What one DELETE is about to remove: edges go first, then nodes. */
export class Deletions {
  readonly #writer: Writer;
  readonly #detach: boolean;
  /** With where in the text it was said. */
  readonly #nodes = new Map<number, number>();
  readonly #edges = new Set<number>();

  constructor(writer: Writer, detach: boolean) {
    this.#writer = writer;
    this.#detach = detach;
  }

  add(kind: "node" | "edge", slot: number, offset: number): void {
    if (kind === "edge") this.#edges.add(slot);
    else this.#nodes.set(slot, offset);
  }

  apply(): void {
    for (const edge of this.#edges) this.#writer.deleteEdge(edge);
    for (const [node, offset] of this.#nodes) this.#writer.deleteNode(node, this.#detach, offset);
    this.#writer.settleDeletes();
  }
}
