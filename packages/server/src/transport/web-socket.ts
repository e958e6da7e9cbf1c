import type { Socket } from "node:net";
import { CLOSES } from "@geode/protocol";
import { WebSocket } from "ws";
import type { Connection, ConnectionListener } from "./connection.ts";

/** A longer frame leaves in slices (fragments of one message), so that pings pass between them and progress shows. */
const SLICE_BYTES = 256 * 1024;

/** `ws` closes by itself what breaks its limits: 1009 for bytes, 1008 for fragments, both without a reason. Ours names it. */
export class ReasonedWebSocket extends WebSocket {
  override close(code?: number, reason?: string | Buffer): void {
    const ofItself = reason === undefined && (code === 1009 || code === 1008);
    if (ofItself) super.close(CLOSES.tooBig.code, CLOSES.tooBig.reason);
    else super.close(code, reason);
  }
}

/** Ties a WebSocket and the socket below it to a session. */
export function connect(
  webSocket: WebSocket,
  socket: Socket,
  open: (connection: Connection) => ConnectionListener,
): void {
  const connection = new WebSocketConnection(webSocket, socket, () => listener.taken());
  const listener = open(connection);
  webSocket.on("message", (data: Buffer, isBinary: boolean) => {
    // What arrives behind our close frame is nobody's.
    if (webSocket.readyState !== WebSocket.OPEN) return;
    if (isBinary) listener.binaryFrame(data.length);
    else listener.textFrame(data.toString("utf8"));
  });
  webSocket.on("pong", () => listener.pong());
  // `ws` closes after an error of the peer's; without a listener the process would end.
  webSocket.on("error", () => undefined);
  webSocket.on("close", (code, reason) => listener.closed(code, reason.toString("utf8")));
}

class WebSocketConnection implements Connection {
  readonly remoteAddress: string;
  readonly #webSocket: WebSocket;
  readonly #socket: Socket;
  readonly #onTaken: () => void;
  /** Frames behind a long one, and what is left of it. */
  readonly #waiting: Buffer[] = [];
  #handedBytes = 0;
  #takenBytes = 0;

  constructor(webSocket: WebSocket, socket: Socket, onTaken: () => void) {
    this.#webSocket = webSocket;
    this.#socket = socket;
    this.#onTaken = onTaken;
    this.remoteAddress = socket.remoteAddress ?? "";
  }

  get bufferedBytes(): number {
    return this.#handedBytes - this.#takenBytes;
  }

  get takenBytes(): number {
    return this.#takenBytes;
  }

  send(frames: readonly string[]): void {
    if (this.#webSocket.readyState !== WebSocket.OPEN) return;
    this.#socket.cork();
    for (const frame of frames) {
      const bytes = Buffer.from(frame);
      this.#handedBytes += bytes.length;
      if (this.#waiting.length > 0) this.#waiting.push(bytes);
      else if (bytes.length <= SLICE_BYTES) this.#write(bytes, true, this.#onTaken);
      else {
        this.#waiting.push(bytes);
        this.#writeWaiting();
      }
    }
    this.#socket.uncork();
  }

  close(code: number, reason: string): void {
    this.#webSocket.close(code, reason);
    // A socket that is not read would never see the peer's part of the handshake.
    this.#webSocket.resume();
  }

  terminate(): void {
    this.#webSocket.terminate();
  }

  ping(): void {
    if (this.#webSocket.readyState === WebSocket.OPEN) this.#webSocket.ping();
  }

  stopReading(): void {
    this.#webSocket.pause();
  }

  startReading(): void {
    this.#webSocket.resume();
  }

  /**
   * `ws` takes the frame limit when a connection begins, ours grows with authentication. The field is private to `ws`; the version is
   * pinned, and a test fails if it stops working.
   */
  allowFrames(bytesMax: number): void {
    (this.#webSocket as unknown as { _receiver: { _maxPayload: number } })._receiver._maxPayload =
      bytesMax;
  }

  #write(bytes: Buffer, isLast: boolean, then: () => void): void {
    this.#webSocket.send(bytes, { binary: false, fin: isLast }, (error) => {
      // After a failure the socket closes, which is told elsewhere.
      if (error !== undefined && error !== null) return;
      this.#takenBytes += bytes.length;
      then();
    });
  }

  /** Writes the next slice of what waits, and the one after it when this one is taken. */
  #writeWaiting(): void {
    if (this.#webSocket.readyState !== WebSocket.OPEN) return;
    let leftBytes = SLICE_BYTES;
    this.#socket.cork();
    for (
      let frame = this.#waiting[0];
      frame !== undefined && leftBytes > 0;
      frame = this.#waiting[0]
    ) {
      const isLast = frame.length <= leftBytes;
      const part = isLast ? frame : frame.subarray(0, leftBytes);
      if (isLast) this.#waiting.shift();
      else this.#waiting[0] = frame.subarray(leftBytes);
      leftBytes -= part.length;
      const endsSlice = leftBytes === 0 || this.#waiting.length === 0;
      this.#write(part, isLast, endsSlice ? () => this.#sliceTaken() : this.#onTaken);
    }
    this.#socket.uncork();
  }

  #sliceTaken(): void {
    this.#writeWaiting();
    this.#onTaken();
  }
}
