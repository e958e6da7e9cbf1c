import type { Value } from "@geode/values";
import type { Procedure } from "../execute/procedures.ts";
import type { Policy, RolePolicy, Rule } from "./policy.ts";

/** `SHOW POLICIES`: a row for every graph, rule and label of every role. For the role admin: to others, rules tell of what they hide. */
export function policiesProcedure(policy: () => Policy | null): Procedure {
  return {
    name: "geode.policies",
    parameters: [],
    columns: [
      { name: "role", type: "STRING" },
      { name: "access", type: "STRING" },
      { name: "element", type: "STRING" },
      { name: "name", type: "STRING" },
      { name: "condition", type: "STRING" },
      { name: "hidden", type: "LIST" },
    ],
    // Another policy runs every live query again.
    reads: "graph",
    definedHere: true,
    rows: () => [...(policy()?.roles ?? [])].flatMap(([role, rules]) => rowsOf(role, rules)),
  };
}

function rowsOf(role: string, { graphs, read, write, deny }: RolePolicy): Value[][] {
  const ofRule = (access: string, { element, label, where, hide }: Rule): Value[] => [
    role,
    access,
    element,
    label,
    where,
    hide,
  ];
  return [
    ...[...graphs].flatMap(([name, granted]) =>
      (["read", "write"] as const)
        .filter((access) => granted[access])
        .map((access): Value[] => [role, access, "graph", name, null, []]),
    ),
    ...read.map((rule) => ofRule("read", rule)),
    ...write.map((rule) => ofRule("write", rule)),
    ...deny.map((label): Value[] => [role, "deny", null, label, null, []]),
  ];
}
