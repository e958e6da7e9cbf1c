import { once } from "node:events";
import { createServer, type Server as HttpServer } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { Database } from "@geode/engine";
import { configuredSecret, Server, signToken, systemClock, type DatabasePort } from "@geode/server";
import { WebSocketServer, type PerMessageDeflateOptions, type WebSocket } from "ws";

/*
 * A process with one server in it, which is measured: Geode, or what it is held against. Its parent tells it what to do, and it tells
 * what that cost.
 */

export type SubjectKind =
  /** Geode, with a database that does what the bench says, so that only the connection is measured. */
  | "geode fan-out"
  /** Geode as it is. */
  | "geode"
  | "ws"
  /** With the compression settings of the document that asked for Geode. */
  | "ws compressed"
  | "socket.io";

export type SubjectOrder =
  /** So many messages of so many bytes to every socket in each of so many turns. */
  | {
      readonly kind: "broadcast";
      readonly turns: number;
      readonly perTurn: number;
      readonly bytes: number;
    }
  /** Processor time so far. */
  | { readonly kind: "cpu" }
  | { readonly kind: "memory" }
  | { readonly kind: "fill"; readonly nodes: number };

export type SubjectReport =
  | { readonly kind: "listening"; readonly url: string }
  | { readonly kind: "sent" }
  /** Processor time of this process, of all its threads. */
  | { readonly kind: "cpu"; readonly ms: number }
  | { readonly kind: "memory"; readonly bytes: number }
  | { readonly kind: "filled" };

/** What is used of the package `socket.io`. */
interface SocketIoPackage {
  readonly Server: new (
    http: HttpServer,
    options: { readonly transports: readonly string[] },
  ) => { emit(event: string, message: string): void };
}

interface Subject {
  readonly url: string;
  broadcast(messages: readonly string[]): void;
  /** Inserts nodes with the ids from 0 on. */
  fill(nodes: number): Promise<void>;
}

