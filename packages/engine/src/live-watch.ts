import { encode, equivalenceKey, type Value } from "@geode/values";
import { type Reach, reachKey } from "./execute/reach.ts";
import type { Grant } from "./execute/sight.ts";
import type { Viewer, Watcher } from "./live/watcher.ts";
import { authOf, type Policies } from "./policy/policies.ts";
import type { LiveWatch, Principal } from "./requests.ts";
import { AUTH_PARAMETER } from "./session.ts";

/** What all who watch have in common. */
export interface LiveWatchOptions {
  readonly policies: Policies;
  readonly seq: () => number;
  /** Makes a commit that changes nothing. Resolves when it is durable, with its seq. */
  readonly commit: () => Promise<number>;
}

/** A user who watches a live result, with the roles and claims of now. */
export class UserWatch implements LiveWatch, Viewer {
  readonly #options: LiveWatchOptions;
  #principal: Principal;
  #watcher: Watcher | undefined;

  constructor(options: LiveWatchOptions, principal: Principal) {
    this.#options = options;
    this.#principal = principal;
  }

  /** To be called once, when there is something to watch. */
  begin(watcher: Watcher): void {
    this.#watcher = watcher;
  }

  async renew(principal: Principal): Promise<number> {
    const { commit, seq } = this.#options;
    const given = this.#watcher?.group?.spec.parameters;
    if (given === undefined) return seq();
    const before = this.#key(given);
    this.#principal = principal;
    if (this.#key(given) === before) return seq();
    this.#watcher?.judge();
    return commit();
  }

  close(): void {
    this.#watcher?.close();
  }

  get grant(): Grant | null {
    const grantee = this.#grantee;
    return grantee && this.#options.policies.grantTo(grantee);
  }

  get reach(): Reach {
    return this.#options.policies.reachOf(this.#grantee);
  }

  parameters(before: ReadonlyMap<string, Value>): ReadonlyMap<string, Value> {
    if (!before.has(AUTH_PARAMETER)) return before;
    return new Map(before).set(AUTH_PARAMETER, authOf(this.#principal));
  }

  /** Null for the server itself, which is above every rule. */
  get #grantee(): Principal | null {
    return this.#principal.system === true ? null : this.#principal;
  }

  #key(given: ReadonlyMap<string, Value>): string {
    const auth = given.has(AUTH_PARAMETER) ? authOf(this.#principal) : null;
    return JSON.stringify([
      this.grant?.key ?? null,
      reachKey(this.reach),
      auth && encode(auth),
      auth && equivalenceKey(auth),
    ]);
  }
}
