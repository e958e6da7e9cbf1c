import { createServer, type Server as HttpServer } from "node:http";
import { createRequire } from "node:module";
import type { Said } from "./ledger.ts";

/* A chat server with Socket.IO: what is said in a room goes to everybody in it. Arguments: its port, and `recovery`. */

/** What is used of the package `socket.io`. */
interface SocketIoPackage {
  readonly Server: new (http: HttpServer, options: object) => SocketIoServer;
}
interface SocketIoServer {
  on(event: "connection", listener: (socket: ServerSocket) => void): void;
  to(room: string): { emit(event: string, message: Said): void };
}
interface ServerSocket {
  readonly handshake: { readonly auth: { readonly rooms: string[] } };
  join(rooms: string[]): void;
  on(event: "message", listener: (message: Said, accepted?: () => void) => void): void;
}

const [port, recovery] = process.argv.slice(2);
const { Server } = createRequire(import.meta.url)("socket.io") as SocketIoPackage;
const http = createServer();
const io = new Server(
  http,
  recovery === "recovery"
    ? { connectionStateRecovery: { maxDisconnectionDuration: 120_000, skipMiddlewares: true } }
    : {},
);
io.on("connection", (socket) => {
  // After a recovery it is in them already, and that changes nothing.
  socket.join(socket.handshake.auth.rooms);
  socket.on("message", (message, accepted) => {
    io.to(`${message.room}`).emit("message", message);
    accepted?.();
  });
});
http.listen(Number(port), "127.0.0.1");
