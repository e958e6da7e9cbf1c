import { GeodeError } from "@geode/values";
import type { Identity } from "../auth/token.ts";
import type { Revocations } from "../auth/revocations.ts";
import type { Audit, AuditEvent } from "../audit.ts";
import type { DatabasePort } from "../port.ts";
import type { HttpAnswer, HttpRequest } from "../transport/connection.ts";
import type { Gate } from "./gate.ts";
import { plainText } from "./plain-text.ts";

/** A connection as administrators see it. */
export interface ConnectionView {
  readonly session: string;
  readonly user: string | undefined;
  readonly roles: readonly string[];
  readonly tokenId: string | undefined;
  readonly remoteAddress: string;
  readonly openedAtMs: number;
  readonly expiresAtMs: number | undefined;
  readonly subscriptions: number;
  readonly inFlight: number;
  /** Bytes that wait for it. */
  readonly bufferedBytes: number;
}

/** The connections, as far as administrators are concerned with them. */
export interface Pool {
  readonly connectionsMax: number;
  readonly stats: Readonly<Record<string, unknown>>;
  /** How many connections there are. */
  readonly size: number;
  /** All of them, the oldest first. */
  views(): Iterable<ConnectionView>;
  /** Ends one. Answers whether there is such a session. */
  revoke(session: string): boolean;
  /** End those of a user, or of a token. They answer how many there were. */
  revokeUser(id: string): number;
  revokeToken(id: string): number;
}

export interface AdminOptions {
  readonly gate: Gate;
  readonly pool: Pool;
  readonly revocations: Revocations;
  readonly database: Pick<DatabasePort, "policyText" | "applyPolicy" | "seq">;
  readonly audit: Audit;
}

/** As the engine's limit on a policy's text, with room for white space. */
const POLICY_BYTES_MAX = 4 * 1_048_576;
const STATUS: ReadonlyMap<string, number> = new Map([
  ["NOT_FOUND", 404],
  ["TOO_LARGE", 413],
  ["UNAVAILABLE", 503],
]);
const SHOWN_MAX = 1_000;
const SHOWN = 100;

/**
 * What administrators see and do over HTTP:
 * `GET /admin/connections[?user=…&limit=…]`, `DELETE /admin/connections/{session}`,
 * `GET|PUT|DELETE /admin/policy`, `GET /admin/revocations`, `PUT /admin/revocations/users/{id}`, `PUT /admin/revocations/tokens/{jti}`.
 */
export class Admin {
  readonly #options: AdminOptions;

  constructor(options: AdminOptions) {
    this.#options = options;
  }

