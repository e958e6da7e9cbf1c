import { randomUUID } from "node:crypto";
import { setMaxListeners } from "node:events";
import {
  CLOSES,
  decodeClientMessage,
  decodeParameters,
  encodeServerMessage,
  limitsOnWire,
  RATINGS,
  type CancelMessage,
  type CloseName,
  type Limits,
  type PingMessage,
  type LimitName,
  type QueryMessage,
  type RateClass,
  type Rating,
  type RequestId,
  type SubscribeMessage,
  type UnsubscribeMessage,
} from "@geode/protocol";
import { GeodeError, unreachable } from "@geode/values";
import type { Audit } from "../audit.ts";
import type { Identity, TokenVerifier } from "../auth/token.ts";
import type { Clock, Timer } from "../clock.ts";
import type { ConnectionView } from "../http/admin.ts";
import type { Users } from "../limits/users.ts";
import type { Log } from "../log.ts";
import type { Metrics } from "../metrics/metrics.ts";
import type { DatabasePort, QueryRequest } from "../port.ts";
import type { Connection, ConnectionListener } from "../transport/connection.ts";
import { accessOf } from "./access.ts";
import { errorFrame, resultFrame, type Concerning } from "./answers.ts";
import { Heartbeat } from "./heartbeat.ts";
import { Outbox } from "./outbox.ts";
import { Requests } from "./requests.ts";
import {
  next,
  type Frame,
  type Request,
  type SessionAction,
  type SessionEvent,
  type SessionState,
} from "./state.ts";
import { Statements } from "./statements.ts";
import type { Subscription } from "./subscription.ts";
import { Subscriptions } from "./subscriptions.ts";

export interface SessionOptions {
  /** Names the session in AUTH_OK and in the log. */
  readonly name: string;
  readonly connection: Connection;
  readonly database: DatabasePort;
  readonly verifier: TokenVerifier;
  readonly users: Users;
  readonly limits: Limits;
  /** What a message that cannot be understood leads to. */
  readonly invalidMessages: "close" | "tolerate";
  /** The client's, as far as that is known. */
  readonly remoteAddress: string;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly audit: Audit;
  readonly log: Log;
  /** How the connection begins. */
  readonly start: SessionStart;
  /** The session is over; called once. */
  readonly onEnd: (session: Session) => void;
}

export type SessionStart =
  /** Without a token: AUTH must follow. */
  | { readonly kind: "waiting" }
  /** The token of the URL is still to be checked. */
  | { readonly kind: "token"; readonly token: string }
  /** The token of a header was checked before there was a connection. */
  | { readonly kind: "identity"; readonly identity: Identity };

/** Clients hear of the end of their token this long before it. */
const EXPIRY_NOTICE_MS = 60_000;
const MINUTE_MS = 60_000;

/**
 * One connection: it owns the socket's timers and does what {@link next} says. Frame → decode → state → rate limit → requests → outbox.
 */
export class Session implements ConnectionListener {
  readonly name: string;
  readonly #options: SessionOptions;
  readonly #outbox: Outbox;
  readonly #requests: Requests;
  readonly #statements: Statements;
  readonly #heartbeat: Heartbeat;
  readonly #timers = new Map<TimerName, Timer>();
  /** Takes back the subscriptions that are starting. */
  readonly #aborter = new AbortController();
  readonly #subscriptions: Subscriptions;
  /** What takes back a QUERY that was accepted and is not answered. */
  readonly #queries = new Map<RequestId, AbortController>();
  readonly #held: Frame[] = [];
  readonly #pausedFor = new Set<"token" | "requests">();
  #state: SessionState;
  #identity: Identity | undefined;
  #invalidTimesMs: number[] = [];
  readonly #openedAtMs: number;
  #lastFrameMs: number;
  #stuck = { takenBytes: 0, pending: false };
  /** GOAWAY was said. */
  #leaving = false;

