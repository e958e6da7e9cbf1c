import type { Socket } from "node:net";
import { CLOSES, type Limits } from "@geode/protocol";
import { readFrames, type Arriving, type Breach, type Ear, type MessageLimit } from "./arriving.ts";
import type { Connection, ConnectionListener, TrafficCount } from "./connection.ts";
import { controlFrame, framed, framedSlice, messagesBytes } from "./frame-bytes.ts";
import { frameBytes, isText, payloadOf, type OutFrame } from "./out-frame.ts";
import { tellTakenAtOnce, type Writer } from "./taken-at-once.ts";

/** A longer message leaves in slices (fragments), so that pings pass between them and progress shows. */
const SLICE_BYTES = 256 * 1024;
/** Shorter messages of one call leave in one piece of memory. */
const JOINED_BYTES = 16 * 1024;
/** How long a peer gets to answer a close frame, and to take what was sent before it. */
const CLOSE_TIMEOUT_MS = 10_000;
/** A peer that takes no pongs while it sends pings is dropped when so many wait. */
const PONGS_MAX = 60;
/** RFC 6455 §7.1.5: no close frame was received; it had no code. */
const LOST = 1006;
const NO_CODE = 1005;
/** The payload of a control frame that says no more; and written behind something, to hear when that has been taken. */
const NOTHING: Buffer = Buffer.alloc(0);

/** What all WebSockets of a listener have in common. */
export interface WebSocketOptions {
  readonly limits: Pick<Limits, "bufferedChunksMax" | "fragmentsMax" | "frameBytesBeforeAuthMax">;
  readonly traffic: TrafficCount;
  /** Is told of a message that was refused, and how long messages might be on that connection. */
  readonly onLimit: (limit: MessageLimit, frameBytesMax: number) => void;
}

/** A socket on which the handshake is over. */
export interface Upgraded {
  readonly socket: Socket;
  /** What arrived behind the handshake. */
  readonly head: Buffer;
  /** Whether messages may be compressed. */
  readonly deflates: boolean;
}

/** Ties an upgraded socket to a session. */
export function connect(
  { deflates, head, socket }: Upgraded,
  open: (connection: Connection) => ConnectionListener,
  options: WebSocketOptions,
): void {
  const connection = new WebSocket(socket, deflates, options);
  (socket as Owned)[OWNER] = connection;
  // Node keeps the peer's address, once somebody asked, as an object and a text; whoever needs it has it from the handshake.
  (socket as Owned)._peername = undefined;
  socket.setTimeout(0);
  socket.setNoDelay();
  if (head.length > 0) socket.unshift(head);
  socket.on("close", onClose);
  socket.on("data", onData);
  socket.on("end", onEnd);
  socket.on("error", onError);
  connection.listener = open(connection);
}

/** Listeners are the same for all sockets: closures would be a good part of what an idle connection takes. */
const OWNER = Symbol("owner");
type Owned = Socket & { [OWNER]?: WebSocket | undefined; _peername?: unknown };

function onData(this: Owned, chunk: Buffer): void {
  this[OWNER]?.arrived(chunk);
}

/** The peer says nothing more, and need not be waited for. */
function onEnd(this: Owned): void {
  this[OWNER]?.ended();
}

/** The socket closes after it, which is told there. */
function onError(this: Owned): void {
  this.destroy();
}

function onClose(this: Owned): void {
  this[OWNER]?.gone();
}

/** Before there is a session, and where there never is one. */
const NOBODY: ConnectionListener = {
  textFrame: () => undefined,
  binaryFrame: () => undefined,
  pong: () => undefined,
  taken: () => undefined,
  closed: () => undefined,
};

/** How a connection comes to its end; there is none while it is open. */
interface Closing {
  /** How this side closed. */
  readonly own: CloseFrame | undefined;
  /** How the peer did. */
  peer: CloseFrame | undefined;
  /** The peer is not heard any more: it said its last, or broke the protocol. */
  deaf: boolean;
  /** Our close frame was taken. */
  said: boolean;
  readonly timer: NodeJS.Timeout;
}

interface CloseFrame {
  readonly code: number;
  readonly reason: string;
}

/** A message that leaves in slices: what is left of it. */
interface Long {
  rest: Buffer;
  first: boolean;
  readonly text: boolean;
}

/**
 * A WebSocket (RFC 6455). What it keeps while nothing happens is little: what arrives in pieces, leaves in slices or comes to its end is
 * kept in objects that are made for it. Frames are made here: everything of one call leaves in one write, and what is shared is encoded
 * and compressed once for all connections. Control frames may stand between any two of them.
 */
class WebSocket implements Connection, Ear, Writer {
  listener = NOBODY;
  readonly deflates: boolean;
  frameBytesMax: number;
  readonly #socket: Socket;
  readonly #options: WebSocketOptions;
  #arriving: Arriving | undefined;
  #closing: Closing | undefined;
  /** Answers to pings that were not taken. */
  #pongs = 0;
  /** The long message that is under way, and what follows it; undefined while there is none. */
  #waiting: (OutFrame | Long)[] | undefined;
  /** A slice is being taken, and the next one follows it. */
  #sliceUnderWay = false;
  #handedBytes = 0;
  #takenBytes = 0;

