import type { ClientMessage } from "@geode/protocol";
import { GeodeError, unreachable } from "@geode/values";
import { DEFAULT_BACKOFF } from "./connection/backoff.ts";
import type { Backoff } from "./connection/backoff.ts";
import { Connection } from "./connection/connection.ts";
import type { ConnectionOptions, Delivered, TokenSource } from "./connection/connection.ts";
import type { SocketConstructor } from "./connection/socket.ts";
import type { ConnectionState, Loss, Session } from "./connection/state.ts";
import { systemClock } from "./clock.ts";
import type { Clock } from "./clock.ts";
import type { DocumentListener, SharedDocument } from "./document/document.ts";
import { Documents } from "./document/documents.ts";
import { Live } from "./live/live.ts";
import type { LiveQuery, SubscribeFields } from "./live/live.ts";
import { Requests } from "./request/requests.ts";
import type { QueryFields } from "./request/requests.ts";
import { resultOf } from "./request/result.ts";
import type { AnyRow, Result } from "./request/result.ts";
import { changesSession, mayWrite } from "./request/statement.ts";
import { decodeRow } from "./wire/decode.ts";
import type { Floats } from "./wire/decode.ts";
import { encodeParameters } from "./wire/encode.ts";
import type { Encoding } from "./wire/encoding.ts";
import { FRAME_BYTES_MAX } from "./wire/limits.ts";

/** Values of parameters by name: whatever {@link PlainValue} allows except elements and paths. */
export type Parameters = Readonly<Record<string, unknown>> | ReadonlyMap<string, unknown>;

export interface GeodeOptions {
  /**
   * The token, or a function that gets one: it is asked before every attempt to connect, when the server says that the token expires,
   * and once more when it was refused. Without it the address must carry `?token=`.
   */
  readonly token?: TokenSource;
  /**
   * Names this installation of the application over reconnects and reloads; scopes what the server remembers of it (at most 128
   * bytes). Default: drawn anew.
   */
  readonly client?: string;
  /** The graph that everything works on unless it says otherwise. Default: the graph `default`. */
  readonly graph?: string;
  /** How messages travel: "json" (the default), or "cbor" in binary frames, smaller where there are many numbers. */
  readonly encoding?: Encoding;
  /**
   * How long the server may hold back updates of live results to send more of them at once; milliseconds, at most 60,000. Default 0: not
   * at all. Answers are not held back.
   */
  readonly batchMs?: number;
  /** The WebSocket to use. Default: the global one (browsers, Node ≥ 22). */
  readonly webSocket?: SocketConstructor;
  /** Whether and how fast a lost connection is opened again. Default: 250 ms doubling to 30 s, with jitter. `false` never. */
  readonly reconnect?: boolean | Partial<Backoff>;
  /** How long a query may take, reconnecting included, unless it says otherwise; milliseconds. Default 30,000. */
  readonly timeoutMs?: number;
  /** For the socket to open and the token to be accepted, and for the token function; milliseconds. Default 10,000. */
  readonly handshakeTimeoutMs?: number;
  /** Silence after which the server is asked for a sign of life while something is awaited; milliseconds. Default 30,000; 0 never. */
  readonly heartbeatMs?: number;
  /** Requests on the wire at a time. Default 64, beyond which the server stops reading. */
  readonly inFlightMax?: number;
  /** Requests that may wait to be sent; one more fails with LIMIT. Default 1,000. */
  readonly queueMax?: number;
  /** How a FLOAT such as 2.0 arrives: as the number 2 ("number", the default) or as a `Float` that keeps its type ("exact"). */
  readonly floats?: Floats;
  /** Time. Default: the system's. */
  readonly clock?: Clock;
  /** In [0, 1). Default: `Math.random`. */
  readonly random?: () => number;
}

export interface QueryOptions {
  /** Default: that of the connection. */
  readonly graph?: string;
  /** Milliseconds, here and at the server. Default: that of the connection. */
  readonly timeoutMs?: number;
  /** Ends the waiting with CANCELLED. A write that was sent may have happened. */
  readonly signal?: AbortSignal;
  /** The answer sees this commit at least: read your writes on another connection. */
  readonly minSeq?: number;
  /**
   * What makes a write safe to send twice: the server carries out one of that key only, for 24 hours. By default every statement that
   * may write gets one of its own, so that it survives a lost connection; `false` leaves it out (and then the statement fails with
   * UNAVAILABLE when the connection goes before the answer). A write that was repeated answers without rows.
   */
  readonly idempotencyKey?: string | false;
}

export interface LiveOptions {
  /** Default: that of the connection. */
  readonly graph?: string;
  /**
   * What the server does with updates that this connection takes too slowly: "conflate" (the default) merges them to one net change per
   * row, "latest" does so at once, "disconnect" keeps every commit and closes the connection when they become too many.
   */
  readonly backpressure?: "conflate" | "latest" | "disconnect";
}

