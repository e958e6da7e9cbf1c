import { decodeParameters, type Limits, type QueryMessage, type RequestId } from "@geode/protocol";
import type { Value } from "@geode/values";
import type { Access, DatabasePort, Principal, QueryAnswer, Withdrawal } from "../port.ts";
import { accessOf } from "./access.ts";
import { resultFrame, type Concerning } from "./answers.ts";
import type { Reply } from "./reply.ts";
import type { Request } from "./requests.ts";
import type { Statements } from "./statements.ts";

export interface QueryHost {
  readonly database: DatabasePort;
  readonly statements: Statements;
  readonly bounds: Limits;
  /** The ERROR about it, whatever it failed with. */
  readonly failure: (about: Concerning, error: unknown) => string;
  /** Says its one answer. */
  answer(query: Query, frame: string): void;
}

/**
 * One QUERY, from when it is accepted until it is answered. It is also what takes it back: an `AbortController` for each would be a good
 * part of what a short one costs, and hardly any is ever used.
 */
export class Query implements Request, Withdrawal {
  aborted = false;
  readonly #host: QueryHost;
  readonly reply: Reply;
  readonly #message: QueryMessage;
  readonly #principal: Principal;
  readonly #access: Access;
  /** Undefined while nobody waits for its end. */
  #listeners: (() => void)[] | undefined;

  /** `principal`: who asked, also when it is another token's turn by the time that it is run. */
  constructor(host: QueryHost, message: QueryMessage, principal: Principal, reply: Reply) {
    this.#host = host;
    this.#message = message;
    this.#principal = principal;
    this.reply = reply;
    this.#access = accessOf(message.query, host.database);
  }

  get id(): RequestId {
    return this.#message.id;
  }

  /** The statements of a transaction follow each other one by one. */
  get access(): Access {
    return this.#host.statements.inTransaction ? "unknown" : this.#access;
  }

  run(): Promise<void> | undefined {
    let frame;
    try {
      const answer = this.#host.statements.run(this.#request());
      if (answer instanceof Promise) return this.#wait(answer);
      frame = this.#result(answer);
    } catch (error) {
      frame = this.#failure(error);
    }
    this.#host.answer(this, frame);
    return undefined;
  }

  /** Takes it back. Idempotent. */
  abort(): void {
    if (this.aborted) return;
    this.aborted = true;
    const listeners = this.#listeners;
    this.#listeners = undefined;
    for (const listener of listeners ?? []) listener();
  }

  addEventListener(_type: "abort", listener: () => void): void {
    (this.#listeners ??= []).push(listener);
  }

  removeEventListener(_type: "abort", listener: () => void): void {
    this.#listeners = this.#listeners?.filter((each) => each !== listener);
  }

  async #wait(answer: Promise<QueryAnswer>): Promise<void> {
    let frame;
    try {
      frame = this.#result(await answer);
    } catch (error) {
      frame = this.#failure(error);
    }
    this.#host.answer(this, frame);
  }

  #result(answer: QueryAnswer): string {
    return resultFrame(this.id, answer, this.#host.bounds.resultBytesMax);
  }

  #failure(error: unknown): string {
    return this.#host.failure({ id: this.id }, error);
  }

  /** What the engine is asked. Throws 22G03 for a parameter that is no value. */
  #request() {
    const { graph, idempotency_key, min_seq, parameters, query, timeout_ms } = this.#message;
    const { queryMsMax } = this.#host.bounds;
    return {
      text: query,
      parameters: parameters === undefined ? NO_PARAMETERS : decodeParameters(parameters),
      principal: this.#principal,
      timeoutMs: Math.min(timeout_ms ?? queryMsMax, queryMsMax),
      graph,
      minSeq: min_seq,
      idempotencyKey: idempotency_key,
      signal: this,
    };
  }
}

const NO_PARAMETERS: ReadonlyMap<string, Value> = new Map();
