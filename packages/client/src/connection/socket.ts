/** What the client uses of a WebSocket: the browser's own, that of Node ≥ 22, or one that a test scripts. */
export interface Socket {
  readonly readyState: number;
  /** Set to "arraybuffer" where messages are CBOR. */
  binaryType: string;
  send(data: string | Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: "open", listener: () => void): void;
  addEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(
    type: "close",
    listener: (event: { readonly code: number; readonly reason: string }) => void,
  ): void;
  addEventListener(type: "error", listener: () => void): void;
}

export type SocketConstructor = new (url: string, protocols?: string[]) => Socket;

/** The subprotocol of our messages. */
export const SUBPROTOCOL = "geode.v1";
