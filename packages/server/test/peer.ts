import { once } from "node:events";
import { WebSocket, type ClientOptions } from "ws";

export interface ClosedWith {
  readonly code: number;
  readonly reason: string;
}

/** The other end of a connection, as a test drives it: frames are awaited, never slept for. */
export class Peer {
  readonly webSocket: WebSocket;
  readonly #frames: Record<string, unknown>[] = [];
  readonly #waiting: ((frame: Record<string, unknown>) => void)[] = [];
  readonly closed: Promise<ClosedWith>;

  private constructor(webSocket: WebSocket) {
    this.webSocket = webSocket;
    this.closed = new Promise((resolve) => {
      webSocket.on("close", (code, reason) => resolve({ code, reason: reason.toString() }));
    });
    webSocket.on("error", () => undefined);
    webSocket.on("message", (data: Buffer) => {
      const frame = JSON.parse(data.toString()) as Record<string, unknown>;
      const waiting = this.#waiting.shift();
      if (waiting === undefined) this.#frames.push(frame);
      else waiting(frame);
    });
  }

  static async connect(
    url: string,
    options: ClientOptions & { protocols?: string[] } = {},
  ): Promise<Peer> {
    const { protocols, ...rest } = options;
    const webSocket = new WebSocket(url, protocols ?? [], rest);
    const peer = new Peer(webSocket);
    await once(webSocket, "open");
    return peer;
  }

  /** Sends a message, or a text as it is. */
  send(message: object | string): void {
    this.webSocket.send(typeof message === "string" ? message : JSON.stringify(message));
  }

  /** The next frame. */
  async next(): Promise<Record<string, unknown>> {
    const frame = this.#frames.shift();
    if (frame !== undefined) return frame;
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
