import { randomUUID } from "node:crypto";
import { CLOSES, type CloseName, type Limits } from "@geode/protocol";
import type { Identity } from "./auth/token.ts";
import type { Clock } from "./clock.ts";
import type { ConnectionView, Pool } from "./http/admin.ts";
import { Addresses } from "./limits/addresses.ts";
import type { Source } from "./limits/proxies.ts";
import type { Log } from "./log.ts";
import type { Metrics } from "./metrics/metrics.ts";
import {
  Session,
  type SessionOptions,
  type SessionStart,
  type SessionWishes,
} from "./session/session.ts";
import type { Connection, ConnectionListener } from "./transport/connection.ts";

export interface SessionsOptions {
  /** What all sessions have in common. */
  readonly common: Omit<SessionOptions, "onEnd">;
  readonly limits: Limits;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly metrics: Metrics;
  readonly log: Log;
}

/** When clients are asked to come back after a restart: not before this, and so many in a second. */
const RETURN_AFTER_MS = 250;
const RETURNS_PER_SECOND = 1_000;

/** All connections, each under a name of its own. */
export class Sessions implements Pool {
  readonly #options: SessionsOptions;
  readonly #addresses: Addresses;
  readonly #sessions = new Map<string, Session>();
  readonly #common: SessionOptions;
  #onGone: (() => void) | undefined;

  constructor(options: SessionsOptions) {
    this.#options = options;
    this.#addresses = new Addresses(options.limits.connectionsPerAddressMax);
    this.#common = { ...options.common, onEnd: (session) => this.#forget(session) };
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** Live queries of all of them. */
  get subscriptions(): number {
    let count = 0;
    for (const session of this.#sessions.values()) count += session.view.subscriptions;
    return count;
  }

  hasRoom(source: Source): boolean {
    return this.#addresses.hasRoom(source);
  }

  open(
    connection: Connection,
    source: Source,
    start: SessionStart,
    wishes: SessionWishes,
  ): ConnectionListener {
    const { limits, log, metrics } = this.#options;
    if (this.#sessions.size >= limits.connectionsMax) {
      metrics.limitReached("connectionsMax");
      log.warn({ connections: this.#sessions.size }, "server at capacity");
      return this.turnAway(connection, "atCapacity");
    }
    // Others from that address may have come while this one's token was checked.
    if (!this.#addresses.hasRoom(source)) {
      metrics.limitReached("connectionsPerAddressMax");
      return this.turnAway(connection, "atCapacity");
    }
    const name = newName();
    const known = this.#addresses.enter(source);
    const session = new Session(this.#common, { name, connection, source: known, start, wishes });
    this.#sessions.set(name, session);
    metrics.opened();
    log.info({ session: name, remoteAddress: source.address }, "connection opened");
    return session;
  }

  /** Closes a connection that never gets a session. */
  turnAway(connection: Connection, why: CloseName): ConnectionListener {
    const { code, reason } = CLOSES[why];
    this.#options.metrics.closed(code, reason);
    connection.close(code, reason);
    return {
      textFrame: () => undefined,
      binaryFrame: () => undefined,
      pong: () => undefined,
      taken: () => undefined,
      closed: () => undefined,
    };
  }

  drain(): void {
    for (const session of this.#sessions.values()) session.drain(this.#returnAfterMs());
  }

  close(why: CloseName): void {
    for (const session of this.#sessions.values()) session.close(why);
  }

  terminate(): void {
    for (const session of this.#sessions.values()) session.terminate();
  }

  /** Resolves when there is none left, or when the time is over. */
  async gone(timeoutMs: number): Promise<void> {
    if (this.#sessions.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#onGone = resolve;
      this.#options.clock.timer(timeoutMs, resolve);
    });
  }

  get connectionsMax(): number {
    return this.#options.limits.connectionsMax;
  }

  get stats() {
    return this.#options.metrics.stats;
  }

  *views(): Generator<ConnectionView> {
    for (const session of this.#sessions.values()) yield session.view;
  }

  revoke(name: string): boolean {
    const session = this.#sessions.get(name);
    session?.close("revoked");
    return session !== undefined;
  }

  /** Whatever its token says of when it was issued: whoever is in was let in before. */
  revokeUser(id: string): number {
    return this.#revokeWhere(({ principal }) => principal.id === id);
  }

  revokeToken(id: string): number {
    return this.#revokeWhere(({ tokenId }) => tokenId === id);
  }

  #revokeWhere(concerns: (identity: Identity) => boolean): number {
    let count = 0;
    for (const session of this.#sessions.values()) {
      if (session.identity === undefined || !concerns(session.identity)) continue;
      session.close("revoked");
      count++;
    }
    return count;
  }

  #forget({ name, source }: Session): void {
    if (!this.#sessions.delete(name)) return;
    this.#addresses.leave(source);
    if (this.#sessions.size === 0) this.#onGone?.();
  }

  /** Spread at random, so that they do not come back all at once. */
  #returnAfterMs(): number {
    const spreadMs = Math.max(1_000, (this.#sessions.size / RETURNS_PER_SECOND) * 1_000);
    return RETURN_AFTER_MS + Math.floor(this.#options.random() * spreadMs);
  }
}

/** Made of some twenty pieces, which would be kept for as long as the session: copied, it is one. */
function newName(): string {
  return Buffer.from(randomUUID(), "latin1").toString("latin1");
}
