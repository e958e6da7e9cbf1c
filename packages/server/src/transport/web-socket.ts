import type { Socket } from "node:net";
import { CLOSES } from "@geode/protocol";
import { WebSocket } from "ws";
import type { Connection, ConnectionListener } from "./connection.ts";
import { framed, framedSlice } from "./frame-bytes.ts";
import { Inflater } from "./inflater.ts";
import { frameBytes, isText, payloadOf, type OutFrame } from "./out-frame.ts";

/** A longer message leaves in slices (fragments), so that pings pass between them and progress shows. */
const SLICE_BYTES = 256 * 1024;
/** Shorter messages of one call leave in one piece of memory. */
const JOINED_BYTES = 16 * 1024;
const PERMESSAGE_DEFLATE = "permessage-deflate";

/** `ws` closes by itself what breaks its limits: 1009 for bytes, 1008 for fragments, both without a reason. Ours names it. */
export class ReasonedWebSocket extends WebSocket {
  override close(code?: number, reason?: string | Buffer): void {
    const ofItself = reason === undefined && (code === 1009 || code === 1008);
    if (ofItself) super.close(CLOSES.tooBig.code, CLOSES.tooBig.reason);
    else super.close(code, reason);
  }
}

/** Ties a WebSocket and the socket below it to a session. */
export function connect(
  webSocket: WebSocket,
  socket: Socket,
  open: (connection: Connection) => ConnectionListener,
  onLimit: (limit: MessageLimit, frameBytesMax: number) => void,
): void {
  const { _extensions: extensions, _receiver: receiver } = webSocket as unknown as Internals;
  const deflates = Object.hasOwn(extensions, PERMESSAGE_DEFLATE);
  if (deflates) {
    extensions[PERMESSAGE_DEFLATE] = new Inflater({
      bytesMax: () => receiver._maxPayload,
      onBroken: (code) => webSocket.close(code),
    });
  }
  const onTaken = (): void => listener.taken();
  const connection = new WebSocketConnection({ webSocket, socket, deflates, onTaken });
  const listener = open(connection);
  webSocket.on("message", (data: Buffer, isBinary: boolean) => {
    // What arrives behind our close frame is nobody's.
    if (webSocket.readyState !== WebSocket.OPEN) return;
    if (isBinary) listener.binaryFrame(data);
    else listener.textFrame(data.toString("utf8"));
  });
  webSocket.on("pong", () => listener.pong());
  // `ws` closes after an error of the peer's; without a listener the process would end.
  webSocket.on("error", (error: NodeJS.ErrnoException) => {
    const limit = limitOf(error, receiver);
    if (limit !== undefined) onLimit(limit, receiver._maxPayload);
  });
  webSocket.on("close", (code, reason) => listener.closed(code, reason.toString("utf8")));
}

/**
 * Fields that are private to `ws`; its version is pinned, and tests fail if one of them stops working. The frame limit is given when a
 * connection begins, and ours grows with authentication. Inflating is ours, because it keeps nothing between two messages.
 */
interface Internals {
  readonly _extensions: Record<string, unknown>;
  readonly _receiver: Receiver;
}

interface Receiver {
  _maxPayload: number;
  readonly _maxFragments: number;
  readonly _numFragments: number;
}

/** What bounds a message while it arrives. */
export type MessageLimit = "bytes" | "fragments" | "chunks";

function limitOf(error: NodeJS.ErrnoException, receiver: Receiver): MessageLimit | undefined {
  switch (error.code) {
    case "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH":
    case "ERR_BUFFER_TOO_LARGE":
      return "bytes";
    case "WS_ERR_TOO_MANY_BUFFERED_PARTS":
      return receiver._numFragments > receiver._maxFragments ? "fragments" : "chunks";
    default:
      return undefined;
  }
}

/** A message that leaves in slices: what is left of it. */
interface Long {
  rest: Buffer;
  first: boolean;
  readonly text: boolean;
}

/**
 * Writes messages. The frames are made here and not by `ws`, which takes each message for itself: here everything of one call leaves in
 * one write, and what is shared is encoded and compressed once for all connections. Control frames are left to `ws`; they may stand
 * between any two of ours.
 */
class WebSocketConnection implements Connection {
  readonly remoteAddress: string;
  readonly #webSocket: WebSocket;
  readonly #socket: Socket;
  readonly #deflates: boolean;
  readonly #onTaken: () => void;
  /** The long message that is under way, and what follows it. */
  readonly #waiting: (OutFrame | Long)[] = [];
  /** A slice is being taken, and the next one follows it. */
  #sliceUnderWay = false;
  #handedBytes = 0;
  #takenBytes = 0;

