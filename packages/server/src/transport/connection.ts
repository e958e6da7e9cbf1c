import type { LimitName } from "@geode/protocol";
import type { OutFrame } from "./out-frame.ts";

/** An open socket as a session sees it. No session imports a socket library. */
export interface Connection {
  /** Bytes of frames handed over and not yet taken by the operating system. */
  readonly bufferedBytes: number;
  /** Bytes of frames taken by the operating system since the connection began: it grows, or the peer is stuck. */
  readonly takenBytes: number;
  /** Writes messages in order, in one system call where possible, long ones in slices. Does nothing once closed. */
  send(messages: readonly OutFrame[]): void;
  /** Starts the closing handshake; the peer gets a bounded time for its part. */
  close(code: number, reason: string): void;
  /** Drops the connection without a word. */
  terminate(): void;
  ping(): void;
  stopReading(): void;
  startReading(): void;
  /** From now on a message may be this long; a longer one closes with 1009 as soon as its header is read. */
  allowFrames(bytesMax: number): void;
}

/** What has passed through connections: whoever lets it pass counts it. */
export interface TrafficCount {
  messagesSent: number;
  messagesReceived: number;
  bytesReceived: number;
  /** Bytes of frames taken by the operating system. */
  bytesSent: number;
}

/** What a connection tells its session. */
export interface ConnectionListener {
  textFrame(text: string): void;
  binaryFrame(bytes: Uint8Array): void;
  pong(): void;
  /** Some of what was sent has been taken by the operating system. */
  taken(): void;
  /** Called once, last. */
  closed(code: number, reason: string): void;
}

/** The HTTP request that asks for a WebSocket. */
export interface Handshake {
  readonly path: string;
  readonly search: URLSearchParams;
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly authorization: string | undefined;
  /** The subprotocols offered, in order. */
  readonly protocols: readonly string[];
  readonly remoteAddress: string;
  /** `X-Forwarded-For` as sent: anybody can send it. */
  readonly forwardedFor: string | undefined;
}

/** The answer to a handshake: an HTTP error before any WebSocket exists, or a session. */
export type Admission =
  | {
      readonly kind: "refused";
      readonly status: number;
      readonly message: string;
      /** When to try again, where that makes sense. */
      readonly retryAfterSeconds?: number;
    }
  | {
      readonly kind: "accepted";
      readonly protocol: string | undefined;
      readonly open: (connection: Connection) => ConnectionListener;
    };

/** An HTTP request other than a handshake. There is no body: nothing here reads one. */
export interface HttpRequest {
  readonly method: string;
  /** The request target as sent, not validated. */
  readonly target: string;
  readonly authorization?: string | undefined;
  readonly origin?: string | undefined;
  readonly host?: string | undefined;
  readonly remoteAddress?: string | undefined;
  /** Whose request it is, as far as that is known; told by whoever knows the proxies. */
  readonly clientAddress?: string | undefined;
  /** `X-Forwarded-For` as sent: anybody can send it. */
  readonly forwardedFor?: string | undefined;
  /** The body, for whoever is to read it. Rejects with TOO_LARGE if it has more bytes, UNAVAILABLE if it breaks off. */
  readonly read?: ((bytesMax: number) => Promise<Uint8Array>) | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | HttpStream;
}

/** A body that is too large to be held in memory. */
export interface HttpStream {
  readonly bytes: number;
  readonly pieces: AsyncIterable<Uint8Array>;
  /** Called once, last, in any case: whether the peer has taken all of it. */
  close(whole: boolean): Promise<void>;
}

/** What the transport asks the server. Neither may throw or reject; if one does, the peer gets HTTP 500. */
export interface Door {
  handshake(handshake: Handshake): Promise<Admission>;
  request(request: HttpRequest): Promise<HttpAnswer>;
  /** A peer went beyond a limit that is kept below the sessions. */
  limitReached(name: LimitName): void;
}
