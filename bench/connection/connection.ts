import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { Figure } from "../figure.ts";
import type { LoadOrder, LoadReport } from "./load.ts";
import type { SubjectKind, SubjectOrder, SubjectReport } from "./subject.ts";

const SOCKETS = 1_000;
const PER_TURN = 10;
const TURNS = 100;
const WARM_TURNS = 30;
const NODES = 1_000;
const QUESTIONS = 60_000;
const IDLE_SOCKETS = 2_000;

const SUBSCRIBE = JSON.stringify({ type: "SUBSCRIBE", id: "s", query: "SUBSCRIBE TO users" });

/**
 * What a connection costs: processor time of the server per delivered message, its rate on one pipelined connection, and its memory per
 * idle connection. Server and load are processes of their own; every figure is held against the plain way in the same run.
 */
export async function connection(): Promise<readonly Figure[]> {
  const small = { sockets: SOCKETS, bytes: 200, deflate: false };
  const large = { sockets: SOCKETS, bytes: 2_000, deflate: true };
  const geode = await fanOut("geode fan-out", small);
  const ws = await fanOut("ws", small);
  const socketIo = await fanOut("socket.io", small);
  const geodeDeflated = await fanOut("geode fan-out", large);
  const wsDeflated = await fanOut("ws compressed", { ...large, turns: 3 });
  const questions = await questionRate();
  const echoes = await echoRate(questions.questionBytes);
  const watching = { hello: [SUBSCRIBE], helloAnswers: 1 };
  const silent = { hello: [], helloAnswers: 0 };
  const idle = await idleBytes("geode", { ...watching, deflate: false });
  const idleDeflated = await idleBytes("geode", { ...watching, deflate: true });
  const idleWs = await idleBytes("ws", { ...silent, deflate: false });
  const perMessage = (name: string, value: number, peer: string, peerValue: number): Figure => ({
    name,
    value,
    unit: "µs of processor time per message and socket",
    peer: { name: peer, value: peerValue },
  });
  return [
    perMessage("fan-out of 200 bytes, 10 a turn, 1,000 sockets", geode, "ws, send loop", ws),
    perMessage("the same", geode, "Socket.IO, emit", socketIo),
    perMessage("fan-out of 2,000 bytes, compressed", geodeDeflated, "ws, compressed", wsDeflated),
    {
      name: "pipelined point query on one connection",
      value: questions.perSecond,
      unit: "a second",
      peer: { name: "bare ws echo of the same bytes", value: echoes },
    },
    {
      name: "idle authenticated connection with a subscription",
      value: idle,
      unit: "bytes",
      peer: { name: "bare ws connection", value: idleWs },
    },
    {
      name: "the same, with compression negotiated",
      value: idleDeflated,
      unit: "bytes",
      peer: { name: "without", value: idle },
    },
  ];
}

/** Processor time of the server, in microseconds per message and socket. */
async function fanOut(
  kind: SubjectKind,
  load: {
    readonly sockets: number;
    readonly bytes: number;
    readonly deflate: boolean;
    readonly turns?: number;
  },
): Promise<number> {
  const { bytes, deflate, sockets, turns = TURNS } = load;
  const { close, loader, subject } = await pair(kind);
  const [hello, helloAnswers] = helloOf(kind);
  await loader({ kind: "listen", url: subject.url, sockets, deflate, hello, helloAnswers });
  const warmTurns = Math.min(WARM_TURNS, turns);
  await subject.ask({ kind: "broadcast", turns: warmTurns, perTurn: PER_TURN, bytes });
  await loader({ kind: "await", frames: warmTurns * PER_TURN * sockets });
  const before = await cpuMs(subject);
  await subject.ask({ kind: "broadcast", turns, perTurn: PER_TURN, bytes });
  // What is compressed or written later is paid for, too.
  await loader({ kind: "await", frames: (warmTurns + turns) * PER_TURN * sockets });
  const spentMs = (await cpuMs(subject)) - before;
  close();
  return (spentMs * 1000) / (turns * PER_TURN * sockets);
}

