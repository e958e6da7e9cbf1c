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
import type { OutFrame } from "../transport/out-frame.ts";
import type { SharedMessage } from "../transport/shared-message.ts";
import type { ChannelMember, Channels } from "../channels/channels.ts";
import type { Identity, TokenVerifier } from "../auth/token.ts";
import type { Clock } from "../clock.ts";
import type { ConnectionView } from "../http/admin.ts";
import type { Documents } from "../documents/documents.ts";
import type { Rooms } from "../rooms/rooms.ts";
import type { Users } from "../limits/users.ts";
import type { Log } from "../log.ts";
import type { Metrics } from "../metrics/metrics.ts";
import type { Source } from "../limits/proxies.ts";
import type { DatabasePort, Principal, QueryRequest } from "../port.ts";
import type { Connection, ConnectionListener } from "../transport/connection.ts";
import { Agenda, type Agendas, type Appointment, type Punctual } from "./agenda.ts";
import { Chat, noRooms, type ChatOptions } from "./chat.ts";
import { Collaboration, noDocuments, type CollaborationOptions } from "./collaboration.ts";
import { errorFrame, type Concerning } from "./answers.ts";
import type { FanOut } from "./fan-out.ts";
import { Few } from "../few.ts";
import { FrameReader, type Arrived, type FrameReaderOptions } from "./frame-reader.ts";
import { alive, beat, type HeartbeatOptions, type Pulse } from "./heartbeat.ts";
import { Outbox, type OutboxOptions } from "./outbox.ts";
import { Query, type QueryHost } from "./query.ts";
import { InOrder, Reply, type HeldAnswers } from "./reply.ts";
import { Requests, type RequestsOptions } from "./requests.ts";
import {
  next,
  type Frame,
  type Request,
  type SessionAction,
  type SessionEvent,
  type SessionState,
} from "./state.ts";
import { Statements, type StatementsOptions } from "./statements.ts";
import type { Subscription } from "./subscription.ts";
import { Subscriptions, type SubscriptionsOptions } from "./subscriptions.ts";
import type { Voice } from "./voice.ts";
import { YReader } from "./y-reader.ts";

/** What all sessions of a server have in common. */
export interface SessionOptions {
  readonly fanOut: FanOut;
  readonly agendas: Agendas;
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
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly audit: Audit;
  readonly log: Log;
  /** The session is over; called once. */
  readonly onEnd: (session: Session) => void;
}

/** What is a session's own. */
export interface SessionOpening {
  /** Names the session in AUTH_OK and in the log. */
  readonly name: string;
  readonly connection: Connection;
  readonly source: Source;
  readonly start: SessionStart;
  readonly wishes: SessionWishes;
}

/** How the connection begins. */
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
export class Session implements ConnectionListener, ChannelMember, Punctual {
  readonly name: string;
  /** Where it comes from, as far as that is known. */
  readonly source: Source;
  readonly #options: SessionOptions;
  readonly #connection: Connection;
  readonly #wiring: Wiring;
  readonly #outbox: Outbox;
  readonly #reader: FrameReader | YReader;
  /** Undefined while no answer ever waited for another one. */
  #heldAnswers: HeldAnswers | undefined;
  readonly #requests: Requests;
  /** Undefined while there was no statement. */
  #statementsMade: Statements | undefined;
  /** SESSION CLOSE was carried out: the connection ends behind its answer. */
  #sessionClosed = false;
  #pulse: Pulse = "resting";
  readonly #agenda: Agenda;
  /** Takes back the subscriptions that wait for a commit that is still to come; undefined while there was none. */
  #aborter: AbortController | undefined;
  readonly #subscriptions: Subscriptions;
  readonly #chat: Chat | undefined;
  /** Undefined while it did nothing in documents. */
  #collaboration: Collaboration | undefined;
  /** Those that were accepted and are not answered; undefined while there was none. */
  #queries: Few<RequestId, Query> | undefined;
  #held: Frame[] | undefined;
  /** The sum of those {@link PAUSES} that hold. */
  #pausedFor = 0;
  #state: SessionState;
  #identity: Identity | undefined;
  #client: string | undefined;
  /** What is wished for once it is known who wishes. */
  #wishes: SessionWishes | undefined;
  /** The AUTH that is being looked at. */
  #authReply: Reply | undefined;
  #invalidTimesMs: readonly number[] | undefined;
  /** While several messages of one frame are handled: whether one of them was none. */
  #together: { invalid: boolean } | undefined;
  readonly #openedAtMs: number;
  #lastFrameMs: number;
  /** As they were when it was last looked whether the peer takes anything. */
  #stuckTakenBytes = 0;
  #stuckPending = false;
  /** Who waits until less waits for the connection. */
  #relief: (() => void)[] | undefined;
  /** GOAWAY was said. */
  #leaving = false;

