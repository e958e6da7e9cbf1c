import { isUtf8 } from "node:buffer";
import { inflate } from "./deflate.ts";

/** What a frame is (RFC 6455 §5.2). */
const CONTINUATION = 0x0;
const TEXT = 0x1;
const BINARY = 0x2;
const CLOSE = 0x8;
const PING = 0x9;
const PONG = 0xa;

const FIN = 0x80;
/** The frame begins a compressed message (RFC 7692 §6). */
const RSV1 = 0x40;
const RSV2_AND_3 = 0x30;
const OPCODE = 0x0f;
const MASKED = 0x80;
const LENGTH = 0x7f;
const MASK_BYTES = 4;
const CONTROL_BYTES_MAX = 125;
/** What a close frame without a code is told as (RFC 6455 §7.1.5). */
const NO_CODE = 1005;
const NOTHING: Buffer = Buffer.alloc(0);

/** What bounds a message while it arrives. */
export type MessageLimit = "bytes" | "fragments" | "chunks";

/** How a peer broke the protocol: the connection closes with that code. */
export interface Breach {
  readonly code: 1002 | 1007 | 1009;
  /** The limit that the peer went beyond, if it was one. */
  readonly limit?: MessageLimit;
}

const NO_FRAME: Breach = { code: 1002 };
const NO_TEXT: Breach = { code: 1007 };
const TOO_LONG: Breach = { code: 1009, limit: "bytes" };
const TOO_MANY_FRAGMENTS: Breach = { code: 1009, limit: "fragments" };
const TOO_MANY_CHUNKS: Breach = { code: 1009, limit: "chunks" };

/** Whoever hears what a peer says. */
export interface Ear {
  /** Whether messages may come compressed. */
  readonly deflates: boolean;
  /** How long a message may be; it may change from one to the next. */
  readonly frameBytesMax: number;
  readonly fragmentsMax: number;
  /** In so many pieces a frame may come from the network, beside the one with its header. */
  readonly chunksMax: number;
  /** The bytes are the ear's until it returns; text is valid UTF-8. */
  message(payload: Buffer, isBinary: boolean): void;
  pinged(payload: Buffer): void;
  ponged(): void;
  /** The peer's close frame: what comes behind it is nobody's. */
  farewell(code: number, reason: Buffer): void;
  /** What comes behind it means nothing. */
  broken(breach: Breach): void;
}

/** What has arrived of a frame, or of a message, that is not there whole. */
export interface Arriving {
  /** Of the present frame, from its first byte on. */
  readonly chunks: Buffer[];
  bytes: number;
  /** With fewer bytes than this, it need not be looked at again. */
  readonly wantedBytes: number;
  readonly message: Message | undefined;
}

/** A message that comes in fragments, the first of which is there. */
interface Message {
  readonly opcode: number;
  readonly compressed: boolean;
  readonly pieces: Buffer[];
  bytes: number;
  fragments: number;
}

/**
 * Reads the frames in what has arrived. Answers what is left for the next call, which is nothing between two messages: so an idle
 * connection keeps none of it.
 */
export function readFrames(
  chunk: Buffer,
  arriving: Arriving | undefined,
  ear: Ear,
): Arriving | undefined {
  let bytes = chunk;
  if (arriving !== undefined && arriving.bytes > 0) {
    if (arriving.chunks.length > ear.chunksMax) return breach(ear, TOO_MANY_CHUNKS);
    arriving.chunks.push(chunk);
    arriving.bytes += chunk.length;
    if (arriving.bytes < arriving.wantedBytes) return arriving;
    bytes = Buffer.concat(arriving.chunks, arriving.bytes);
  }
  let message = arriving?.message;
  let at = 0;
  for (;;) {
    const left = bytes.length - at;
    if (left < 2) return rest(bytes, at, 2, message);
    const first = bytes[at]!;
    const second = bytes[at + 1]!;
    const opcode = first & OPCODE;
    if (!isFrame(first, second, message, ear.deflates)) return breach(ear, NO_FRAME);
    const short = second & LENGTH;
    const lengthBytes = short < 126 ? 0 : short === 126 ? 2 : 8;
    if (left < 2 + lengthBytes) return rest(bytes, at, 2 + lengthBytes, message);
    const payloadBytes =
      short < 126
        ? short
        : short === 126
          ? bytes.readUInt16BE(at + 2)
          : bytes.readUInt32BE(at + 2) * 2 ** 32 + bytes.readUInt32BE(at + 6);
    // What a header announces is enough.
    if (opcode < CLOSE && (message?.bytes ?? 0) + payloadBytes > ear.frameBytesMax)
      return breach(ear, TOO_LONG);
    const headBytes = 2 + lengthBytes + MASK_BYTES;
    if (left < headBytes + payloadBytes) return rest(bytes, at, headBytes + payloadBytes, message);
    const start = at + headBytes;
    at = start + payloadBytes;
    unmask(bytes, start, at);
    const payload = bytes.subarray(start, at);
    if (opcode >= CLOSE) {
      if (opcode === PING) ear.pinged(payload);
      else if (opcode === PONG) ear.ponged();
      else return farewell(ear, payload);
      continue;
    }
    const last = (first & FIN) !== 0;
    if (last && message === undefined && (first & RSV1) === 0) {
      // Nearly every message is one frame.
      if (opcode === TEXT && !isUtf8(payload)) return breach(ear, NO_TEXT);
      ear.message(payload, opcode === BINARY);
      continue;
    }
    message ??= { opcode, compressed: (first & RSV1) !== 0, pieces: [], bytes: 0, fragments: 0 };
    message.fragments++;
    if (message.fragments > ear.fragmentsMax) return breach(ear, TOO_MANY_FRAGMENTS);
    message.bytes += payloadBytes;
    if (payloadBytes > 0) message.pieces.push(apart(payload));
    if (!last) continue;
    const whole = wholeOf(message, ear.frameBytesMax);
    if (!Buffer.isBuffer(whole)) return breach(ear, whole);
    ear.message(whole, message.opcode === BINARY);
    message = undefined;
  }
}

