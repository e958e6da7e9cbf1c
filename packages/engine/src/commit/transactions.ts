import { GeodeError } from "@geode/values";
import type { Conflicts } from "./conflicts.ts";
import type { Door } from "./door.ts";
import type { Environment } from "./environment.ts";
import type { TransactionLimits } from "./limits.ts";
import type { Replica } from "./replica.ts";
import { OpenTransaction, type TransactionAccess } from "./transaction.ts";

/** The transactions that are open, and what they hold together. */
export class Transactions {
  readonly #replica: Replica;
  readonly #door: Door;
  readonly #conflicts: Conflicts;
  readonly #environment: Environment;
  readonly #hashKey: (text: string) => string;
  readonly #limits: TransactionLimits;
  readonly #open = new Set<OpenTransaction>();
  #heldBytes = 0;

  constructor(
    replica: Replica,
    door: Door,
    conflicts: Conflicts,
    environment: Environment,
    hashKey: (text: string) => string,
    limits: TransactionLimits,
  ) {
    this.#replica = replica;
    this.#door = door;
    this.#conflicts = conflicts;
    this.#environment = environment;
    this.#hashKey = hashKey;
    this.#limits = limits;
  }

  get openCount(): number {
    return this.#open.size;
  }

  /** Throws UNAVAILABLE when too many are open. */
  begin(principal: string, access: TransactionAccess): OpenTransaction {
    const { openMax, heldBytesMax, durationMs, effectsMax } = this.#limits;
    if (this.#open.size >= openMax) {
      throw new GeodeError("UNAVAILABLE", `Too many transactions are open (${openMax}).`, {
        hint: "Begin this one again a little later.",
        limit: "transactions",
      });
    }
    const transaction = new OpenTransaction({
      replica: this.#replica,
      door: this.#door,
      conflicts: this.#conflicts,
      environment: this.#environment,
      hashKey: this.#hashKey,
      principal,
      access,
      durationMs,
      effectsMax,
      hold: (bytes) => {
        if (bytes > 0 && this.#heldBytes + bytes > heldBytesMax) {
          throw new GeodeError("UNAVAILABLE", "The open transactions hold too many changes.", {
            hint: "Commit in smaller parts, or try again a little later.",
          });
        }
        this.#heldBytes += bytes;
      },
      onOver: () => this.#open.delete(transaction),
    });
    this.#open.add(transaction);
    return transaction;
  }

  /** Rolls everything back that is not being committed. */
  close(): void {
    for (const transaction of this.#open) transaction.rollback();
  }
}
