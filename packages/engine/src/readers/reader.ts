import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { GeodeError, unreachable } from "@geode/values";
import type { Result } from "../execute/statement.ts";
import { encodePatch } from "../log/entry.ts";
import type { Effect, Patch } from "../graph/effect.ts";
import type { Withdrawal } from "../withdrawal.ts";
import type { ReaderLimits } from "./limits.ts";
import type { QueryRequest, ReaderAnswer, ReaderRequest } from "./messages.ts";
import { fromPortable } from "./portable.ts";

/** A query for a reader; the rest of the request is the reader's business. */
export type ReaderQuery = Omit<QueryRequest, "kind" | "id" | "cancelled"> & {
  readonly signal?: Withdrawal | undefined;
};

interface Waiting {
  readonly resolve: (result: Result) => void;
  readonly reject: (error: GeodeError) => void;
  readonly forgetSignal: () => void;
}

/** One thread with a replica of the graph, seen from the main thread. It ends once, by {@link close} or by a fault, and tells why. */
export class Reader {
  readonly #worker: Worker;
  readonly #limits: ReaderLimits;
  readonly #onEnd: (reason: GeodeError) => void;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #backlogBytes = 0;
  #ended: GeodeError | null = null;

  /** `state` is the graph as it is now; every later commit has to be told by {@link apply}. */
  constructor(
    state: Iterable<readonly Effect[]>,
    limits: ReaderLimits,
    onEnd: (reason: GeodeError) => void,
  ) {
    this.#limits = limits;
    this.#onEnd = onEnd;
    // The worker runs from the source as we do, or compiled as we are.
    const extension = extname(new URL(import.meta.url).pathname);
    this.#worker = new Worker(new URL(`./reader-worker${extension}`, import.meta.url), {
      execArgv: extension === ".ts" ? ["--conditions=source"] : [],
      name: "geode-reader",
    });
    this.#worker.unref();
    this.#worker.on("message", (answer: ReaderAnswer) => this.#hear(answer));
    this.#worker.on("error", (cause) =>
      this.#end(new GeodeError("UNAVAILABLE", "A reader failed.", { cause })),
    );
    this.#worker.on("exit", () => this.#end(new GeodeError("UNAVAILABLE", "A reader ended.")));
    for (const chunk of state) this.#send({ kind: "apply", patches: [encodePatch(chunk)] });
  }

  /** Queries that wait or run. */
  get load(): number {
    return this.#waiting.size;
  }

  /** Commits that have become durable, in order. */
  apply(patches: readonly Patch[]): void {
    if (this.#ended) return;
    const encoded = patches.map(encodePatch);
    for (const { byteLength } of encoded) this.#backlogBytes += byteLength;
    this.#send({ kind: "apply", patches: encoded });
    if (this.#backlogBytes > this.#limits.backlogBytesMax) {
      this.#end(
        new GeodeError("UNAVAILABLE", "A reader fell too far behind the writes.", {
          hint: "Send the query again.",
        }),
      );
    }
  }

  /** Runs a read to its end on the state of now. Rejects with what the statement throws, LIMIT, CANCELLED, or UNAVAILABLE. */
  query({ signal, ...query }: ReaderQuery): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (this.#ended) throw this.#ended;
      if (this.#waiting.size >= this.#limits.queriesMax) {
        throw new GeodeError("UNAVAILABLE", "Too many long queries are waiting.", {
          hint: "Send it again a little later, or start the server with more readers.",
        });
      }
      this.#lastId += 1;
      const id = this.#lastId;
      const cancelled = new SharedArrayBuffer(4);
      const cancel = (): void => {
        Atomics.store(new Int32Array(cancelled), 0, 1);
      };
      signal?.addEventListener("abort", cancel);
      this.#waiting.set(id, {
        resolve,
        reject,
        forgetSignal: () => signal?.removeEventListener("abort", cancel),
      });
      this.#send({ kind: "query", id, cancelled, ...query });
    });
  }

  /** Ends the thread. Queries on it are refused. */
  async close(): Promise<void> {
    this.#end(new GeodeError("UNAVAILABLE", "The database is closed."));
    await this.#worker.terminate();
  }

  #send(request: ReaderRequest): void {
    this.#worker.postMessage(request);
  }

  #hear(answer: ReaderAnswer): void {
    switch (answer.kind) {
      case "applied":
        this.#backlogBytes = Math.max(0, this.#backlogBytes - answer.bytes);
        return;
      case "result": {
        const { columns, notices } = answer;
        const rows = answer.rows.map((row) => row.map(fromPortable));
        this.#settle(answer.id, ({ resolve }) => resolve({ columns, rows, keys: [], notices }));
        return;
      }
      case "refused": {
        const { code, message, position, hint, limit } = answer;
        const error = new GeodeError(code, message, { position, hint, limit });
        this.#settle(answer.id, ({ reject }) => reject(error));
        return;
      }
      default:
        unreachable(answer);
    }
  }

  #settle(id: number, tell: (waiting: Waiting) => void): void {
    const waiting = this.#waiting.get(id);
    if (!waiting) return;
    this.#waiting.delete(id);
    waiting.forgetSignal();
    tell(waiting);
  }

  #end(reason: GeodeError): void {
    if (this.#ended) return;
    this.#ended = reason;
    for (const id of this.#waiting.keys()) this.#settle(id, ({ reject }) => reject(reason));
    void this.#worker.terminate();
    this.#onEnd(reason);
  }
}
