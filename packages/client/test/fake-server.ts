import { Digest } from "@geode/values";
import type { Socket, SocketConstructor } from "../src/connection/socket.ts";
import { canonicalJson } from "../src/wire/canonical.ts";

type Listener = (event: never) => void;
export type Frame = Readonly<Record<string, unknown>>;

/** One connection as the server sees it: what the client sent, and a way to say anything back. Everything happens at once. */
export class FakeSocket implements Socket {
  readonly url: string;
  readonly protocols: readonly string[];
  /** Everything the client has sent and the test has not taken yet. */
  readonly sent: Frame[] = [];
  readyState = 0;
  binaryType = "blob";
  /** How the client closed it. */
  closedByClient: number | undefined;
  readonly #listeners = new Map<string, Listener[]>();

  constructor(url: string, protocols: readonly string[] = []) {
    this.url = url;
    this.protocols = protocols;
  }

  addEventListener(type: string, listener: Listener): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
  }

  send(data: string | Uint8Array): void {
    if (typeof data !== "string") throw new Error("this server reads text");
    this.sent.push(JSON.parse(data) as Frame);
  }

  close(code?: number): void {
    this.closedByClient = code ?? 1005;
    this.readyState = 3;
  }

  /** The handshake is done. */
  open(): void {
    this.readyState = 1;
    this.#emit("open", {});
  }

  /** The server closes, or the network does (1006). */
  drop(code = 1006, reason = ""): void {
    this.readyState = 3;
    this.#emit("error", {});
    this.#emit("close", { code, reason });
  }

  says(message: object): void {
    this.#emit("message", { data: JSON.stringify(message) });
  }

  saysRaw(data: unknown): void {
    this.#emit("message", { data });
  }

  /** The next frame that the client sent. */
  take(): Frame {
    const frame = this.sent.shift();
    if (frame === undefined) throw new Error("the client has sent nothing");
    return frame;
  }

  /** Opens and accepts the token. */
  accept(): void {
    this.open();
    const auth = this.take();
    if (auth["type"] !== "AUTH") throw new Error(`expected AUTH, got ${String(auth["type"])}`);
    this.says(AUTH_OK);
  }

  #emit(type: string, event: object): void {
    for (const listener of this.#listeners.get(type) ?? [])
      (listener as (event: object) => void)(event);
  }
}

export const AUTH_OK = {
  type: "AUTH_OK",
  user: { id: "ada" },
  roles: ["admin"],
  session: "n1",
  expires_at: "2030-01-01T00:00:00Z",
  limits: {},
  epoch: "e1",
  seq: 0,
};

/** Where clients connect to: every attempt is one more socket. */
export class FakeServer {
  readonly sockets: FakeSocket[] = [];
  readonly webSocket: SocketConstructor;

  constructor() {
    const { sockets } = this;
    this.webSocket = class extends FakeSocket {
      constructor(url: string, protocols?: string[]) {
        super(url, protocols);
        sockets.push(this);
      }
    };
  }

  /** The latest attempt. */
  get socket(): FakeSocket {
    const socket = this.sockets.at(-1);
    if (socket === undefined) throw new Error("nobody has connected");
    return socket;
  }
}

/** The digest of rows, as a server computes it. */
export function digestOf(rows: readonly (readonly [key: string, row: object])[]): string {
  const digest = new Digest();
  for (const [key, row] of rows) digest.add(key, canonicalJson(row));
  return digest.toString();
}
