import { deflate } from "./deflate.ts";

/** A message on its way to a peer: text, bytes, or one that is the same for many peers but for its ends. */
export type OutFrame = string | Uint8Array | SharedFrame;

/**
 * A message with a body that others share. `head` and `foot` are a peer's own; they are text exactly if the body is. Peers whose ends are
 * alike may share the whole of it.
 */
export class SharedFrame {
  readonly head: string | Uint8Array;
  readonly body: SharedBody;
  readonly foot: string;
  /** In bytes. */
  readonly length: number;
  /** As it goes over the wire, once it did: as it is, and compressed. */
  framed: { plain?: Buffer; deflated?: Buffer } = {};

  constructor(head: string | Uint8Array, body: SharedBody, foot: string) {
    this.head = head;
    this.body = body;
    this.foot = foot;
    this.length = endBytes(head) + body.bytes.length + endBytes(foot);
  }
}

/** What many frames have in common: turned into bytes once, and compressed once, however many peers get it. */
export class SharedBody {
  readonly content: string | Uint8Array;
  readonly bytes: Buffer;
  #deflated: Buffer | undefined;

  constructor(content: string | Uint8Array) {
    this.content = content;
    this.bytes = asBuffer(content);
  }

  /** A piece of a deflate stream that looks back at nothing before it, up to a byte boundary. */
  get deflated(): Buffer {
    return (this.#deflated ??= deflate(this.bytes));
  }
}

/** How long the message is, in bytes, before compression. */
export function frameBytes(frame: OutFrame): number {
  return typeof frame === "string" ? Buffer.byteLength(frame) : frame.length;
}

/** Whether it travels as text. */
export function isText(frame: OutFrame): boolean {
  if (typeof frame === "string") return true;
  return frame instanceof SharedFrame && typeof frame.body.content === "string";
}

/** The whole message as one piece of bytes. */
export function payloadOf(frame: OutFrame): Buffer {
  if (typeof frame === "string" || frame instanceof Uint8Array) return asBuffer(frame);
  return Buffer.concat([asBuffer(frame.head), frame.body.bytes, asBuffer(frame.foot)]);
}

/** The bytes of text, or a view of bytes. */
export function asBuffer(content: string | Uint8Array): Buffer {
  if (typeof content === "string") return Buffer.from(content);
  return Buffer.from(content.buffer, content.byteOffset, content.byteLength);
}

function endBytes(end: string | Uint8Array): number {
  return typeof end === "string" ? Buffer.byteLength(end) : end.length;
}
