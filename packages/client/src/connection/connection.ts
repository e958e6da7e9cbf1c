import type { ClientMessage } from "@geode/protocol";
import { unreachable } from "@geode/values";
import type { Clock } from "../clock.ts";
import { BrokenFrame } from "../wire/broken-frame.ts";
import { encodeFrame, type Encoding } from "../wire/encoding.ts";
import { readFrame } from "../wire/read.ts";
import type { ServerMessage } from "../wire/messages.ts";
import { backoffMs } from "./backoff.ts";
import type { Backoff } from "./backoff.ts";
import { SUBPROTOCOL } from "./socket.ts";
import type { Socket, SocketConstructor } from "./socket.ts";
import { next } from "./state.ts";
import type { Command, ConnectionEvent, ConnectionState, Policy } from "./state.ts";

/** What hands out tokens: one for ever, or a function asked before every attempt and when the server says that the token expires. */
export type TokenSource = string | (() => string | Promise<string>);

export interface ConnectionOptions {
  readonly url: string;
  readonly token: TokenSource | null;
  /** Scopes de-duplication over reconnects; sent with AUTH. */
  readonly client: string;
  readonly reconnect: boolean;
  readonly backoff: Backoff;
  /** From opening the socket to being authenticated, and for the application's token function, in milliseconds. */
  readonly handshakeTimeoutMs: number;
  /** Silence after which the peer is asked for a sign of life, in milliseconds; 0 never asks. */
  readonly heartbeatMs: number;
  readonly encoding: Encoding;
  readonly webSocket: SocketConstructor;
  readonly clock: Clock;
  readonly random: () => number;
}

/** The messages that answer somebody; the others are the connection's own business. */
export type Delivered = Extract<
  ServerMessage,
  {
    type: "RESULT" | "UPDATE" | "ERROR" | "ACK" | "SESSION_JOINED" | "EDIT" | "AWARENESS";
  }
>;

export interface ConnectionListener {
  stateChanged(state: ConnectionState, before: ConnectionState): void;
  received(message: Delivered): void;
  /** Whether somebody waits for this connection: an idle one needs no heartbeat and may be closed by the server. */
  inUse(): boolean;
}

/** A sign of life that was asked for must come within this time, in milliseconds. */
const PONG_TIMEOUT_MS = 10_000;
/** Ready for this long, the next loss starts the back-off from the beginning, in milliseconds. */
const SETTLED_AFTER_MS = 5_000;

