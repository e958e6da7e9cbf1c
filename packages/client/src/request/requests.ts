import type { ClientMessage, QueryMessage } from "@geode/protocol";
import { GeodeError, unreachable } from "@geode/values";
import type { Clock } from "../clock.ts";
import type { Loss } from "../connection/state.ts";
import { ServerError, unreadable } from "../error.ts";
import type { ErrorMessage, ResultMessage } from "../wire/messages.ts";
import { transactionRole } from "./statement.ts";

/** A QUERY message without its id. */
export type QueryFields = Omit<QueryMessage, "type" | "id">;

export interface RequestOptions {
  /** Sending it twice does nothing twice: a read, or a write with an idempotency key. */
  readonly repeatable: boolean;
  /** From now to the answer, reconnecting included, in milliseconds. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

export interface RequestLimits {
  /** Requests on the wire at a time; the server reads no further than 64. */
  readonly inFlightMax: number;
  /** Requests that wait for their turn or for the connection. */
  readonly queueMax: number;
}

interface Request {
  readonly id: string;
  readonly message: QueryMessage;
  readonly repeatable: boolean;
  /** Belongs to a transaction, which ends with its connection. */
  readonly transactional: boolean;
  sends: number;
  resolve(result: ResultMessage): void;
  reject(error: Error): void;
  /** Stops the timer and the abort listener. */
  release(): void;
}

/** A request that cost the connection this often is not sent again: it may well be the reason. */
const SENDS_MAX = 3;

/** `lost`: the connection went in the middle of it, and statements of it that still come must not run on their own. */
type Transaction = "none" | "open" | "lost";

/**
 * The requests of one client: a bounded queue, what is on the wire, and what becomes of both when the connection goes.
 * Knows nothing of sockets: it is told when sending is possible.
 */
export class Requests {
  readonly #limits: RequestLimits;
  readonly #clock: Clock;
  readonly #queue: Request[] = [];
  readonly #inFlight = new Map<string, Request>();
  #send: ((message: ClientMessage) => void) | null = null;
  #nextId = 1;
  #transaction: Transaction = "none";

  constructor(limits: RequestLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
  }

  /** Whether an answer is awaited. */
  get busy(): boolean {
    return this.#inFlight.size > 0 || this.#queue.length > 0;
  }

  /** Whether the statements that come now belong to a transaction. */
  get inTransaction(): boolean {
    return this.#transaction === "open";
  }

