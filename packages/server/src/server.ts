import { limitsWith, type LimitName, type Limits } from "@geode/protocol";
import { GeodeError } from "@geode/values";
import { Audit } from "./audit.ts";
import { secretKey, type Secret, type TokenKeys } from "./auth/keys.ts";
import {
  forgetfulStore,
  Revocations,
  type RevocationStore,
  type RevokedState,
} from "./auth/revocations.ts";
import { TokenVerifier } from "./auth/token.ts";
import { Documents } from "./documents/documents.ts";
import { Rooms } from "./rooms/rooms.ts";
import { Channels } from "./channels/channels.ts";
import { systemClock, type Clock } from "./clock.ts";
import { Handshakes } from "./handshakes.ts";
import { Admin } from "./http/admin.ts";
import { answerHttp, type HttpContext } from "./http/answer.ts";
import { asyncApiText } from "./http/asyncapi.ts";
import { Backups } from "./http/backup.ts";
import { ConsoleFiles } from "./http/console-files.ts";
import { Gate } from "./http/gate.ts";
import { MetricsPage } from "./http/metrics-page.ts";
import type { Rate } from "./limits/bucket.ts";
import { HttpRates } from "./limits/http-rates.ts";
import { TrustedProxies, type Source } from "./limits/proxies.ts";
import { Users } from "./limits/users.ts";
import { isLoopbackHost } from "./loopback.ts";
import { silentLog, type Log } from "./log.ts";
import { MeasuredDatabase } from "./metrics/measured-database.ts";
import { Metrics } from "./metrics/metrics.ts";
import type { DatabasePort } from "./port.ts";
import { Agendas } from "./session/agenda.ts";
import { FanOut } from "./session/fan-out.ts";
import type { SessionStart, SessionWishes } from "./session/session.ts";
import { Sessions } from "./sessions.ts";
import type {
  Connection,
  ConnectionListener,
  HttpAnswer,
  HttpRequest,
} from "./transport/connection.ts";
import { Listener, type TlsFiles } from "./transport/listener.ts";

export interface ServerOptions {
  readonly database: DatabasePort;
  /** Signs and checks tokens; see `configuredSecret` and `keptSecret`. */
  readonly secret: Secret;
  /** Public keys that check tokens, too; see `pemKeys` and `KeySet`. The first that have an algorithm count for it. */
  readonly tokenKeys?: readonly TokenKeys[];
  /** What every token's `iss` and `aud` have to be. Default: anything. */
  readonly tokenIssuer?: string | undefined;
  readonly tokenAudience?: string | undefined;
  /** Where revocations outlive the server. Default: nowhere. */
  readonly revocationStore?: RevocationStore;
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
  /** Lets everybody read `/metrics`. Default: this machine, and the roles `admin` and `monitor`. */
  readonly metricsPublic?: boolean;
  /** Those of {@link LIMITS} that are not the database's own; it is opened with them. */
  readonly limits?: { readonly [Name in LimitName]?: number | undefined };
  /** Where the built console lies; default: that of this repository. */
  readonly consoleDirectory?: string;
  readonly clock?: Clock;
  /** In [0, 1). Default: `Math.random`. */
  readonly random?: () => number;
  readonly log?: Log;
  /** Where the audit goes. Default: the log. */
  readonly auditLog?: Log | undefined;
}

/** How long peers get for their part of the closing handshake when the server closes. */
const FAREWELL_MS = 1_000;

/** The server: one port, its sessions, and the way to end them. */
export class Server {
  readonly #options: ServerOptions;
  readonly #limits: Limits;
  readonly #log: Log;
  readonly #proxies: TrustedProxies;
  readonly #metrics: Metrics;
  readonly #channels: Channels;
  readonly #rooms: Rooms | undefined;
  readonly #documents: Documents | undefined;
  readonly #sessions: Sessions;
  readonly #handshakes: Handshakes;
  readonly #http: HttpContext;
  readonly #httpRates: HttpRates;
  /** Made once: whoever asks for it again must not cost more than sending it. */
  #asyncApi: string | undefined;
  #listener: Listener | undefined;
  #closing: Promise<void> | undefined;

