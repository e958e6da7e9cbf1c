import { GeodeError } from "@geode/values";
import { STARS_MAX } from "./name-patterns.ts";

/**
 * Who may see and change what: a document, kept in the log as its canonical text so that it has a seq. Roles are named by tokens; what a
 * role does not grant is not there for it. The form is that of `packages/protocol/PROTOCOL.md`, "Policies".
 */
export interface Policy {
  readonly roles: ReadonlyMap<string, RolePolicy>;
}

/** What one role grants. */
export interface RolePolicy {
  /** By graph. A graph that is not named is out of reach. */
  readonly graphs: ReadonlyMap<string, GraphAccess>;
  readonly read: readonly Rule[];
  readonly write: readonly Rule[];
  /** Labels of nodes and edges that are out of reach, whatever another role of the user grants. */
  readonly deny: readonly string[];
  readonly rooms: { readonly join: Names; readonly write: Names; readonly history: Names };
  readonly documents: { readonly read: Names; readonly write: Names };
}

/** Of the elements whose labels have no rule. */
export interface GraphAccess {
  readonly read: boolean;
  readonly write: boolean;
}

/** Of the elements with a label: those for which the condition is TRUE, without the hidden properties. */
export interface Rule {
  readonly element: "node" | "edge";
  readonly label: string;
  /** GQL, over the element `n` and `$auth`; null for all of them. */
  readonly where: string | null;
  /** Property names. */
  readonly hide: readonly string[];
}

/** Names of rooms or documents; `*` stands for any characters, `$auth.x` for a claim of the token. */
export type Names = readonly string[];

/** Whoever has this role may do everything, under any policy. */
export const ADMIN_ROLE = "admin";

const ROLES_MAX = 1_000;
const RULES_MAX = 1_000;
const NAME_CHARACTERS_MAX = 1_000;

/** Reads a document that was parsed from JSON or YAML. Throws INVALID_MESSAGE, which names the place. */
export function policyOf(document: unknown): Policy {
  const top = fields(document, "", ["roles"]);
  const roles = new Map<string, RolePolicy>();
  for (const [name, role] of entries(top.get("roles"), "roles", ROLES_MAX)) {
    if (name === ADMIN_ROLE)
      throw invalid(`roles.${name}`, "is a role that may do everything; it takes no rules");
    roles.set(name, roleOf(role, `roles.${name}`));
  }
  return { roles };
}

/** Reads the text that {@link policyText} made. */
export function parsePolicy(text: string): Policy {
  return policyOf(JSON.parse(text));
}

/** The same policy has the same text. */
export function policyText({ roles }: Policy): string {
  const sorted = <T>(map: ReadonlyMap<string, T>): [string, T][] =>
    [...map].sort(([left], [right]) => (left < right ? -1 : 1));
  const rule = ({ element, label, where, hide }: Rule): object => ({
    [element === "node" ? "label" : "edge"]: label,
    ...(where === null ? {} : { where }),
    ...(hide.length === 0 ? {} : { hide }),
  });
  // Built entry by entry: a role may be called __proto__.
  const object = <T>(map: ReadonlyMap<string, T>, textOf: (item: T) => string): string =>
    `{${sorted(map)
      .map(([name, item]) => `${JSON.stringify(name)}:${textOf(item)}`)
      .join(",")}}`;
  const access = ({ read, write }: GraphAccess): string =>
    JSON.stringify([...(read ? ["read"] : []), ...(write ? ["write"] : [])]);
  const role = ({ graphs, read, write, deny, rooms, documents }: RolePolicy): string =>
    `{"graphs":${object(graphs, access)},` +
    JSON.stringify({
      read: read.map(rule),
      write: write.map(rule),
      deny,
      rooms,
      documents,
    }).slice(1);
  return `{"roles":${object(roles, role)}}`;
}