  /** Queues a query and answers with its RESULT, or fails with what the server said, LIMIT, TIMEOUT, CANCELLED or UNAVAILABLE. */
  submit(fields: QueryFields, options: RequestOptions): Promise<ResultMessage> {
    const { signal, timeoutMs } = options;
    if (signal?.aborted === true) return Promise.reject(cancelled(signal));
    if (this.#queue.length >= this.#limits.queueMax)
      return Promise.reject(queueFull(this.#limits.queueMax));
    const role = transactionRole(fields.query);
    const settled = this.#settleLostTransaction(role);
    if (settled !== null) return settled;
    const transactional = role !== "none" || this.#transaction === "open";
    if (role === "start") this.#transaction = "open";
    if (role === "commit" || role === "rollback") this.#transaction = "none";

    return new Promise((resolve, reject) => {
      const id = `q${this.#nextId}`;
      this.#nextId += 1;
      const stopTimer = this.#clock.after(timeoutMs, () => this.#abandon(id, timedOut(timeoutMs)));
      const onAbort = (): void => this.#abandon(id, cancelled(signal));
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#queue.push({
        id,
        message: { type: "QUERY", id, ...fields },
        repeatable: options.repeatable && !transactional,
        transactional,
        sends: 0,
        resolve,
        reject: (error) => {
          // A START that was refused has opened nothing.
          if (role === "start" && this.#transaction === "open") this.#transaction = "none";
          reject(error);
        },
        release: () => {
          stopTimer();
          signal?.removeEventListener("abort", onAbort);
        },
      });
      this.#pump();
    });
  }

  /** The connection is ready: what waits is sent, in order. */
  connected(send: (message: ClientMessage) => void): void {
    this.#send = send;
    this.#pump();
  }

  /** The connection is gone. What can safely be sent again waits at the head of the queue, the rest fails. */
  disconnected({ reason, unreadable: blamed }: Loss): void {
    this.#send = null;
    const unanswered = [...this.#inFlight.values()];
    this.#inFlight.clear();
    if (this.#transaction === "open") this.#transaction = "lost";
    const again: Request[] = [];
    for (const request of [...unanswered, ...this.#queue.splice(0)]) {
      if (blamed && request.sends > 0) this.#settle(request, unreadable(reason));
      else if (request.transactional) this.#settle(request, transactionLost());
      else if (request.sends > 0 && !request.repeatable)
        this.#settle(request, unknownOutcome(reason));
      else if (request.sends >= SENDS_MAX) this.#settle(request, tooManySends(reason));
      else again.push(request);
    }
    this.#queue.push(...again);
  }

  /** Nothing will ever be sent again. */
  closed(error: GeodeError): void {
    this.#send = null;
    const all = [...this.#inFlight.values(), ...this.#queue.splice(0)];
    this.#inFlight.clear();
    for (const request of all) this.#settle(request, error);
  }

  /** Takes an answer; false when nobody waits for it here. */
  answered(message: ResultMessage | ErrorMessage): boolean {
    const request = message.id === null ? undefined : this.#inFlight.get(message.id);
    if (request === undefined) return false;
    this.#inFlight.delete(request.id);
    if (message.type === "ERROR") {
      this.#settle(request, new ServerError(message));
    } else {
      request.release();
      request.resolve(message);
    }
    this.#pump();
    return true;
  }

  #pump(): void {
    while (this.#send !== null && this.#inFlight.size < this.#limits.inFlightMax) {
      const request = this.#queue.shift();
      if (request === undefined) return;
      request.sends += 1;
      this.#inFlight.set(request.id, request);
      this.#send(request.message);
    }
  }

  /** The application no longer wants it, and the server is told. It may have finished it; its answer will find nobody. */
  #abandon(id: string, error: GeodeError): void {
    const request = this.#inFlight.get(id) ?? this.#queue.find((waiting) => waiting.id === id);
    if (request === undefined) return;
    if (this.#inFlight.delete(id)) this.#send?.({ type: "CANCEL", id });
    const position = this.#queue.indexOf(request);
    if (position >= 0) this.#queue.splice(position, 1);
    this.#settle(request, error);
    this.#pump();
  }

  #settle(request: Request, error: Error): void {
    request.release();
    request.reject(error);
  }

  /** What a statement gets that comes after its transaction was lost: it must never run on its own. Null when it may go its way. */
  #settleLostTransaction(role: ReturnType<typeof transactionRole>): Promise<ResultMessage> | null {
    if (this.#transaction !== "lost") return null;
    switch (role) {
      case "none":
        return Promise.reject(transactionLost());
      case "commit":
        this.#transaction = "none";
        return Promise.reject(transactionLost());
      case "rollback":
        this.#transaction = "none";
        // It has been rolled back: by the server, when the connection went.
        return Promise.resolve({
          type: "RESULT",
          id: "",
          data: [],
          columns: [],
          seq: 0,
          stats: null,
          notices: [],
          live: null,
        });
      case "start":
        this.#transaction = "none";
        return null;
      default:
        return unreachable(role);
    }
  }
}

function queueFull(queueMax: number): GeodeError {
  return new GeodeError("LIMIT", `${queueMax} queries are waiting to be sent`, {
    hint: "Await answers before sending more, or raise `queueMax`",
  });
}

function timedOut(timeoutMs: number): GeodeError {
  return new GeodeError("TIMEOUT", `No answer within ${timeoutMs} ms`, {
    hint: "Raise `timeoutMs`, or make the query cheaper",
  });
}

function cancelled(signal: AbortSignal | undefined): GeodeError {
  return new GeodeError("CANCELLED", "The query was cancelled", { cause: signal?.reason });
}

function transactionLost(): GeodeError {
  return new GeodeError(
    "40000",
    "The transaction ended with its connection; nothing of it was kept unless COMMIT was answered",
    {
      hint: "Run the whole transaction again",
    },
  );
}

function unknownOutcome(reason: string): GeodeError {
  return new GeodeError(
    "UNAVAILABLE",
    `The connection went before the answer came (${reason}); whether the write happened is unknown`,
    {
      hint: "Leave `idempotencyKey` to the client, or give one: then it is sent again safely",
    },
  );
}

function tooManySends(reason: string): GeodeError {
  return new GeodeError(
    "UNAVAILABLE",
    `The connection went ${SENDS_MAX} times before the answer came (${reason})`,
  );
}