  constructor(options: {
    readonly webSocket: WebSocket;
    readonly socket: Socket;
    readonly deflates: boolean;
    readonly onTaken: () => void;
  }) {
    this.#webSocket = options.webSocket;
    this.#socket = options.socket;
    this.#deflates = options.deflates;
    this.#onTaken = options.onTaken;
    this.remoteAddress = options.socket.remoteAddress ?? "";
  }

  get bufferedBytes(): number {
    return this.#handedBytes - this.#takenBytes;
  }

  get takenBytes(): number {
    return this.#takenBytes;
  }

  send(messages: readonly OutFrame[]): void {
    if (this.#webSocket.readyState !== WebSocket.OPEN) return;
    this.#socket.cork();
    let joined: OutFrame[] = [];
    let joinedBytes = 0;
    for (const message of messages) {
      const bytes = frameBytes(message);
      this.#handedBytes += bytes;
      if (this.#waiting.length > 0) {
        this.#waiting.push(message);
        continue;
      }
      const long = bytes > SLICE_BYTES;
      if (long || joinedBytes + bytes > JOINED_BYTES) {
        this.#writeWhole(joined, joinedBytes, this.#onTaken);
        joined = [];
        joinedBytes = 0;
      }
      if (long) {
        this.#waiting.push(longOf(message));
      } else {
        joined.push(message);
        joinedBytes += bytes;
      }
    }
    this.#writeWhole(joined, joinedBytes, this.#onTaken);
    if (this.#waiting.length > 0 && !this.#sliceUnderWay) this.#writeSlice();
    this.#socket.uncork();
  }

  close(code: number, reason: string): void {
    this.#webSocket.close(code, reason);
    // A socket that is not read would never see the peer's part of the handshake.
    this.#webSocket.resume();
  }

  terminate(): void {
    this.#webSocket.terminate();
  }

  ping(): void {
    if (this.#webSocket.readyState === WebSocket.OPEN) this.#webSocket.ping();
  }

  stopReading(): void {
    this.#webSocket.pause();
  }

  startReading(): void {
    this.#webSocket.resume();
  }

  allowFrames(bytesMax: number): void {
    (this.#webSocket as unknown as Internals)._receiver._maxPayload = bytesMax;
  }

  /** Short messages, in one write. */
  #writeWhole(messages: readonly OutFrame[], bytes: number, then: () => void): void {
    if (messages.length === 0) return;
    this.#write([framed(messages, this.#deflates)], bytes, then);
  }

  /** Writes a slice of what waits, and the next one when it is taken. */
  #writeSlice(): void {
    this.#sliceUnderWay = false;
    const next = this.#waiting[0];
    if (next === undefined || this.#webSocket.readyState !== WebSocket.OPEN) return;
    this.#sliceUnderWay = true;
    const then = (): void => {
      this.#writeSlice();
      this.#onTaken();
    };
    if (isLong(next)) return this.#writeLong(next, then);
    const whole: OutFrame[] = [];
    let wholeBytes = 0;
    for (let at: OutFrame | Long | undefined = next; at !== undefined; at = this.#waiting[0]) {
      if (isLong(at)) break;
      const bytes = frameBytes(at);
      if (bytes > SLICE_BYTES) this.#waiting[0] = longOf(at);
      if (wholeBytes + bytes > SLICE_BYTES) break;
      this.#waiting.shift();
      whole.push(at);
      wholeBytes += bytes;
    }
    if (whole.length === 0) return this.#writeSlice();
    this.#writeWhole(whole, wholeBytes, then);
  }

  #writeLong(message: Long, then: () => void): void {
    const { first, text } = message;
    const bytes = message.rest.subarray(0, SLICE_BYTES);
    const last = bytes.length === message.rest.length;
    if (last) this.#waiting.shift();
    message.rest = message.rest.subarray(bytes.length);
    message.first = false;
    const deflates = this.#deflates;
    this.#write(framedSlice({ bytes, text, first, last, deflates }), bytes.length, then);
  }

  /** `bytes` are those of the messages, as they were counted when they were handed over. */
  #write(chunks: readonly Buffer[], bytes: number, then: () => void): void {
    const last = chunks.length - 1;
    this.#socket.cork();
    for (const [place, chunk] of chunks.entries()) {
      this.#socket.write(chunk, (error) => {
        // After a failure the socket closes, which is told elsewhere.
        if (place < last || (error !== undefined && error !== null)) return;
        this.#takenBytes += bytes;
        then();
      });
    }
    this.#socket.uncork();
  }
}

function longOf(message: OutFrame): Long {
  return { rest: payloadOf(message), first: true, text: isText(message) };
}

function isLong(waiting: OutFrame | Long): waiting is Long {
  return typeof waiting === "object" && "rest" in waiting;
}
