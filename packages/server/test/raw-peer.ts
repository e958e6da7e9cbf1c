import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { constants, inflateRawSync } from "node:zlib";

/** A frame as it goes over the wire; what a well-behaved client would not send is possible too. */
export interface RawFrame {
  readonly opcode: number;
  readonly payload?: Uint8Array;
  /** Default: true. */
  readonly fin?: boolean;
  /** RSV1 is 4, RSV2 is 2, RSV3 is 1. */
  readonly rsv?: number;
  /** Default: true. */
  readonly masked?: boolean;
  /** What the header says, if not the truth. */
  readonly announcedBytes?: bigint;
}

export const CONTINUATION = 0;
export const TEXT = 1;
export const BINARY = 2;
export const CLOSE = 8;
export const PING = 9;
export const PONG = 10;

/** What a server said until its close frame, or until it hung up. */
export interface Heard {
  readonly messages: readonly (string | Buffer)[];
  readonly pongs: readonly Buffer[];
  /** Of its close frame: 1005 without a code; undefined if there was none. */
  readonly close: number | undefined;
}

/** The bytes of a frame. */
export function rawFrame(frame: RawFrame): Buffer {
  const { fin = true, masked = true, opcode, payload = new Uint8Array(), rsv = 0 } = frame;
  const bytes = frame.announcedBytes ?? BigInt(payload.length);
  const header: number[] = [(fin ? 0x80 : 0) | (rsv << 4) | opcode];
  const mask = masked ? 0x80 : 0;
  if (bytes < 126n) header.push(mask | Number(bytes));
  else if (bytes < 65_536n) header.push(mask | 126, ...bigEndian(bytes, 2));
  else header.push(mask | 127, ...bigEndian(bytes, 8));
  if (!masked) return Buffer.concat([Buffer.from(header), payload]);
  const key = randomBytes(4);
  return Buffer.concat([
    Buffer.from(header),
    key,
    Buffer.from(payload.map((byte, place) => byte ^ key[place % 4]!)),
  ]);
}

/**
 * Opens a WebSocket by hand, says these bytes, piece by piece, and hears what the server says until it closes. Pieces are written in
 * turns of their own.
 */
export async function converse(
  port: number,
  pieces: readonly Uint8Array[],
  { deflate = false } = {},
): Promise<Heard> {
  const socket = connect({ host: "127.0.0.1", port, noDelay: true });
  socket.on("error", () => undefined);
  await once(socket, "connect");
  const extension = deflate ? "Sec-WebSocket-Extensions: permessage-deflate\r\n" : "";
  const key = randomBytes(16).toString("base64");
  socket.write(
    "GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n${extension}\r\n`,
  );
  const ear = new Ear(socket);
  await ear.handshake(key);
  for (const piece of pieces) {
    if (socket.destroyed || ear.closed) break;
    socket.write(piece);
    await new Promise((resolve) => setImmediate(resolve));
  }
  const heard = await ear.ended;
  socket.destroy();
  return heard;
}

/** Reads what a server says. */
class Ear {
  readonly #messages: (string | Buffer)[] = [];
  readonly #pongs: Buffer[] = [];
  readonly #handshaken = Promise.withResolvers<string>();
  readonly #end = Promise.withResolvers<Heard>();
  #head: string | undefined;
  #rest: Buffer = Buffer.alloc(0);
  #parts: Buffer[] = [];
  #text = false;
  #compressed = false;
  closed = false;

  constructor(socket: Socket) {
    socket.on("data", (bytes: Buffer) => {
      this.#rest = Buffer.concat([this.#rest, bytes]);
      if (this.#head === undefined) this.#readHead();
      if (this.#head !== undefined) while (this.#readFrame());
    });
    socket.on("close", () => this.#finish(undefined));
  }

  get ended(): Promise<Heard> {
    return this.#end.promise;
  }

  async handshake(key: string): Promise<void> {
    const head = await this.#handshaken.promise;
    const accept = createHash("sha1")
      .update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest("base64");
    if (!head.includes(accept)) throw new Error(`no WebSocket: ${head}`);
  }

  #readHead(): void {
    const end = this.#rest.indexOf("\r\n\r\n");
    if (end === -1) return;
    this.#head = this.#rest.subarray(0, end).toString();
    this.#rest = this.#rest.subarray(end + 4);
    this.#handshaken.resolve(this.#head);
  }

  /** Whether there was a whole one. */
  #readFrame(): boolean {
    const rest = this.#rest;
    if (this.closed || rest.length < 2) return false;
    const short = rest[1]! & 0x7f;
    const start = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (rest.length < start) return false;
    const bytes =
      short < 126 ? short : short === 126 ? rest.readUInt16BE(2) : Number(rest.readBigUInt64BE(2));
    if (rest.length < start + bytes) return false;
    this.#rest = rest.subarray(start + bytes);
    this.#take(rest[0]!, rest.subarray(start, start + bytes));
    return true;
  }

  #take(first: number, payload: Buffer): void {
    switch (first & 0xf) {
      case PONG:
        this.#pongs.push(payload);
        return;
      case CLOSE:
        this.#finish(payload.length < 2 ? 1005 : payload.readUInt16BE(0));
        return;
      case TEXT:
      case BINARY:
        this.#text = (first & 0xf) === TEXT;
        this.#compressed = (first & 0x40) !== 0;
        this.#parts = [];
    }
    this.#parts.push(payload);
    if ((first & 0x80) === 0) return;
    const whole = Buffer.concat(this.#parts);
    const message = this.#compressed
      ? inflateRawSync(Buffer.concat([whole, Buffer.from([0, 0, 0xff, 0xff])]), {
          finishFlush: constants.Z_SYNC_FLUSH,
        })
      : whole;
    this.#messages.push(this.#text ? message.toString() : message);
  }

  #finish(close: number | undefined): void {
    if (this.closed) return;
    this.closed = true;
    this.#handshaken.resolve("");
    this.#end.resolve({ messages: this.#messages, pongs: this.#pongs, close });
  }
}

function bigEndian(value: bigint, bytes: number): number[] {
  return Array.from({ length: bytes }, (_, place) =>
    Number((value >> BigInt(8 * (bytes - 1 - place))) & 0xffn),
  );
}
