import type { CommitChanges } from "@geode/protocol";
import { GeodeError } from "@geode/values";
import type {
  Access,
  DatabasePort,
  LiveAnswer,
  LiveListener,
  QueryAnswer,
  QueryRequest,
  SessionCommand,
  SessionState,
  SubscribeRequest,
  Transaction,
  TransactionCommand,
} from "../src/port.ts";

/**
 * A database that does what the text of a query says, so that a test decides when things happen:
 * `value x` answers one row, `write` is a write, `hold` waits for `release`, `fail` throws what is expected, `bug` what is not.
 */
export class FakeDatabase implements DatabasePort {
  readonly epoch = "epoch-1";
  seq = 0;
  readonly requests: QueryRequest[] = [];
  readonly live: {
    readonly request: SubscribeRequest;
    readonly listener: LiveListener;
    closed: boolean;
  }[] = [];
  #held: (() => void)[] = [];

  access(text: string): Access {
    return text.startsWith("write") ? "write" : "read";
  }

  transactionCommand(): TransactionCommand | null {
    return null;
  }

  sessionCommand(): SessionCommand | null {
    return null;
  }

  sessionAfter(): Promise<SessionState> {
    throw new Error("this database has no sessions");
  }

  begin(): Transaction {
    throw new Error("this database has no transactions");
  }

  async query(request: QueryRequest): Promise<QueryAnswer> {
    return this.answer(request);
  }

  /** As the real one: what is held and what writes comes later. */
  answer(request: QueryRequest): QueryAnswer | Promise<QueryAnswer> {
    this.requests.push(request);
    const later = request.text.includes(" hold")
      ? new Promise<void>((resolve) => this.#held.push(resolve))
      : this.access(request.text) === "write"
        ? Promise.resolve()
        : undefined;
    return later === undefined
      ? this.#carryOut(request)
      : later.then(() => this.#carryOut(request));
  }

  #carryOut(request: QueryRequest): QueryAnswer {
    const [verb, ...words] = request.text.split(" ");
    if (request.signal?.aborted === true) throw new GeodeError("CANCELLED", "taken back");
    if (verb === "fail") {
      throw new GeodeError("42001", "expected `)`", {
        position: { line: 1, column: 7, offset: 6 },
        hint: "close the pattern",
      });
    }
    if (verb === "bug") throw new TypeError("secret internals");
    if (verb === "write") this.seq++;
    const value = verb === "large" ? "x".repeat(Number(words[0])) : (words[0] ?? null);
    return {
      columns: [{ name: "value", text: "value", type: "STRING" }],
      shape: "columns",
      rows: [[value]],
      seq: this.seq,
      notices: [],
    };
  }

  async watch(request: SubscribeRequest, listener: LiveListener): Promise<LiveAnswer> {
    const [verb] = request.text.split(" ");
    if (verb === "fail") throw new GeodeError("42002", "no such thing");
    const entry = { request, listener, closed: false };
    if (verb === "hold") await new Promise<void>((resolve) => this.#held.push(resolve));
    this.live.push(entry);
    return {
      text: request.text,
      columns: [{ name: "age", text: "age", type: "INTEGER" }],
      keys: ["k1"],
      encodedRows: ['{"age":1}'],
      epoch: this.epoch,
      seq: this.seq,
      digest: "00000000000000ff",
      maintenance: "reexecution",
      resumed: false,
      reset: false,
      notices: [],
      watch: {
        renew: () => Promise.resolve(this.seq),
        close: () => {
          entry.closed = true;
        },
      },
    };
  }

  status(): { writable: boolean; reason?: string } {
    return this.writable ? { writable: true } : { writable: false, reason: "disk full" };
  }
  writable = true;

  /** Lets the oldest held request go on. */
  release(): void {
    this.#held.shift()?.();
  }

  /** How many requests are held. */
  get heldCount(): number {
    return this.#held.length;
  }

  /** One commit that inserts rows with these ages into everything live. */
  commit(...ages: number[]): void {
    const prevSeq = this.seq;
    this.seq++;
    const commit: CommitChanges = {
      seq: this.seq,
      prevSeq,
      digest: "00000000000000aa",
      changes: ages.map((age) => ({ op: "insert", key: `k${age}`, data: `{"age":${age}}` })),
    };
    for (const live of this.live) if (!live.closed) live.listener.onChange(commit);
  }
}
