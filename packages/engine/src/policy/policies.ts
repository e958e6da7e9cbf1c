import { GeodeError, type Value } from "@geode/values";
import type { Grant } from "../execute/sight.ts";
import type { Reach } from "../execute/reach.ts";
import { DEFAULT_GRAPH } from "../graph/effect.ts";
import type { Store } from "../graph/store.ts";
import { Permissions } from "./permissions.ts";
import { OPEN_POLICY, OPEN_ROLES, withSystemRules } from "./system-rules.ts";
import { ADMIN_ROLE, parsePolicy, type Policy } from "./policy.ts";

/** Whose grant is asked for. */
export interface Grantee {
  readonly id: string;
  readonly roles: readonly string[];
  /** Of the token. */
  readonly claims: ReadonlyMap<string, Value>;
}

/** What a statement that changes the catalog is told under a policy. */
export function catalogForbidden(): GeodeError {
  return new GeodeError("FORBIDDEN", `Only the role ${ADMIN_ROLE} changes the catalog.`);
}

const DEFAULT_ONLY: Reach = new Set([DEFAULT_GRAPH]);

/** Sets of roles whose rules are kept compiled. */
const PERMISSIONS_MAX = 1_000;

/** The policy that the log holds now, compiled for the roles that ask. Every replica has its own. */
export class Policies {
  readonly #store: Store;
  #text = "";
  #policy: Policy | null = null;
  /** The same with the server's own rules. */
  #rules: Policy = OPEN_POLICY;
  readonly #permissions = new Map<string, Permissions>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** null: there is none, and every user may do everything in the default graph. */
  get policy(): Policy | null {
    const { policy: text } = this.#store.catalog;
    if (text !== this.#text) {
      this.#policy = text === "" ? null : parsePolicy(text);
      this.#rules = this.#policy === null ? OPEN_POLICY : withSystemRules(this.#policy);
      this.#text = text;
      this.#permissions.clear();
    }
    return this.#policy;
  }

  /**
   * The graphs that somebody may use: an admin, and the database itself (null), every one; others the default graph and those that their
   * roles name in the policy.
   */
  reachOf(grantee: Pick<Grantee, "roles"> | null): Reach {
    if (grantee === null || grantee.roles.includes(ADMIN_ROLE)) return null;
    const { policy } = this;
    if (policy === null) return DEFAULT_ONLY;
    const named = grantee.roles.flatMap((role) => [
      ...(policy.roles.get(role)?.graphs.keys() ?? []),
    ]);
    return new Set([DEFAULT_GRAPH, ...named]);
  }

  /** null: the user is not restricted. */
  grantTo({ id, roles, claims }: Grantee): Grant | null {
    const { policy } = this;
    if (roles.includes(ADMIN_ROLE)) return null;
    // Until the server keeps something in the graph, there is nothing to look at.
    if (policy === null && !this.#store.hasReserved) return null;
    const names =
      policy === null
        ? OPEN_ROLES
        : [...new Set(roles)].filter((role) => policy.roles.has(role)).sort();
    const key = JSON.stringify(names);
    let permissions = this.#permissions.get(key);
    if (permissions === undefined) {
      if (this.#permissions.size >= PERMISSIONS_MAX) this.#permissions.clear();
      permissions = new Permissions(this.#rules, names);
      this.#permissions.set(key, permissions);
    }
    return permissions.grantTo(authOf({ id, roles, claims }));
  }
}

/** What statements and rules see as $auth. */
export function authOf({ id, roles, claims }: Grantee): Map<string, Value> {
  const auth = new Map<string, Value>(claims);
  auth.set("id", id);
  auth.set("roles", roles);
  return auth;
}
