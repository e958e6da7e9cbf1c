import { randomUUID } from "node:crypto";
import { CLOSES, limitsWith, type LimitName, type Limits } from "@geode/protocol";
import { GeodeError } from "@geode/values";
import { credentialsOf, SUBPROTOCOL } from "./auth/credentials.ts";
import { originAllowed } from "./auth/origin.ts";
import { TokenVerifier, type Secret } from "./auth/token.ts";
import { systemClock, type Clock } from "./clock.ts";
import { answerHttp } from "./http/answer.ts";
import { Backups } from "./http/backup.ts";
import { ConsoleFiles } from "./http/console-files.ts";
import { Addresses } from "./limits/addresses.ts";
import { Bucket, type Rate } from "./limits/bucket.ts";
import { TrustedProxies, type Source } from "./limits/proxies.ts";
import { Users } from "./limits/users.ts";
import { silentLog, type Log } from "./log.ts";
import type { DatabasePort } from "./port.ts";
import { Session, type SessionStart } from "./session/session.ts";
import type {
  Admission,
  Connection,
  ConnectionListener,
  Handshake,
  HttpAnswer,
  HttpRequest,
} from "./transport/connection.ts";
import { Listener, type TlsFiles } from "./transport/listener.ts";

export interface ServerOptions {
  readonly database: DatabasePort;
  /** Signs and checks tokens; see `configuredSecret` and `keptSecret`. */
  readonly secret: Secret;
  /** Default 127.0.0.1. Anything but loopback needs `tls` or `insecure`. */
  readonly host?: string;
  /** Default 8443; 0 takes any free port. */
  readonly port?: number;
  readonly tls?: TlsFiles;
  /** Lets the server listen on the network without TLS, e.g. behind a proxy that does it. */
  readonly insecure?: boolean;
  /** Origins of web pages that may connect; default: the server's own host name and loopback. */
  readonly allowedOrigins?: readonly string[];
  /** Default "close", as the protocol asks; "tolerate" closes only after several a minute. */
  readonly invalidMessages?: "close" | "tolerate";
  /** Messages of one user, whatever they are. Default: a rate for queries and one for all others, by `limits`. */
  readonly rate?: Rate;
  /** Addresses and networks of proxies whose `X-Forwarded-For` is believed, beside this machine. Default: none. */
  readonly trustedProxies?: readonly string[];
  readonly limits?: { readonly [Name in LimitName]?: number | undefined };
  /** Where the built console lies; default: that of this repository. */
  readonly consoleDirectory?: string;
  readonly clock?: Clock;
  /** In [0, 1). Default: `Math.random`. */
  readonly random?: () => number;
  readonly log?: Log;
}

/** How long peers get for their part of the closing handshake when the server closes. */
const FAREWELL_MS = 1_000;
/** When clients are asked to come back after a restart: not before this, and so many in a second. */
const RETURN_AFTER_MS = 250;
const RETURNS_PER_SECOND = 1_000;
/** When an address with too many connections may ask again. */
const ADDRESS_RETRY_SECONDS = 10;

/** The server: one port, its sessions, and the way to end them. */
export class Server {
  readonly #options: ServerOptions;
  readonly #limits: Limits;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #verifier: TokenVerifier;
  readonly #users: Users;
  readonly #proxies: TrustedProxies;
  readonly #addresses: Addresses;
  readonly #handshakes: Bucket;
  readonly #console: ConsoleFiles;
  readonly #backups: Backups;
  readonly #sessions = new Set<Session>();
  #listener: Listener | undefined;
  #closing: Promise<void> | undefined;
  #onSessionsGone: (() => void) | undefined;

