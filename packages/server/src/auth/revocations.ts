import { GeodeError } from "@geode/values";
import type { Clock } from "../clock.ts";
import type { Identity } from "./token.ts";

/** What was revoked, as it is kept. */
export interface RevokedState {
  /** User ids, and until when their tokens were issued that do not count any more. */
  readonly users: readonly (readonly [id: string, issuedUntilMs: number])[];
  /** `jti`s, and when such a token ends by itself; null: that is not known. */
  readonly tokens: readonly (readonly [id: string, expiresAtMs: number | null])[];
}

/** Where revocations outlive the process. */
export interface RevocationStore {
  /** Rejects with CORRUPT when what was kept cannot be read: then nobody knows who must stay out. */
  load(): Promise<RevokedState>;
  /** Resolves when it is durable. */
  save(state: RevokedState): Promise<void>;
}

/** Of a process that keeps nothing. */
export const forgetfulStore: RevocationStore = {
  load: () => Promise.resolve({ users: [], tokens: [] }),
  save: () => Promise.resolve(),
};

export interface RevocationsOptions {
  readonly store: Pick<RevocationStore, "save">;
  readonly clock: Pick<Clock, "nowMs">;
  /** How many users and tokens together. */
  readonly countMax: number;
  /** One more was refused. */
  readonly onFull: () => void;
}

/** Tokens that were taken back before their end: by their id, or all of a user that were issued so far. */
export class Revocations {
  readonly #options: RevocationsOptions;
  readonly #users: Map<string, number>;
  readonly #tokens: Map<string, number | null>;
  #saving: Promise<void> = Promise.resolve();

  /** `state` is what the store has loaded. */
  constructor(options: RevocationsOptions, state: RevokedState) {
    this.#options = options;
    this.#users = new Map(state.users);
    this.#tokens = new Map(state.tokens);
  }

  get state(): RevokedState {
    return { users: [...this.#users], tokens: [...this.#tokens] };
  }

  /** Whether a token was taken back. One of a revoked user that does not say when it was issued counts as old. */
  refuses({ expiresAtMs, issuedAtMs, principal, tokenId }: Identity): boolean {
    if (tokenId !== undefined && this.#tokens.has(tokenId)) {
      // Now its end is known, and with it when it can be forgotten.
      this.#tokens.set(tokenId, expiresAtMs);
      return true;
    }
    const issuedUntilMs = this.#users.get(principal.id);
    return issuedUntilMs !== undefined && (issuedAtMs ?? -Infinity) <= issuedUntilMs;
  }

  /** Works at once; resolves when it is durable. Throws LIMIT. */
  revokeUser(id: string): Promise<void> {
    this.#makeRoom(this.#users, id);
    this.#users.set(id, this.#options.clock.nowMs());
    return this.#save();
  }

  /** Works at once; resolves when it is durable. Throws LIMIT. */
  revokeToken(id: string): Promise<void> {
    this.#makeRoom(this.#tokens, id);
    if (!this.#tokens.has(id)) this.#tokens.set(id, null);
    return this.#save();
  }

  #makeRoom(entries: ReadonlyMap<string, unknown>, id: string): void {
    const nowMs = this.#options.clock.nowMs();
    for (const [token, expiresAtMs] of this.#tokens)
      if (expiresAtMs !== null && expiresAtMs <= nowMs) this.#tokens.delete(token);
    const { countMax, onFull } = this.#options;
    if (entries.has(id) || this.#users.size + this.#tokens.size < countMax) return;
    onFull();
    throw new GeodeError("LIMIT", `there are ${countMax} revocations already`, {
      hint: "Revoke a user, which covers all of that user's tokens, or change the secret or key, which ends all tokens.",
    });
  }

  /** One after the other, each with what is true when its turn comes. */
  #save(): Promise<void> {
    const saved = this.#saving.then(() => this.#options.store.save(this.state));
    this.#saving = saved.catch(() => undefined);
    return saved;
  }
}