  private constructor(options: ServerOptions, revoked: RevokedState) {
    const { allowedOrigins, database, log = silentLog, random = Math.random } = options;
    const clock = options.clock ?? systemClock;
    const limits = limitsWith(options.limits);
    this.#options = options;
    this.#limits = limits;
    this.#log = log;
    const revocations = new Revocations(
      {
        store: options.revocationStore ?? forgetfulStore,
        clock,
        countMax: limits.revocationsMax,
        onFull: () => this.#metrics.limitReached("revocationsMax"),
      },
      revoked,
    );
    const audit = new Audit(options.auditLog ?? log);
    const verifier = new TokenVerifier({
      keys: [secretKey(options.secret), ...(options.tokenKeys ?? [])],
      issuer: options.tokenIssuer,
      audience: options.tokenAudience,
      clock,
      revoked: (identity) => revocations.refuses(identity),
      rememberedMax: limits.connectionsMax,
    });
    this.#proxies = new TrustedProxies(options.trustedProxies ?? [], (proxy) =>
      log.warn({ proxy }, "a trusted proxy sends no X-Forwarded-For: no limit per address"),
    );
    const users: Users = new Users({
      clock,
      connectionsPerUserMax: limits.connectionsPerUserMax,
      rates: options.rate ?? {
        query: burstOfTwo(limits.requestsPerSecond),
        realtime: burstOfTwo(limits.realtimePerSecond),
      },
    });
    const metrics: Metrics = new Metrics({
      connections: () => this.#sessions.size,
      subscriptions: () => this.#sessions.subscriptions,
      users: () => users.count,
      database: () => database.status(),
    });
    this.#metrics = metrics;
    this.#channels = new Channels({
      clock,
      perMemberMax: limits.channelsMax,
      figures: () => ({ ...metrics.stats, database: database.status() }),
    });
    const measured = new MeasuredDatabase(database, metrics, clock);
    this.#rooms =
      database.watchReserved === undefined
        ? undefined
        : new Rooms({
            database,
            clock,
            log,
            perMemberMax: limits.roomsMax,
            perUserMax: limits.roomsPerUserMax,
            messageBytesMax: limits.messageBytesMax,
            messagesMax: limits.roomMessagesMax,
            retentionMs: limits.roomRetentionMsMax,
            timeoutMs: limits.queryMsMax,
            onTrim: () => metrics.limitReached("roomMessagesMax"),
          });
    this.#documents =
      database.documents === undefined
        ? undefined
        : new Documents({
            database,
            edits: database.documents,
            clock,
            log,
            perMemberMax: limits.documentsMax,
            documentBytesMax: limits.documentBytesMax,
            documentPartsMax: limits.documentPartsMax,
            stateBytesMax: limits.messageBytesMax,
            timeoutMs: limits.queryMsMax,
          });
    this.#sessions = new Sessions({
      common: {
        fanOut: new FanOut(clock),
        agendas: new Agendas(clock),
        channels: this.#channels,
        rooms: this.#rooms,
        documents: this.#documents,
        database: measured,
        verifier,
        users,
        limits,
        invalidMessages: options.invalidMessages ?? "close",
        clock,
        metrics,
        audit,
        log,
      },
      limits,
      clock,
      random,
      metrics,
      log,
    });
    this.#handshakes = new Handshakes({
      verifier,
      proxies: this.#proxies,
      rate: burstOfTwo(limits.handshakesPerSecond),
      allowedOrigins,
      stopping: () => this.#closing !== undefined,
      hasRoom: (source) => this.#sessions.hasRoom(source),
      open: (connection, source, start, wishes) => this.#open(connection, source, start, wishes),
      clock,
      metrics,
      audit,
    });
    this.#httpRates = new HttpRates({
      clock,
      rate: burstOfTwo(limits.httpPerSecond),
      onExceeded: () => metrics.limitReached("httpPerSecond"),
    });
    const gate = new Gate({ verifier, audit, rates: this.#httpRates });
    this.#http = {
      console: new ConsoleFiles(options.consoleDirectory),
      backups: new Backups({ database, gate, audit, log }),
      admin: new Admin({ gate, pool: this.#sessions, revocations, database, audit }),
      metrics: new MetricsPage({
        metrics,
        gate,
        open: options.metricsPublic ?? false,
        isLocal: (request) => this.#proxies.isLocal(request),
      }),
      waitMs: (request) => this.#httpRates.ofAddress(this.#sourceOf(request)),
      asyncApi: () => (this.#asyncApi ??= asyncApiText(this.url)),
      allowedOrigins,
      readiness: () =>
        this.#closing === undefined
          ? database.status()
          : { writable: false, reason: "the server is shutting down" },
    };
  }

  /**
   * Listens. The database stays the caller's: it is not closed with the server.
   * Throws FORBIDDEN for an unprotected port on the network, UNAVAILABLE if the port is not to be had, CORRUPT for damaged revocations.
   */
  static async start(options: ServerOptions): Promise<Server> {
    const host = options.host ?? "127.0.0.1";
    if (options.tls === undefined && options.insecure !== true && !isLoopbackHost(host)) {
      throw new GeodeError(
        "FORBIDDEN",
        `refusing to listen on ${host} without TLS: tokens and data would cross the network in the clear`,
        {
          hint: "Give --tls-cert and --tls-key, or --insecure if a proxy in front does TLS.",
        },
      );
    }
    const server = new Server(options, await (options.revocationStore ?? forgetfulStore).load());
    await server.#rooms?.start();
    await server.#documents?.start();
    server.#listener = await Listener.listen({
      host,
      port: options.port ?? 8443,
      tls: options.tls,
      limits: server.#limits,
      door: {
        handshake: (handshake) => server.#handshakes.admit(handshake),
        request: (request) => server.#answer(request),
        limitReached: (name) => server.#metrics.limitReached(name),
      },
      traffic: server.#metrics.traffic,
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

  /** What `/metrics` tells, in Prometheus' text format. */
  metrics(): Promise<string> {
    return this.#metrics.text();
  }

  /** The names of all metrics that `/metrics` tells, without the suffixes of histograms. */
  get metricNames(): readonly string[] {
    return this.#metrics.names;
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
    this.#channels.close();
    this.#sessions.drain();
    await this.#sessions.gone(this.#limits.drainMsMax);
    if (this.#sessions.size > 0) this.#metrics.limitReached("drainMsMax");
    this.#sessions.close("restart");
    await this.#sessions.gone(FAREWELL_MS);
    this.#sessions.terminate();
    await this.#rooms?.close();
    await this.#documents?.close();
    this.#httpRates.close();
    await this.#listener!.close();
  }

  #open(
    connection: Connection,
    source: Source,
    start: SessionStart,
    wishes: SessionWishes,
  ): ConnectionListener {
    if (this.#closing !== undefined) return this.#sessions.turnAway(connection, "restart");
    return this.#sessions.open(connection, source, start, wishes);
  }

  #answer(request: HttpRequest): Promise<HttpAnswer> {
    return answerHttp({ ...request, clientAddress: this.#sourceOf(request).address }, this.#http);
  }

  #sourceOf({ forwardedFor, remoteAddress = "" }: HttpRequest): Source {
    return this.#proxies.sourceOf(remoteAddress, forwardedFor);
  }
}

function burstOfTwo(perSecond: number): Rate {
  return { perSecond, burst: 2 * perSecond };
}
