import { isReserved } from "../graph/reserved.ts";
import { conditionOf } from "./name-patterns.ts";
import type { Names, Policy, RolePolicy, Rule } from "./policy.ts";

/*
 * Who sees what the server itself keeps in the graph: members see their rooms, the parties of a direct message see it, and who may read a
 * document sees that it is there and who is in it. These rules hold under every policy, and without one; nobody but the server writes
 * such elements.
 */

const IN_MY_ROOM = "EXISTS { (n)-[:IN]->(:GeodeRoom)<-[:IN]-(:GeodePresence {user: $auth.id}) }";

/** `documents`: those that may be read. */
function systemRules(documents: Names): readonly Rule[] {
  const mayRead = conditionOf(documents, "d.id");
  const inDocument = `EXISTS { (n)-[:IN]->(d:GeodeDocument)${mayRead === null ? "" : ` WHERE ${mayRead}`} }`;
  return [
    { label: "GeodeRoom", where: "EXISTS { (n)<-[:IN]-(:GeodePresence {user: $auth.id}) }" },
    { label: "GeodePresence", where: `n.user = $auth.id OR ${IN_MY_ROOM} OR ${inDocument}` },
    {
      label: "GeodeMessage",
      where: `n.to = $auth.id OR (n.user = $auth.id AND n.to IS NOT NULL) OR ${IN_MY_ROOM}`,
    },
    { label: "GeodeCursor", where: "n.user = $auth.id" },
    { label: "GeodeDocument", where: conditionOf(documents, "n.id") },
  ].map((rule) => ({ ...rule, element: "node", hide: [] }));
}

/** The role of everybody where there is no policy. */
const EVERYBODY = "";
const NOTHING = { join: [], write: [], history: [] };

const OPEN: RolePolicy = {
  graphs: new Map([["default", { read: true, write: true }]]),
  read: systemRules(["*"]),
  write: [],
  deny: [],
  rooms: NOTHING,
  documents: { read: [], write: [] },
};

/** What holds without a policy, once there are elements of the server. */
export const OPEN_POLICY: Policy = { roles: new Map([[EVERYBODY, OPEN]]) };
export const OPEN_ROLES: readonly string[] = [EVERYBODY];

/** The policy with the server's own rules in place of any others about its labels. */
export function withSystemRules({ roles }: Policy): Policy {
  return {
    roles: new Map(
      [...roles].map(([name, role]) => {
        const read = role.read.filter(({ label }) => !isReserved(label));
        return [name, { ...role, read: [...read, ...systemRules(role.documents.read)] }];
      }),
    ),
  };
}
