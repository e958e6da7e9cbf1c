import { randomUUID } from "node:crypto";
import {
  createServer as createHttpServer,
  STATUS_CODES,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import { createServer as createTlsServer, type Server as TlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Socket } from "node:net";
import type { Limits } from "@geode/protocol";
import { GeodeError, unreachable } from "@geode/values";
import { WebSocketServer, type ServerOptions, type WebSocket } from "ws";
import type { Log } from "../log.ts";
import type { MessageLimit } from "./arriving.ts";
import type {
  Admission,
  Door,
  Handshake,
  HttpAnswer,
  HttpStream,
  TrafficCount,
} from "./connection.ts";
import { PER_MESSAGE_DEFLATE } from "./deflate.ts";
import { connect, type WebSocketOptions } from "./web-socket.ts";

/** Certificate chain and private key, in PEM. */
export interface TlsFiles {
  readonly cert: string | Uint8Array;
  readonly key: string | Uint8Array;
}

export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  readonly tls?: TlsFiles | undefined;
  readonly limits: Limits;
  readonly door: Door;
  readonly traffic: TrafficCount;
  readonly log: Log;
}

const KEEP_ALIVE_TIMEOUT_MS = 5_000;
const UNUPGRADED_MAX = 1_000;
const HEADER_BYTES_MAX = 16 * 1024;
const PERMESSAGE_DEFLATE = "permessage-deflate";

/** One listening port for HTTP and WebSocket. The only place that knows `ws` and `node:http`. */
export class Listener {
  readonly #http: Server | TlsServer;
  readonly #sockets: WebSocketServer;
  readonly #options: ListenOptions;
  readonly #webSockets: WebSocketOptions;

