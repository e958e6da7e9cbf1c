import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { ChatPage, Contestant, Entry, PageOptions } from "./contestant.ts";
import type { Said } from "./ledger.ts";
import { ServerProcess } from "./server-process.ts";

const SERVER = fileURLToPath(new URL("socket-io-server.ts", import.meta.url));

/** What is used of the package `socket.io-client`. */
interface SocketIoClient {
  readonly io: (url: string, options: object) => ClientSocket;
}
interface ClientSocket {
  readonly connected: boolean;
  on(event: "connect", listener: () => void): void;
  on(event: "message", listener: (message: Said) => void): void;
  emit(event: "message", message: Said, accepted?: () => void): void;
  disconnect(): void;
}

export interface SocketIoOptions {
  /** Connection state recovery, as its documentation sets it up. */
  readonly recovery: boolean;
  /** Messages are acknowledged, and sent again up to three times, as its documentation has it. */
  readonly retries: boolean;
}

/** Socket.IO as its documentation sets it up, in memory. It joins the rooms of a socket on the server before it hears anything of it. */
export function socketIo(options: SocketIoOptions, { onFailure, port }: Entry): Contestant {
  const { io } = createRequire(import.meta.url)("socket.io-client") as SocketIoClient;
  const server = new ServerProcess({
    port,
    command: [SERVER, `${port}`, ...(options.recovery ? ["recovery"] : [])],
    onFailure,
  });
  return {
    server,
    open: (page) => open(io, page, options),
    close: () => server.close(),
  };
}

function open(
  io: SocketIoClient["io"],
  { port, rooms, show }: PageOptions,
  { retries }: SocketIoOptions,
): ChatPage {
  const joined = Promise.withResolvers<void>();
  const uncertain = new Set<Said>();
  const socket = io(`http://127.0.0.1:${port}`, {
    transports: ["websocket"],
    forceNew: true,
    auth: { rooms: rooms.map(String) },
    ...(retries ? { ackTimeout: 10_000, retries: 3 } : {}),
  });
  socket.on("connect", () => {
    // Without acknowledgements, what was said meanwhile has now been sent, and that is all a page can know.
    if (!retries) uncertain.clear();
    joined.resolve();
  });
  socket.on("message", (message) => show(message));
  return {
    joined: joined.promise,
    get uncertain() {
      return [...uncertain];
    },
    say(message) {
      if (retries) {
        uncertain.add(message);
        return socket.emit("message", message, () => uncertain.delete(message));
      }
      if (!socket.connected) uncertain.add(message);
      socket.emit("message", message);
    },
    close: () => socket.disconnect(),
  };
}
