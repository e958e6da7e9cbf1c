import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";

/*
 * A process that loads a server and counts what it hears: so many sockets, each a WebSocket by hand, because a client library costs more
 * than the server that is measured. It is told what to do by its parent, and tells it how far it is.
 */

export type LoadOrder =
  | {
      readonly kind: "listen";
      readonly url: string;
      readonly sockets: number;
      readonly deflate: boolean;
      /** Text that each socket says first. */
      readonly hello: readonly string[];
      /** How many frames answer that. */
      readonly helloAnswers: number;
    }
  /** Waits until all sockets together heard so many frames since they opened. */
  | { readonly kind: "await"; readonly frames: number }
  /** One socket asks so often, with so many questions under way at a time. */
  | {
      readonly kind: "ask";
      readonly text: string;
      readonly count: number;
      readonly window: number;
    };

export type LoadReport =
  | { readonly kind: "ready" }
  | { readonly kind: "heard"; readonly frames: number }
  | { readonly kind: "asked"; readonly seconds: number };

const listeners: Ear[] = [];
let heard = 0;
let waiting: { readonly frames: number } | undefined;

process.on("message", (order: LoadOrder) => {
  void carryOut(order).then((report) => process.send!(report));
});

async function carryOut(order: LoadOrder): Promise<LoadReport> {
  switch (order.kind) {
    case "listen":
      for (let opened = 0; opened < order.sockets; opened += 50) {
        const some = Math.min(50, order.sockets - opened);
        const ears = await Promise.all(Array.from({ length: some }, () => Ear.open(order)));
        listeners.push(...ears);
      }
      heard = 0;
      return { kind: "ready" };
    case "await":
      if (heard < order.frames)
        await new Promise<void>((resolve) => {
          waiting = order;
          wake = resolve;
        });
      return { kind: "heard", frames: heard };
    case "ask":
      return { kind: "asked", seconds: await listeners[0]!.ask(order) };
  }
}

let wake = (): void => {};

function count(frames: number): void {
  heard += frames;
  if (waiting !== undefined && heard >= waiting.frames) {
    waiting = undefined;
    wake();
  }
}

/** One socket. */
class Ear {
  readonly #socket: Socket;
  #onFrame = (): void => {};
  /** Bytes of the present frame that are still to come, and a header that is not whole yet. */
  #missing = 0;
  #rest: Buffer = Buffer.alloc(0);

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  static async open(order: Extract<LoadOrder, { kind: "listen" }>): Promise<Ear> {
    const { deflate, hello, helloAnswers, url } = order;
    const { hostname, pathname, port, search } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    const ear = new Ear(socket);
    const answered = Promise.withResolvers<void>();
    let left = helloAnswers;
    ear.#onFrame = () => {
      left--;
      if (left === 0) answered.resolve();
    };
    if (left === 0) answered.resolve();
    await new Promise<void>((resolve, reject) => {
      socket.on("error", reject);
      socket.on("connect", () =>
        socket.write(
          `GET ${pathname}${search} HTTP/1.1\r\nHost: ${hostname}\r\nUpgrade: websocket\r\n` +
            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" +
            `Sec-WebSocket-Key: ${randomBytes(16).toString("base64")}\r\n` +
            `${deflate ? "Sec-WebSocket-Extensions: permessage-deflate\r\n" : ""}\r\n`,
        ),
      );
      let head = "";
      socket.on("data", function read(bytes: Buffer) {
        head += bytes.toString("latin1");
        const end = head.indexOf("\r\n\r\n");
        if (end === -1) return;
        if (!head.startsWith("HTTP/1.1 101")) return reject(new Error(head));
        socket.off("data", read);
        socket.on("data", (more: Buffer) => ear.#read(more));
        ear.#read(Buffer.from(head.slice(end + 4), "latin1"));
        resolve();
      });
    });
    for (const text of hello) ear.#say(text);
    await answered.promise;
    ear.#onFrame = () => count(1);
    return ear;
  }

  /** Answers how many seconds it took. */
  async ask({ count: total, text, window }: Extract<LoadOrder, { kind: "ask" }>): Promise<number> {
    const frames = Array.from({ length: 90 }, (_, id) => framed(text.replace("@", `${id + 10}`)));
    let sent = 0;
    let answered = 0;
    const done = Promise.withResolvers<void>();
    const send = (): void => {
      const some: Buffer[] = [];
      for (; sent < total && sent - answered < window; sent++)
        some.push(frames[sent % frames.length]!);
      if (some.length > 0) this.#socket.write(Buffer.concat(some));
    };
    this.#onFrame = () => {
      answered++;
      if (answered === total) done.resolve();
      else if (sent - answered <= window / 2) send();
    };
    const startMs = performance.now();
    send();
    await done.promise;
    return (performance.now() - startMs) / 1000;
  }

  #say(text: string): void {
    this.#socket.write(framed(text));
  }

  #read(bytes: Buffer): void {
    let at = 0;
    if (this.#rest.length > 0) {
      bytes = Buffer.concat([this.#rest, bytes]);
      this.#rest = Buffer.alloc(0);
    }
    for (;;) {
      const skip = Math.min(this.#missing, bytes.length - at);
      at += skip;
      this.#missing -= skip;
      if (this.#missing > 0 || at === bytes.length) return;
      const left = bytes.length - at;
      const short = left < 2 ? 0 : bytes[at + 1]! & 0x7f;
      const headBytes = short < 126 ? 2 : short === 126 ? 4 : 10;
      if (left < headBytes) {
        this.#rest = bytes.subarray(at);
        return;
      }
      const payloadBytes =
        short < 126
          ? short
          : short === 126
            ? bytes.readUInt16BE(at + 2)
            : Number(bytes.readBigUInt64BE(at + 2));
      const opcode = bytes[at]! & 0xf;
      at += headBytes;
      this.#missing = payloadBytes;
      // Frames of control are not what is counted.
      if (opcode < 8) this.#onFrame();
    }
  }
}

/** A text frame as a client sends it. */
function framed(text: string): Buffer {
  const payload = Buffer.from(text);
  const key = randomBytes(4);
  const header =
    payload.length < 126
      ? Buffer.from([0x81, 0x80 | payload.length])
      : Buffer.from([0x81, 0xfe, payload.length >> 8, payload.length & 0xff]);
  return Buffer.concat([header, key, payload.map((byte, place) => byte ^ key[place % 4]!)]);
}
