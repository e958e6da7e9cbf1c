import { randomUUID } from "node:crypto";
import { setMaxListeners } from "node:events";
import {
  CLOSES,
  decodeClientJson,
  decodeParameters,
  encodeServerMessage,
  limitsOnWire,
  RATINGS,
  type BatchMessage,
  type CancelMessage,
  type CloseName,
  type ConfigureMessage,
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
import type { SharedMessage } from "../transport/shared-message.ts";
import type { ChannelMember, Channels } from "../channels/channels.ts";
import type { Identity, TokenVerifier } from "../auth/token.ts";
import type { Clock, Timer } from "../clock.ts";
import type { ConnectionView } from "../http/admin.ts";
import type { Documents } from "../documents/documents.ts";
import type { Rooms } from "../rooms/rooms.ts";
import type { Users } from "../limits/users.ts";
import type { Log } from "../log.ts";
import type { Metrics } from "../metrics/metrics.ts";
import type { DatabasePort, QueryRequest } from "../port.ts";
import type { Connection, ConnectionListener } from "../transport/connection.ts";
import { accessOf } from "./access.ts";
import { Chat, noRooms } from "./chat.ts";
import { Collaboration, noDocuments } from "./collaboration.ts";
import { errorFrame, resultFrame, type Concerning } from "./answers.ts";
import type { FanOut } from "./fan-out.ts";
import { FrameReader, type Arrived } from "./frame-reader.ts";
import { Heartbeat } from "./heartbeat.ts";
import { Outbox } from "./outbox.ts";
import { InOrder, Reply, type HeldAnswers } from "./reply.ts";
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
import { YReader } from "./y-reader.ts";

export interface SessionOptions {
  /** Names the session in AUTH_OK and in the log. */
  readonly name: string;
  readonly connection: Connection;
  readonly fanOut: FanOut;
  readonly channels: Channels;
  /** Undefined if nobody keeps any. */
  readonly rooms: Rooms | undefined;
  /** Undefined if nobody keeps any. */
  readonly documents: Documents | undefined;
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
  readonly wishes: SessionWishes;
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

/** What the handshake asked for. */
export interface SessionWishes {
  /** To be in these channels from the beginning. */
  readonly channels: readonly string[];
  /** To be in this room from the beginning. */
  readonly room: string | undefined;
  /** The document that it is about, if it speaks y-websocket. */
  readonly document: string | undefined;
  /** What the client calls itself over reconnects. */
  readonly client: string | undefined;
  /** Whether it speaks JSON-RPC from its first frame on. */
  readonly rpc: boolean;
}

/** Clients hear of the end of their token this long before it. */
const EXPIRY_NOTICE_MS = 60_000;
/** They are reminded this long after a renewal that could not be checked. */
const RENEWAL_RETRY_MS = 10_000;
const MINUTE_MS = 60_000;

/**
 * One connection: it owns the socket's timers and does what {@link next} says. Frame → decode → state → rate limit → requests → outbox.
 */
export class Session implements ConnectionListener, ChannelMember {
  readonly name: string;
  readonly #options: SessionOptions;
  readonly #outbox: Outbox;
  readonly #reader: FrameReader | YReader;
  readonly #heldAnswers: HeldAnswers = { bytes: 0 };
  readonly #requests: Requests;
  readonly #statements: Statements;
  /** SESSION CLOSE was carried out: the connection ends behind its answer. */
  #sessionClosed = false;
  readonly #heartbeat: Heartbeat;
  readonly #timers = new Map<TimerName, Timer>();
  /** Takes back the subscriptions that are starting. */
  readonly #aborter = new AbortController();
  readonly #subscriptions: Subscriptions;
  readonly #chat: Chat | undefined;
  readonly #collaboration: Collaboration | undefined;
  /** What takes back a QUERY that was accepted and is not answered. */
  readonly #queries = new Map<RequestId, AbortController>();
  readonly #held: Frame[] = [];
  readonly #pausedFor = new Set<PauseReason>();
  #state: SessionState;
  #identity: Identity | undefined;
  #client: string | undefined;
  /** The AUTH that is being looked at. */
  #authReply: Reply | undefined;
  #invalidTimesMs: number[] = [];
  /** While several messages of one frame are handled: whether one of them was none. */
  #together: { invalid: boolean } | undefined;
  readonly #openedAtMs: number;
  #lastFrameMs: number;
  #stuck = { takenBytes: 0, pending: false };
  /** Who waits until less waits for the connection. */
  readonly #relief: (() => void)[] = [];
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
      fanOut: options.fanOut,
      clock,
      conflateBytesMin: limits.conflateBytesMin,
      bytesMax: limits.outboxBytesMax,
      onOverflow: () => {
        metrics.limitReached("outboxBytesMax");
        this.#on({ name: "closeAsked", close: "slow" });
      },
      onRelief: () => {
        for (const resume of this.#relief.splice(0)) resume();
        if (this.#pausedFor.has("answers")) this.#pause("answers", false);
        this.#requests.startMore();
        this.#leaveWhenQuiet();
      },
    });
    const { document, rpc } = options.wishes;
    this.#reader =
      document === undefined
        ? new FrameReader({
            bounds: limits,
            batchMessagesMax: limits.batchMessagesMax,
            onBatchTooLong: () => metrics.limitReached("batchMessagesMax"),
            answerBytesMax: limits.resultBytesMax,
            exit: this.#outbox,
            held: this.#heldAnswers,
            rpc,
          })
        : new YReader(document, this.#outbox);
    this.#requests = new Requests({
      clock,
      inFlightMax: limits.inFlightMax,
      ready: () => !this.#outbox.congested && this.#heldAnswers.bytes <= HELD_BYTES_MAX,
      onStart: (waitedMs) => metrics.queued(waitedMs / 1000),
      onFull: (full) => {
        if (full) metrics.limitReached("inFlightMax");
        this.#pause("requests", full);
      },
    });
    this.#statements = new Statements(options.database, () => {
      this.#sessionClosed = true;
    });
    this.#subscriptions = new Subscriptions({
      database: options.database,
      outbox: this.#outbox,
      countMax: limits.subscriptionsMax,
      resultBytesMax: limits.resultBytesMax,
      failure: (about, error) => this.#failure(about, error),
    });
    this.#client = options.wishes.client;
    this.#chat =
      options.rooms &&
      new Chat({
        session: this.name,
        rooms: options.rooms,
        requests: this.#requests,
        statements: this.#statements,
        identity: () => this.#identity!,
        client: () => this.#client,
        voice: () => this.#reader.voice,
        push: (frame, topic) => this.#outbox.push(frame, topic),
        relieved: () => this.#relieved(),
        failure: (about, error) => this.#failure(about, error),
      });
    this.#collaboration =
      options.documents &&
      new Collaboration({
        session: this.name,
        documents: options.documents,
        requests: this.#requests,
        identity: () => this.#identity!,
        client: () => this.#client,
        voice: () => this.#reader.voice,
        push: (frame) => this.#outbox.push(frame),
        relieved: () => this.#relieved(),
        failure: (about, error) => this.#failure(about, error),
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
    if (this.#state.name !== "closed") this.#arrived(this.#reader.text(text));
  }

  binaryFrame(bytes: Uint8Array): void {
    if (this.#state.name !== "closed") this.#arrived(this.#reader.binary(bytes));
  }

  get user(): string {
    return this.#identity?.principal.id ?? "";
  }

  get roles(): readonly string[] {
    return this.#identity?.principal.roles ?? [];
  }

  hear(message: SharedMessage): void {
    const frame = this.#reader.voice.channel(message);
    if (frame !== undefined) this.#outbox.push(frame);
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

  /** What came in one frame counts as one frame, also against the close rules. */
  #arrived(arrived: readonly Arrived[]): void {
    const [first] = arrived;
    if (first === undefined) return;
    if (arrived.length === 1) return this.#frame({ ...first.decoded, reply: first.reply });
    this.#handleTogether(first.reply, () => {
      for (const { decoded, reply } of arrived) this.#frame({ ...decoded, reply });
    });
  }

  #handleTogether(reply: Reply, handle: () => void): void {
    const together = { invalid: false };
    this.#together = together;
    handle();
    this.#together = undefined;
    if (together.invalid) this.#countInvalid(reply);
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
    // Some messages are answered at once: who sends them and takes no answers must not fill the memory.
    if (this.#outbox.congested && this.#state.name !== "closed") this.#pause("answers", true);
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
        this.#authReply = action.reply;
        this.#client ??= action.client;
        return this.#verify(action.token);
      case "admit":
        return this.#admit(action.identity, action.answer);
      case "renew":
        this.#renew(action.identity);
        this.#recordToken("token renewed", action.identity);
        return this.#answerAuth(action.identity);
      case "postponeRenewal":
        return this.#postponeRenewal();
      case "handle":
        return this.#handle(action.message, this.#replyTo(action.reply));
      case "refuseMessage":
        return this.#refuseMessage(action.error, action.id, this.#replyTo(action.reply));
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
    const { channels, document, room } = this.#options.wishes;
    connection.allowFrames(document === undefined ? limits.frameBytesMax : limits.documentBytesMax);
    users.enter(identity.principal.id, this);
    this.#believe(identity);
    this.#recordToken("authenticated", identity);
    if (answer) this.#answerAuth(identity);
    this.#chat?.arrive().catch((error: unknown) => this.#push(this.#failure({}, error)));
    if (document !== undefined) this.#collaboration?.greet(document, this.#replyTo(undefined));
    if (room !== undefined)
      this.#handle({ type: "JOIN_ROOM", room_id: room }, this.#replyTo(undefined));
    for (const channel of channels) {
      try {
        this.#options.channels.join(channel, this);
      } catch (error) {
        this.#push(this.#failure({}, error));
      }
    }
  }

  async #relieved(): Promise<void> {
    while (this.#outbox.behind && this.#state.name !== "closed")
      await new Promise<void>((resume) => this.#relief.push(resume));
  }

  /** How a request is answered; by default, as the connection is spoken to. */
  #replyTo(reply: Reply | undefined): Reply {
    return reply ?? new Reply(this.#reader.voice, this.#outbox);
  }

  /** Says what answers no request. */
  #push(message: string): void {
    this.#replyTo(undefined).push(message);
  }

  #recordToken(event: "authenticated" | "token renewed", identity: Identity): void {
    const { audit, remoteAddress } = this.#options;
    const { principal, tokenId } = identity;
    audit.record({ event, session: this.name, user: principal.id, tokenId, remoteAddress });
  }

  #answerAuth(identity: Identity): void {
    const { database, limits } = this.#options;
    this.#replyTo(this.#authReply).answer(
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

  /** Subscriptions stay, and show what the roles and claims of now may see. */
  #renew(identity: Identity): void {
    this.#believe(identity);
    this.#subscriptions.renew(identity.principal);
    this.#chat?.renewed();
    this.#collaboration?.renewed();
  }

  #warnExpiry(): void {
    if (this.#identity === undefined) return;
    this.#push(
      encodeServerMessage({
        type: "AUTH_EXPIRING",
        expires_at: isoTime(this.#identity.expiresAtMs),
      }),
    );
  }

  /** The client is reminded: most do not try again of their own accord. */
  #postponeRenewal(): void {
    const error = new GeodeError("UNAVAILABLE", "the token cannot be checked at present", {
      hint: "The one that you have goes on until its end; send AUTH again.",
    });
    this.#replyTo(this.#authReply).answer(this.#error({}, error));
    this.#arm("expiryNear", RENEWAL_RETRY_MS, () => this.#on({ name: "expiryNear" }));
  }

  /** What it sends is taken some time, and {@link Session.taken} then looks whether more is to come. */
  #goAway(retryAfterMs: number): void {
    this.#leaving = true;
    this.#push(encodeServerMessage({ type: "GOAWAY", retry_after_ms: retryAfterMs }));
  }

  #leaveWhenQuiet(): void {
    if (this.#leaving && this.#requests.count === 0 && !this.#outbox.pending) this.close("restart");
  }

  #handle(message: Request, reply: Reply): void {
    const identity = this.#identity;
    if (identity === undefined) throw new Error("a message is handled before its sender is known");
    const rating: Rating = RATINGS[message.type];
    if (rating.class !== "free") {
      const { metrics, users } = this.#options;
      const waitMs = users.charge(identity.principal.id, rating.class);
      if (waitMs > 0 && rating.beyond === "dropped") {
        metrics.limitReached(RATE_LIMITS[rating.class]);
        const error = new GeodeError("RATE_LIMITED", "Rate limit exceeded");
        const id = "id" in message ? message.id : undefined;
        return reply.answer(this.#error({ id }, error, waitMs));
      }
    }
    if (reply.channel !== undefined) {
      try {
        this.#options.channels.join(reply.channel, this);
      } catch (error) {
        return reply.answer(this.#failure({}, error));
      }
    }
    switch (message.type) {
      case "QUERY":
        return this.#query(message, identity, reply);
      case "SUBSCRIBE":
        return this.#subscribe(message, identity, reply);
      case "UNSUBSCRIBE":
        return this.#unsubscribe(message, reply);
      case "CANCEL":
        return this.#cancel(message, reply);
      case "PING":
        return this.#ping(message, reply);
      case "BATCH":
        return this.#batch(message, reply);
      case "CONFIGURE":
        return this.#configure(message, reply);
      case "OPEN_CHANNEL":
      case "CLOSE_CHANNEL":
      case "PUBLISH":
      case "NOTIFY":
        return this.#inChannels(message, reply);
      case "JOIN_ROOM":
      case "LEAVE_ROOM":
      case "MESSAGE":
      case "ACK":
      case "TYPING":
      case "PRESENCE":
      case "HISTORY":
        if (this.#chat !== undefined) return this.#chat.handle(message, reply);
        return reply.answer(
          this.#error({ id: "id" in message ? message.id : undefined }, noRooms()),
        );
      case "JOIN_SESSION":
      case "LEAVE_SESSION":
      case "EDIT":
      case "AWARENESS":
        if (this.#collaboration !== undefined) return this.#collaboration.handle(message, reply);
        return reply.answer(
          this.#error({ id: "id" in message ? message.id : undefined }, noDocuments()),
        );
      default:
        return unreachable(message);
    }
  }

  /** Each message is answered as if it had come alone, in the order in which they stand. */
  #batch({ messages }: BatchMessage, reply: Reply): void {
    const { limits, metrics } = this.#options;
    if (messages.length > limits.batchMessagesMax) {
      metrics.limitReached("batchMessagesMax");
      const error = `BATCH: \`messages\` must be at most ${limits.batchMessagesMax}`;
      return this.#refuseMessage(error, undefined, reply);
    }
    const answers = new InOrder(this.#outbox, this.#heldAnswers);
    this.#handleTogether(reply, () => {
      for (const json of messages) {
        const inside = reply.inside(answers.place());
        const decoded = decodeClientJson(json, limits);
        const nested = decoded.kind === "message" && decoded.message.type === "BATCH";
        this.#frame({ ...(nested ? NESTED_BATCH : decoded), reply: inside });
      }
    });
  }

  #configure(message: ConfigureMessage, reply: Reply): void {
    const { encoding, numbers } = this.#reader.manner;
    this.#reader.manner = {
      encoding: message.encoding ?? encoding,
      numbers: message.numbers ?? numbers,
    };
    const { byCommit, delayMs } = this.#outbox.batching;
    this.#outbox.batching = {
      delayMs: message.batch_ms ?? delayMs,
      byCommit: message.batch_commits ?? byCommit,
    };
    reply.answer(
      encodeServerMessage({
        type: "CONFIGURED",
        batch_ms: this.#outbox.batching.delayMs,
        batch_commits: this.#outbox.batching.byCommit,
        ...this.#reader.manner,
      }),
    );
  }

  #inChannels(message: ChannelRequest, reply: Reply): void {
    const { channels } = this.#options;
    const id = message.type === "NOTIFY" && message.id !== undefined ? { id: message.id } : {};
    try {
      switch (message.type) {
        case "OPEN_CHANNEL":
          channels.join(message.channel, this);
          return reply.answer(
            encodeServerMessage({ type: "CHANNEL_OPENED", channel: message.channel }),
          );
        case "CLOSE_CHANNEL":
          channels.leave(message.channel, this);
          return reply.answer(
            encodeServerMessage({ type: "CHANNEL_CLOSED", channel: message.channel }),
          );
        case "PUBLISH":
          channels.publish(message.channel, message.data, this);
          return reply.nothing();
        case "NOTIFY": {
          const connections = channels.notify(message, this);
          return reply.answer(encodeServerMessage({ type: "NOTIFIED", ...id, connections }));
        }
        default:
          return unreachable(message);
      }
    } catch (error) {
      return reply.answer(this.#failure(id, error));
    }
  }

  #query(message: QueryMessage, identity: Identity, reply: Reply): void {
    const { id } = message;
    if (this.#queries.has(id) || this.#subscriptions.isPending(id))
      return reply.answer(this.#error({ id }, idInUse()));
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
        reply.answer(frame);
        if (this.#sessionClosed) this.close("sessionClosed");
      },
    });
  }

  #subscribe(message: SubscribeMessage, identity: Identity, reply: Reply): void {
    const { backpressure = "conflate", id, mode, resume } = message;
    if (this.#queries.has(id)) return reply.answer(this.#error({ id }, idInUse()));
    const before = mode === "before";
    let subscription: Subscription;
    try {
      subscription = this.#subscriptions.add({ id, withBefore: before, backpressure, reply });
    } catch (error) {
      return reply.answer(this.#failure({ id }, error));
    }
    let asked: QueryRequest | undefined;
    this.#requests.submit({
      access: "read",
      run: () =>
        this.#subscriptions.start(subscription, (anew) => ({
          // A result that begins anew does so in the session in which it was asked for.
          ...(asked ??= this.#statements.inSession(
            this.#request(message, identity, this.#aborter.signal),
          )),
          // By then it may be another one, of the same user.
          principal: (this.#identity ?? identity).principal,
          before,
          ...(resume === undefined || anew ? {} : { resume }),
        })),
    });
  }

  #unsubscribe(message: UnsubscribeMessage, reply: Reply): void {
    this.#subscriptions.end(message.id);
    reply.answer(encodeServerMessage({ type: "UNSUBSCRIBED", id: message.id }));
  }

  /** What is taken back answers by itself, with CANCELLED or with what it had come to. */
  #cancel(message: CancelMessage, reply: Reply): void {
    this.#queries.get(message.id)?.abort();
    reply.nothing();
  }

  #ping(message: PingMessage, reply: Reply): void {
    const id = message.id === undefined ? {} : { id: message.id };
    reply.answer(encodeServerMessage({ type: "PONG", ...id, seq: this.#options.database.seq }));
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
  #failure(about: Concerning, error: unknown): string {
    if (error instanceof GeodeError) return this.#error(about, error);
    const fault = this.#unexpected(error);
    return this.#error(
      about,
      new GeodeError("INTERNAL", `internal error; see ${fault} in the log`),
    );
  }

  #error(about: Concerning, error: GeodeError, retryAfterMs?: number): string {
    this.#options.metrics.failed(error);
    // Who speaks y-websocket cannot be told of an edit that was not taken: it connects anew and sends what is missing.
    if (this.#options.wishes.document !== undefined && error.code !== "FORBIDDEN")
      queueMicrotask(() => this.close("editRefused"));
    return errorFrame(about, error, retryAfterMs);
  }

  /** Logs a fault of ours. Answers its name. */
  #unexpected(error: unknown): string {
    const fault = randomUUID();
    const stack = error instanceof Error ? error.stack : String(error);
    this.#options.log.error({ session: this.name, fault, error: stack }, "unexpected failure");
    return fault;
  }

  #refuseMessage(error: string, id: RequestId | undefined, reply: Reply): void {
    reply.answer(this.#error({ id }, new GeodeError("INVALID_MESSAGE", error)));
    if (this.#together === undefined) this.#countInvalid(reply);
    else this.#together.invalid = true;
  }

  #countInvalid({ tolerant }: Reply): void {
    const { clock, invalidMessages, limits, metrics } = this.#options;
    const nowMs = clock.nowMs();
    this.#invalidTimesMs = this.#invalidTimesMs.filter((timeMs) => nowMs - timeMs < MINUTE_MS);
    this.#invalidTimesMs.push(nowMs);
    if (invalidMessages === "close" && !tolerant) return this.close("invalidMessage");
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

  #pause(reason: PauseReason, pause: boolean): void {
    if (pause) {
      this.#pausedFor.add(reason);
      this.#options.connection.stopReading();
    } else {
      this.#pausedFor.delete(reason);
      if (this.#pausedFor.size === 0) this.#options.connection.startReading();
    }
  }

  #checkIdle(): void {
    const { channels, clock, limits, metrics } = this.#options;
    const leftMs = this.#lastFrameMs + limits.idleMsMax - clock.nowMs();
    const busy =
      this.#subscriptions.count > 0 ||
      this.#requests.count > 0 ||
      channels.countOf(this) > 0 ||
      this.#chat?.isBusy === true ||
      this.#collaboration?.isBusy === true;
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
    this.#options.channels.leaveAll(this);
    if (this.#identity !== undefined) {
      this.#chat?.depart();
      this.#collaboration?.depart();
    }
    this.#held.length = 0;
    for (const resume of this.#relief.splice(0)) resume();
    if (this.#identity !== undefined) this.#options.users.leave(this.#identity.principal.id, this);
  }
}

/** So much may be answered and wait for an answer before it; then no further request is started. */
const HELD_BYTES_MAX = 1024 * 1024;

type ChannelRequest = Extract<
  Request,
  { type: "OPEN_CHANNEL" | "CLOSE_CHANNEL" | "PUBLISH" | "NOTIFY" }
>;

const NESTED_BATCH = {
  kind: "invalid",
  error: "a BATCH holds no other BATCH",
  type: "BATCH",
  id: undefined,
} as const;

const RATE_LIMITS = {
  query: "requestsPerSecond",
  realtime: "realtimePerSecond",
} as const satisfies Record<RateClass, LimitName>;

/** Why the connection is not read: its token is being checked, its requests are many, or its answers wait. */
type PauseReason = "token" | "requests" | "answers";
type TimerName = "auth" | "expiryNear" | "expired" | "idle" | "progress";

function isoTime(timeMs: number): string {
  return new Date(timeMs).toISOString();
}

function idInUse(): GeodeError {
  return new GeodeError("ID_IN_USE", "a request with this id is still unanswered", {
    hint: "Give each request an id of its own.",
  });
}
