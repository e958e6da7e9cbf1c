import { encode, equivalenceKey, type Value } from "@geode/values";
import { type Reach, reachKey } from "./execute/reach.ts";
import type { Grant } from "./execute/sight.ts";
import type { Viewer } from "./live/group.ts";
import { authOf, type Policies } from "./policy/policies.ts";
import type { Principal } from "./requests.ts";
import { AUTH_PARAMETER } from "./session.ts";

/** The user who watches a live result, with the roles and claims of now. */
export class UserViewer implements Viewer {
  readonly #policies: Policies;
  #principal: Principal;

  constructor(policies: Policies, principal: Principal) {
    this.#policies = policies;
    this.#principal = principal;
  }

  get grant(): Grant | null {
    const grantee = this.#grantee;
    return grantee && this.#policies.grantTo(grantee);
  }

  get reach(): Reach {
    return this.#policies.reachOf(this.#grantee);
  }

  parameters(before: ReadonlyMap<string, Value>): ReadonlyMap<string, Value> {
    if (!before.has(AUTH_PARAMETER)) return before;
    return new Map(before).set(AUTH_PARAMETER, authOf(this.#principal));
  }

  /** It is the same user, with another token. Answers whether that may make a difference to a result with these parameters. */
  renew(principal: Principal, given: ReadonlyMap<string, Value>): boolean {
    const before = this.#key(given);
    this.#principal = principal;
    return this.#key(given) !== before;
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
