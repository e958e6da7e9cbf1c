import { GeodeError } from "@geode/values";
import * as Y from "yjs";
import { isKnown, requireSound } from "./update.ts";

/** A document of Yjs in memory. */
export class YjsDocument {
  #doc = new Y.Doc();

  /** `updates`: in order, all that there are. */
  constructor(updates: Iterable<Uint8Array>) {
    for (const update of updates) Y.applyUpdate(this.#doc, update);
  }

  get doc(): Y.Doc {
    return this.#doc;
  }

  /** What somebody lacks who has what the state vector says; of nobody, everything. Throws INVALID_MESSAGE for what is no state vector. */
  diff(stateVector?: Uint8Array): Uint8Array {
    try {
      return Y.encodeStateAsUpdate(this.#doc, stateVector);
    } catch (cause) {
      throw new GeodeError("INVALID_MESSAGE", "`state_vector` is no state vector of Yjs.", {
        cause,
      });
    }
  }

  /** Pieces that it has in memory. */
  get parts(): number {
    let parts = 0;
    for (const structs of this.#doc.store.clients.values()) parts += structs.length;
    return parts;
  }

  get stateVector(): Uint8Array {
    return Y.encodeStateVector(this.#doc);
  }

  isKnown(update: Uint8Array): boolean {
    return isKnown(update, this.#doc);
  }

  /**
   * Takes an update in, and answers what of it is new; null if nothing is. Throws INVALID_MESSAGE, with nothing changed, for what is no
   * update or builds on what is not there. Throws {@link Torn} when it went wrong half-way: the document is of no use any more.
   */
  take(update: Uint8Array): Uint8Array | null {
    const doc = this.#doc;
    requireSound(update, doc);
    const wasWhole = isWhole(doc);
    let news: Uint8Array | null = null;
    const hear = (bytes: Uint8Array): void => {
      news = bytes;
    };
    doc.on("update", hear);
    try {
      Y.applyUpdate(doc, update);
    } catch (cause) {
      throw new Torn(cause);
    } finally {
      doc.off("update", hear);
    }
    if (wasWhole && !isWhole(doc))
      throw new Torn(new Error("a part of the update could not be placed"));
    return news;
  }

  /** Takes in what is durable, whatever it is. */
  bring(update: Uint8Array): void {
    Y.applyUpdate(this.#doc, update);
  }

  destroy(): void {
    this.#doc.destroy();
  }
}

/** Nothing waits for edits that never came. */
function isWhole({ store }: Y.Doc): boolean {
  return store.pendingStructs === null && store.pendingDs === null;
}

/** An update looked sound and could not be applied: it was made to break something. */
export class Torn extends Error {
  constructor(cause: unknown) {
    super("the update could not be applied", { cause });
  }
}