  constructor(options: SessionOptions) {
    const { clock, connection, limits, metrics, start } = options;
    this.name = options.name;
    this.#options = options;
    // Each subscription that starts may listen to it; they are counted elsewhere.
    setMaxListeners(0, this.#aborter.signal);
    this.#openedAtMs = clock.nowMs();
    this.#lastFrameMs = this.#openedAtMs;
    this.#outbox = new Outbox({
      connection,
      clock,
      bytesMax: limits.outboxBytesMax,
      onOverflow: () => {
        metrics.limitReached("outboxBytesMax");
        this.#on({ name: "closeAsked", close: "slow" });
      },
      onRelief: () => {
        this.#requests.startMore();
        this.#leaveWhenQuiet();
      },
    });
    this.#requests = new Requests({
      clock,
      inFlightMax: limits.inFlightMax,
      ready: () => !this.#outbox.congested,
      onStart: (waitedMs) => metrics.queued(waitedMs / 1000),
      onFull: (full) => {
        if (full) metrics.limitReached("inFlightMax");
        this.#pause("requests", full);
      },
    });
    this.#statements = new Statements(options.database);
    this.#subscriptions = new Subscriptions({
      database: options.database,
      outbox: this.#outbox,
      countMax: limits.subscriptionsMax,
      resultBytesMax: limits.resultBytesMax,
      failure: (id, error) => this.#failure({ id }, error),
    });
    this.#heartbeat = new Heartbeat({
      clock,
      pingMs: limits.pingMs,
      pongMsMax: limits.pongMsMax,
      ping: () => connection.ping(),
      listening: () => this.#pausedFor.size === 0,
      onDead: () => {
        metrics.limitReached("pongMsMax");
        connection.terminate();
      },
    });
    this.#arm("idle", limits.idleMsMax, () => this.#checkIdle());
    this.#arm("progress", limits.progressMsMax, () => this.#checkProgress());
    this.#state =
      start.kind === "waiting" ? { name: "waiting" } : { name: "verifying", answer: false };
    if (start.kind !== "identity")
      this.#arm("auth", limits.authMsMax, () => {
        metrics.limitReached("authMsMax");
        this.#on({ name: "authDeadline" });
      });
    if (start.kind === "token") {
      this.#pause("token", true);
      this.#verify(start.token);
    }
    if (start.kind === "identity") this.#on({ name: "verified", identity: start.identity });
  }

  /** Ends the session for a reason outside of it. */
  close(reason: CloseName): void {
    this.#on({ name: "closeAsked", close: reason });
  }

  /** The server is about to stop: the client is told when to come back, and what it asked so far is answered. */
  drain(retryAfterMs: number): void {
    this.#on({ name: "draining", retryAfterMs });
  }

  /** Ends it without taking leave. */
  terminate(): void {
    this.#options.connection.terminate();
  }

  /** Whom it speaks for; undefined before that is known. */
  get identity(): Identity | undefined {
    return this.#identity;
  }

  /** As administrators see it. */
  get view(): ConnectionView {
    const identity = this.#identity;
    return {
      session: this.name,
      user: identity?.principal.id,
      roles: identity?.principal.roles ?? [],
      tokenId: identity?.tokenId,
      remoteAddress: this.#options.remoteAddress,
      openedAtMs: this.#openedAtMs,
      expiresAtMs: identity?.expiresAtMs,
      subscriptions: this.#subscriptions.count,
      inFlight: this.#requests.count,
      bufferedBytes: this.#options.connection.bufferedBytes,
    };
  }

  /** Another connection of the same user takes its place. */
  replaced(): void {
    this.#options.metrics.limitReached("connectionsPerUserMax");
    this.close("replaced");
  }

  textFrame(text: string): void {
    if (this.#state.name === "closed") return;
    this.#frame(decodeClientMessage(text, this.#options.limits));
  }

  binaryFrame(): void {
    this.#frame({ kind: "binary" });
  }

  pong(): void {
    this.#heartbeat.signOfLife();
  }

  taken(): void {
    // While so much waits, the operating system takes more only because the peer took something. Otherwise it proves nothing: it keeps
    // small frames for a peer that is gone.
    if (this.#outbox.congested) this.#heartbeat.signOfLife();
    this.#outbox.taken();
  }

  closed(code: number, reason: string): void {
    const { log, metrics } = this.#options;
    log.info({ session: this.name, code, reason }, "connection closed");
    metrics.closed(code, reason);
    this.#on({ name: "gone" });
    this.#options.onEnd(this);
  }

  #frame(frame: Frame): void {
    if (frame.kind === "invalid" && frame.limit !== undefined)
      this.#options.metrics.limitReached(frame.limit);
    this.#lastFrameMs = this.#options.clock.nowMs();
    this.#heartbeat.signOfLife();
    // A timer can be late, and a clock can jump: a token is never believed beyond its end.
    if (this.#identity !== undefined && this.#identity.expiresAtMs <= this.#lastFrameMs)
      this.#on({ name: "expired" });
    this.#on({ name: "frame", frame });
  }

  /** A fault of ours ends this session and no other. */
  #on(event: SessionEvent): void {
    try {
      const transition = next(this.#state, event);
      this.#state = transition.state;
      for (const action of transition.actions) this.#do(action);
    } catch (error) {
      this.#unexpected(error);
      this.#state = { name: "closed" };
      this.#options.connection.close(CLOSES.internal.code, CLOSES.internal.reason);
      this.#release();
    }
  }

  #do(action: SessionAction): void {
    switch (action.do) {
      case "verify":
        return this.#verify(action.token);
      case "admit":
        return this.#admit(action.identity, action.answer);
      case "renew":
        this.#believe(action.identity);
        this.#recordToken("token renewed", action.identity);
        return this.#answerAuth(action.identity);
      case "postponeRenewal":
        return this.#outbox.answer(
          this.#error(
            {},
            new GeodeError("UNAVAILABLE", "the token cannot be checked at present", {
              hint: "The one that you have goes on until its end; send AUTH again.",
            }),
          ),
        );
      case "handle":
        return this.#handle(action.message);
      case "refuseMessage":
        return this.#refuseMessage(action.error, action.id);
      case "warnExpiry":
        return this.#warnExpiry();
      case "goAway":
        return this.#goAway(action.retryAfterMs);
      case "hold":
        this.#held.push(action.frame);
        return;
      case "stopReading":
        return this.#pause("token", true);
      case "readOn":
        return this.#readOn();
      case "close":
        this.#outbox.close();
        return this.#options.connection.close(
          CLOSES[action.close].code,
          CLOSES[action.close].reason,
        );
      case "release":
        return this.#release();
      default:
        return unreachable(action);
    }
  }

  #verify(token: string): void {
    this.#options.verifier.verify(token).then(
      (identity) => this.#on({ name: "verified", identity }),
      (error: unknown) => {
        if (error instanceof GeodeError && error.code !== "UNAVAILABLE") {
          const { audit, remoteAddress } = this.#options;
          const session = this.name;
          audit.record({ event: "token refused", session, remoteAddress, why: error.message });
          return this.#on({ name: "refused" });
        }
        if (error instanceof GeodeError)
          this.#options.log.warn({ session: this.name, why: error.message }, "token not checked");
        else this.#unexpected(error);
        this.#on({ name: "unverifiable" });
      },
    );
  }

  #admit(identity: Identity, answer: boolean): void {
    const { connection, limits, users } = this.#options;
    this.#timers.get("auth")?.cancel();
    connection.allowFrames(limits.frameBytesMax);
    users.enter(identity.principal.id, this);
    this.#believe(identity);
    this.#recordToken("authenticated", identity);
    if (answer) this.#answerAuth(identity);
  }

  #recordToken(event: "authenticated" | "token renewed", identity: Identity): void {
    const { audit, remoteAddress } = this.#options;
    const { principal, tokenId } = identity;
    audit.record({ event, session: this.name, user: principal.id, tokenId, remoteAddress });
  }

  #answerAuth(identity: Identity): void {
    const { database, limits } = this.#options;
    this.#outbox.answer(
      encodeServerMessage({
        type: "AUTH_OK",
        user: {
          id: identity.principal.id,
          ...(identity.name === undefined ? {} : { name: identity.name }),
        },
        roles: [...identity.principal.roles],
        session: this.name,
        expires_at: isoTime(identity.expiresAtMs),
        limits: limitsOnWire(limits),
        epoch: database.epoch,
        seq: database.seq,
      }),
    );
  }

  #believe(identity: Identity): void {
    this.#identity = identity;
    const leftMs = identity.expiresAtMs - this.#options.clock.nowMs();
    this.#arm("expiryNear", Math.max(0, leftMs - EXPIRY_NOTICE_MS), () =>
      this.#on({ name: "expiryNear" }),
    );
    this.#arm("expired", leftMs, () => this.#on({ name: "expired" }));
  }

  #warnExpiry(): void {
    if (this.#identity === undefined) return;
    this.#outbox.answer(
      encodeServerMessage({
        type: "AUTH_EXPIRING",
        expires_at: isoTime(this.#identity.expiresAtMs),
      }),
    );
  }

  /** What it sends is taken some time, and {@link Session.taken} then looks whether more is to come. */
  #goAway(retryAfterMs: number): void {
    this.#leaving = true;
    this.#outbox.answer(encodeServerMessage({ type: "GOAWAY", retry_after_ms: retryAfterMs }));
  }

  #leaveWhenQuiet(): void {
    if (this.#leaving && this.#requests.count === 0 && !this.#outbox.pending) this.close("restart");
  }

  #handle(message: Request): void {
    const identity = this.#identity;
    if (identity === undefined) throw new Error("a message is handled before its sender is known");
    const rating: Rating = RATINGS[message.type];
    if (rating.class !== "free") {
      const { metrics, users } = this.#options;
      const waitMs = users.charge(identity.principal.id, rating.class);
      if (waitMs > 0 && rating.beyond === "dropped") {
        metrics.limitReached(RATE_LIMITS[rating.class]);
        const error = new GeodeError("RATE_LIMITED", "Rate limit exceeded");
        return this.#outbox.answer(this.#error({ id: message.id }, error, waitMs));
      }
    }
    switch (message.type) {
      case "QUERY":
        return this.#query(message, identity);
      case "SUBSCRIBE":
        return this.#subscribe(message, identity);
      case "UNSUBSCRIBE":
        return this.#unsubscribe(message);
      case "CANCEL":
        return this.#cancel(message);
      case "PING":
        return this.#ping(message);
      default:
        return unreachable(message);
    }
  }

  #query(message: QueryMessage, identity: Identity): void {
    const { id } = message;
    if (this.#queries.has(id) || this.#subscriptions.isPending(id))
      return this.#outbox.answer(this.#error({ id }, idInUse()));
    const aborter = new AbortController();
    this.#queries.set(id, aborter);
    const access = accessOf(message.query, this.#options.database);
    const statements = this.#statements;
    this.#requests.submit({
      // The statements of a transaction follow each other one by one.
      get access() {
        return statements.inTransaction ? "unknown" : access;
      },
      run: async () => {
        let frame;
        try {
          const request = this.#request(message, identity, aborter.signal);
          const answer = await this.#statements.run(request);
          frame = resultFrame(id, answer, this.#options.limits.resultBytesMax);
        } catch (error) {
          frame = this.#failure({ id }, error);
        }
        this.#queries.delete(id);
        this.#outbox.answer(frame);
      },
    });
  }

  #subscribe(message: SubscribeMessage, identity: Identity): void {
    const { id, mode, resume } = message;
    if (this.#queries.has(id)) return this.#outbox.answer(this.#error({ id }, idInUse()));
    const before = mode === "before";
    let subscription: Subscription;
    try {
      subscription = this.#subscriptions.add(id, before);
    } catch (error) {
      return this.#outbox.answer(this.#failure({ id }, error));
    }
    this.#requests.submit({
      access: "read",
      run: () =>
        this.#subscriptions.start(subscription, () => ({
          ...this.#request(message, identity, this.#aborter.signal),
          before,
          ...(resume === undefined ? {} : { resume }),
        })),
    });
  }

  #unsubscribe(message: UnsubscribeMessage): void {
    this.#subscriptions.end(message.id);
    this.#outbox.answer(encodeServerMessage({ type: "UNSUBSCRIBED", id: message.id }));
  }

  /** What is taken back answers by itself, with CANCELLED or with what it had come to. */
  #cancel(message: CancelMessage): void {
    this.#queries.get(message.id)?.abort();
  }

  #ping(message: PingMessage): void {
    const id = message.id === undefined ? {} : { id: message.id };
    this.#outbox.answer(
      encodeServerMessage({ type: "PONG", ...id, seq: this.#options.database.seq }),
    );
  }

  /** What the engine is asked. Throws 22G03 for a parameter that is no value. */
  #request(
    message: QueryMessage | SubscribeMessage,
    identity: Identity,
    signal: AbortSignal,
  ): QueryRequest {
    const { limits } = this.#options;
    const timeoutMs = "timeout_ms" in message ? message.timeout_ms : undefined;
    const idempotencyKey = "idempotency_key" in message ? message.idempotency_key : undefined;
    return {
      text: message.query,
      parameters: decodeParameters(message.parameters),
      principal: identity.principal,
      timeoutMs: Math.min(timeoutMs ?? limits.queryMsMax, limits.queryMsMax),
      signal,
      ...(message.graph === undefined ? {} : { graph: message.graph }),
      ...(message.min_seq === undefined ? {} : { minSeq: message.min_seq }),
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    };
  }

  /** The ERROR of a failed request. What was not expected stays inside, under the name by which the log has it. */
  #failure(about: { readonly id: RequestId }, error: unknown): string {
    if (error instanceof GeodeError) return this.#error(about, error);
    const fault = this.#unexpected(error);
    return this.#error(
      about,
      new GeodeError("INTERNAL", `internal error; see ${fault} in the log`),
    );
  }

  #error(about: Concerning, error: GeodeError, retryAfterMs?: number): string {
    this.#options.metrics.failed(error);
    return errorFrame(about, error, retryAfterMs);
  }

  /** Logs a fault of ours. Answers its name. */
  #unexpected(error: unknown): string {
    const fault = randomUUID();
    const stack = error instanceof Error ? error.stack : String(error);
    this.#options.log.error({ session: this.name, fault, error: stack }, "unexpected failure");
    return fault;
  }

  #refuseMessage(error: string, id: RequestId | undefined): void {
    const { clock, invalidMessages, limits, metrics } = this.#options;
    this.#outbox.answer(this.#error({ id }, new GeodeError("INVALID_MESSAGE", error)));
    const nowMs = clock.nowMs();
    this.#invalidTimesMs = this.#invalidTimesMs.filter((timeMs) => nowMs - timeMs < MINUTE_MS);
    this.#invalidTimesMs.push(nowMs);
    if (invalidMessages === "close") return this.close("invalidMessage");
    if (this.#invalidTimesMs.length <= limits.invalidPerMinuteMax) return;
    metrics.limitReached("invalidPerMinuteMax");
    this.close("invalidMessage");
  }

  /** Lets held frames through until one of them has to be waited for. */
  #readOn(): void {
    this.#pausedFor.delete("token");
    while (this.#held.length > 0 && !this.#pausedFor.has("token"))
      this.#on({ name: "frame", frame: this.#held.shift()! });
    if (this.#pausedFor.size === 0) this.#options.connection.startReading();
  }

  #pause(reason: "token" | "requests", pause: boolean): void {
    if (pause) {
      this.#pausedFor.add(reason);
      this.#options.connection.stopReading();
    } else {
      this.#pausedFor.delete(reason);
      if (this.#pausedFor.size === 0) this.#options.connection.startReading();
    }
  }

  #checkIdle(): void {
    const { clock, limits, metrics } = this.#options;
    const leftMs = this.#lastFrameMs + limits.idleMsMax - clock.nowMs();
    const busy = this.#subscriptions.count > 0 || this.#requests.count > 0;
    if (leftMs <= 0 && !busy) {
      metrics.limitReached("idleMsMax");
      return this.close("idle");
    }
    this.#arm("idle", leftMs > 0 ? leftMs : limits.idleMsMax, () => this.#checkIdle());
  }

  /** A peer that takes nothing, although something waits for it, from one check to the next. */
  #checkProgress(): void {
    const { connection, limits, metrics } = this.#options;
    const before = this.#stuck;
    this.#stuck = { takenBytes: connection.takenBytes, pending: this.#outbox.pending };
    if (before.pending && this.#stuck.pending && before.takenBytes === this.#stuck.takenBytes) {
      metrics.limitReached("progressMsMax");
      return this.close("slow");
    }
    this.#arm("progress", limits.progressMsMax, () => this.#checkProgress());
  }

  #arm(name: TimerName, delayMs: number, due: () => void): void {
    this.#timers.get(name)?.cancel();
    this.#timers.set(name, this.#options.clock.timer(delayMs, due));
  }

  #release(): void {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
    this.#heartbeat.close();
    this.#aborter.abort();
    for (const query of this.#queries.values()) query.abort();
    this.#requests.close();
    this.#statements.close();
    this.#subscriptions.close();
    this.#held.length = 0;
    if (this.#identity !== undefined) this.#options.users.leave(this.#identity.principal.id, this);
  }
}

const RATE_LIMITS = {
  query: "requestsPerSecond",
  realtime: "realtimePerSecond",
} as const satisfies Record<RateClass, LimitName>;

type TimerName = "auth" | "expiryNear" | "expired" | "idle" | "progress";

function isoTime(timeMs: number): string {
  return new Date(timeMs).toISOString();
}

function idInUse(): GeodeError {
  return new GeodeError("ID_IN_USE", "a request with this id is still unanswered", {
    hint: "Give each request an id of its own.",
  });
}
