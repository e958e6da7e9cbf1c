import { once } from "node:events";
import { WebSocket, type ClientOptions } from "ws";

export interface ClosedWith {
  readonly code: number;
  readonly reason: string;
}

/** Answers a frame that is as it has to be, and throws otherwise. */
type Judge = (frame: Record<string, unknown>) => Record<string, unknown>;

/** The other end of a connection, as a test drives it: frames are awaited, never slept for. */
export class Peer {
  readonly webSocket: WebSocket;
  readonly #frames: Record<string, unknown>[] = [];
  readonly #waiting: ((frame: Record<string, unknown>) => void)[] = [];
  readonly #judge: Judge;
  readonly closed: Promise<ClosedWith>;

  private constructor(webSocket: WebSocket, judge: Judge) {
    this.webSocket = webSocket;
    this.#judge = judge;
    this.closed = new Promise((resolve) => {
      webSocket.on("close", (code, reason) => resolve({ code, reason: reason.toString() }));
    });
    webSocket.on("error", () => undefined);
    webSocket.on("message", (data: Buffer, isBinary: boolean) => {
      // Who asks for binary frames reads them from the socket.
      if (isBinary) return;
      const frame = JSON.parse(data.toString()) as Record<string, unknown>;
      const waiting = this.#waiting.shift();
      if (waiting === undefined) this.#frames.push(frame);
      else waiting(frame);
    });
  }

  /** Without compression unless it is asked for: then what is long here is long on the wire. */
  static async connect(
    url: string,
    options: ClientOptions & { protocols?: string[]; judge?: Judge } = {},
  ): Promise<Peer> {
    const { judge = (frame) => frame, protocols, ...rest } = options;
    const webSocket = new WebSocket(url, protocols ?? [], { perMessageDeflate: false, ...rest });
    const peer = new Peer(webSocket, judge);
    await once(webSocket, "open");
    return peer;
  }

  /** Sends a message, or a text as it is. */
  send(message: object | string): void {
    this.webSocket.send(typeof message === "string" ? message : JSON.stringify(message));
  }

  /** The next frame. Rejects if it is not as it has to be. */
  async next(): Promise<Record<string, unknown>> {
    return this.#judge(this.#frames.shift() ?? (await this.#arrival()));
  }

  #arrival(): Promise<Record<string, unknown>> {
    return new Promise((resolve, reject) => {
      this.#waiting.push(resolve);
      void this.closed.then(({ code, reason }) =>
        reject(new Error(`closed with ${code} ${reason} while waiting for a frame`)),
      );
    });
  }

  async ask(message: object): Promise<Record<string, unknown>> {
    this.send(message);
    return this.next();
  }

  /** Frames that arrived and were not asked for yet. */
  get unread(): number {
    return this.#frames.length;
  }

  async close(): Promise<void> {
    this.webSocket.close();
    await this.closed;
  }
}