  private constructor(options: ListenOptions) {
    const { limits } = options;
    this.#options = options;
    this.#webSockets = {
      limits,
      traffic: options.traffic,
      onLimit: (limit, frameBytesMax) => this.#limitReached(limit, frameBytesMax),
    };
    const settings = {
      maxHeaderSize: HEADER_BYTES_MAX,
      headersTimeout: limits.handshakeMsMax,
      requestTimeout: limits.handshakeMsMax,
      connectionsCheckingInterval: Math.min(limits.handshakeMsMax, 5_000),
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
      // An offer of another protocol, such as HTTP/2, may be ignored (RFC 9110 §7.8), and a plain answer given.
      shouldUpgradeCallback: (request: IncomingMessage) =>
        request.headers.upgrade?.toLowerCase() === "websocket",
    };
    this.#http =
      options.tls === undefined
        ? createHttpServer(settings)
        : createTlsServer({ ...settings, ...tlsContext(options.tls) });
    // Sessions are counted where they begin; this bounds the sockets that have not come so far.
    this.#http.maxConnections = limits.connectionsMax + UNUPGRADED_MAX;
    const socketOptions: ServerOptions = {
      noServer: true,
      clientTracking: false,
      perMessageDeflate: PER_MESSAGE_DEFLATE,
      WebSocket: Handshaken as unknown as typeof WebSocket,
      // The door chose the protocol; it is passed on by handleUpgrade below.
      handleProtocols: (_offered, request) => chosenProtocol.get(request) ?? false,
    };
    this.#sockets = new WebSocketServer(socketOptions);
    this.#http.on(
      "request",
      (request: IncomingMessage, response: ServerResponse) => void this.#answer(request, response),
    );
    this.#http.on(
      "upgrade",
      (request: IncomingMessage, socket: Duplex, head: Buffer) =>
        void this.#upgrade(request, socket, head),
    );
    this.#http.on("clientError", (error: NodeJS.ErrnoException, socket: Duplex) => {
      if (error.code === "ERR_HTTP_REQUEST_TIMEOUT") options.door.limitReached("handshakeMsMax");
      refuseGarbage(error, socket);
    });
    this.#http.on("tlsClientError", (_error: Error, socket: Duplex) => socket.destroy());
  }

  /** Resolves once the port is open. Throws UNAVAILABLE when it is not to be had. */
  static async listen(options: ListenOptions): Promise<Listener> {
    const listener = new Listener(options);
    const http = listener.#http;
    await new Promise<void>((resolve, reject) => {
      http.once("error", (cause: NodeJS.ErrnoException) => reject(cannotListen(options, cause)));
      http.listen({ host: options.host, port: options.port }, resolve);
    });
    http.removeAllListeners("error");
    http.on("error", (error: Error) =>
      options.log.error({ error: error.message }, "listening socket failed"),
    );
    return listener;
  }

  get port(): number {
    return (this.#http.address() as AddressInfo).port;
  }

  /** Uses another certificate for connections from now on. Throws, and keeps the present one, if it does not load. */
  replaceTls(files: TlsFiles): void {
    if ("setSecureContext" in this.#http) this.#http.setSecureContext(tlsContext(files));
  }

  /** Stops listening and ends HTTP connections. WebSocket connections belong to their sessions. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#http.close(() => resolve());
      this.#http.closeAllConnections();
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on("error", () => response.destroy());
    let answer: HttpAnswer;
    try {
      answer = await this.#options.door.request({
        method: request.method ?? "",
        target: request.url ?? "",
        authorization: request.headers.authorization,
        origin: request.headers.origin,
        host: request.headers.host,
        remoteAddress: request.socket.remoteAddress,
        forwardedFor: forwardedForOf(request),
        read: (bytesMax) => bodyOf(request, bytesMax),
      });
    } catch (error) {
      const requestId = randomUUID();
      this.#options.log.error({ requestId, error: messageOf(error) }, "HTTP request failed");
      answer = {
        status: 500,
        headers: { "content-type": "text/plain; charset=utf-8", "x-request-id": requestId },
        body: "Internal error\n",
      };
    }
    if (isStream(answer.body)) return this.#stream(response, answer, answer.body);
    const body = Buffer.from(answer.body as string);
    response.writeHead(answer.status, { ...answer.headers, "content-length": String(body.length) });
    response.end(request.method === "HEAD" ? undefined : body);
    // A body that nobody asked for is not read to its end for the sake of the connection.
    if (!request.complete) response.once("finish", () => request.destroy());
  }

  /** Piece by piece, as the peer takes them; one that takes nothing for a while is dropped. */
  async #stream(
    response: ServerResponse,
    { status, headers }: HttpAnswer,
    body: HttpStream,
  ): Promise<void> {
    response.setTimeout(this.#options.limits.progressMsMax, () => response.destroy());
    response.writeHead(status, { ...headers, "content-length": String(body.bytes) });
    response.flushHeaders();
    let whole = false;
    try {
      await pipeline(body.pieces, response);
      whole = true;
    } catch (error) {
      this.#options.log.info({ error: messageOf(error) }, "HTTP answer broken off");
      response.destroy();
    }
    await body.close(whole);
  }

  async #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on("error", drop);
    let admission;
    try {
      admission = await this.#options.door.handshake(handshakeOf(request));
    } catch (error) {
      this.#options.log.error({ error: messageOf(error) }, "handshake failed");
      admission = { kind: "refused", status: 500, message: "Internal error" } as const;
    }
    if (admission.kind === "refused") return refuse(socket, admission);
    const { open, protocol } = admission;
    if (protocol !== undefined) chosenProtocol.set(request, protocol);
    this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
      const { _extensions: extensions, head: behind } = webSocket as unknown as Handshaken;
      const deflates = Object.hasOwn(extensions, PERMESSAGE_DEFLATE);
      connect({ socket: socket as Socket, head: behind, deflates }, open, this.#webSockets);
      socket.off("error", drop);
    });
  }

  #limitReached(limit: MessageLimit, frameBytesMax: number): void {
    const { door, limits } = this.#options;
    switch (limit) {
      case "bytes":
        return door.limitReached(
          frameBytesMax === limits.frameBytesMax ? "frameBytesMax" : "frameBytesBeforeAuthMax",
        );
      case "fragments":
        return door.limitReached("fragmentsMax");
      case "chunks":
        return door.limitReached("bufferedChunksMax");
      default:
        return unreachable(limit);
    }
  }
}