const kind = process.argv[2] as SubjectKind;
async function carryOut(subject: Subject, order: SubjectOrder): Promise<SubjectReport> {
  switch (order.kind) {
    case "broadcast": {
      for (let turn = 0; turn < order.turns; turn++) {
        subject.broadcast(messagesOf(order, turn));
        // Everything has left, or waits for the sockets, before the next turn.
        for (let tick = 0; tick < 20; tick++) await new Promise((resolve) => setImmediate(resolve));
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      return { kind: "sent" };
    }
    case "cpu": {
      const { system, user } = process.cpuUsage();
      return { kind: "cpu", ms: (system + user) / 1000 };
    }
    case "memory": {
      for (let round = 0; round < 3; round++) {
        globalThis.gc?.();
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      const { external, heapUsed } = process.memoryUsage();
      return { kind: "memory", bytes: heapUsed + external };
    }
    case "fill":
      await subject.fill(order.nodes);
      return { kind: "filled" };
  }
}

/** Rows as an application has them: text that compresses as JSON does. */
function messagesOf(
  { bytes, perTurn }: Extract<SubjectOrder, { kind: "broadcast" }>,
  turn: number,
): string[] {
  return Array.from({ length: perTurn }, (_, place) => {
    let row = `{"turn":${turn},"place":${place}`;
    for (let field = 0; row.length < bytes - 24; field++)
      row += `,"field${field}":"value ${(turn * 31 + place * 7 + field) % 1000}"`;
    return `${row}}`;
  });
}

function start(): Promise<Subject> {
  switch (kind) {
    case "geode fan-out":
      return scriptedGeode();
    case "geode":
      return geode();
    case "ws":
      return bareWs(false);
    case "ws compressed":
      return bareWs({
        zlibDeflateOptions: { chunkSize: 1024, memLevel: 7, level: 3 },
        zlibInflateOptions: { chunkSize: 10 * 1024 },
        clientNoContextTakeover: true,
        serverNoContextTakeover: true,
        serverMaxWindowBits: 10,
        concurrencyLimit: 10,
        threshold: 1024,
      });
    case "socket.io":
      return socketIo();
  }
}

const UNLIMITED = {
  connectionsPerUserMax: 100_000,
  connectionsPerAddressMax: 100_000,
  handshakesPerSecond: 1_000_000,
  requestsPerSecond: 1_000_000_000,
};

async function serve(database: DatabasePort): Promise<string> {
  const secret = configuredSecret("a secret of at least thirty-two bytes, for the bench");
  const token = await signToken({ user: "bench", ttlMs: 3_600_000 }, secret, systemClock);
  const server = await Server.start({ database, secret, port: 0, limits: UNLIMITED });
  return `ws://127.0.0.1:${server.port}/ws?token=${token}`;
}

async function geode(): Promise<Subject> {
  const database = await Database.open();
  const principal = { id: "bench", roles: ["admin"], claims: new Map() };
  return {
    url: await serve(database),
    broadcast: () => {},
    async fill(nodes) {
      await database.query({ text: "CREATE INDEX FOR (n:Person) ON (n.id)", principal });
      for (let id = 0; id < nodes; id++)
        await database.query({
          text: "INSERT (:Person {id: $id, name: 'Person with a name'})",
          parameters: new Map([["id", id]]),
          principal,
        });
    },
  };
}

async function scriptedGeode(): Promise<Subject> {
  const watchers: Parameters<DatabasePort["watch"]>[1][] = [];
  let seq = 0;
  const database: DatabasePort = {
    epoch: "bench",
    get seq() {
      return seq;
    },
    transactionCommand: () => null,
    sessionCommand: () => null,
    sessionAfter: () => Promise.reject(new Error("not in this bench")),
    begin: () => {
      throw new Error("not in this bench");
    },
    query: () => Promise.reject(new Error("not in this bench")),
    watch({ text }, listener) {
      watchers.push(listener);
      return Promise.resolve({
        text,
        columns: [],
        keys: [],
        encodedRows: [],
        epoch: "bench",
        seq,
        digest: "0000000000000000",
        maintenance: "bench",
        resumed: false,
        reset: false,
        notices: [],
        watch: { renew: () => Promise.resolve(1), close: () => {} },
      });
    },
    status: () => ({ writable: true }),
  };
  return {
    url: await serve(database),
    broadcast(messages) {
      for (const data of messages) {
        seq++;
        const commit = {
          seq,
          prevSeq: seq - 1,
          digest: "0000000000000000",
          changes: [{ op: "update", key: "k", data }],
        } as const;
        for (const watcher of watchers) watcher.onChange(commit);
      }
    },
    fill: () => Promise.resolve(),
  };
}

/** As the document's pool broadcasts: one text, sent to each in a loop. */
async function bareWs(perMessageDeflate: boolean | PerMessageDeflateOptions): Promise<Subject> {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate });
  await once(server, "listening");
  const sockets = new Set<WebSocket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    // What is asked is said back, text for text: the least that an answer costs.
    socket.on("message", (data: Buffer, isBinary) => socket.send(data, { binary: isBinary }));
  });
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    broadcast(messages) {
      for (const message of messages) {
        for (const socket of sockets) if (socket.readyState === socket.OPEN) socket.send(message);
      }
    },
    fill: () => Promise.resolve(),
  };
}

async function socketIo(): Promise<Subject> {
  const { Server: SocketIoServer } = createRequire(import.meta.url)("socket.io") as SocketIoPackage;
  const http = createServer();
  const io = new SocketIoServer(http, { transports: ["websocket"] });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  return {
    url: `ws://127.0.0.1:${(http.address() as AddressInfo).port}/socket.io/?EIO=4&transport=websocket`,
    broadcast(messages) {
      for (const message of messages) io.emit("update", message);
    },
    fill: () => Promise.resolve(),
  };
}

const subject = await start();
process.send!({ kind: "listening", url: subject.url } satisfies SubjectReport);
process.on("message", (order: SubjectOrder) => {
  void carryOut(subject, order).then((report) => process.send!(report));
});
