import type { Socket } from "node:net";
import { CLOSES } from "@geode/protocol";
import { WebSocket } from "ws";
import type { Connection, ConnectionListener } from "./connection.ts";
import { framed, framedSlice, messagesBytes } from "./frame-bytes.ts";
import { Inflater } from "./inflater.ts";
import { frameBytes, isText, payloadOf, type OutFrame } from "./out-frame.ts";
import { tellTakenAtOnce, type Writer } from "./taken-at-once.ts";

/** A longer message leaves in slices (fragments), so that pings pass between them and progress shows. */
const SLICE_BYTES = 256 * 1024;
/** Shorter messages of one call leave in one piece of memory. */
const JOINED_BYTES = 16 * 1024;
/** Written behind something, to hear when that has been taken. */
const NOTHING = new Uint8Array();
/** RFC 6455 §7.1.5: no close frame was received. */
const LOST = 1006;
const PERMESSAGE_DEFLATE = "permessage-deflate";

/**
 * A WebSocket that tells its connection what happens to it. Not by listeners: a handful of them, and the table that holds them, would be a
 * good part of what an idle connection takes.
 */
export class ReasonedWebSocket extends WebSocket {
  connection: WebSocketConnection | undefined;
  /** How this side closed, if it was the first to do so. */
  #own: { readonly code: number; readonly reason: string } | undefined;

  /** `ws` closes by itself what breaks its limits: 1009 for bytes, 1008 for fragments, both without a reason. Ours names it. */
  override close(code?: number, reason?: string | Buffer): void {
    const ofItself = reason === undefined && (code === 1009 || code === 1008);
    if (ofItself) return this.close(CLOSES.tooBig.code, CLOSES.tooBig.reason);
    if (code !== undefined && this.readyState === WebSocket.OPEN)
      this.#own = { code, reason: reason?.toString() ?? "" };
    super.close(code, reason);
  }