  private constructor(options: ServerOptions) {
    this.#options = options;
    this.#limits = limitsWith(options.limits);
    this.#clock = options.clock ?? systemClock;
    this.#log = options.log ?? silentLog;
    this.#verifier = new TokenVerifier(options.secret, this.#clock);
    this.#users = new Users({
      clock: this.#clock,
      connectionsPerUserMax: this.#limits.connectionsPerUserMax,
      rates: options.rate ?? {
        query: burstOfTwo(this.#limits.requestsPerSecond),
        realtime: burstOfTwo(this.#limits.realtimePerSecond),
      },
    });
    this.#proxies = new TrustedProxies(options.trustedProxies ?? [], (proxy) =>
      this.#log.warn({ proxy }, "a trusted proxy sends no X-Forwarded-For: no limit per address"),
    );
    this.#addresses = new Addresses(this.#limits.connectionsPerAddressMax);
    this.#handshakes = new Bucket(
      burstOfTwo(this.#limits.handshakesPerSecond),
      this.#clock.nowMs(),
    );
    this.#console = new ConsoleFiles(options.consoleDirectory);
    this.#backups = new Backups({
      database: options.database,
      verifier: this.#verifier,
      log: this.#log,
    });
  }

  /**
   * Listens. The database stays the caller's: it is not closed with the server.
   * Throws FORBIDDEN for an unprotected port on the network, UNAVAILABLE if the port is not to be had.
   */
  static async start(options: ServerOptions): Promise<Server> {
    const host = options.host ?? "127.0.0.1";
    if (options.tls === undefined && options.insecure !== true && !isLoopback(host)) {
      throw new GeodeError(
        "FORBIDDEN",
        `refusing to listen on ${host} without TLS: tokens and data would cross the network in the clear`,
        {
          hint: "Give --tls-cert and --tls-key, or --insecure if a proxy in front does TLS.",
        },
      );
    }
    const server = new Server(options);
    server.#listener = await Listener.listen({
      host,
      port: options.port ?? 8443,
      tls: options.tls,
      limits: server.#limits,
      door: {
        handshake: (handshake) => server.#admit(handshake),
        request: (request) => server.#answer(request),
      },
      log: server.#log,
    });
    return server;
  }

  get port(): number {
    return this.#listener!.port;
  }

  /** Where the console is; the WebSocket is at `/ws` of the same address. */
  get url(): string {
    const scheme = this.#options.tls === undefined ? "http" : "https";
    const host = this.#options.host ?? "127.0.0.1";
    return `${scheme}://${host.includes(":") ? `[${host}]` : host}:${this.port}`;
  }

  /** How many connections there are. */
  get connections(): number {
    return this.#sessions.size;
  }

  /** New connections use this certificate. Throws, and keeps the present one, if it does not load. */
  replaceTls(files: TlsFiles): void {
    this.#listener?.replaceTls(files);
  }

  /**
   * Lets nobody in any more, says GOAWAY to every connection, answers what they have asked, for `drainMsMax` at most, says 1012, and
   * stops listening. Resolves when they are gone, after a bounded time in any case. Until then `/health/ready` says 503.
   */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    for (const session of this.#sessions) session.drain(this.#returnAfterMs());
    await this.#sessionsGone(this.#limits.drainMsMax);
    for (const session of this.#sessions) session.close("restart");
    await this.#sessionsGone(FAREWELL_MS);
    for (const session of this.#sessions) session.terminate();
    await this.#listener!.close();
  }

  /** Spread at random, so that they do not come back all at once. */
  #returnAfterMs(): number {
    const { random = Math.random } = this.#options;
    const spreadMs = Math.max(1_000, (this.#sessions.size / RETURNS_PER_SECOND) * 1_000);
    return RETURN_AFTER_MS + Math.floor(random() * spreadMs);
  }

  /** Resolves when no session is left, or when the time is over. */
  async #sessionsGone(timeoutMs: number): Promise<void> {
    if (this.#sessions.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#onSessionsGone = resolve;
      this.#clock.timer(timeoutMs, resolve);
    });
  }

  async #admit(handshake: Handshake): Promise<Admission> {
    const { allowedOrigins } = this.#options;
    if (handshake.path !== "/ws") return refused(404, "Not found: WebSocket connections go to /ws");
    if (this.#closing !== undefined) return busy("Service restart", 1);
    if (!originAllowed(handshake.origin, handshake.host, allowedOrigins))
      return refused(403, "Origin not allowed");
    const waitMs = this.#handshakes.take(this.#clock.nowMs());
    if (waitMs > 0) return busy("Too many new connections", Math.ceil(waitMs / 1000));
    const source = this.#proxies.sourceOf(handshake.remoteAddress, handshake.forwardedFor);
    if (!this.#addresses.hasRoom(source))
      return busy("Too many connections from this address", ADDRESS_RETRY_SECONDS);
    const credentials = credentialsOf(handshake);
    let start: SessionStart;
    switch (credentials.place) {
      case "header":
        try {
          start = { kind: "identity", identity: await this.#verifier.verify(credentials.token) };
        } catch (error) {
          if (!(error instanceof GeodeError)) throw error;
          this.#log.info({ why: error.message, remoteAddress: source.address }, "token refused");
          return refused(401, "Invalid token");
        }
        break;
      case "url":
        start = { kind: "token", token: credentials.token };
        break;
      case "none":
        start = { kind: "waiting" };
        break;
    }
    const protocol = handshake.protocols.includes(SUBPROTOCOL) ? SUBPROTOCOL : undefined;
    return {
      kind: "accepted",
      protocol,
      open: (connection) => this.#open(connection, source, start),
    };
  }

  #open(connection: Connection, source: Source, start: SessionStart): ConnectionListener {
    if (this.#closing !== undefined) return turnAway(connection, CLOSES.restart);
    // Others from that address may have come while this one's token was checked.
    if (this.#sessions.size >= this.#limits.connectionsMax || !this.#addresses.hasRoom(source)) {
      this.#log.warn({ connections: this.#sessions.size }, "server at capacity");
      return turnAway(connection, CLOSES.atCapacity);
    }
    const session = new Session({
      name: randomUUID(),
      connection,
      database: this.#options.database,
      verifier: this.#verifier,
      users: this.#users,
      limits: this.#limits,
      invalidMessages: this.#options.invalidMessages ?? "close",
      clock: this.#clock,
      log: this.#log,
      start,
      onEnd: () => this.#forget(session, source),
    });
    this.#sessions.add(session);
    this.#addresses.enter(source);
    this.#log.info({ session: session.name, remoteAddress: source.address }, "connection opened");
    return session;
  }

  #forget(session: Session, source: Source): void {
    this.#sessions.delete(session);
    this.#addresses.leave(source);
    if (this.#sessions.size === 0) this.#onSessionsGone?.();
  }

  #answer(request: HttpRequest): Promise<HttpAnswer> {
    const { database } = this.#options;
    return answerHttp(request, {
      console: this.#console,
      backups: this.#backups,
      readiness: () =>
        this.#closing === undefined
          ? database.status()
          : { writable: false, reason: "the server is shutting down" },
    });
  }
}

/** Loopback as the operating system resolves it; a name other than `localhost` could be anything. */
function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}

function refused(status: number, message: string): Admission {
  return { kind: "refused", status, message };
}

function busy(message: string, retryAfterSeconds: number): Admission {
  return { kind: "refused", status: 503, message, retryAfterSeconds };
}

function burstOfTwo(perSecond: number): Rate {
  return { perSecond, burst: 2 * perSecond };
}

/** Closes a connection that never gets a session. */
function turnAway(
  connection: Connection,
  close: { readonly code: number; readonly reason: string },
): ConnectionListener {
  connection.close(close.code, close.reason);
  return {
    textFrame: () => undefined,
    binaryFrame: () => undefined,
    pong: () => undefined,
    taken: () => undefined,
    closed: () => undefined,
  };
}
