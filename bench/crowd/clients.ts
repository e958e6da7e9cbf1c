import WebSocket from "ws";
import type { Answer, Order, Report } from "./messages.ts";

/*
 * The process of the clients: many plain connections, each with one live query. It says what arrived, how late, and whether anything was
 * missing.
 */

const QUERY = "SELECT value, sent FROM Topic WHERE id = $id";
const COME_BACK_MS = 200;
const OPEN_MS_MAX = 60_000;

interface Received {
  readonly type: string;
  readonly data: unknown;
  readonly seq: number;
  readonly prev_seq?: number;
  readonly epoch?: string;
  readonly digest?: string;
  readonly resumed?: boolean;
  readonly reset?: boolean;
}

interface Row {
  readonly value: number;
  readonly sent: number;
}

class Client {
  readonly topic: number;
  readonly #url: string;
  #socket: WebSocket | null = null;
  #value = 0;
  #seq = 0;
  #epoch = "";
  #digest: string | undefined;
  /** It reads nothing at present, or has just begun again. */
  #behind = false;
  #opened: (() => void) | null = null;

  constructor(topic: number, url: string) {
    this.topic = topic;
    this.#url = url;
  }

  get value(): number {
    return this.#value;
  }

  get isOpen(): boolean {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  /** Resolves when the result is there, or the connection has failed. */
  open(): Promise<void> {
    return new Promise((resolve) => {
      this.#opened = resolve;
      const socket = new WebSocket(this.#url, {
        perMessageDeflate: false,
        handshakeTimeout: OPEN_MS_MAX,
      });
      this.#socket = socket;
      socket.on("open", () => {
        const resume =
          this.#epoch === ""
            ? {}
            : { resume: { epoch: this.#epoch, seq: this.#seq, digest: this.#digest } };
        const parameters = { id: this.topic };
        socket.send(
          JSON.stringify({ type: "SUBSCRIBE", id: 1, query: QUERY, parameters, ...resume }),
        );
      });
      socket.on("message", (data: Buffer) => this.#hear(JSON.parse(data.toString()) as Received));
      socket.on("error", () => socket.terminate());
      socket.on("close", (code) => {
        this.#opened?.();
        if (this.#socket !== socket) return;
        const closed = String(code);
        counts.closed[closed] = (counts.closed[closed] ?? 0) + 1;
        this.#comeBack();
      });
    });
  }

  #hear(message: Received): void {
    switch (message.type) {
      case "RESULT": {
        if (message.epoch !== undefined && this.#epoch !== "") {
          if (message.resumed === true) counts.resumed++;
          else counts.reset++;
        }
        this.#epoch = message.epoch ?? this.#epoch;
        this.#seq = message.seq;
        this.#digest = message.digest;
        const [row] = message.data as Row[];
        if (row !== undefined) this.#value = row.value;
        this.#opened?.();
        this.#opened = null;
        this.#behind = false;
        return;
      }
      case "UPDATE": {
        const { value, sent } = message.data as Row;
        if ((message.prev_seq ?? 0) > this.#seq || message.seq <= this.#seq) counts.broken++;
        this.#seq = message.seq;
        this.#digest = message.digest;
        this.#value = value;
        if (!this.#behind) latenciesMs.push(nowMs() - sent);
        return;
      }
      case "BATCH":
        for (const inner of (message as unknown as { messages: Received[] }).messages)
          this.#hear(inner);
        return;
      default:
        counts.broken++;
    }
  }

  /** Reads nothing from now on, as a process that was stopped. */
  stall(): void {
    this.#behind = true;
    this.#socket?.pause();
  }

  /** What arrives now has waited here, not at the server. */
  readOn(): void {
    this.#socket?.resume();
  }

  caughtUp(): void {
    this.#behind = false;
  }

  /** Cut off without a word, and back a little later. */
  kill(): void {
    const socket = this.#socket;
    this.#socket = null;
    counts.killed++;
    socket?.terminate();
    this.#comeBack();
  }

  #comeBack(): void {
    this.#behind = true;
    setTimeout(() => void this.open(), COME_BACK_MS);
  }
}

const clients: Client[] = [];
let stalled: readonly Client[] = [];
let killing: NodeJS.Timeout | undefined;
let latenciesMs: number[] = [];
let counts = noCounts();

function noCounts() {
  return { broken: 0, killed: 0, resumed: 0, reset: 0, closed: {} as Record<string, number> };
}

/** The clock that all processes of a machine share. */
function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

async function connect(order: Order & { kind: "connect" }): Promise<Answer> {
  const { url, token, count, topics, opening } = order;
  const startMs = nowMs();
  for (let at = 0; at < count; at++) clients.push(new Client(at % topics, `${url}?token=${token}`));
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let client = clients[next++]; client !== undefined; client = clients[next++])
      await client.open();
  };
  await Promise.all(Array.from({ length: opening }, lane));
  const failures = clients.filter((client) => !client.isOpen).length;
  return { kind: "connected", tookMs: nowMs() - startMs, failures };
}

function roughen({ slowShare, killedPerSecond }: Order & { kind: "roughen" }): void {
  stalled = clients.slice(0, Math.round(clients.length * slowShare));
  for (const client of stalled) client.stall();
  let next = stalled.length;
  killing = setInterval(() => {
    const client = clients[next];
    next = next + 1 < clients.length ? next + 1 : stalled.length;
    if (client?.isOpen === true) client.kill();
  }, 1000 / killedPerSecond);
}

function report(): Report {
  const sorted = Float64Array.from(latenciesMs).sort();
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? 0;
  const found = { delivered: sorted.length, p50Ms: at(0.5), p99Ms: at(0.99), ...counts };
  latenciesMs = [];
  counts = noCounts();
  return found;
}

async function follow(order: Order): Promise<Answer | null> {
  switch (order.kind) {
    case "connect":
      return connect(order);
    case "roughen":
      roughen(order);
      return null;
    case "calm":
      clearInterval(killing);
      for (const client of stalled) client.readOn();
      return null;
    case "report":
      return { kind: "report", report: report() };
    case "verify": {
      const open = clients.filter((client) => client.isOpen);
      for (const client of open) client.caughtUp();
      const wrong = clients.filter(({ topic, value }) => value !== order.values[topic]);
      return { kind: "verified", open: open.length, wrong: wrong.length };
    }
  }
}

process.on("message", (order: Order) => {
  void follow(order).then((answer) => answer !== null && process.send?.(answer));
});
process.on("disconnect", () => process.exit());
