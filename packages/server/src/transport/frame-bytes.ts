import { DEFLATE_BYTES_MIN, deflate, endOfMessage, stored } from "./deflate.ts";
import {
  asBuffer,
  frameBytes,
  isText,
  payloadOf,
  SharedFrame,
  type OutFrame,
} from "./out-frame.ts";

/** The first byte of a frame (RFC 6455 §5.2). */
const FIN = 0x80;
const COMPRESSED = 0x40;
const CONTINUATION = 0x0;
const TEXT = 0x1;
const BINARY = 0x2;

const CONTROL = { close: 0x8, ping: 0x9, pong: 0xa } as const;

/** A control frame; its payload has at most 125 bytes. */
export function controlFrame(kind: keyof typeof CONTROL, payload: Uint8Array): Buffer {
  const target = Buffer.allocUnsafe(2 + payload.length);
  target.set(payload, writeHeader(target, 0, FIN | CONTROL[kind], payload.length));
  return target;
}

/** Messages as the frames that a server sends, all in one piece of memory, so that one write takes them. */
export function framed(messages: readonly OutFrame[], deflates: boolean): Buffer {
  const [first] = messages;
  if (first === undefined || messages.length === 1)
    return first === undefined ? Buffer.alloc(0) : framedOne(first, deflates);
  if (first instanceof SharedFrame && isLast(messages, deflates)) return last.bytes;
  if (messages.every((message) => message instanceof SharedFrame)) {
    const bytes = Buffer.concat(messages.map((message) => framedOne(message, deflates)));
    last = { messages, messagesBytes: sumOf(messages), deflates, bytes };
    return bytes;
  }
  return joined(messages, deflates);
}

/** Each message is written to its place, and nowhere before: most are answers, of which there is one of each. */
function joined(messages: readonly OutFrame[], deflates: boolean): Buffer {
  let bytes = 0;
  const parts: (Plan | Buffer)[] = [];
  for (const message of messages) {
    const part =
      message instanceof SharedFrame ? framedOne(message, deflates) : planOf(message, deflates);
    bytes += part instanceof Uint8Array ? part.length : frameLength(part.payloadBytes);
    parts.push(part);
  }
  const target = Buffer.allocUnsafe(bytes);
  let offset = 0;
  for (const part of parts) {
    if (part instanceof Uint8Array) {
      target.set(part, offset);
      offset += part.length;
    } else {
      offset = writeFrame(target, offset, part);
    }
  }
  return target;
}

/** What was joined last: those who watch the same get the same, one after the other. */
let last: Joined = { messages: [], messagesBytes: 0, deflates: false, bytes: Buffer.alloc(0) };

interface Joined {
  readonly messages: readonly OutFrame[];
  /** How long they are, as they were handed over. */
  readonly messagesBytes: number;
  readonly deflates: boolean;
  readonly bytes: Buffer;
}

/** How long the messages are, before they are framed and compressed. */
export function messagesBytes(messages: readonly OutFrame[]): number {
  return messages === last.messages ? last.messagesBytes : sumOf(messages);
}

function sumOf(messages: readonly OutFrame[]): number {
  let bytes = 0;
  for (const message of messages) bytes += frameBytes(message);
  return bytes;
}

function isLast(messages: readonly OutFrame[], deflates: boolean): boolean {
  if (messages === last.messages && deflates === last.deflates) return true;
  if (messages.length !== last.messages.length || deflates !== last.deflates) return false;
  for (let place = 0; place < messages.length; place++)
    if (messages[place] !== last.messages[place]) return false;
  return true;
}

function framedOne(message: OutFrame, deflates: boolean): Buffer {
  if (!(message instanceof SharedFrame)) return frameOf(message, deflates);
  // Most who get it want it alike.
  const way = deflates ? "deflated" : "plain";
  return (message.framed[way] ??= frameOf(message, deflates));
}

