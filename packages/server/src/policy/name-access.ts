import type { Principal } from "../port.ts";

/** What the policy speaks of by name, and what it lets somebody do with each. */
interface Rights {
  readonly rooms: "join" | "write" | "history";
  readonly documents: "read" | "write";
}

export type RoomRight = Rights["rooms"];
export type DocumentRight = Rights["documents"];

type Patterns = Readonly<Record<string, readonly string[]>>;

const ADMIN_ROLE = "admin";

/** Who may do what with rooms, or with documents, by the policy of the database; without one, everybody everything. */
export class NameAccess<S extends keyof Rights> {
  readonly #section: S;
  readonly #policyText: () => string;
  #text = "";
  #roles: ReadonlyMap<string, Patterns> | null = null;

  /** `policyText`: canonical, as the database keeps it; empty when there is none. */
  constructor(section: S, policyText: () => string) {
    this.#section = section;
    this.#policyText = policyText;
  }

  allows(right: Rights[S], name: string, principal: Principal): boolean {
    if (principal.roles.includes(ADMIN_ROLE)) return true;
    const roles = this.#current();
    if (roles === null) return true;
    return principal.roles.some((role) =>
      (roles.get(role)?.[right] ?? []).some((pattern) => matches(pattern, name, principal)),
    );
  }

  #current(): ReadonlyMap<string, Patterns> | null {
    const text = this.#policyText();
    if (text !== this.#text) {
      this.#text = text;
      this.#roles = text === "" ? null : rolesOf(text, this.#section);
    }
    return this.#roles;
  }
}

function rolesOf(text: string, section: keyof Rights): ReadonlyMap<string, Patterns> {
  const { roles } = JSON.parse(text) as {
    roles: Record<string, Record<keyof Rights, Patterns>>;
  };
  return new Map(Object.entries(roles).map(([name, role]) => [name, role[section]]));
}

/** `*` stands for any characters, `$auth.x` for a claim; without that claim nothing matches. */
function matches(pattern: string, text: string, { id, claims }: Principal): boolean {
  let known = true;
  const parts = pattern.split("*").map((part) =>
    part.replaceAll(/\$auth\.(\w+)/g, (_, name: string) => {
      const value = name === "id" ? id : claims.get(name);
      if (typeof value === "string" || typeof value === "number") return String(value);
      known = false;
      return "";
    }),
  );
  return known && fits(parts, text);
}

/** Whether the text begins with the first part, ends with the last, and has the others between, in order. No backtracking. */
function fits(parts: readonly string[], text: string): boolean {
  const [first = "", ...others] = parts;
  const last = others.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first) || text.length < first.length + last.length) return false;
  if (!text.endsWith(last)) return false;
  let at = first.length;
  const end = text.length - last.length;
  for (const part of others) {
    const found = text.indexOf(part, at);
    if (found === -1 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}
