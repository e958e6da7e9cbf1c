import type { Writer } from "./writer.ts";

/** What one DELETE is about to remove: edges go first, then nodes. */
export class Deletions {
  readonly #writer: Writer;
  readonly #detach: boolean;
  readonly #nodes = new Set<number>();
  readonly #edges = new Set<number>();

  constructor(writer: Writer, detach: boolean) {
    this.#writer = writer;
    this.#detach = detach;
  }

  add(kind: "node" | "edge", slot: number): void {
    (kind === "node" ? this.#nodes : this.#edges).add(slot);
  }

  apply(): void {
    for (const edge of this.#edges) this.#writer.deleteEdge(edge);
    for (const node of this.#nodes) this.#writer.deleteNode(node, this.#detach);
    this.#writer.settleDeletes();
  }
}