function frameOf(message: OutFrame, deflates: boolean): Buffer {
  const plan = planOf(message, deflates);
  const target = Buffer.allocUnsafe(frameLength(plan.payloadBytes));
  writeFrame(target, 0, plan);
  return target;
}

/** Answers where it ends. */
function writeFrame(
  target: Buffer,
  offset: number,
  { firstByte, payload, payloadBytes }: Plan,
): number {
  return writePayload(target, writeHeader(target, offset, firstByte, payloadBytes), payload);
}

/** One frame of a message that travels in several: its slices are compressed one by one. */
export function framedSlice(slice: {
  readonly bytes: Buffer;
  readonly text: boolean;
  readonly first: boolean;
  readonly last: boolean;
  readonly deflates: boolean;
}): readonly [header: Buffer, payload: Buffer] {
  const { bytes, deflates, first, last, text } = slice;
  const piece = deflates ? deflate(bytes) : bytes;
  const payload = deflates && last ? endOfMessage(piece) : piece;
  const opcode = first ? (text ? TEXT : BINARY) : CONTINUATION;
  const firstByte = opcode | (last ? FIN : 0) | (first && deflates ? COMPRESSED : 0);
  const header = Buffer.allocUnsafe(frameLength(payload.length) - payload.length);
  writeHeader(header, 0, firstByte, payload.length);
  return [header, payload];
}

interface Plan {
  readonly firstByte: number;
  readonly payload: OutFrame;
  readonly payloadBytes: number;
}

function planOf(message: OutFrame, deflates: boolean): Plan {
  const plainBytes = frameBytes(message);
  const opcode = isText(message) ? TEXT : BINARY;
  if (deflates && plainBytes >= DEFLATE_BYTES_MIN) {
    const payload = compressed(message);
    if (payload.length < plainBytes)
      return { firstByte: FIN | COMPRESSED | opcode, payload, payloadBytes: payload.length };
  }
  return { firstByte: FIN | opcode, payload: message, payloadBytes: plainBytes };
}

/** What is shared was compressed for all; the ends, a peer's own, stand beside it uncompressed. */
function compressed(message: OutFrame): Buffer {
  if (!(message instanceof SharedFrame)) return endOfMessage(deflate(payloadOf(message)));
  const head = stored(asBuffer(message.head));
  const { deflated } = message.body;
  if (message.foot === "") return Buffer.concat([head, endOfMessage(deflated)]);
  return Buffer.concat([head, deflated, endOfMessage(stored(asBuffer(message.foot)))]);
}

function frameLength(payloadBytes: number): number {
  if (payloadBytes < 126) return 2 + payloadBytes;
  return (payloadBytes < 0x1_0000 ? 4 : 10) + payloadBytes;
}

/** A server's frames are not masked. Answers where the payload begins. */
function writeHeader(
  target: Buffer,
  offset: number,
  firstByte: number,
  payloadBytes: number,
): number {
  target[offset] = firstByte;
  if (payloadBytes < 126) {
    target[offset + 1] = payloadBytes;
    return offset + 2;
  }
  if (payloadBytes < 0x1_0000) {
    target[offset + 1] = 126;
    target.writeUInt16BE(payloadBytes, offset + 2);
    return offset + 4;
  }
  target[offset + 1] = 127;
  target.writeUInt32BE(Math.floor(payloadBytes / 2 ** 32), offset + 2);
  target.writeUInt32BE(payloadBytes % 2 ** 32, offset + 6);
  return offset + 10;
}

/** Answers where the payload ends. */
function writePayload(target: Buffer, offset: number, payload: OutFrame): number {
  if (typeof payload === "string") return offset + target.write(payload, offset);
  if (payload instanceof Uint8Array) {
    target.set(payload, offset);
    return offset + payload.length;
  }
  const body = writePayload(target, offset, payload.head);
  target.set(payload.body.bytes, body);
  return writePayload(target, body + payload.body.bytes.length, payload.foot);
}