  override emit(event: string | symbol, ...args: unknown[]): boolean {
    const { connection } = this;
    if (connection === undefined) return super.emit(event, ...args);
    switch (event) {
      case "message":
        connection.heard(args[0] as Buffer, args[1] as boolean);
        return true;
      case "pong":
        connection.listener.pong();
        return true;
      case "error":
        // `ws` closes after an error of the peer's.
        connection.failed(args[0] as NodeJS.ErrnoException);
        return true;
      case "close": {
        const [code, reason] = args as [number, Buffer];
        // Whoever broke the protocol is not heard any more, not even their part of the handshake.
        if (code === LOST && this.#own !== undefined)
          connection.listener.closed(this.#own.code, this.#own.reason);
        else connection.listener.closed(code, reason.toString("utf8"));
        return true;
      }
      default:
        return super.emit(event, ...args);
    }
  }
}

/** Is told of a message that was refused, and how long messages might be on that connection. */
export type OnLimit = (limit: MessageLimit, frameBytesMax: number) => void;

/** Ties a WebSocket and the socket below it to a session. */
export function connect(
  webSocket: ReasonedWebSocket,
  socket: Socket,
  open: (connection: Connection) => ConnectionListener,
  onLimit: OnLimit,
): void {
  const { _extensions: extensions, _receiver: receiver } = webSocket as unknown as Internals;
  const deflates = Object.hasOwn(extensions, PERMESSAGE_DEFLATE);
  if (deflates) {
    extensions[PERMESSAGE_DEFLATE] = new Inflater({
      bytesMax: () => receiver._maxPayload,
      onBroken: (code) => webSocket.close(code),
    });
  }
  const connection = new WebSocketConnection({ webSocket, socket, deflates, onLimit });
  connection.listener = open(connection);
  webSocket.connection = connection;
}

/** Before there is a session, and where there never is one. */
const NOBODY: ConnectionListener = {
  textFrame: () => undefined,
  binaryFrame: () => undefined,
  pong: () => undefined,
  taken: () => undefined,
  closed: () => undefined,
};

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
class WebSocketConnection implements Connection, Writer {
  listener = NOBODY;
  readonly #webSocket: WebSocket;
  readonly #socket: Socket;
  readonly #deflates: boolean;
  readonly #onLimit: OnLimit;
  /** The long message that is under way, and what follows it; undefined while there is none. */
  #waiting: (OutFrame | Long)[] | undefined;
  /** A slice is being taken, and the next one follows it. */
  #sliceUnderWay = false;
  #handedBytes = 0;
  #takenBytes = 0;

  constructor(options: {
    readonly webSocket: WebSocket;
    readonly socket: Socket;
    readonly deflates: boolean;
    readonly onLimit: OnLimit;
  }) {
    this.#webSocket = options.webSocket;
    this.#socket = options.socket;
    this.#deflates = options.deflates;
    this.#onLimit = options.onLimit;
  }

  get remoteAddress(): string {
    return this.#socket.remoteAddress ?? "";
  }

  heard(data: Buffer, isBinary: boolean): void {
    // What arrives behind our close frame is nobody's.
    if (this.#webSocket.readyState !== WebSocket.OPEN) return;
    if (isBinary) this.listener.binaryFrame(data);
    else this.listener.textFrame(data.toString("utf8"), data.length);
  }

  failed(error: NodeJS.ErrnoException): void {
    const { _receiver: receiver } = this.#webSocket as unknown as Internals;
    const limit = limitOf(error, receiver);
    if (limit !== undefined) this.#onLimit(limit, receiver._maxPayload);
  }

  get bufferedBytes(): number {
    return this.#handedBytes - this.#takenBytes;
  }

  get takenBytes(): number {
    return this.#takenBytes;
  }

  send(messages: readonly OutFrame[]): void {
    if (this.#webSocket.readyState !== WebSocket.OPEN) return;
    const allBytes = messagesBytes(messages);
    if (this.#waiting === undefined && allBytes <= JOINED_BYTES) {
      this.#handedBytes += allBytes;
      return this.#writeWhole(messages, allBytes, false);
    }
    let joinedFrom = 0;
    let joinedBytes = 0;
    let corked = false;
    for (let place = 0; place < messages.length; place++) {
      const message = messages[place]!;
      const bytes = frameBytes(message);
      this.#handedBytes += bytes;
      if (this.#waiting !== undefined) {
        this.#waiting.push(message);
        joinedFrom = place + 1;
        continue;
      }
      const long = bytes > SLICE_BYTES;
      if (long || joinedBytes + bytes > JOINED_BYTES) {
        if (!corked) this.#socket.cork();
        corked = true;
        this.#writeWhole(messages.slice(joinedFrom, place), joinedBytes, false);
        joinedFrom = place;
        joinedBytes = 0;
      }
      if (long) {
        this.#waiting = [longOf(message)];
        joinedFrom = place + 1;
      } else {
        joinedBytes += bytes;
      }
    }
    const joined = joinedFrom === 0 ? messages : messages.slice(joinedFrom);
    this.#writeWhole(joined, joinedBytes, false);
    if (this.#waiting !== undefined && !this.#sliceUnderWay) this.#writeSlice();
    if (corked) this.#socket.uncork();
  }

  close(code: number, reason: string): void {
    this.#webSocket.close(code, reason);
    // A socket that is not read would never see the peer's part of the handshake.
    this.#webSocket.resume();
  }

  taken(bytes: number): void {
    this.#takenBytes += bytes;
    this.listener.taken();
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
  #writeWhole(messages: readonly OutFrame[], bytes: number, slice: boolean): void {
    if (messages.length > 0) this.#write(framed(messages, this.#deflates), bytes, slice);
  }

  /** Writes a slice of what waits, and the next one when it is taken. */
  #writeSlice(): void {
    this.#sliceUnderWay = false;
    const waiting = this.#waiting;
    const next = waiting?.[0];
    if (waiting === undefined || next === undefined) {
      this.#waiting = undefined;
      return;
    }
    if (this.#webSocket.readyState !== WebSocket.OPEN) return;
    this.#sliceUnderWay = true;
    if (isLong(next)) return this.#writeLong(next, waiting);
    const whole: OutFrame[] = [];
    let wholeBytes = 0;
    for (let at: OutFrame | Long | undefined = next; at !== undefined; at = waiting[0]) {
      if (isLong(at)) break;
      const bytes = frameBytes(at);
      if (bytes > SLICE_BYTES) waiting[0] = longOf(at);
      if (wholeBytes + bytes > SLICE_BYTES) break;
      waiting.shift();
      whole.push(at);
      wholeBytes += bytes;
    }
    if (whole.length === 0) return this.#writeSlice();
    this.#writeWhole(whole, wholeBytes, true);
  }

  #writeLong(message: Long, waiting: (OutFrame | Long)[]): void {
    const { first, text } = message;
    const bytes = message.rest.subarray(0, SLICE_BYTES);
    const last = bytes.length === message.rest.length;
    if (last) waiting.shift();
    message.rest = message.rest.subarray(bytes.length);
    message.first = false;
    const deflates = this.#deflates;
    const [header, payload] = framedSlice({ bytes, text, first, last, deflates });
    this.#socket.cork();
    this.#socket.write(header);
    this.#write(payload, bytes.length, true);
    this.#socket.uncork();
  }

  /** `bytes` are those of the messages, as they were counted when they were handed over. `slice`: another one may follow. */
  #write(chunk: Buffer, bytes: number, slice: boolean): void {
    const socket = this.#socket;
    const idle = socket.writableLength === 0 && socket.writableCorked === 0;
    // What TLS has encrypted is never there at once.
    if (!idle || slice || "encrypted" in socket) return this.#writeAndHear(chunk, bytes, slice);
    socket.write(chunk);
    // Nearly always the operating system has it by now. Otherwise nothing, written behind it, tells when it does.
    if (socket.writableLength > 0) return this.#writeAndHear(NOTHING, bytes, slice);
    if (socket.errored === null) tellTakenAtOnce(this, bytes);
  }

  #writeAndHear(chunk: Uint8Array, bytes: number, slice: boolean): void {
    this.#socket.write(chunk, (error) => {
      // After a failure the socket closes, which is told elsewhere.
      if (error !== undefined && error !== null) return;
      if (slice) this.#sliceTaken(bytes);
      else this.taken(bytes);
    });
  }

  #sliceTaken(bytes: number): void {
    this.#takenBytes += bytes;
    this.#writeSlice();
    this.listener.taken();
  }
}

function longOf(message: OutFrame): Long {
  return { rest: payloadOf(message), first: true, text: isText(message) };
}

function isLong(waiting: OutFrame | Long): waiting is Long {
  return typeof waiting === "object" && "rest" in waiting;
}