/** The shell around the transition function: owns the socket and the timers, and does what {@link next} commands. */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #listener: ConnectionListener;
  readonly #policy: Policy;
  #state: ConnectionState = { kind: "idle" };
  #socket: Socket | null = null;
  /** Ends whatever the present state waits for. */
  #stopTimer: () => void = () => {};
  #stopHeartbeat: () => void = () => {};
  /** Whether a frame came since the heartbeat last looked. */
  #heard = false;
  readonly #events: ConnectionEvent[] = [];
  #handling = false;
  /** Counts token questions, so that a late answer to an abandoned one is ignored. */
  #question = 0;

  constructor(options: ConnectionOptions, listener: ConnectionListener) {
    this.#options = options;
    this.#listener = listener;
    this.#policy = {
      freshTokens: typeof options.token === "function",
      reconnect: options.reconnect,
    };
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** Opens the connection if nothing has yet. */
  want(): void {
    this.#handle({ kind: "wanted" });
  }

  /** Ends a back-off early: the network is back. */
  retryNow(): void {
    this.#handle({ kind: "retry" });
  }

  /** Closes for good. Idempotent. */
  close(): void {
    this.#handle({ kind: "close" });
  }

  /** Drops a connection whose peer broke the protocol; it is opened again after a back-off. */
  fail(reason: string): void {
    this.#handle({ kind: "failed", reason });
  }

  /** Sends one message. Only while ready: nothing is kept here for later. */
  send(message: ClientMessage): void {
    this.#socket?.send(encodeFrame(message, this.#options.encoding));
  }

  /** One event at a time: what a command or the listener causes waits for its turn, so that states are announced in order. */
  #handle(event: ConnectionEvent): void {
    this.#events.push(event);
    if (this.#handling) return;
    this.#handling = true;
    try {
      for (
        let waiting = this.#events.shift();
        waiting !== undefined;
        waiting = this.#events.shift()
      )
        this.#step(waiting);
    } finally {
      this.#handling = false;
    }
  }

  #step(event: ConnectionEvent): void {
    const before = this.#state;
    const step = next(before, event, this.#policy);
    this.#state = step.state;
    if (step.state.kind !== before.kind) this.#enter(step.state);
    for (const command of step.commands) this.#execute(command);
    if (step.state !== before) this.#listener.stateChanged(step.state, before);
  }

  /** Every state that waits has one timer; entering another state stops it. */
  #enter(state: ConnectionState): void {
    this.#stopTimer();
    this.#stopTimer = () => {};
    this.#stopHeartbeat();
    switch (state.kind) {
      case "authorizing":
      case "opening":
      case "authenticating": {
        const what = state.kind === "authorizing" ? "no token came" : "the server did not answer";
        const timeoutMs = this.#options.handshakeTimeoutMs;
        this.#startTimer(timeoutMs, { kind: "failed", reason: `${what} within ${timeoutMs} ms` });
        return;
      }
      case "ready":
        this.#startTimer(SETTLED_AFTER_MS, { kind: "settled" });
        this.#listen();
        return;
      case "idle":
      case "waiting":
      case "closed":
        return;
      default:
        unreachable(state);
    }
  }

  #execute(command: Command): void {
    switch (command.kind) {
      case "askToken":
        this.#askToken((token) => this.#handle({ kind: "token", token }));
        return;
      case "open":
        this.#open();
        return;
      case "authenticate":
        this.#authenticate(command.token);
        return;
      case "wait": {
        const delayMs = Math.max(
          command.leastMs,
          backoffMs(this.#options.backoff, command.attempt, this.#options.random),
        );
        this.#startTimer(delayMs, { kind: "retry" });
        return;
      }
      case "drop":
        this.#drop();
        return;
      default:
        unreachable(command);
    }
  }

  #startTimer(delayMs: number, event: ConnectionEvent): void {
    this.#stopTimer();
    this.#stopTimer = this.#options.clock.after(delayMs, () => this.#handle(event));
  }

  #askToken(then: (token: string | null) => void): void {
    const { token } = this.#options;
    this.#question += 1;
    const question = this.#question;
    if (typeof token !== "function") {
      then(token);
      return;
    }
    new Promise<string>((resolve) => resolve(token())).then(
      (fresh) => {
        if (question === this.#question) then(fresh);
      },
      (cause: unknown) => {
        if (question === this.#question) this.#handle({ kind: "tokenFailed", cause });
      },
    );
  }

  #authenticate(token: string): void {
    this.send({ type: "AUTH", token, client: this.#options.client });
  }

  #open(): void {
    let socket: Socket;
    try {
      socket = new this.#options.webSocket(this.#options.url, [SUBPROTOCOL]);
    } catch {
      // A page that may not connect there. What the browser says repeats the address, and with it a token that it may hold.
      this.#handle({ kind: "lost", code: 1006, reason: "the browser refused to connect" });
      return;
    }
    this.#socket = socket;
    if (this.#options.encoding === "cbor") socket.binaryType = "arraybuffer";
    socket.addEventListener("open", () => {
      if (this.#socket === socket) this.#handle({ kind: "opened" });
    });
    socket.addEventListener("message", (event) => {
      if (this.#socket === socket) this.#receive(event.data);
    });
    socket.addEventListener("close", (event) => {
      if (this.#socket !== socket) return;
      this.#socket = null;
      this.#handle({ kind: "lost", code: event.code, reason: event.reason });
    });
    // A close event always follows; the error event itself says nothing.
    socket.addEventListener("error", () => {});
  }

  /** Forgets the socket before closing it, so that nothing it still says is heard. */
  #drop(): void {
    const socket = this.#socket;
    this.#socket = null;
    socket?.close(1000);
  }

  #receive(data: unknown): void {
    this.#heard = true;
    const socket = this.#socket;
    try {
      for (const message of readFrame(data)) {
        // A message may have made the listener drop or close the connection.
        if (this.#socket !== socket) return;
        this.#take(message);
      }
    } catch (cause) {
      // Also a value inside that is none, or a commit that cannot be: nothing that comes after it can be trusted.
      if (!(cause instanceof BrokenFrame)) throw cause;
      this.fail(cause.message);
    }
  }

  #take(message: ServerMessage): void {
    switch (message.type) {
      case "AUTH_OK": {
        const { type: _type, ...session } = message;
        this.#handle({ kind: "authenticated", session });
        return;
      }
      case "AUTH_EXPIRING":
        this.#renew();
        return;
      case "GOAWAY":
        this.#handle({ kind: "goingAway", retryAfterMs: message.retryAfterMs });
        return;
      case "PONG":
        return;
      case "RESULT":
      case "UPDATE":
      case "ERROR":
      case "ACK":
      case "SESSION_JOINED":
      case "EDIT":
      case "AWARENESS":
        this.#listener.received(message);
        return;
      default:
        unreachable(message);
    }
  }

  /** Sends a fresh token on the open connection. Should none come, the server closes with 4401 and the usual way leads back. */
  #renew(): void {
    const { token } = this.#options;
    if (typeof token !== "function") return;
    this.#askToken((fresh) => {
      if (fresh !== null && this.#state.kind === "ready") this.#authenticate(fresh);
    });
  }

  /** Looks every now and then whether anything came. A connection can die without a word, and a browser is never told of pings. */
  #listen(): void {
    this.#stopHeartbeat();
    const { heartbeatMs, clock } = this.#options;
    if (heartbeatMs <= 0) return;
    this.#heard = false;
    this.#stopHeartbeat = clock.after(heartbeatMs, () => {
      if (this.#heard || !this.#listener.inUse()) this.#listen();
      else this.#ask();
    });
  }

  #ask(): void {
    this.send({ type: "PING" });
    this.#stopHeartbeat = this.#options.clock.after(PONG_TIMEOUT_MS, () => {
      if (this.#heard) this.#listen();
      else this.fail("the server stopped answering");
    });
  }
}
