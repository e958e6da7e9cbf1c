import type { Principal } from "../port.ts";

/** What somebody may do in a room. */
export type RoomRight = "join" | "write" | "history";

interface RoomPatterns {
  readonly join: readonly string[];
  readonly write: readonly string[];
  readonly history: readonly string[];
}

const ADMIN_ROLE = "admin";

/** Who may join rooms, write to them and read what was said, by the policy of the database; without one, everybody everything. */
export class RoomAccess {
  readonly #policyText: () => string;
  #text = "";
  #roles: ReadonlyMap<string, RoomPatterns> | null = null;

  /** `policyText`: canonical, as the database keeps it; empty when there is none. */
  constructor(policyText: () => string) {
    this.#policyText = policyText;
  }

  allows(right: RoomRight, room: string, principal: Principal): boolean {
    if (principal.roles.includes(ADMIN_ROLE)) return true;
    const roles = this.#current();
    if (roles === null) return true;
    return principal.roles.some((role) =>
      (roles.get(role)?.[right] ?? []).some((pattern) => matches(pattern, room, principal)),
    );
  }

  #current(): ReadonlyMap<string, RoomPatterns> | null {
    const text = this.#policyText();
    if (text !== this.#text) {
      this.#text = text;
      const { roles } = (text === "" ? { roles: {} } : JSON.parse(text)) as {
        roles: Record<string, { rooms: RoomPatterns }>;
      };
      this.#roles =
        text === ""
          ? null
          : new Map(Object.entries(roles).map(([name, { rooms }]) => [name, rooms]));
    }
    return this.#roles;
  }
}

/** `*` stands for any characters, `$auth.x` for a claim; without that claim nothing matches. */
function matches(pattern: string, room: string, { id, claims }: Principal): boolean {
  let known = true;
  const parts = pattern.split("*").map((part) =>
    part.replaceAll(/\$auth\.(\w+)/g, (_, name: string) => {
      const value = name === "id" ? id : claims.get(name);
      if (typeof value === "string" || typeof value === "number") return String(value);
      known = false;
      return "";
    }),
  );
  return known && fits(parts, room);
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
