import { GeodeError, type Value } from "@geode/values";
import type { CommitRequest, TransactionAccess, TransactionStatus } from "./commit/transaction.ts";
import type { Column, LiveForm, Notice, Row, Statement } from "./execute/statement.ts";
import type { WriteStats } from "./execute/write-stats.ts";
import { authOf } from "./policy/policies.ts";
import type { GraphName } from "./graph/effect.ts";
import { AUTH_PARAMETER, NEW_SESSION, type SessionState, withSession } from "./session.ts";
import type { Withdrawal } from "./withdrawal.ts";

/** Who asks. */
export interface Principal {
  /** The user's id: what the log keeps as the author of a commit. */
  readonly id: string;
  readonly roles: readonly string[];
  /** The claims of the token: readable in statements as the fields of `$auth`, beside `id` and `roles`. */
  readonly claims: ReadonlyMap<string, Value>;
  /** It is the server itself that asks, on behalf of the user: above every rule, and it may write reserved labels. */
  readonly system?: true;
}

export interface Request {
  readonly text: string;
  readonly parameters?: ReadonlyMap<string, Value>;
  readonly principal: Principal;
  /** Default: that of the session. */
  readonly graph?: GraphName | undefined;
  /** Default: a new one, in the graph `default`. */
  readonly session?: SessionState | undefined;
  /** Time for execution, in milliseconds; not more than {@link QueryLimits.timeoutMsMax}. */
  readonly timeoutMs?: number | undefined;
  /** A write that the principal committed under the same key within 24 h is not done again; the answer has its seq. */
  readonly idempotencyKey?: string | undefined;
  /** The answer shall hold this commit; waits for it for a bounded time. */
  readonly minSeq?: number | undefined;
  /** Gives up a request that has not begun to execute. */
  readonly signal?: Withdrawal | undefined;
}

export interface SubscribeRequest extends Omit<Request, "idempotencyKey"> {
  /** The state that the subscriber has already; if it is still right, the answer says `resumed` and holds no rows. */
  readonly resume?: { readonly epoch: string; readonly seq: number; readonly digest?: string };
  /** Whether updates carry the row before. Default: false. */
  readonly before?: boolean;
}

export interface BeginRequest {
  readonly principal: Principal;
  /** Default: "readWrite". */
  readonly access?: TransactionAccess;
}

/** Statements that happen together or not at all. Nobody sees anything of them before they are committed. */
export interface Transaction {
  readonly status: TransactionStatus;
  /**
   * Runs one statement in it, on top of those before. Its answer has the seq of the durable commit that it saw. Rejects like
   * {@link Database.query}; with 40000 when another write touched what this transaction has read or written; with TIMEOUT when it was
   * open too long; with 25G03 for a write in a transaction that only reads; with 25000 for what cannot be part of one. A statement
   * that fails is undone alone.
   */
  query(request: Request): Promise<QueryResult>;
  /**
   * Ends it, whatever comes of it. Answers the seq of its commit once that is durable; when it changed nothing, the seq of the state
   * that it read last. Rejects with 40000 and TIMEOUT as above, with 2D000 when it is over already.
   */
  commit(request?: CommitRequest): Promise<{ readonly seq: number }>;
  /** Nothing of it happens. Idempotent; too late once it is being committed. */
  rollback(): void;
}

export interface QueryResult {
  readonly columns: readonly Column[];
  /** "record": every row is one record, and the columns name its fields. */
  readonly shape: Statement["shape"];
  readonly rows: readonly Row[];
  /** Of a read, the commit whose state it shows; of a write, its commit. */
  readonly seq: number;
  /** What a write changed; zeros when it had been done before under its key. */
  readonly stats?: WriteStats;
  readonly notices: readonly Notice[];
}

/** What is left of a live result when it has gone to whoever asked: it is all that a subscription keeps. */
export interface LiveWatch {
  /**
   * From the next commit on it is judged as that of this principal: the same user with other roles or claims. The listener hears of the
   * difference with that commit's; one is made for it, if there may be any. Resolves when it is durable, with its seq.
   */
  renew(principal: Principal): Promise<number>;
  /** Idempotent; the listener hears nothing afterwards. */
  close(): void;
}

/** A live result as it was when it was subscribed to. Every later change comes to the listener. */
export interface LiveResult {
  /** What is watched: for all who watch the same, it is the same piece of memory. */
  readonly text: string;
  readonly columns: readonly Column[];
  readonly shape: Statement["shape"];
  /** "changes": the statement asked for changes only, and there are no rows here. */
  readonly liveForm: LiveForm;
  readonly rows: readonly Row[];
  /** One per row: opaque, unique in the result, stable. */
  readonly keys: readonly string[];
  /** Each row as the canonical JSON text of an object keyed by column. */
  readonly encodedRows: readonly string[];
  readonly epoch: string;
  readonly seq: number;
  /** Of the whole result at `seq`, also when the rows are not here. */
  readonly digest: string;
  /** How the result is kept up to date. */
  readonly maintenance: "reexecution";
  /** The state named in `resume` is still right: nothing is here. */
  readonly resumed: boolean;
  /** The state named in `resume` cannot be brought up to date: what is here replaces it. */
  readonly reset: boolean;
  readonly notices: readonly Notice[];
  readonly watch: LiveWatch;
}

/** A live result of whoever gave functions to hear of it. */
export interface LiveQuery extends LiveResult {
  /** See {@link LiveWatch.renew}. */
  readonly renew: (principal: Principal) => Promise<number>;
  /** See {@link LiveWatch.close}. */
  readonly close: () => void;
}

const NAMES_AUTH = /\$["`]?auth|session_user/i;

/**
 * The parameters that the statement gets. Who asks is among them only when the text can name it: two users who watch the same thing
 * then share one live result, and a statement that does not show `$auth` has no way to read it.
 */
export function parametersOf({
  text,
  parameters: given = new Map(),
  principal,
  session = NEW_SESSION,
}: Pick<Request, "text" | "parameters" | "principal" | "session">): ReadonlyMap<string, Value> {
  if (given.has(AUTH_PARAMETER)) {
    throw new GeodeError("42002", "The parameter $auth is who asks; it cannot be given.", {
      hint: "Choose another name.",
    });
  }
  const parameters = withSession(text, given, session);
  if (!NAMES_AUTH.test(text)) return parameters;
  return new Map(parameters).set(AUTH_PARAMETER, authOf(principal));
}
