import { GeodeError } from "@geode/values";
import type { DatabasePort } from "../port.ts";
import type { RoomStore } from "./room-store.ts";

/** Rooms of which it is remembered that they exist; beyond that it is asked again. */
const KNOWN_MAX = 10_000;

/** A room that is named exists from then on, and stays: so nobody may name any number. */
export class RoomLimit {
  readonly #store: Pick<RoomStore, "exists" | "countOf">;
  readonly #perUserMax: number;
  readonly #known = new Set<string>();

  constructor(store: Pick<RoomStore, "exists" | "countOf">, perUserMax: number) {
    this.#store = store;
    this.#perUserMax = perUserMax;
  }

  /**
   * Throws LIMIT if the room would be one too many of its user. Several at the same moment may be a few more. `transaction`: what was made
   * in it counts, too.
   */
  async require(
    room: string,
    user: string,
    transaction?: Pick<DatabasePort, "query">,
  ): Promise<void> {
    if (this.#known.has(room)) return;
    if (await this.#store.exists(room, transaction)) {
      // A transaction's own may vanish with it.
      if (transaction === undefined) this.#know(room);
      return;
    }
    if ((await this.#store.countOf(user, transaction)) < this.#perUserMax) return;
    throw new GeodeError("LIMIT", `A user may make ${this.#perUserMax} rooms.`, {
      limit: "roomsPerUser",
      hint: "Use rooms that there are; operators set --rooms-per-user.",
    });
  }

  #know(room: string): void {
    if (this.#known.size >= KNOWN_MAX) this.#known.clear();
    this.#known.add(room);
  }
}
