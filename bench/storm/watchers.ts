import { monitorEventLoopDelay } from "node:perf_hooks";
import { WebSocket } from "ws";

/*
 * Some of the storm's clients, in a process of their own. Each watches one group's items and keeps a copy; one in twenty reads slowly;
 * some are killed every second and come back with what they had. What one has is held to the chain of `prev_seq` with every update.
 */

export type Order =
  | {
      readonly kind: "connect";
      readonly url: string;
      readonly from: number;
      readonly to: number;
      readonly groups: number;
    }
  | { readonly kind: "kill"; readonly count: number }
  /** Slow readers read on; each copy is told once it has reached its group's last commit. */
  | { readonly kind: "finish"; readonly seqs: readonly number[] };

export type News =
  | { readonly kind: "connected"; readonly seconds: number }
  /** Of one second: updates heard, and the time from a write to its update, in milliseconds, of readers that are not slow. */
  | {
      readonly kind: "second";
      readonly updates: number;
      readonly delaysMs: readonly number[];
      readonly broken: number;
      readonly resumed: number;
      readonly reset: number;
      /** The 99th percentile of how late its own timers were. */
      readonly stallMs: number;
    }
  | {
      readonly kind: "copies";
      readonly copies: readonly { readonly group: number; readonly rows: string }[];
    };

const SLOW_EVERY = 20;
const watchers: Watcher[] = [];
let second = newSecond();

function newSecond() {
  return { updates: 0, delaysMs: [] as number[], broken: 0, resumed: 0, reset: 0 };
}

process.on("message", (order: Order) => void carryOut(order));
const say = (news: News): void => void process.send!(news);

const stalls = monitorEventLoopDelay({ resolution: 1 });
stalls.enable();

setInterval(() => {
  const stallMs = stalls.percentile(99) / 1e6;
  stalls.reset();
  const over = second;
  second = newSecond();
  // A sample is enough, and much less to send.
  say({
    kind: "second",
    ...over,
    stallMs,
    delaysMs: over.delaysMs.filter((_, place) => place % 10 === 0),
  });
}, 1_000).unref();

async function carryOut(order: Order): Promise<void> {
  switch (order.kind) {
    case "connect": {
      const startMs = performance.now();
      for (let first = order.from; first < order.to; first += 100) {
        const some = Array.from(
          { length: Math.min(100, order.to - first) },
          (_, place) => new Watcher(order.url, first + place, order.groups),
        );
        watchers.push(...some);
        await Promise.all(some.map((watcher) => watcher.ready));
      }
      return say({ kind: "connected", seconds: (performance.now() - startMs) / 1000 });
    }
    case "kill":
      for (let killed = 0; killed < order.count; killed++)
        watchers[Math.floor(Math.random() * watchers.length)]!.kill();
      return;
    case "finish":
      for (const watcher of watchers) watcher.readOn();
      await Promise.all(watchers.map((watcher) => watcher.reaches(order.seqs)));
      return say({ kind: "copies", copies: watchers.map((watcher) => watcher.copy) });
  }
}

interface Message {
  readonly type: string;
  readonly op: string;
  readonly key: string;
  readonly keys: readonly string[];
  readonly data: never;
  readonly seq: number;
  readonly prev_seq: number;
  readonly last: boolean;
  readonly epoch: string;
  readonly digest: string;
  readonly resumed?: boolean;
  readonly reset?: boolean;
}

class Watcher {
  readonly #url: string;
  readonly #group: number;
  readonly #slow: boolean;
  readonly #rows = new Map<
    string,
    { readonly id: number; readonly value: number; readonly at: number }
  >();
  readonly #ready = Promise.withResolvers<void>();
  #socket: WebSocket;
  #position: { epoch: string; seq: number; digest: string } | undefined;
  #finishing = false;
  #wake = (): void => {};
  #slowTimer: NodeJS.Timeout | undefined;

  constructor(url: string, number: number, groups: number) {
    this.#url = url;
    this.#group = number % groups;
    this.#slow = number % SLOW_EVERY === 0;
    this.#socket = this.#connect();
  }

  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  get copy(): { readonly group: number; readonly rows: string } {
    const rows = [...this.#rows.values()].sort((a, b) => a.id - b.id);
    return { group: this.#group, rows: rows.map(({ id, value }) => `${id}=${value}`).join() };
  }

  /** The network is gone, without a word. */
  kill(): void {
    this.#socket.terminate();
  }

  readOn(): void {
    this.#finishing = true;
    clearInterval(this.#slowTimer);
    this.#socket.resume();
  }

  /** `seqs` by group. */
  async reaches(seqs: readonly number[]): Promise<void> {
    const seq = seqs[this.#group]!;
    while ((this.#position?.seq ?? -1) < seq)
      await new Promise<void>((wake) => (this.#wake = wake));
  }

  #connect(): WebSocket {
    const socket = new WebSocket(this.#url, { perMessageDeflate: false });
    socket.on("open", () => {
      const query =
        "MATCH (n:Item {group: $group}) RETURN n.id AS id, n.value AS value, n.at AS at";
      const subscribe = {
        type: "SUBSCRIBE",
        id: "s",
        query,
        parameters: { group: this.#group },
        ...(this.#position === undefined ? {} : { resume: this.#position }),
      };
      socket.send(JSON.stringify(subscribe));
      if (this.#slow && !this.#finishing) this.#readSlowly(socket);
    });
    socket.on("message", (data: Buffer) => this.#hear(JSON.parse(data.toString()) as Message));
    socket.on("error", () => {});
    socket.on("close", () => {
      clearInterval(this.#slowTimer);
      setTimeout(() => (this.#socket = this.#connect()), 50 + Math.random() * 200);
    });
    return socket;
  }

  /** A tenth of a second of reading in two. */
  #readSlowly(socket: WebSocket): void {
    this.#slowTimer = setInterval(() => {
      if (this.#finishing || socket.readyState !== WebSocket.OPEN) return;
      socket.resume();
      setTimeout(() => {
        if (!this.#finishing && socket.readyState === WebSocket.OPEN) socket.pause();
      }, 100);
    }, 2_000);
  }

  #hear(message: Message): void {
    switch (message.type) {
      case "RESULT":
        this.#begin(message);
        break;
      case "UPDATE":
        this.#update(message);
        break;
      default:
        second.broken++;
    }
    this.#wake();
  }

  #begin(message: Message): void {
    const { digest, epoch, seq } = message;
    if (message.resumed === true) second.resumed++;
    else {
      if (message.reset === true) second.reset++;
      this.#rows.clear();
      const rows = message.data as readonly { id: number; value: number; at: number }[];
      for (const [place, row] of rows.entries()) this.#rows.set(message.keys[place]!, row);
    }
    this.#position = { epoch, seq, digest };
    this.#ready.resolve();
  }

  #update({ data, digest, key, last, op, prev_seq, seq }: Message): void {
    const position = this.#position!;
    if (seq <= position.seq) return;
    if (prev_seq > position.seq) second.broken++;
    second.updates++;
    if (op === "delete") this.#rows.delete(key);
    else this.#rows.set(key, data);
    if (!this.#slow) second.delaysMs.push(Date.now() - (data as { at: number }).at);
    // The rows of a commit belong together.
    if (last) this.#position = { epoch: position.epoch, seq, digest };
  }
}