  /** What a session's parts ask of it. One object for all of them: closures would be half of what an idle connection holds. */
  static readonly #Wiring = class
    implements
      OutboxOptions,
      FrameReaderOptions,
      RequestsOptions,
      QueryHost,
      StatementsOptions,
      SubscriptionsOptions,
      HeartbeatOptions,
      ChatOptions,
      CollaborationOptions
  {
    readonly #session: Session;

    constructor(session: Session) {
      this.#session = session;
    }

    get session(): string {
      return this.#session.name;
    }
    get connection(): Connection {
      return this.#session.#connection;
    }
    get clock(): Clock {
      return this.#session.#options.clock;
    }
    get fanOut(): FanOut {
      return this.#session.#options.fanOut;
    }
    get database(): DatabasePort {
      return this.#session.#options.database;
    }
    get rooms(): Rooms {
      return this.#session.#options.rooms!;
    }
    get documents(): Documents {
      return this.#session.#options.documents!;
    }
    get outbox(): Outbox {
      return this.#session.#outbox;
    }
    get exit(): Outbox {
      return this.#session.#outbox;
    }
    get held(): HeldAnswers {
      return (this.#session.#heldAnswers ??= { bytes: 0 });
    }
    get requests(): Requests {
      return this.#session.#requests;
    }
    get statements(): Statements {
      return (this.#session.#statementsMade ??= new Statements(this));
    }
    get bounds(): Limits {
      return this.#session.#options.limits;
    }
    get conflateBytesMin(): number {
      return this.#session.#options.limits.conflateBytesMin;
    }
    get outboxBytesMax(): number {
      return this.#session.#options.limits.outboxBytesMax;
    }
    get batchMessagesMax(): number {
      return this.#session.#options.limits.batchMessagesMax;
    }
    get answerBytesMax(): number {
      return this.#session.#options.limits.resultBytesMax;
    }
    get resultBytesMax(): number {
      return this.#session.#options.limits.resultBytesMax;
    }
    get subscriptionsMax(): number {
      return this.#session.#options.limits.subscriptionsMax;
    }
    get inFlightMax(): number {
      return this.#session.#options.limits.inFlightMax;
    }
    get pingMs(): number {
      return this.#session.#options.limits.pingMs;
    }
    get pongMsMax(): number {
      return this.#session.#options.limits.pongMsMax;
    }
    /** Of a session that is open. */
    get principal(): Principal {
      return this.#session.#identity!.principal;
    }
    get failure(): (about: Concerning, error: unknown) => string {
      return (about, error) => this.#session.#failure(about, error);
    }
    identity(): Identity {
      return this.#session.#identity!;
    }
    client(): string | undefined {
      return this.#session.client;
    }
    voice(): Voice {
      return this.#session.#reader.voice;
    }
    push(frame: OutFrame, topic?: string): void {
      this.#session.#outbox.push(frame, topic);
    }
    async relieved(): Promise<void> {
      const session = this.#session;
      while (session.#outbox.behind && session.#state.name !== "closed")
        await new Promise<void>((resume) => (session.#relief ??= []).push(resume));
    }
    ready(): boolean {
      const session = this.#session;
      return !session.#outbox.congested && (session.#heldAnswers?.bytes ?? 0) <= HELD_BYTES_MAX;
    }
    listening(): boolean {
      return this.#session.#pausedFor === 0;
    }
    ping(): void {
      this.#session.#connection.ping();
    }
    behindAt(seq: number): readonly RequestId[] {
      return this.#session.#subscriptions.behindAt(seq);
    }
    onOverflow(): void {
      this.#session.#options.metrics.limitReached("outboxBytesMax");
      this.#session.#on({ name: "closeAsked", close: "slow" });
    }
    /** The connection has taken something, and is not congested. */
    onRelief(): void {
      const session = this.#session;
      const relief = session.#relief;
      session.#relief = undefined;
      if (relief !== undefined) for (const resume of relief) resume();
      if ((session.#pausedFor & PAUSES.answers) !== 0) session.#pause("answers", false);
      session.#requests.startMore();
      session.leaveWhenQuiet();
    }
    onBatchTooLong(): void {
      this.#session.#options.metrics.limitReached("batchMessagesMax");
    }
    onStart(waitedMs: number): void {
      this.#session.#options.metrics.queued(waitedMs / 1000);
    }
    onFull(full: boolean): void {
      if (full) this.#session.#options.metrics.limitReached("inFlightMax");
      this.#session.#pause("requests", full);
    }
    answer(query: Query, frame: string): void {
      this.#session.answer(query, frame);
    }
    onSessionClose(): void {
      this.#session.#sessionClosed = true;
    }
    onDead(): void {
      this.#session.#options.metrics.limitReached("pongMsMax");
      this.#session.#connection.terminate();
    }
  };

  constructor(options: SessionOptions, opening: SessionOpening) {
    const { clock, limits } = options;
    const { start, wishes } = opening;
    this.name = opening.name;
    this.source = opening.source;
    this.#options = options;
    this.#connection = opening.connection;
    this.#wishes = wishes;
    this.#client = wishes.client;
    this.#openedAtMs = clock.nowMs();
    this.#lastFrameMs = this.#openedAtMs;
    const wiring = new Session.#Wiring(this);
    this.#wiring = wiring;
    this.#outbox = new Outbox(wiring);
    this.#reader =
      wishes.document === undefined
        ? new FrameReader(wiring, wishes.rpc ? "rpc" : undefined)
        : new YReader(wishes.document, this.#outbox);
    this.#requests = new Requests(wiring);
    this.#subscriptions = new Subscriptions(wiring);
    this.#chat = options.rooms && new Chat(wiring);
    this.#agenda = new Agenda(options.agendas, this);
    this.#agenda.set("heartbeat", limits.pingMs);
    this.#agenda.set("idle", limits.idleMsMax);
    this.#agenda.set("progress", limits.progressMsMax);
    this.#state =
      start.kind === "waiting" ? { name: "waiting" } : { name: "verifying", answer: false };
    if (start.kind !== "identity") this.#agenda.set("auth", limits.authMsMax);
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

  /** While draining: ends it once nothing is unanswered. */
  leaveWhenQuiet(): void {
    if (this.#leaving && this.#requests.count === 0 && !this.#outbox.pending) this.close("restart");
  }

  /** Ends it without taking leave. */
  terminate(): void {
    this.#connection.terminate();
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
      remoteAddress: this.source.address,
      openedAtMs: this.#openedAtMs,
      expiresAtMs: identity?.expiresAtMs,
      subscriptions: this.#subscriptions.count,
      inFlight: this.#requests.count,
      bufferedBytes: this.#connection.bufferedBytes,
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

  /** Says the answer of one of its queries. */
  answer({ id, reply }: Query, frame: string): void {
    this.#queries?.delete(id);
    reply.answer(frame);
    if (this.#sessionClosed) this.close("sessionClosed");
  }

  /** What the client calls itself over reconnects. */
  get client(): string | undefined {
    return this.#client;
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

  due(what: Appointment): void {
    switch (what) {
      case "auth":
        this.#options.metrics.limitReached("authMsMax");
        return this.#on({ name: "authDeadline" });
      case "expiryNear":
      case "expired":
        return this.#on({ name: what });
      case "idle":
        return this.#checkIdle();
      case "progress":
        return this.#checkProgress();
      case "heartbeat": {
        const { nextMs, pulse } = beat(this.#pulse, this.#wiring);
        this.#pulse = pulse;
        if (nextMs !== undefined && this.#state.name !== "closed")
          this.#agenda.set("heartbeat", nextMs);
        return;
      }
      default:
        return unreachable(what);
    }
  }

  pong(): void {
    this.#pulse = alive(this.#pulse);
  }

  taken(): void {
    // While so much waits, the operating system takes more only because the peer took something. Otherwise it proves nothing: it keeps
    // small frames for a peer that is gone.
    if (this.#outbox.congested) this.#pulse = alive(this.#pulse);
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
    if (arrived.length === 1) this.#frame({ ...first.decoded, reply: first.reply });
    else this.#several(arrived, first.reply);
  }

  #several(arrived: readonly Arrived[], firstReply: Reply): void {
    this.#handleTogether(firstReply, () => {
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
    this.#pulse = alive(this.#pulse);
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
      this.#connection.close(CLOSES.internal.code, CLOSES.internal.reason);
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
        (this.#held ??= []).push(action.frame);
        return;
      case "stopReading":
        return this.#pause("token", true);
      case "readOn":
        return this.#readOn();
      case "close":
        this.#outbox.close();
        return this.#connection.close(CLOSES[action.close].code, CLOSES[action.close].reason);
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
          const { audit } = this.#options;
          const session = this.name;
          const remoteAddress = this.source.address;
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
    const { limits, users } = this.#options;
    this.#agenda.cancel("auth");
    const { channels = [], document, room } = this.#wishes ?? {};
    this.#wishes = undefined;
    this.#connection.allowFrames(
      document === undefined ? limits.frameBytesMax : limits.documentBytesMax,
    );
    users.enter(identity.principal.id, this);
    this.#believe(identity);
    this.#recordToken("authenticated", identity);
    if (answer) this.#answerAuth(identity);
    this.#chat?.arrive().catch((error: unknown) => this.#push(this.#failure({}, error)));
    if (document !== undefined) this.#collaborating()?.greet(document, this.#replyTo(undefined));
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

  /** What it does in documents; undefined if nobody keeps any. */
  #collaborating(): Collaboration | undefined {
    if (this.#options.documents === undefined) return undefined;
    return (this.#collaboration ??= new Collaboration(this.#wiring));
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
    const { audit } = this.#options;
    const remoteAddress = this.source.address;
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
    this.#agenda.set("expiryNear", leftMs - EXPIRY_NOTICE_MS);
    this.#agenda.set("expired", leftMs);
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
    this.#agenda.set("expiryNear", RENEWAL_RETRY_MS);
  }

  /** What it sends is taken some time, and {@link Session.taken} then looks whether more is to come. */
  #goAway(retryAfterMs: number): void {
    this.#leaving = true;
    this.#push(encodeServerMessage({ type: "GOAWAY", retry_after_ms: retryAfterMs }));
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
      case "AWARENESS": {
        const collaboration = this.#collaborating();
        if (collaboration !== undefined) return collaboration.handle(message, reply);
        return reply.answer(
          this.#error({ id: "id" in message ? message.id : undefined }, noDocuments()),
        );
      }
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
    this.#heldAnswers ??= { bytes: 0 };
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
    if (this.#queries?.has(id) === true || this.#subscriptions.isPending(id))
      return reply.answer(this.#error({ id }, idInUse()));
    const query = new Query(this.#wiring, message, identity.principal, reply);
    (this.#queries ??= new Few()).set(id, query);
    this.#requests.submit(query);
  }

  #subscribe(message: SubscribeMessage, identity: Identity, reply: Reply): void {
    const { backpressure = "conflate", id, mode, resume } = message;
    if (this.#queries?.has(id) === true) return reply.answer(this.#error({ id }, idInUse()));
    const before = mode === "before";
    let subscription: Subscription;
    try {
      subscription = this.#subscriptions.add({ id, withBefore: before, backpressure, reply });
    } catch (error) {
      return reply.answer(this.#failure({ id }, error));
    }
    const signal =
      message.min_seq === undefined && resume === undefined ? undefined : this.#untilEnd();
    this.#requests.submit({
      access: "read",
      run: () =>
        this.#subscriptions.start(
          subscription,
          () => ({
            ...this.#inSession({
              ...this.#request(message),
              // By then it may be another one, of the same user.
              principal: (this.#identity ?? identity).principal,
            }),
            before,
            ...(resume === undefined ? {} : { resume }),
          }),
          signal,
        ),
    });
  }

  /** The request as it is in the session of now: a new one, while there was no statement. */
  #inSession<Asked extends QueryRequest>(request: Asked): Asked {
    return this.#statementsMade?.inSession(request) ?? request;
  }

  /** Takes back what may wait long. */
  #untilEnd(): AbortSignal {
    if (this.#aborter === undefined) {
      this.#aborter = new AbortController();
      // Each subscription that starts may listen to it; they are counted elsewhere.
      setMaxListeners(0, this.#aborter.signal);
    }
    return this.#aborter.signal;
  }

  #unsubscribe(message: UnsubscribeMessage, reply: Reply): void {
    this.#subscriptions.end(message.id);
    reply.answer(encodeServerMessage({ type: "UNSUBSCRIBED", id: message.id }));
  }

  /** What is taken back answers by itself, with CANCELLED or with what it had come to. */
  #cancel(message: CancelMessage, reply: Reply): void {
    this.#queries?.get(message.id)?.abort();
    reply.nothing();
  }

  #ping(message: PingMessage, reply: Reply): void {
    const id = message.id === undefined ? {} : { id: message.id };
    reply.answer(encodeServerMessage({ type: "PONG", ...id, seq: this.#options.database.seq }));
  }

  /** What the engine is asked to keep live. Throws 22G03 for a parameter that is no value. */
  #request({
    graph,
    min_seq,
    parameters,
    query,
  }: SubscribeMessage): Omit<QueryRequest, "principal"> {
    return {
      text: query,
      parameters: decodeParameters(parameters),
      timeoutMs: this.#options.limits.queryMsMax,
      ...(graph === undefined ? {} : { graph }),
      ...(min_seq === undefined ? {} : { minSeq: min_seq }),
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
    if (this.#reader instanceof YReader && error.code !== "FORBIDDEN")
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
    const before = this.#invalidTimesMs ?? [];
    this.#invalidTimesMs = [...before.filter((timeMs) => nowMs - timeMs < MINUTE_MS), nowMs];
    if (invalidMessages === "close" && !tolerant) return this.close("invalidMessage");
    if (this.#invalidTimesMs.length <= limits.invalidPerMinuteMax) return;
    metrics.limitReached("invalidPerMinuteMax");
    this.close("invalidMessage");
  }

  /** Lets held frames through until one of them has to be waited for. */
  #readOn(): void {
    this.#pausedFor &= ~PAUSES.token;
    while ((this.#pausedFor & PAUSES.token) === 0) {
      const frame = this.#held?.shift();
      if (frame === undefined) {
        this.#held = undefined;
        break;
      }
      this.#on({ name: "frame", frame });
    }
    if (this.#pausedFor === 0) this.#connection.startReading();
  }

  #pause(reason: PauseReason, pause: boolean): void {
    if (pause) {
      this.#pausedFor |= PAUSES[reason];
      this.#connection.stopReading();
    } else {
      this.#pausedFor &= ~PAUSES[reason];
      if (this.#pausedFor === 0) this.#connection.startReading();
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
    this.#agenda.set("idle", leftMs > 0 ? leftMs : limits.idleMsMax);
  }

  /** A peer that takes nothing, although something waits for it, from one check to the next. */
  #checkProgress(): void {
    const { limits, metrics } = this.#options;
    const { takenBytes } = this.#connection;
    const { pending } = this.#outbox;
    const stuck = pending && this.#stuckPending && takenBytes === this.#stuckTakenBytes;
    this.#stuckTakenBytes = takenBytes;
    this.#stuckPending = pending;
    if (stuck) {
      metrics.limitReached("progressMsMax");
      return this.close("slow");
    }
    this.#agenda.set("progress", limits.progressMsMax);
  }

  #release(): void {
    this.#agenda.close();
    this.#aborter?.abort();
    for (const query of this.#queries?.values() ?? []) query.abort();
    this.#requests.close();
    this.#statementsMade?.close();
    this.#subscriptions.close();
    this.#options.channels.leaveAll(this);
    if (this.#identity !== undefined) {
      this.#chat?.depart();
      this.#collaboration?.depart();
    }
    this.#held = undefined;
    const relief = this.#relief;
    this.#relief = undefined;
    for (const resume of relief ?? []) resume();
    if (this.#identity !== undefined) this.#options.users.leave(this.#identity.principal.id, this);
  }
}

/** What the parts of a session ask of it. */
type Wiring = OutboxOptions &
  FrameReaderOptions &
  RequestsOptions &
  QueryHost &
  StatementsOptions &
  SubscriptionsOptions &
  HeartbeatOptions &
  ChatOptions &
  CollaborationOptions;

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
const PAUSES = { token: 1, requests: 2, answers: 4 } as const;
type PauseReason = keyof typeof PAUSES;

function isoTime(timeMs: number): string {
  return new Date(timeMs).toISOString();
}

function idInUse(): GeodeError {
  return new GeodeError("ID_IN_USE", "a request with this id is still unanswered", {
    hint: "Give each request an id of its own.",
  });
}