function roleOf(value: unknown, at: string): RolePolicy {
  const role = fields(value, at, ["graphs", "read", "write", "deny", "rooms", "documents"]);
  const graphs = new Map<string, GraphAccess>();
  for (const [name, access] of entries(role.get("graphs"), `${at}.graphs`, RULES_MAX))
    graphs.set(name, accessOf(access, `${at}.graphs.${name}`));
  const rooms = fields(role.get("rooms"), `${at}.rooms`, ["join", "write", "history"]);
  const documents = fields(role.get("documents"), `${at}.documents`, ["read", "write"]);
  const join = names(rooms.get("join"), `${at}.rooms.join`);
  return {
    graphs,
    read: rules(role.get("read"), `${at}.read`, ["label", "edge", "where", "hide"]),
    write: rules(role.get("write"), `${at}.write`, ["label", "edge", "where"]),
    deny: names(role.get("deny"), `${at}.deny`),
    rooms: {
      join,
      write: names(rooms.get("write"), `${at}.rooms.write`),
      history: rooms.has("history") ? names(rooms.get("history"), `${at}.rooms.history`) : join,
    },
    documents: {
      read: fewStars(names(documents.get("read"), `${at}.documents.read`), `${at}.documents.read`),
      write: names(documents.get("write"), `${at}.documents.write`),
    },
  };
}

function accessOf(value: unknown, at: string): GraphAccess {
  const given = names(value, at);
  const other = given.find((item) => item !== "read" && item !== "write");
  if (other !== undefined) throw invalid(at, `takes read and write, not ${other}`);
  return { read: given.includes("read"), write: given.includes("write") };
}

function rules(value: unknown, at: string, known: readonly string[]): Rule[] {
  return items(value, at).map((item, index) => {
    const place = `${at}[${index}]`;
    const rule = fields(item, place, known);
    const [label, edge] = [rule.get("label"), rule.get("edge")];
    if ((label === undefined) === (edge === undefined))
      throw invalid(place, "needs either label, for nodes, or edge");
    const where = rule.get("where");
    return {
      element: edge === undefined ? "node" : "edge",
      label: name(label ?? edge, `${place}.${edge === undefined ? "label" : "edge"}`),
      where: where === undefined || where === null ? null : name(where, `${place}.where`),
      hide: names(rule.get("hide"), `${place}.hide`),
    };
  });
}

/** The fields of an object that may have these; none when it is left out. */
function fields(value: unknown, at: string, known: readonly string[]): Map<string, unknown> {
  const found = new Map(entries(value, at, known.length + 1));
  for (const key of found.keys()) {
    if (!known.includes(key))
      throw invalid(
        at === "" ? key : `${at}.${key}`,
        `is not known; there are ${known.join(", ")}`,
      );
  }
  return found;
}

function entries(value: unknown, at: string, countMax: number): [string, unknown][] {
  if (value === undefined || value === null) return [];
  if (typeof value !== "object" || Array.isArray(value)) throw invalid(at, "has to be an object");
  const found = Object.entries(value);
  if (found.length > countMax) throw invalid(at, `has ${found.length} entries, too many`);
  for (const [key] of found) name(key, at);
  return found;
}

function items(value: unknown, at: string): unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw invalid(at, "has to be a list");
  if (value.length > RULES_MAX) throw invalid(at, `has more than ${RULES_MAX} items`);
  return value;
}

function names(value: unknown, at: string): string[] {
  return items(value, at).map((item, index) => name(item, `${at}[${index}]`));
}

function fewStars(names: readonly string[], at: string): readonly string[] {
  for (const [index, name] of names.entries())
    if (name.split("*").length - 1 > STARS_MAX)
      throw invalid(`${at}[${index}]`, `has more than ${STARS_MAX} times a *`);
  return names;
}

function name(value: unknown, at: string): string {
  if (typeof value !== "string" || value === "") throw invalid(at, "has to be a text");
  if (value.length > NAME_CHARACTERS_MAX && !at.endsWith(".where"))
    throw invalid(at, `is longer than ${NAME_CHARACTERS_MAX} characters`);
  return value;
}

function invalid(at: string, problem: string): GeodeError {
  return new GeodeError("INVALID_MESSAGE", `The policy is not valid: ${at || "it"} ${problem}.`);
}
