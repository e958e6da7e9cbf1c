import { once } from "node:events";
import { rmSync } from "node:fs";
import { createServer, type Server as HttpServer } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { unreachable } from "@geode/values";
import { WebSocketServer, type WebSocket } from "ws";
import { served } from "../served.ts";
import type { RoomServer } from "./room-server.ts";

/* A process with one chat server in it, which is measured. */

export type SubjectOrder =
  | { readonly kind: "figures" }
  /** When each commit was durable. */
  | { readonly kind: "durable" };

export type SubjectReport =
  | { readonly kind: "listening"; readonly url: string }
  /** Processor time so far, and memory of heap and buffers after collection. */
  | { readonly kind: "figures"; readonly cpuMs: number; readonly bytes: number }
  /** Pairs of a seq and milliseconds since 1970; none where nothing is durable. */
  | { readonly kind: "durable"; readonly times: readonly (readonly [number, number])[] };

const durable: [number, number][] = [];

process.on("message", (order: SubjectOrder) => {
  void carryOut(order).then((report) => process.send!(report));
});
process.on("disconnect", () => process.exit(0));
const url = await start(process.argv[2] as RoomServer);
process.send!({ kind: "listening", url } satisfies SubjectReport);

async function carryOut(order: SubjectOrder): Promise<SubjectReport> {
  switch (order.kind) {
    case "figures": {
      // Collecting everything, of which the server has more than its peers, is this bench's own doing.
      const { system, user } = process.cpuUsage();
      for (let round = 0; round < 3; round++) {
        globalThis.gc?.();
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      const { external, heapUsed } = process.memoryUsage();
      return { kind: "figures", cpuMs: (system + user) / 1000, bytes: heapUsed + external };
    }
    case "durable":
      return { kind: "durable", times: durable };
    default:
      return unreachable(order);
  }
}

function start(name: RoomServer): Promise<string> {
  switch (name) {
    case "Geode":
      return geode();
    case "Socket.IO":
      return socketIo();
    case "ws, one text in a loop":
      return bareWs();
    default:
      return unreachable(name);
  }
}

/** Geode as it is, its log on disk. */
async function geode(): Promise<string> {
  const { database, directory, url: address } = await served("rooms");
  process.on("exit", () => rmSync(directory, { recursive: true, force: true }));
  database.watchReserved(({ seq }) => {
    durable.push([seq, performance.timeOrigin + performance.now()]);
  });
  return address;
}

/** What is used of the package `socket.io`. */
interface SocketIoPackage {
  readonly Server: new (
    http: HttpServer,
    options: object,
  ) => {
    on(event: "connection", listener: (socket: ServerSocket) => void): void;
    to(room: string): { emit(event: string, message: object): void };
  };
}
interface ServerSocket {
  join(room: string): void;
  emit(event: string): void;
  on(event: "join", listener: (room: string) => void): void;
  on(event: "message", listener: (message: { readonly room: string }) => void): void;
}

async function socketIo(): Promise<string> {
  const { Server: SocketIoServer } = createRequire(import.meta.url)("socket.io") as SocketIoPackage;
  const http = createServer();
  const io = new SocketIoServer(http, { transports: ["websocket"] });
  io.on("connection", (socket) => {
    socket.on("join", (room) => {
      socket.join(room);
      socket.emit("joined");
    });
    socket.on("message", (message) => io.to(message.room).emit("message", message));
  });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  return `ws://127.0.0.1:${(http.address() as AddressInfo).port}/socket.io/?EIO=4&transport=websocket`;
}

/** The least that it takes. */
async function bareWs(): Promise<string> {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: false });
  await once(server, "listening");
  const rooms = new Map<string, WebSocket[]>();
  server.on("connection", (socket) => {
    socket.on("error", () => {});
    socket.on("message", (data: Buffer) => {
      const message = JSON.parse(data.toString()) as { readonly join?: string; room: string };
      if (message.join !== undefined) {
        const members = rooms.get(message.join);
        if (members === undefined) rooms.set(message.join, [socket]);
        else members.push(socket);
        return socket.send('"joined"');
      }
      const text = JSON.stringify(message);
      for (const member of rooms.get(message.room) ?? []) member.send(text);
    });
  });
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}