/** What `ws` makes of a handshake that is good; it would make its own WebSocket of it, and calls this in its place. */
class Handshaken {
  /** What was negotiated. */
  _extensions: Readonly<Record<string, unknown>> = {};
  _protocol = "";
  head: Buffer = Buffer.alloc(0);

  setSocket(_socket: Duplex, head: Buffer): void {
    this.head = head;
  }
}

function drop(this: Duplex): void {
  this.destroy();
}

async function bodyOf(request: IncomingMessage, bytesMax: number): Promise<Uint8Array> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  try {
    // What is not read is dropped with the connection, once the answer is out.
    for await (const piece of request.iterator({
      destroyOnReturn: false,
    }) as AsyncIterable<Buffer>) {
      bytes += piece.length;
      if (bytes > bytesMax) break;
      pieces.push(piece);
    }
  } catch (cause) {
    throw new GeodeError("UNAVAILABLE", "The body broke off.", { cause });
  }
  if (bytes > bytesMax)
    throw new GeodeError("TOO_LARGE", `A body of at most ${bytesMax} bytes is taken here.`);
  return Buffer.concat(pieces);
}

/** The protocol that the door chose, from its answer until `ws` asks for it. */
const chosenProtocol = new WeakMap<IncomingMessage, string>();

function isStream(body: HttpAnswer["body"]): body is HttpStream {
  return typeof body === "object" && "pieces" in body;
}

function handshakeOf(request: IncomingMessage): Handshake {
  const target = request.url ?? "";
  const question = target.indexOf("?");
  const { headers } = request;
  return {
    path: question === -1 ? target : target.slice(0, question),
    search: new URLSearchParams(question === -1 ? "" : target.slice(question + 1)),
    host: headers.host,
    origin: headers.origin,
    authorization: headers.authorization,
    protocols: (headers["sec-websocket-protocol"] ?? "")
      .split(",")
      .map((name) => name.trim())
      .filter((name) => name !== ""),
    remoteAddress: request.socket.remoteAddress ?? "",
    forwardedFor: forwardedForOf(request),
  };
}

/** Several headers of that name are one, joined by commas. */
function forwardedForOf({ headers }: IncomingMessage): string | undefined {
  return headers["x-forwarded-for"]?.toString();
}

function refuse(
  socket: Duplex,
  { message, retryAfterSeconds, status }: Omit<Extract<Admission, { kind: "refused" }>, "kind">,
): void {
  if (!socket.writable) return void socket.destroy();
  const body = `${message}\n`;
  const challenge = status === 401 ? "WWW-Authenticate: Bearer\r\n" : "";
  const later = retryAfterSeconds === undefined ? "" : `Retry-After: ${retryAfterSeconds}\r\n`;
  socket.once("finish", () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\nConnection: close\r\n${challenge}${later}` +
      `Content-Type: text/plain; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

/** Bytes that are not HTTP, or a head that never ends. */
function refuseGarbage(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === "ECONNRESET" || !socket.writable) return void socket.destroy();
  const status =
    error.code === "HPE_HEADER_OVERFLOW"
      ? 431
      : error.code === "ERR_HTTP_REQUEST_TIMEOUT"
        ? 408
        : 400;
  refuse(socket, { status, message: STATUS_CODES[status] ?? "Bad Request" });
}

function tlsContext(files: TlsFiles): { cert: Buffer; key: Buffer } {
  return { cert: Buffer.from(files.cert as string), key: Buffer.from(files.key as string) };
}

function cannotListen({ host, port }: ListenOptions, cause: NodeJS.ErrnoException): GeodeError {
  const place = `${host}:${port}`;
  switch (cause.code) {
    case "EADDRINUSE":
      return new GeodeError("UNAVAILABLE", `port ${place} is in use`, {
        hint: "Stop the other process or choose another port with --port.",
        cause,
      });
    case "EACCES":
      return new GeodeError("UNAVAILABLE", `no permission to listen on ${place}`, {
        hint: "Choose a port above 1023 with --port.",
        cause,
      });
    default:
      return new GeodeError("UNAVAILABLE", `cannot listen on ${place}: ${cause.message}`, {
        cause,
      });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