/** Whether such a frame may come now (RFC 6455 §5.2, §5.4, §5.5). */
function isFrame(
  first: number,
  second: number,
  message: Message | undefined,
  deflates: boolean,
): boolean {
  if ((first & RSV2_AND_3) !== 0 || (second & MASKED) === 0) return false;
  const compressed = (first & RSV1) !== 0;
  if (compressed && !deflates) return false;
  switch (first & OPCODE) {
    case CONTINUATION:
      return message !== undefined && !compressed;
    case TEXT:
    case BINARY:
      return message === undefined;
    case CLOSE:
    case PING:
    case PONG:
      return (first & FIN) !== 0 && !compressed && (second & LENGTH) <= CONTROL_BYTES_MAX;
    default:
      return false;
  }
}

function rest(
  bytes: Buffer,
  at: number,
  wantedBytes: number,
  message: Message | undefined,
): Arriving | undefined {
  const left = bytes.length - at;
  if (left === 0 && message === undefined) return undefined;
  const chunks = left === 0 ? [] : [apart(bytes.subarray(at))];
  return { chunks, bytes: left, wantedBytes, message };
}

/** What is kept must not keep much more: a byte may be all that is left of what arrived with it. */
function apart(bytes: Buffer): Buffer {
  if (bytes.length >= bytes.buffer.byteLength / 2) return bytes;
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  copy.set(bytes);
  return copy;
}

function wholeOf(message: Message, bytesMax: number): Buffer | Breach {
  const { compressed, opcode, pieces } = message;
  let payload = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
  if (compressed) {
    try {
      payload = inflate(payload, bytesMax);
    } catch (error) {
      const tooLong = (error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE";
      return tooLong ? TOO_LONG : NO_TEXT;
    }
  }
  return opcode === TEXT && !isUtf8(payload) ? NO_TEXT : payload;
}

function farewell(ear: Ear, payload: Buffer): undefined {
  if (payload.length === 0) {
    ear.farewell(NO_CODE, NOTHING);
    return undefined;
  }
  if (payload.length === 1) return breach(ear, NO_FRAME);
  const code = payload.readUInt16BE(0);
  if (!maySay(code)) return breach(ear, NO_FRAME);
  const reason = payload.subarray(2);
  if (!isUtf8(reason)) return breach(ear, NO_TEXT);
  ear.farewell(code, reason);
}

/** Whether a peer may close with that code (RFC 6455 §7.4). */
function maySay(code: number): boolean {
  if (code >= 3000) return code <= 4999;
  return code >= 1000 && code <= 1014 && (code < 1004 || code > 1006);
}

function breach(ear: Ear, what: Breach): undefined {
  ear.broken(what);
}

/** The four bytes before the payload are its mask. */
function unmask(bytes: Buffer, start: number, end: number): void {
  const a = bytes[start - 4]!;
  const b = bytes[start - 3]!;
  const c = bytes[start - 2]!;
  const d = bytes[start - 1]!;
  if ((a | b | c | d) === 0) return;
  let at = start;
  for (; at + 3 < end; at += 4) {
    bytes[at]! ^= a;
    bytes[at + 1]! ^= b;
    bytes[at + 2]! ^= c;
    bytes[at + 3]! ^= d;
  }
  if (at < end) bytes[at]! ^= a;
  if (at + 1 < end) bytes[at + 1]! ^= b;
  if (at + 2 < end) bytes[at + 2]! ^= c;
}