async function cpuMs(subject: { readonly ask: Ask<SubjectOrder, SubjectReport> }): Promise<number> {
  const report = await subject.ask({ kind: "cpu" });
  if (report.kind !== "cpu") throw new Error("the server did not say what it cost");
  return report.ms;
}

function helloOf(kind: SubjectKind): readonly [hello: readonly string[], answers: number] {
  switch (kind) {
    case "geode":
    case "geode fan-out":
      return [[SUBSCRIBE], 1];
    case "ws":
    case "ws compressed":
      return [[], 0];
    case "socket.io":
      // Engine.IO says what it is, and Socket.IO answers the join.
      return [["40"], 2];
  }
}

async function questionRate(): Promise<{ perSecond: number; questionBytes: number }> {
  const { close, loader, subject } = await pair("geode");
  await subject.ask({ kind: "fill", nodes: NODES });
  const text = JSON.stringify({
    type: "QUERY",
    id: "@",
    query: "MATCH (p:Person {id: $id}) RETURN p.name AS name",
    parameters: { id: 500 },
  });
  const perSecond = await rate(loader, subject.url, text);
  close();
  return { perSecond, questionBytes: Buffer.byteLength(text) + 1 };
}

async function echoRate(questionBytes: number): Promise<number> {
  const { close, loader, subject } = await pair("ws");
  const perSecond = await rate(loader, subject.url, "x".repeat(questionBytes));
  close();
  return perSecond;
}

async function rate(
  loader: Ask<LoadOrder, LoadReport>,
  url: string,
  text: string,
): Promise<number> {
  await loader({ kind: "listen", url, sockets: 1, deflate: false, hello: [], helloAnswers: 0 });
  await loader({ kind: "ask", text, count: QUESTIONS / 4, window: 32 });
  const report = await loader({ kind: "ask", text, count: QUESTIONS, window: 32 });
  if (report.kind !== "asked") throw new Error("the load did not say how long it took");
  return QUESTIONS / report.seconds;
}

/** Memory of the server's heap and buffers per connection, in bytes; what the system keeps for a socket is the same for all. */
async function idleBytes(
  kind: SubjectKind,
  socket: {
    readonly hello: readonly string[];
    readonly helloAnswers: number;
    readonly deflate: boolean;
  },
): Promise<number> {
  const { close, loader, subject } = await pair(kind);
  const listen = { kind: "listen", url: subject.url, ...socket } as const;
  // What as many before them bring along, the code that is compiled while they come included, is no connection's own.
  await loader({ ...listen, sockets: IDLE_SOCKETS });
  const before = await subject.ask({ kind: "memory" });
  await loader({ ...listen, sockets: IDLE_SOCKETS });
  const after = await subject.ask({ kind: "memory" });
  close();
  if (before.kind !== "memory" || after.kind !== "memory") throw new Error("no memory was told");
  return (after.bytes - before.bytes) / IDLE_SOCKETS;
}

type Ask<Order, Report> = (order: Order) => Promise<Report>;

/** A server and its load, each in a process of its own. */
async function pair(kind: SubjectKind): Promise<{
  readonly subject: { readonly url: string; readonly ask: Ask<SubjectOrder, SubjectReport> };
  readonly loader: Ask<LoadOrder, LoadReport>;
  readonly close: () => void;
}> {
  const start = (file: string, ...args: string[]): ChildProcess =>
    fork(new URL(file, import.meta.url), args, {
      execArgv: ["--conditions=source", "--expose-gc"],
    });
  const subject = start("subject.ts", kind);
  const load = start("load.ts");
  subject.on("exit", (code) => {
    if (code !== null) throw new Error(`${kind} ended with ${code}`);
  });
  const [{ url }] = (await once(subject, "message")) as [{ url: string }];
  const asker =
    <Order extends object, Report>(child: ChildProcess): Ask<Order, Report> =>
    async (order) => {
      const answered = once(child, "message") as Promise<[Report]>;
      child.send(order);
      return (await answered)[0];
    };
  return {
    subject: { url, ask: asker(subject) },
    loader: asker(load),
    close() {
      load.kill("SIGKILL");
      subject.kill("SIGKILL");
    },
  };
}
