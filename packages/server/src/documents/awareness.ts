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

export interface AwarenessNews {
  readonly update: Uint8Array;
  readonly clients: readonly number[];
}

/** Clients of Yjs that one connection speaks for: its own, and those of other tabs of the browser. */
const CLIENTS_MAX = 64;
/** Clients that are gone of which it is remembered how far they were. */
const GONE_MAX = 1_000;
const NOTHING = "null";

/**
 * What the connections in a document show of themselves: any JSON, or updates of y-protocols/awareness, of which the newest state per
 * client counts. Kept nowhere else.
 *
 * Providers say again what they have heard, of everybody. So a client belongs to the connection that has shown its state first, only what
 * is newer is news, and of clients that are gone it is remembered for a while that they are.
 */
export class Awareness<M> {
  /** JSON text by connection. */
  readonly #plain = new Map<M, string>();
  readonly #clients = new Map<number, Shown & { readonly owner: M }>();
  /** The clocks of clients that are gone, the oldest first. */
  readonly #gone = new Map<number, number>();

  /** Sets what the connection shows; null: nothing. */
  setPlain(member: M, state: string): void {
    if (state === NOTHING) this.#plain.delete(member);
    else this.#plain.set(member, state);
  }

  /**
   * Takes an update in. Answers what of it is new, and of which clients; null if nothing is. Throws INVALID_MESSAGE for what is none,
   * LIMIT, with nothing changed, for too many clients.
   */
  take(member: M, update: Uint8Array): AwarenessNews | null {
    const news = read(update).filter((shown) => this.#isNews(shown));
    if (news.length === 0) return null;
    this.#requireRoom(member, news);
    for (const shown of news) {
      if (shown.state === NOTHING) this.#end(shown.client, shown.clock);
      else {
        this.#gone.delete(shown.client);
        this.#clients.set(shown.client, { ...shown, owner: member });
      }
    }
    return { update: write(news), clients: news.map(({ client }) => client) };
  }

  /** What each connection shows: JSON text, or an update. */
  *all(): Generator<readonly [M, string | Uint8Array]> {
    for (const [member, state] of this.#plain) yield [member, state];
    const byOwner = new Map<M, Shown[]>();
    for (const shown of this.#clients.values()) {
      const known = byOwner.get(shown.owner);
      if (known === undefined) byOwner.set(shown.owner, [shown]);
      else known.push(shown);
    }
    for (const [member, shown] of byOwner) yield [member, write(shown)];
  }

  /** The connection is gone: what tells others that its clients show nothing any more; null if it had not shown anything. */
  forget(member: M): { readonly update: Uint8Array } | null {
    const hadPlain = this.#plain.delete(member);
    const own = [...this.#clients.values()].filter(({ owner }) => owner === member);
    if (!hadPlain && own.length === 0) return null;
    // At the clock that they had: whoever comes back counts on from there, and has to be believed.
    const ended = own.map(({ client, clock }) => {
      this.#end(client, clock);
      return { client, clock, state: NOTHING };
    });
    return { update: write(ended) };
  }

  #isNews({ client, clock, state }: Shown): boolean {
    const known = this.#clients.get(client);
    if (known === undefined) return state !== NOTHING && clock > (this.#gone.get(client) ?? -1);
    return clock > known.clock || (clock === known.clock && state === NOTHING);
  }

  #requireRoom(member: M, news: readonly Shown[]): void {
    const own = new Set(news.map(({ client }) => client));
    for (const { client, owner } of this.#clients.values()) if (owner === member) own.add(client);
    if (own.size <= CLIENTS_MAX) return;
    throw new GeodeError(
      "LIMIT",
      `A connection shows the state of at most ${CLIENTS_MAX} clients.`,
    );
  }

  #end(client: number, clock: number): void {
    this.#clients.delete(client);
    this.#gone.delete(client);
    this.#gone.set(client, clock);
    if (this.#gone.size <= GONE_MAX) return;
    const [oldest] = this.#gone.keys();
    this.#gone.delete(oldest!);
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
