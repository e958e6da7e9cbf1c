import { GeodeError, unreachable } from "@geode/values";
import type {
  DatabasePort,
  QueryAnswer,
  QueryRequest,
  SessionState,
  Transaction,
} from "../port.ts";

export interface StatementsOptions {
  readonly database: DatabasePort;
  /** SESSION CLOSE was carried out; its answer is still to be sent. */
  onSessionClose(): void;
}

const NOBODY: ((outcome: number | GeodeError) => void)[] = [];

/**
 * The statements of one connection, in its session: each on its own, or in the connection's transaction. A transaction that can no longer be committed
 * stays until its COMMIT or ROLLBACK, and what is sent meanwhile fails: a client may have sent it before it knew.
 */
export class Statements {
  readonly #options: StatementsOptions;
  #transaction: Transaction | null = null;
  #session: SessionState | null = null;
  /** A SESSION command is being carried out: what was sent after it waits for it. Never rejects. */
  #settling: Promise<void> | null = null;
  /** Who waits for the end of the transaction. */
  #waiting: ((outcome: number | GeodeError) => void)[] = NOBODY;
  #closed = false;

  constructor(options: StatementsOptions) {
    this.#options = options;
  }

  /** The request as it is in the session of now. */
  inSession<Request extends QueryRequest>(request: Request): Request {
    return this.#session === null ? request : { ...request, session: this.#session };
  }

  /** Whether the next statement belongs to a transaction, unless it ends it. */
  get inTransaction(): boolean {
    return this.#transaction !== null;
  }

  /** The connection's, or null. */
  get transaction(): Pick<Transaction, "query"> | null {
    return this.#transaction;
  }

  /** Is told the seq of the transaction's commit, or why there is none. */
  whenOver(
    transaction: Pick<Transaction, "query">,
    tell: (outcome: number | GeodeError) => void,
  ): void {
    if (transaction === this.#transaction) this.#waiting = [...this.#waiting, tell];
    else tell(rolledBack());
  }

  /**
   * Throws what the statement throws; 25G01 for a second START TRANSACTION, 2D000 for COMMIT and ROLLBACK without one. What it does to
   * the transaction is done before it returns, so that a later statement may be run before this one has answered. What the database
   * answers at once is there at once.
   */
  run(asked: QueryRequest): QueryAnswer | Promise<QueryAnswer> {
    const { text } = asked;
    // Nearly everything is a statement, and every promise on its way costs.
    if (
      this.#settling === null &&
      this.#database.sessionCommand(text) === null &&
      this.#database.transactionCommand(text) === null
    )
      return this.#ask(this.inSession(asked));
    return this.#runCommand(asked);
  }

  #ask(request: QueryRequest): QueryAnswer | Promise<QueryAnswer> {
    if (this.#transaction !== null) return this.#transaction.query(request);
    const database = this.#database;
    return database.answer === undefined ? database.query(request) : database.answer(request);
  }

  async #runCommand(asked: QueryRequest): Promise<QueryAnswer> {
    if (this.#settling !== null) await this.#settling;
    const request = this.inSession(asked);
    if (this.#database.sessionCommand(request.text) !== null) return this.#runSession(request);
    const command = this.#database.transactionCommand(request.text);
    if (command === null) return this.#ask(request);
    switch (command.action) {
      case "start":
        if (this.#closed) throw new GeodeError("CANCELLED", "The connection is closed.");
        if (this.#transaction !== null) {
          throw new GeodeError("25G01", "There is a transaction already on this connection.", {
            hint: "End it with COMMIT or ROLLBACK; another connection can have another one.",
          });
        }
        this.#transaction = this.#database.begin({
          principal: request.principal,
          access: command.access,
        });
        return emptyAnswer(this.#database.seq);
      case "commit": {
        const { idempotencyKey, signal } = request;
        const transaction = this.#end();
        const waiting = this.#waiting;
        this.#waiting = NOBODY;
        try {
          const { seq } = await transaction.commit({
            ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
            ...(signal === undefined ? {} : { signal }),
          });
          for (const tell of waiting) tell(seq);
          return emptyAnswer(seq);
        } catch (error) {
          for (const tell of waiting) tell(error instanceof GeodeError ? error : rolledBack());
          throw error;
        }
      }
      case "rollback": {
        this.#end().rollback();
        const waiting = this.#waiting;
        this.#waiting = NOBODY;
        for (const tell of waiting) tell(rolledBack());
        return emptyAnswer(this.#database.seq);
      }
      default:
        return unreachable(command);
    }
  }

  async #runSession(request: QueryRequest): Promise<QueryAnswer> {
    const closes = this.#database.sessionCommand(request.text)?.action === "close";
    if (this.#transaction !== null && !closes)
      throw new GeodeError("25G01", "A transaction is open; its session stays as it is.", {
        hint: "Send the SESSION command before START TRANSACTION, or after its end.",
      });
    const session = this.#database.sessionAfter(request);
    this.#settling = session.then(
      (after) => {
        this.#session = after;
      },
      () => {},
    );
    await this.#settling;
    this.#settling = null;
    await session;
    if (closes) {
      this.#transaction?.rollback();
      this.#transaction = null;
      this.#options.onSessionClose();
    }
    return emptyAnswer(this.#database.seq);
  }

  /** The connection is gone: nothing of its transaction happens, unless it is being committed already. */
  close(): void {
    this.#closed = true;
    this.#transaction?.rollback();
    this.#transaction = null;
    this.#waiting = NOBODY;
  }

  get #database(): DatabasePort {
    return this.#options.database;
  }

  #end(): Transaction {
    const transaction = this.#transaction;
    if (transaction === null) {
      throw new GeodeError("2D000", "There is no transaction on this connection.", {
        hint: "Statements outside of a transaction are committed one by one.",
      });
    }
    this.#transaction = null;
    return transaction;
  }
}

function rolledBack(): GeodeError {
  return new GeodeError("CANCELLED", "The transaction was rolled back, and this with it.");
}

function emptyAnswer(seq: number): QueryAnswer {
  return { columns: [], shape: "columns", rows: [], seq, notices: [] };
}
