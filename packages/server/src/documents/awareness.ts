import { GeodeError } from "@geode/values";
import * as decoding from "lib0/decoding";
import * as encoding from "lib0/encoding";

/** What one client of Yjs shows. */
interface Shown {
  readonly client: number;
  readonly clock: number;
  /** JSON text; "null" when it shows nothing any more. */
  readonly state: string;
}

/** Clients of Yjs that one connection speaks for: its own, and those of other tabs of the browser. */
const CLIENTS_MAX = 64;

/**
 * What the connections in a document show of themselves: any JSON, or updates of y-protocols/awareness, of which the newest state per
 * client counts. Kept nowhere else.
 */
export class Awareness<M> {
  /** JSON text by connection. */
  readonly #plain = new Map<M, string>();
  readonly #clients = new Map<M, Map<number, Shown>>();

  /** Sets what the connection shows; null: nothing. */
  setPlain(member: M, state: string): void {
    if (state === "null") this.#plain.delete(member);
    else this.#plain.set(member, state);
  }

  /** Takes an update in. Throws INVALID_MESSAGE for what is none, LIMIT for too many clients. */
  take(member: M, update: Uint8Array): void {
    const shown = read(update);
    let own = this.#clients.get(member);
    if (own === undefined) this.#clients.set(member, (own = new Map()));
    for (const state of shown) {
      const before = own.get(state.client);
      if (before !== undefined && before.clock > state.clock) continue;
      if (state.state === "null") own.delete(state.client);
      else own.set(state.client, state);
    }
    if (own.size <= CLIENTS_MAX) return;
    for (const { client } of shown) own.delete(client);
    throw new GeodeError(
      "LIMIT",
      `A connection shows the state of at most ${CLIENTS_MAX} clients.`,
    );
  }

  /** What each connection shows: JSON text, or an update. */
  *all(): Generator<readonly [M, string | Uint8Array]> {
    for (const [member, state] of this.#plain) yield [member, state];
    for (const [member, clients] of this.#clients)
      if (clients.size > 0) yield [member, write([...clients.values()])];
  }

  /** The connection is gone: what tells others that its clients show nothing any more; null if they had not shown anything. */
  forget(member: M): { readonly update: Uint8Array } | null {
    const hadPlain = this.#plain.delete(member);
    const clients = [...(this.#clients.get(member)?.values() ?? [])];
    this.#clients.delete(member);
    if (!hadPlain && clients.length === 0) return null;
    // Another tab may have taken one over: what it said of it is newer, and stays.
    const gone = clients.filter(({ client, clock }) => !this.#isShown(client, clock));
    return {
      update: write(gone.map(({ client, clock }) => ({ client, clock: clock + 1, state: "null" }))),
    };
  }

  #isShown(client: number, clock: number): boolean {
    for (const clients of this.#clients.values()) {
      const other = clients.get(client);
      if (other !== undefined && other.clock >= clock) return true;
    }
    return false;
  }
}

function read(update: Uint8Array): Shown[] {
  try {
    const decoder = decoding.createDecoder(update);
    const count = decoding.readVarUint(decoder);
    const shown: Shown[] = [];
    for (let at = 0; at < count; at++) {
      const client = decoding.readVarUint(decoder);
      const clock = decoding.readVarUint(decoder);
      const state = decoding.readVarString(decoder);
      JSON.parse(state);
      shown.push({ client, clock, state });
    }
    return shown;
  } catch (cause) {
    throw new GeodeError("INVALID_MESSAGE", "`state` is no update of the awareness of Yjs.", {
      cause,
    });
  }
}

function write(shown: readonly Shown[]): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, shown.length);
  for (const { client, clock, state } of shown) {
    encoding.writeVarUint(encoder, client);
    encoding.writeVarUint(encoder, clock);
    encoding.writeVarString(encoder, state);
  }
  return encoding.toUint8Array(encoder);
}
