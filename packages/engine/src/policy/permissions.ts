import { GeodeError, encode, equivalenceKey, type Value } from "@geode/values";
import type { Grant, Sight } from "../execute/sight.ts";
import type { Footprint, RunContext } from "../execute/statement.ts";
import { type Policy, type RolePolicy, type Rule } from "./policy.ts";
import { CompiledRule } from "./rule.ts";
import { PolicySight } from "./sight.ts";

/** What one role says of the elements with a label. */
export interface LabelRules {
  readonly read: readonly CompiledRule[];
  readonly write: readonly CompiledRule[];
}

/** One role, with its rules by label. A label without a rule follows the graph. */
export interface RolePermissions {
  readonly policy: RolePolicy;
  readonly nodes: ReadonlyMap<string, LabelRules>;
  readonly edges: ReadonlyMap<string, LabelRules>;
}

/**
 * What users with the same roles may do: each role grants what it grants, and a user has what any of the roles grants. What one of them
 * denies is denied.
 */
export class Permissions {
  readonly roles: readonly RolePermissions[];
  readonly denied: ReadonlySet<string>;
  readonly hiddenKeys: ReadonlySet<string>;
  readonly #key: string;
  readonly #reads: readonly Footprint[];
  readonly #claims: ReadonlySet<string> | "all";

  /** `names` are roles that the policy has. Throws as {@link CompiledRule} does. */
  constructor(policy: Policy, names: readonly string[]) {
    const policies = names.flatMap((name) => policy.roles.get(name) ?? []);
    this.roles = policies.map((role) => ({
      policy: role,
      nodes: rulesByLabel(role, "node"),
      edges: rulesByLabel(role, "edge"),
    }));
    this.denied = new Set(policies.flatMap(({ deny }) => deny));
    const rules = this.roles.flatMap(({ nodes, edges }) =>
      [...nodes.values(), ...edges.values()].flatMap(({ read, write }) => [...read, ...write]),
    );
    this.hiddenKeys = new Set(rules.flatMap(({ hide }) => [...hide]));
    const bound = rules.flatMap((rule) => rule.bound ?? []);
    this.#reads = bound.map(({ reads }) => reads);
    this.#claims = bound.reduce<ReadonlySet<string> | "all">(
      (all, { claims }) =>
        all === "all" || claims === "all" ? "all" : new Set([...all, ...claims]),
      new Set<string>(),
    );
    this.#key = JSON.stringify(names);
  }

  /** For a user with these claims; `auth` is what rules see as $auth. */
  grantTo(auth: ReadonlyMap<string, Value>): Grant {
    const claims = this.#claims;
    const seen = claims === "all" ? auth : new Map([...auth].filter(([name]) => claims.has(name)));
    return {
      // As in a live group's key: 1 and 1.0 are equivalent, but not the same text; DATE '…' and '…' the other way round.
      key: JSON.stringify([this.#key, encode(seen), equivalenceKey(seen)]),
      hiddenKeys: this.hiddenKeys,
      widen: (footprint) => this.#widen(footprint),
      sight: (context) => this.#sight(context, seen),
    };
  }

  #sight(context: RunContext, auth: ReadonlyMap<string, Value>): Sight {
    return new PolicySight(this, context, auth);
  }

  #widen(footprint: Footprint): Footprint {
    if (this.#reads.length === 0) return footprint;
    const all = [footprint, ...this.#reads];
    return {
      nodeLabels: union(all.map(({ nodeLabels }) => nodeLabels)),
      edgeLabels: union(all.map(({ edgeLabels }) => edgeLabels)),
      nodeKeys: union(all.map(({ nodeKeys }) => nodeKeys)),
      edgeKeys: union(all.map(({ edgeKeys }) => edgeKeys)),
      patterns: null,
    };
  }
}

/** Throws what is wrong with a rule: its code and position, and where in the policy it stands. */
export function checkPolicy({ roles }: Policy): void {
  for (const [role, policy] of roles) {
    for (const access of ["read", "write"] as const)
      for (const [index, rule] of policy[access].entries())
        checkRule(rule, `roles.${role}.${access}[${index}]`);
  }
}

function checkRule(rule: Rule, place: string): void {
  try {
    void new CompiledRule(rule);
  } catch (error) {
    if (!(error instanceof GeodeError)) throw error;
    const { code, message, position, hint } = error;
    const at = position === undefined ? "" : `, line ${position.line}, column ${position.column}`;
    throw new GeodeError(code, `In the rule ${place}${at}: ${message}`, {
      position,
      hint,
      cause: error,
    });
  }
}

function rulesByLabel(role: RolePolicy, element: Rule["element"]): Map<string, LabelRules> {
  const byLabel = new Map<string, { read: CompiledRule[]; write: CompiledRule[] }>();
  for (const access of ["read", "write"] as const) {
    for (const rule of role[access]) {
      if (rule.element !== element) continue;
      let known = byLabel.get(rule.label);
      if (known === undefined) byLabel.set(rule.label, (known = { read: [], write: [] }));
      known[access].push(new CompiledRule(rule));
    }
  }
  return byLabel;
}

function union(names: readonly (ReadonlySet<string> | "any")[]): ReadonlySet<string> | "any" {
  const all = new Set<string>();
  for (const set of names) {
    if (set === "any") return "any";
    for (const name of set) all.add(name);
  }
  return all;
}