  async answer(request: HttpRequest, path: string, search: URLSearchParams): Promise<HttpAnswer> {
    const passage = await this.#options.gate.pass(request, "Administration", "admin");
    if (passage.kind === "refused") return passage.answer;
    const { identity } = passage;
    const [place, ...rest] = path.split("/").slice(2);
    const names = rest.map(decoded);
    if (names.includes(undefined)) return plainText(400, "Bad request");
    const [first, second] = names;
    if (place === "connections" && names.length === 0)
      return only(request, "GET", () => this.#connections(search));
    if (place === "connections" && names.length === 1 && first !== undefined)
      return only(request, "DELETE", () => this.#revokeConnection(request, identity, first));
    if (place === "policy" && names.length === 0) return this.#policy(request, identity);
    if (place === "revocations" && names.length === 0)
      return only(request, "GET", () => this.#revocations());
    const isKind = first === "users" || first === "tokens";
    if (place === "revocations" && names.length === 2 && isKind && second !== undefined)
      return only(request, "PUT", () => this.#revoke(request, identity, first, second));
    return plainText(404, "Not found");
  }

  #connections(search: URLSearchParams): HttpAnswer {
    const { pool } = this.#options;
    const user = search.get("user");
    const limit = Number(search.get("limit") ?? SHOWN);
    if (!Number.isInteger(limit) || limit < 0 || limit > SHOWN_MAX)
      return plainText(400, `limit is a whole number up to ${SHOWN_MAX}`);
    const shown: object[] = [];
    let found = 0;
    for (const connection of pool.views()) {
      if (user !== null && connection.user !== user) continue;
      found++;
      if (shown.length < limit) shown.push(onWire(connection));
    }
    const count = pool.size;
    return json({
      total_connections: count,
      capacity_used: `${((count / pool.connectionsMax) * 100).toFixed(1)}%`,
      ...pool.stats,
      found,
      connections: shown,
    });
  }

  #revocations(): HttpAnswer {
    const { tokens, users } = this.#options.revocations.state;
    return json({
      users: users.map(([id, untilMs]) => ({ id, issued_until: isoTime(untilMs) })),
      tokens: tokens.map(([id, endMs]) =>
        endMs === null ? { id } : { id, expires_at: isoTime(endMs) },
      ),
    });
  }

  #revokeConnection(
    { clientAddress: remoteAddress }: HttpRequest,
    by: Identity,
    session: string,
  ): HttpAnswer {
    if (!this.#options.pool.revoke(session)) return plainText(404, "Not found");
    const event = { event: "connection revoked", target: session, closed: 1 } as const;
    this.#record({ ...event, user: by.principal.id, remoteAddress });
    return json({ closed: 1 });
  }

  /** Connections end at once, and the answer leaves when it is certain that they cannot come back. */
  async #revoke(
    { clientAddress: remoteAddress }: HttpRequest,
    by: Identity,
    kind: "users" | "tokens",
    target: string,
  ): Promise<HttpAnswer> {
    const { pool, revocations } = this.#options;
    try {
      const isUser = kind === "users";
      const kept = isUser ? revocations.revokeUser(target) : revocations.revokeToken(target);
      const closed = isUser ? pool.revokeUser(target) : pool.revokeToken(target);
      const event = isUser ? "user revoked" : "token revoked";
      this.#record({ event, user: by.principal.id, remoteAddress, target, closed });
      await kept;
      return json({ closed });
    } catch (error) {
      if (!(error instanceof GeodeError)) throw error;
      return plainText(error.code === "LIMIT" ? 409 : 503, error.message);
    }
  }

  async #policy(request: HttpRequest, by: Identity): Promise<HttpAnswer> {
    const { database } = this.#options;
    switch (request.method) {
      case "GET":
        return json({
          policy: database.policyText ? (JSON.parse(database.policyText) as unknown) : null,
          seq: database.seq,
        });
      case "PUT":
        return this.#applyPolicy(request, by, async () => {
          const body = await request.read?.(POLICY_BYTES_MAX);
          return parsedJson(Buffer.from(body ?? []).toString("utf8"));
        });
      case "DELETE":
        return this.#applyPolicy(request, by, () => Promise.resolve(null));
      default:
        return plainText(405, "Method not allowed", { allow: "GET, PUT, DELETE" });
    }
  }

  async #applyPolicy(
    { clientAddress: remoteAddress }: HttpRequest,
    by: Identity,
    document: () => Promise<unknown>,
  ): Promise<HttpAnswer> {
    const { database } = this.#options;
    try {
      if (database.applyPolicy === undefined)
        throw new GeodeError("NOT_FOUND", "This database has no policies.");
      const { seq } = await database.applyPolicy(await document());
      this.#record({ event: "policy applied", user: by.principal.id, remoteAddress, seq });
      return json({ seq });
    } catch (error) {
      if (!(error instanceof GeodeError)) throw error;
      const { code, hint, message } = error;
      const status = STATUS.get(code) ?? 400;
      return plainText(status, hint === undefined ? message : `${message} ${hint}`);
    }
  }

  #record(event: AuditEvent): void {
    this.#options.audit.record(event);
  }
}

function only(
  { method }: HttpRequest,
  allowed: string,
  answer: () => HttpAnswer | Promise<HttpAnswer>,
): HttpAnswer | Promise<HttpAnswer> {
  return method === allowed ? answer() : plainText(405, "Method not allowed", { allow: allowed });
}

/** A part of a path; undefined if it is empty or wrongly encoded. */
function decoded(part: string): string | undefined {
  try {
    return part === "" ? undefined : decodeURIComponent(part);
  } catch {
    return undefined;
  }
}

function onWire(view: ConnectionView): object {
  return {
    session: view.session,
    user: view.user,
    roles: view.roles,
    token_id: view.tokenId,
    remote_address: view.remoteAddress,
    opened_at: isoTime(view.openedAtMs),
    expires_at: view.expiresAtMs === undefined ? undefined : isoTime(view.expiresAtMs),
    subscriptions: view.subscriptions,
    in_flight: view.inFlight,
    buffered_bytes: view.bufferedBytes,
  };
}

function isoTime(timeMs: number): string {
  return new Date(timeMs).toISOString();
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new GeodeError("INVALID_MESSAGE", "The body is not JSON.", { cause });
  }
}

function json(body: object): HttpAnswer {
  return {
    status: 200,
    headers: { "content-type": "application/json" },
    body: `${JSON.stringify(body)}\n`,
  };
}
