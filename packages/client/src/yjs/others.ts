import * as decoding from "lib0/decoding";
import { applyAwarenessUpdate, type Awareness, removeAwarenessStates } from "y-protocols/awareness";

/**
 * What the other connections show of themselves, in the awareness of a provider. The server says when a connection is gone, and not which
 * clients of Yjs it spoke for: that is remembered here.
 */
export class Others {
  readonly #awareness: Awareness;
  /** Marks what comes from here. */
  readonly #origin: unknown;
  /** The connection that showed a client last, by the number of the client. */
  readonly #connections = new Map<number, string>();

  constructor(awareness: Awareness, origin: unknown) {
    this.#awareness = awareness;
    this.#origin = origin;
  }

  /** A connection shows something else. Throws for what is no update of an awareness. */
  show(connection: string, update: Uint8Array): void {
    for (const client of clientsIn(update)) this.#connections.set(client, connection);
    applyAwarenessUpdate(this.#awareness, update, this.#origin);
  }

  gone(connection: string): void {
    this.#remove([...this.#connections].filter(([, by]) => by === connection));
  }

  /** Nobody is heard any more. */
  clear(): void {
    this.#remove([...this.#connections]);
  }

  #remove(clients: readonly (readonly [client: number, connection: string])[]): void {
    const awareness = this.#awareness;
    const remote: number[] = [];
    for (const [client] of clients) {
      this.#connections.delete(client);
      // Nobody else says whether we are here.
      if (client !== awareness.clientID) remote.push(client);
    }
    removeAwarenessStates(awareness, remote, this.#origin);
    // Or it would not be believed when it is shown again as it was.
    for (const client of remote) awareness.meta.delete(client);
  }
}

/** Source: y-protocols, awareness: the number of clients, then of each its number, its clock and its state. */
function clientsIn(update: Uint8Array): readonly number[] {
  const decoder = decoding.createDecoder(update);
  const clients: number[] = [];
  for (let left = decoding.readVarUint(decoder); left > 0; left -= 1) {
    clients.push(decoding.readVarUint(decoder));
    decoding.readVarUint(decoder);
    decoding.readVarString(decoder);
  }
  return clients;
}