/**
 * A client of one server: queries, live results and shared documents over one WebSocket that is kept open for as long as it is needed.
 *
 * What a lost connection means: reads are sent again; writes are sent again with their idempotency key, so they happen once;
 * statements of a transaction fail with 40000, because it ended with its connection; live results turn "stale" and resume.
 */
export class Geode {
  readonly #connection: Connection;
  readonly #requests: Requests;
  readonly #documents: Documents;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #backoff: Backoff;
  readonly #floats: Floats;
  readonly #timeoutMs: number;
  readonly #batchMs: number;
  readonly #graph: string | undefined;
  readonly #lives = new Set<LiveQuery>();
  readonly #subscriptions = new Map<string, LiveQuery>();
  readonly #stateListeners = new Set<(state: ConnectionState) => void>();
  readonly #forgetNetwork: () => void;
  #nextSubscription = 1;

  /**
   * Begins to connect at once; how it goes is told by `state`, and {@link connect} waits for it. Throws TypeError when the address is
   * none.
   */
  constructor(url: string | URL, options: GeodeOptions = {}) {
    const reconnect = options.reconnect ?? true;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
    this.#backoff =
      typeof reconnect === "object" ? { ...DEFAULT_BACKOFF, ...reconnect } : DEFAULT_BACKOFF;
    this.#floats = options.floats ?? "number";
    this.#timeoutMs = options.timeoutMs ?? 30_000;
    this.#batchMs = options.batchMs ?? 0;
    this.#graph = options.graph;
    this.#requests = new Requests(
      { inFlightMax: options.inFlightMax ?? 64, queueMax: options.queueMax ?? 1_000 },
      this.#clock,
    );
    this.#documents = new Documents({
      clock: this.#clock,
      random: this.#random,
      backoff: this.#backoff,
      send: (message) => this.#send(message),
    });
    const connectionOptions: ConnectionOptions = {
      url: webSocketAddress(url),
      token: options.token ?? null,
      client: options.client ?? crypto.randomUUID(),
      reconnect: reconnect !== false,
      backoff: this.#backoff,
      handshakeTimeoutMs: options.handshakeTimeoutMs ?? 10_000,
      heartbeatMs: options.heartbeatMs ?? 30_000,
      encoding: options.encoding ?? "json",
      webSocket: options.webSocket ?? globalWebSocket(),
      clock: this.#clock,
      random: this.#random,
    };
    this.#connection = new Connection(connectionOptions, {
      stateChanged: (state, before) => this.#stateChanged(state, before),
      received: (message) => this.#received(message),
      inUse: () => this.#inUse,
    });
    this.#forgetNetwork = onceOnline(() => this.#connection.retryNow());
    this.#connection.want();
  }

  /** The connection: "ready" when requests are answered, "waiting" between two attempts, "closed" for good. */
  get state(): ConnectionState {
    return this.#connection.state;
  }

  /** Who the server says we are; null before, and where the token travelled in the address. */
  get session(): Session {
    return this.state.kind === "ready" ? this.state.session : null;
  }

  /** Calls the listener after every change of `state`. Returns how to stop. */
  readonly onState = (listener: (state: ConnectionState) => void): (() => void) => {
    const own = (state: ConnectionState): void => listener(state);
    this.#stateListeners.add(own);
    return () => {
      this.#stateListeners.delete(own);
    };
  };

  /**
   * Runs one statement and resolves with its rows. Fails with a GeodeError: what the server said (`code`, `position`, `hint`),
   * 22G03 for a parameter without a GQL value, 42000 for SESSION SET and SESSION RESET, TOO_LARGE, TIMEOUT, CANCELLED, LIMIT when too
   * many wait, UNAVAILABLE when it cannot be carried out any more.
   */
  async query<Row = AnyRow>(
    text: string,
    parameters: Parameters = {},
    options: QueryOptions = {},
  ): Promise<Result<Row>> {
    if (changesSession(text)) throw noSession();
    const timeoutMs = options.timeoutMs ?? this.#timeoutMs;
    const key = this.#idempotencyKey(text, options);
    const fields: QueryFields = {
      query: text,
      ...parameterFields(parameters),
      ...this.#graphField(options),
      ...(options.minSeq === undefined ? {} : { min_seq: options.minSeq }),
      ...(options.timeoutMs === undefined ? {} : { timeout_ms: options.timeoutMs }),
      ...(key === null ? {} : { idempotency_key: key }),
    };
    refuseTooLarge(fields);
    this.#refuseWhenClosed();
    const answer = this.#requests.submit(fields, {
      repeatable: key !== null || !mayWrite(text),
      timeoutMs,
      signal: options.signal,
    });
    this.#connection.want();
    return resultOf<Row>(await answer, this.#floats);
  }

  /**
   * A read query whose result stays up to date until it is closed. Throws 22G03 or TOO_LARGE for what cannot be sent and UNAVAILABLE
   * on a closed client; whatever goes wrong later is told by `state`, `error` and `ready`.
   */
  live<Row = AnyRow>(
    text: string,
    parameters: Parameters = {},
    options: LiveOptions = {},
  ): Live<Row> {
    this.#refuseWhenClosed();
    const fields: SubscribeFields = {
      query: text,
      ...parameterFields(parameters),
      ...this.#graphField(options),
      ...(options.backpressure === undefined ? {} : { backpressure: options.backpressure }),
    };
    refuseTooLarge(fields);
    const live = new Live<Row>(
      {
        clock: this.#clock,
        random: this.#random,
        backoff: this.#backoff,
        register: (registered) => this.#register(registered),
        unregister: (subscription) => this.#subscriptions.delete(subscription),
        send: (message) => this.#send(message),
        ended: (ended) => this.#lives.delete(ended),
      },
      fields,
      (raw) => decodeRow(raw, this.#floats) as Row,
    );
    this.#lives.add(live);
    if (this.state.kind === "ready") live.connected();
    else this.#connection.want();
    return live;
  }

  /**
   * A way to and from a shared document, for what keeps a copy of it, e.g. the provider of `@geode/client/yjs`. It can be joined at once
   * if `state` is "ready", and whenever `listener.connected` is called. Throws LIMIT for a document that is open, UNAVAILABLE on a closed
   * client.
   */
  document(id: string, listener: DocumentListener): SharedDocument {
    this.#refuseWhenClosed();
    const document = this.#documents.open(id, listener);
    this.#connection.want();
    return document;
  }

  /** Closes everything for good: queries still waiting fail with CANCELLED, live results keep their last rows. Idempotent. */
  readonly close = (): void => {
    this.#connection.close();
  };

  /** Whether the connection is needed. */
  get #inUse(): boolean {
    return this.#requests.busy || this.#lives.size > 0 || this.#documents.busy;
  }

  #graphField({ graph = this.#graph }: { readonly graph?: string }): { graph?: string } {
    return graph === undefined ? {} : { graph };
  }

  #idempotencyKey(text: string, options: QueryOptions): string | null {
    if (typeof options.idempotencyKey === "string") return options.idempotencyKey;
    if (options.idempotencyKey === false || this.#requests.inTransaction || !mayWrite(text))
      return null;
    return crypto.randomUUID();
  }

  #refuseWhenClosed(): void {
    const { state } = this;
    if (state.kind !== "closed") return;
    throw state.error ?? new GeodeError("UNAVAILABLE", "The client has been closed");
  }

  #register(live: LiveQuery): string {
    const subscription = `s${this.#nextSubscription}`;
    this.#nextSubscription += 1;
    this.#subscriptions.set(subscription, live);
    return subscription;
  }

  #send(message: ClientMessage): boolean {
    if (this.state.kind !== "ready") return false;
    this.#connection.send(message);
    return true;
  }

  #stateChanged(state: ConnectionState, before: ConnectionState): void {
    if (state.kind === "ready" && before.kind !== "ready") this.#connected();
    if (before.kind === "ready" && state.kind !== "ready") {
      const waiting = state.kind === "waiting" ? state : null;
      this.#disconnected({
        reason: waiting?.reason ?? state.kind,
        unreadable: waiting?.unreadable ?? false,
      });
    }
    if (state.kind === "closed") this.#closed(state.error);
    if (state.kind === "idle" && this.#inUse) this.#connection.want();
    for (const listener of Array.from(this.#stateListeners)) {
      try {
        listener(state);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  #connected(): void {
    if (this.#batchMs > 0) this.#connection.send({ type: "CONFIGURE", batch_ms: this.#batchMs });
    this.#requests.connected((message) => this.#connection.send(message));
    for (const live of Array.from(this.#lives)) live.connected();
    this.#documents.connected();
  }

  #disconnected(loss: Loss): void {
    this.#requests.disconnected(loss);
    for (const live of Array.from(this.#lives)) live.disconnected(loss);
    this.#documents.disconnected();
  }

  /** Null: the application closed it, which is no failure of a live result. */
  #closed(error: GeodeError | null): void {
    this.#forgetNetwork();
    this.#requests.closed(error ?? new GeodeError("CANCELLED", "The client was closed"));
    for (const live of Array.from(this.#lives)) live.clientClosed(error);
    this.#documents.clientClosed(error);
  }

  #received(message: Delivered): void {
    switch (message.type) {
      case "RESULT":
        if (!this.#requests.answered(message)) this.#subscriptions.get(message.id)?.result(message);
        return;
      case "UPDATE":
        this.#subscriptions.get(message.subscription)?.update(message);
        return;
      case "ERROR":
        if (this.#requests.answered(message) || this.#documents.failed(message)) return;
        this.#subscriptions.get(message.subscription ?? message.id ?? "")?.failed(message);
        return;
      case "ACK":
      case "SESSION_JOINED":
      case "EDIT":
      case "AWARENESS":
        this.#documents.received(message);
        return;
      default:
        unreachable(message);
    }
  }
}

/**
 * Opens a client and waits until it can be used. Fails, and closes it, when the token is refused or no connection stands within
 * `connectTimeoutMs` (default 15,000). To keep trying for ever, use `new Geode(…)`.
 *
 * ```ts
 * const geode = await connect("ws://localhost:8443/ws", { token });
 * const { data } = await geode.query("MATCH (p:Person) WHERE p.age > $age RETURN p.name AS name", { age: 18 });
 * ```
 */
export async function connect(
  url: string | URL,
  options: GeodeOptions & { readonly connectTimeoutMs?: number } = {},
): Promise<Geode> {
  const geode = new Geode(url, options);
  const timeoutMs = options.connectTimeoutMs ?? 15_000;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const settle = (state: ConnectionState): void => {
    if (state.kind === "ready") resolve();
    if (state.kind === "closed")
      reject(state.error ?? new GeodeError("CANCELLED", "The client was closed"));
  };
  const forget = geode.onState(settle);
  const stopTimer = (options.clock ?? systemClock).after(timeoutMs, () => {
    const { state } = geode;
    const why = state.kind === "waiting" ? `: ${state.reason}` : "";
    reject(
      new GeodeError(
        "UNAVAILABLE",
        `No connection to ${addressOf(url)} within ${timeoutMs} ms${why}`,
      ),
    );
  });
  settle(geode.state);
  try {
    await promise;
    return geode;
  } catch (error) {
    geode.close();
    throw error;
  } finally {
    forget();
    stopTimer();
  }
}

/** Throws TypeError for what can never be connected to; a browser also takes an address relative to the page. */
function webSocketAddress(url: string | URL): string {
  const base = typeof location === "undefined" ? undefined : location.href;
  const parsed = URL.parse(String(url), base);
  if (parsed === null || !/^(?:wss?|https?):$/.test(parsed.protocol)) {
    throw new TypeError("That is no address of a server; one looks like ws://localhost:8443/ws");
  }
  return parsed.href;
}

/** The address without a token that it may carry. */
function addressOf(url: string | URL): string {
  return String(url).split(/[?#]/, 1)[0] as string;
}

function parameterFields(parameters: Parameters): {
  parameters?: Readonly<Record<string, unknown>>;
} {
  const encoded = encodeParameters(parameters);
  return Object.keys(encoded).length === 0 ? {} : { parameters: encoded };
}

/** What is around the fields of a request in its frame, at most, in bytes. */
const ENVELOPE_BYTES = 512;

/** The next connection would not know of it, and what is sent then would mean something else. */
function noSession(): GeodeError {
  return new GeodeError(
    "42000",
    "A session ends with its connection, and this client opens another one by itself.",
    {
      hint: "Give the graph when connecting or with the statement, and values as its parameters.",
    },
  );
}

/** A frame that is too long costs the connection, and everybody on it; so it is not sent. */
function refuseTooLarge(fields: QueryFields | SubscribeFields): void {
  const text = JSON.stringify(fields);
  const bytesMax = FRAME_BYTES_MAX - ENVELOPE_BYTES;
  // Most texts are so short that they need not be measured: a UTF-16 unit is three bytes at most.
  if (text.length * 3 <= bytesMax || new TextEncoder().encode(text).length <= bytesMax) return;
  throw new GeodeError(
    "TOO_LARGE",
    `The query and its parameters take more than ${FRAME_BYTES_MAX} bytes`,
    { hint: "Send the data in several statements" },
  );
}

function globalWebSocket(): SocketConstructor {
  if (typeof WebSocket === "undefined") {
    throw new GeodeError("UNAVAILABLE", "This JavaScript has no WebSocket", {
      hint: "Use Node ≥ 22, or pass one as `webSocket`",
    });
  }
  return WebSocket as unknown as SocketConstructor;
}

/** Calls back when a browser says that the network has returned. */
function onceOnline(callback: () => void): () => void {
  if (typeof window === "undefined") return () => {};
  window.addEventListener("online", callback);
  return () => window.removeEventListener("online", callback);
}