  constructor(socket: Socket, deflates: boolean, options: WebSocketOptions) {
    this.#socket = socket;
    this.deflates = deflates;
    this.#options = options;
    this.frameBytesMax = options.limits.frameBytesBeforeAuthMax;
  }

  get fragmentsMax(): number {
    return this.#options.limits.fragmentsMax;
  }

  get chunksMax(): number {
    return this.#options.limits.bufferedChunksMax;
  }

  arrived(chunk: Buffer): void {
    if (this.#closing?.deaf === true) return;
    this.#arriving = readFrames(chunk, this.#arriving, this);
  }

  message(payload: Buffer, isBinary: boolean): void {
    // What arrives behind our close frame is nobody's.
    if (this.#closing !== undefined) return;
    const { traffic } = this.#options;
    traffic.messagesReceived++;
    traffic.bytesReceived += payload.length;
    if (isBinary) this.listener.binaryFrame(payload);
    else this.listener.textFrame(payload.toString("utf8"));
  }

  pinged(payload: Buffer): void {
    if (this.#closing !== undefined) return;
    if (this.#pongs === PONGS_MAX) return this.terminate();
    this.#pongs++;
    this.#socket.write(controlFrame("pong", payload), () => this.#pongs--);
  }

  ponged(): void {
    this.listener.pong();
  }

  farewell(code: number, reason: Buffer): void {
    const peer = { code, reason: reason.toString("utf8") };
    // It is told what it said.
    const closing = (this.#closing ??= this.#begin(undefined, code === NO_CODE ? undefined : peer));
    closing.peer = peer;
    this.#deafen(closing);
  }

  broken({ code, limit }: Breach): void {
    if (limit !== undefined) this.#options.onLimit(limit, this.frameBytesMax);
    const own = limit === undefined ? { code, reason: "" } : CLOSES.tooBig;
    this.#deafen((this.#closing ??= this.#begin(own, own)));
  }

  /** The peer says nothing more: it need not be waited for. */
  ended(): void {
    this.#closing ??= this.#begin(undefined, null);
    this.#socket.end();
  }

  /** The socket is closed. */
  gone(): void {
    const closing = (this.#closing ??= this.#begin(undefined, null));
    clearTimeout(closing.timer);
    // It was not read any more: its close frame may stand there.
    const left = closing.deaf ? null : (this.#socket.read() as Buffer | null);
    if (left !== null) this.arrived(left);
    this.#arriving = undefined;
    const { code, reason } = closing.peer ?? closing.own ?? { code: LOST, reason: "" };
    this.listener.closed(code, reason);
  }

  get bufferedBytes(): number {
    return this.#handedBytes - this.#takenBytes;
  }

  get takenBytes(): number {
    return this.#takenBytes;
  }

  send(messages: readonly OutFrame[]): void {
    if (this.#closing !== undefined) return;
    this.#options.traffic.messagesSent += messages.length;
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
    const frame = { code, reason };
    this.#closing ??= this.#begin(frame, frame);
    // A socket that is not read would never see the peer's part of the handshake.
    this.#socket.resume();
  }

  taken(bytes: number): void {
    this.#takenBytes += bytes;
    this.#options.traffic.bytesSent += bytes;
    this.listener.taken();
  }

  terminate(): void {
    this.#closing ??= this.#begin(undefined, null);
    this.#socket.destroy();
  }

  ping(): void {
    if (this.#closing === undefined) this.#socket.write(controlFrame("ping", NOTHING));
  }

  stopReading(): void {
    if (this.#closing === undefined) this.#socket.pause();
  }

  startReading(): void {
    this.#socket.resume();
  }

  allowFrames(bytesMax: number): void {
    this.frameBytesMax = bytesMax;
  }

  /**
   * From now on nothing is sent, and the peer has a bounded time. `frame`: what is said last; undefined for a frame without a code, null
   * if there is nobody to say it to.
   */
  #begin(own: CloseFrame | undefined, frame: CloseFrame | undefined | null): Closing {
    const timer = setTimeout(() => this.#socket.destroy(), CLOSE_TIMEOUT_MS);
    const closing: Closing = { own, peer: undefined, deaf: false, said: false, timer };
    if (frame !== null) {
      this.#socket.write(controlFrame("close", closePayload(frame)), (error) => {
        // After a failure the socket closes.
        if (error !== undefined && error !== null) return;
        closing.said = true;
        if (closing.deaf) this.#socket.end();
      });
    }
    return closing;
  }

  /** What the peer still sends is thrown away. */
  #deafen(closing: Closing): void {
    closing.deaf = true;
    this.#socket.resume();
    if (closing.said) this.#socket.end();
  }

  /** Short messages, in one write. */
  #writeWhole(messages: readonly OutFrame[], bytes: number, slice: boolean): void {
    if (messages.length > 0) this.#write(framed(messages, this.deflates), bytes, slice);
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
    if (this.#closing !== undefined) return;
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
    const { deflates } = this;
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
    this.#options.traffic.bytesSent += bytes;
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

function closePayload(frame: CloseFrame | undefined): Buffer {
  if (frame === undefined) return NOTHING;
  const payload = Buffer.alloc(2 + Buffer.byteLength(frame.reason));
  payload.writeUInt16BE(frame.code);
  payload.write(frame.reason, 2);
  return payload;
}
