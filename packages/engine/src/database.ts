import { GeodeError, type Value } from "@geode/values";
import { Conflicts } from "./commit/conflicts.ts";
import { DocumentEdits } from "./commit/document-edits.ts";
import { Door } from "./commit/door.ts";
import { type Environment, SYSTEM } from "./commit/environment.ts";
import { faultOf } from "./commit/fault.ts";
import { DEFAULT_DOOR_LIMITS, DEFAULT_TRANSACTION_LIMITS } from "./commit/limits.ts";
import type { Replica } from "./commit/replica.ts";
import { Feed } from "./commit/feed.ts";
import { editIn, type ReservedCommit, reservedIn } from "./commit/news.ts";
import { SeqWaiters } from "./commit/seq-waiters.ts";
import type { CommitRequest, OpenTransaction } from "./commit/transaction.ts";
import { Transactions } from "./commit/transactions.ts";
import { Budget, type BudgetLimits } from "./execute/budget.ts";
import { compile } from "./execute/compile.ts";
import { procedureTable } from "./execute/procedures.ts";
import type { Result, SessionCommand, Statement, TransactionCommand } from "./execute/statement.ts";
import type { WriteStats } from "./execute/write-stats.ts";
import { placeOf } from "./execute/reach.ts";
import { noSession } from "./execute/session-statement.ts";
import { DEFAULT_GRAPH, type GraphName } from "./graph/effect.ts";
import { violations } from "./graph/invariants.ts";
import type { Store, StoreMemory } from "./graph/store.ts";
import { DEFAULT_QUERY_LIMITS, type QueryLimits } from "./limits.ts";
import { DEFAULT_LIVE_LIMITS } from "./live/limits.ts";
import { LiveQueries } from "./live/live-queries.ts";
import { Routes } from "./live/routes.ts";
import { NO_ROWS } from "./live/row-set.ts";
import type { LiveListener } from "./live/watcher.ts";
import type { Checkpointer } from "./log/checkpointer.ts";
import { DataDirectory } from "./log/directory.ts";
import type { CommitLog } from "./log/log.ts";
import { MemoryLog } from "./log/memory.ts";
import type { StateFile } from "./log/state-file.ts";
import type { DatabaseOptions } from "./options.ts";
import { policiesProcedure } from "./policy/procedure.ts";
import { checkPolicy } from "./policy/permissions.ts";
import { policyOf, policyText } from "./policy/policy.ts";
import { PlanCache } from "./plan-cache.ts";
import { checkpointerOf, forgetting, recover } from "./recovery.ts";
import {
  type BeginRequest,
  type LiveQuery,
  type LiveResult,
  type Principal,
  type QueryResult,
  type Request,
  type SubscribeRequest,
  type Transaction,
  parametersOf,
} from "./requests.ts";
import { DEFAULT_READER_LIMITS } from "./readers/limits.ts";
import { portableMap } from "./readers/portable.ts";
import { Readers } from "./readers/readers.ts";
import { NEW_SESSION, sessionAfter, type SessionState } from "./session.ts";
import { rowKeyHash } from "./row-key-hash.ts";
import { UserWatch, type LiveWatchOptions } from "./live-watch.ts";
import type { Withdrawal } from "./withdrawal.ts";

export interface DatabaseStatus {
  readonly writable: boolean;
  /** Why not. */
  readonly reason?: string;
  readonly epoch: string;
  readonly seq: number;
  readonly nodes: number;
  readonly edges: number;
  readonly documents: number;
  /** Size of the log, in bytes. */
  readonly logBytes: number;
  /** Writes that wait or are being committed. */
  readonly queuedWrites: number;
  /** Transactions over several statements that are not over. */
  readonly openTransactions: number;
  /** Live results that are maintained. */
  readonly liveQueries: number;
  /** Those of them that are behind and will jump to a later seq. */
  readonly liveQueriesBehind: number;
  /** Threads for long reads that run. */
  readonly readers: number;
}

/** Something that is not as it has to be. */
export interface Finding {
  readonly part: "graph";
  readonly message: string;
}

/** Every replica keeps it in memory, and compiles it. */
const POLICY_CHARACTERS_MAX = 1_048_576;

/** Where the log is kept. */
interface Storage {
  readonly log: CommitLog;
  close(): Promise<void>;
}

/**
 * A database in this process: queries, writes, live queries over one log. Everything above it (sessions, users, sockets) speaks to the
 * data through this class alone.
 */
export class Database {
  readonly #environment: Environment;
  readonly #limits: QueryLimits;
  readonly #storage: Storage;
  readonly #replica: Replica;
  readonly #door: Door;
  readonly #transactions: Transactions;
  readonly #live: LiveQueries;
  readonly #waiters: SeqWaiters;
  readonly #watching: LiveWatchOptions;
  readonly #reserved: Feed<ReservedCommit>;
  readonly #documents: DocumentEdits;
  readonly #plans: PlanCache;
  readonly #readers: Readers | null;
  readonly #hashKey: (text: string) => string;
  readonly #checkpointer: Checkpointer | null;
  #closing: Promise<void> | null = null;

  private constructor(
    storage: Storage,
    replica: Replica,
    checkpointer: Checkpointer | null,
    options: DatabaseOptions,
  ) {
    const { store } = replica;
    const { log } = storage;
    const environment = options.environment ?? SYSTEM;
    this.#environment = environment;
    this.#limits = { ...DEFAULT_QUERY_LIMITS, ...options.queryLimits };
    this.#storage = storage;
    this.#replica = replica;
    this.#hashKey = rowKeyHash(() => store.catalog.hashKey);
    const conflicts = new Conflicts(store, new Routes(store));
    this.#door = new Door(replica, log, conflicts, environment, this.#hashKey, {
      ...DEFAULT_DOOR_LIMITS,
      ...options.doorLimits,
    });
    this.#transactions = new Transactions(
      replica,
      this.#door,
      conflicts,
      environment,
      this.#hashKey,
      { ...DEFAULT_TRANSACTION_LIMITS, ...options.transactionLimits },
    );
    this.#live = new LiveQueries(store, () => replica.seq, this.#hashKey, environment, {
      ...DEFAULT_LIVE_LIMITS,
      ...options.liveLimits,
    });
    this.#watching = {
      policies: replica.policies,
      seq: () => replica.seq,
      commit: async () => (await this.#door.submit({ kind: "system", patch: [] })).seq,
    };
    this.#reserved = new Feed(environment, reservedIn);
    const edits = new Feed(environment, editIn);
    this.#documents = new DocumentEdits(store.documents, edits, (write) => {
      this.#refuseClosed();
      if (write.kind === "edit") this.#refuseLongKey(write.idempotencyKey);
      return this.#door.submit(write);
    });
    this.#waiters = new SeqWaiters(replica, environment, this.#limits.minSeqWaitersMax);
    const procedures = procedureTable(options.procedures ?? [], [
      policiesProcedure(() => replica.policies.policy),
    ]);
    this.#plans = new PlanCache((text) => compile(text, procedures), this.#limits.plansMax);
    this.#checkpointer = checkpointer;
    replica.follow(conflicts);
    this.#readers = readersOf(store, environment, options);
    replica.follow(this.#live);
    if (this.#readers !== null) replica.follow(this.#readers);
    replica.follow(this.#waiters);
    replica.follow(this.#reserved);
    replica.follow(edits);
    if (checkpointer === null) replica.follow(forgetting(log, environment));
  }

  /**
   * Reads the newest good checkpoint and the log behind it. An empty log begins an epoch. Throws CORRUPT when the data is damaged,
   * UNAVAILABLE when another process has the directory.
   */
  static async open(options: DatabaseOptions = {}): Promise<Database> {
    const { directory: path, durability = "durable" } = options;
    const directory = path === undefined ? null : await DataDirectory.open({ path, durability });
    const storage = directory ?? { log: new MemoryLog(), close: () => Promise.resolve() };
    try {
      const { replica, checkpoint } = await recover(directory, options);
      const database = new Database(
        storage,
        replica,
        checkpointerOf(directory, checkpoint, options),
        options,
      );
      if (replica.seq === 0 || directory?.cursorsVoid === true) await database.#beginEpoch();
      directory?.epochBegun();
      database.#checkpointer?.start();
      return database;
    } catch (error) {
      await storage.close();
      throw error;
    }
  }

  async #beginEpoch(): Promise<void> {
    const { randomBytes } = this.#environment;
    const epoch = base64url(randomBytes(9));
    const hashKey = this.#replica.store.catalog.hashKey || base64url(randomBytes(32));
    await this.#door.submit({ kind: "system", patch: [{ kind: "beginEpoch", epoch, hashKey }] });
  }

  /** Cursors and seqs of another epoch mean nothing here. */
  get epoch(): string {
    return this.#replica.store.catalog.epoch;
  }

  /** The last commit. */
  get seq(): number {
    return this.#replica.seq;
  }

  /** Whether a text would write; "unknown" when it cannot be compiled, or is a command for a transaction. */
  access(text: string): Statement["access"] | "unknown" {
    try {
      const { access, sessionCommand, transactionCommand } = this.#compile(text);
      return transactionCommand === undefined && sessionCommand === undefined ? access : "unknown";
    } catch {
      return "unknown";
    }
  }

  /** What the text says about transactions: for those who hold one per connection, and call {@link begin} and what follows. */
  transactionCommand(text: string): TransactionCommand | null {
    try {
      return this.#compile(text).transactionCommand ?? null;
    } catch {
      return null;
    }
  }

  /**
   * Parses, binds and plans a text, and generates its code, so that its next run has only to run. Never needed: it takes that much of the
   * first run. Throws like {@link Database.query}, as far as it gets.
   */
  prepare(request: Omit<Request, "parameters">): void {
    const { statement } = this.#prepare(request);
    const { policies, store } = this.#replica;
    const grantee = granteeOf(request.principal);
    const place = placeOf(statement, graphOf(request), store.graphs, policies.reachOf(grantee));
    const grant = grantee && policies.grantTo(grantee);
    this.#guard(() => statement.prepare?.({ ...place, grant, keyed: false }));
  }

  /**
   * Runs one statement to its end. A write resolves when it is durable. Rejects with a GeodeError: of the statement, of the limits, or
   * UNAVAILABLE.
   */
  async query(request: Request): Promise<QueryResult> {
    return this.answer(request);
  }

  /** As {@link query}, for whoever asks often: what has not to be waited for is there at once, or thrown. */
  answer(request: Request): QueryResult | Promise<QueryResult> {
    const { statement, parameters } = this.#prepare(request);
    const { minSeq } = request;
    return minSeq === undefined || minSeq <= this.seq
      ? this.#carryOut(statement, request, parameters)
      : this.#carryOutAt(minSeq, statement, request, parameters);
  }

  async #carryOutAt(
    seq: number,
    statement: Statement,
    request: Request,
    parameters: ReadonlyMap<string, Value>,
  ): Promise<QueryResult> {
    await this.#reach(seq, request);
    return this.#carryOut(statement, request, parameters);
  }

  #carryOut(
    statement: Statement,
    request: Request,
    parameters: ReadonlyMap<string, Value>,
  ): QueryResult | Promise<QueryResult> {
    this.#refuseCancelled(request.signal);
    return statement.access === "read"
      ? this.#read(statement, request, parameters)
      : this.#write(statement, request, parameters);
  }

  /**
   * Begins a transaction over several statements. Whoever begins it ends it: it is held until its commit or rollback, or until it was
   * open too long. Throws UNAVAILABLE when too many are open.
   */
  begin({ principal, access = "readWrite" }: BeginRequest): Transaction {
    this.#refuseClosed();
    const transaction = this.#transactions.begin(principal.id, access);
    return {
      get status() {
        return transaction.status;
      },
      query: (request) => this.#queryIn(transaction, request),
      commit: (request) => this.#commit(transaction, request),
      rollback: () => transaction.rollback(),
    };
  }

  async #queryIn(transaction: OpenTransaction, request: Request): Promise<QueryResult> {
    const { statement, parameters } = this.#prepare(request);
    if (request.minSeq !== undefined) await this.#reach(request.minSeq, request);
    this.#refuseCancelled(request.signal);
    this.#refuseClosed();
    if (request.idempotencyKey !== undefined) {
      throw new GeodeError("25000", "An idempotency key belongs to a whole transaction.", {
        hint: "Send it with COMMIT.",
      });
    }
    const { result, seq, stats } = transaction.run({
      statement,
      graph: graphOf(request),
      parameters,
      timeZone: request.session?.timeZone ?? null,
      budget: this.#budget(request),
      grantee: granteeOf(request.principal),
    });
    return resultOf(statement, result, seq, stats);
  }

  async #commit(
    transaction: OpenTransaction,
    request: CommitRequest = {},
  ): Promise<{ readonly seq: number }> {
    this.#refuseClosed();
    this.#refuseLongKey(request.idempotencyKey);
    return transaction.commit(request);
  }

  /** What the text says about the session: for those who hold one per connection, and call {@link sessionAfter}. */
  sessionCommand(text: string): SessionCommand | null {
    try {
      return this.#compile(text).sessionCommand ?? null;
    } catch {
      return null;
    }
  }

  /**
   * The session behind a SESSION command, which the request's text is; `request.session` is that before it. Rejects like
   * {@link Database.query}, with 22007 for what is no time zone, and with LIMIT for too many parameters or too large ones.
   */
  async sessionAfter(request: Request): Promise<SessionState> {
    this.#refuseClosed();
    const statement = this.#compile(request.text);
    const { sessionCommand } = statement;
    if (sessionCommand === undefined)
      throw new GeodeError("42000", "This statement says nothing about the session.");
    if (request.minSeq !== undefined) await this.#reach(request.minSeq, request);
    this.#refuseCancelled(request.signal);
    // What computes no value is carried out also where the graph of the session is gone, or out of reach by now.
    const asked = statement.columns.length > 0 ? request : { ...request, graph: DEFAULT_GRAPH };
    const { rows } = await this.#read(statement, asked, parametersOf(request));
    const value = rows[0]?.[0] ?? null;
    return sessionAfter(request.session ?? NEW_SESSION, sessionCommand, value);
  }

  /** Compiles the statement of a request that asks for one answer. */
  #prepare(request: Request): { statement: Statement; parameters: ReadonlyMap<string, Value> } {
    this.#refuseClosed();
    const statement = this.#compile(request.text);
    if (statement.sessionCommand !== undefined) throw noSession();
    if (statement.liveForm !== null) {
      throw new GeodeError(
        "42000",
        "This statement asks for a live result, which one answer cannot be.",
        {
          hint: "Send it as SUBSCRIBE, or leave out SUBSCRIBE TO and EMIT CHANGES.",
        },
      );
    }
    return { statement, parameters: parametersOf(request) };
  }

  #read(
    statement: Statement,
    request: Request,
    parameters: ReadonlyMap<string, Value>,
  ): QueryResult | Promise<QueryResult> {
    this.#refuseClosed();
    const { policies, store } = this.#replica;
    const grantee = granteeOf(request.principal);
    const reach = policies.reachOf(grantee);
    const place = placeOf(statement, graphOf(request), store.graphs, reach);
    const budget = this.#budget(request);
    const readers = this.#readers;
    // A read that takes long is dropped here and run again on a reader: nothing of it was told.
    const elsewhere =
      readers !== null &&
      statement.definedHere !== true &&
      readers.available &&
      budget.timeMs > readers.mainThreadMs
        ? readers
        : null;
    const timeZone = request.session?.timeZone ?? null;
    const here = elsewhere === null ? budget : { ...budget, timeMs: elsewhere.mainThreadMs };
    const grant = grantee && policies.grantTo(grantee);
    const context = {
      ...place,
      parameters,
      timeZone,
      timeMs: this.#environment.nowMs(),
      random: this.#environment.random,
      budget: new Budget(here, this.#environment.monotonicMs),
      grant,
      keyed: false,
      hashKey: this.#hashKey,
    };
    const { seq } = this.#replica;
    try {
      return resultOf(statement, statement.run(context), seq);
    } catch (error) {
      if (elsewhere === null || !isTimeout(error)) throw faultOf(error, this.#environment);
    }
    const result = elsewhere.query({
      text: request.text,
      graph: place.graphName,
      reach,
      parameters: portableMap(parameters),
      grantee: grant && grantee && { ...grantee, claims: portableMap(grantee.claims) },
      timeMs: context.timeMs,
      timeZone,
      seed: this.#environment.random(),
      budget,
      signal: request.signal,
    });
    return resultLater(statement, result, seq);
  }

  async #write(
    statement: Statement,
    request: Request,
    parameters: ReadonlyMap<string, Value>,
  ): Promise<QueryResult> {
    const { idempotencyKey, principal, signal } = request;
    this.#refuseLongKey(idempotencyKey);
    const { seq, result, stats } = await this.#door.submit({
      kind: "statement",
      statement,
      graph: graphOf(request),
      parameters,
      timeZone: request.session?.timeZone ?? null,
      principal: principal.id,
      grantee: granteeOf(principal),
      budget: this.#budget(request),
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
      ...(signal === undefined ? {} : { signal }),
    });
    return resultOf(statement, result, seq, stats);
  }

  /** As {@link Database.watch}, for who would rather give functions. */
  async subscribe(
    request: SubscribeRequest,
    onChange: LiveListener["onChange"],
    onEnd: LiveListener["onEnd"] = () => {},
    onPace?: LiveListener["onPace"],
  ): Promise<LiveQuery> {
    const result = await this.watch(request, {
      onChange,
      onEnd,
      ...(onPace === undefined ? {} : { onPace }),
    });
    const { watch } = result;
    return {
      ...result,
      renew: (principal) => watch.renew(principal),
      close: () => watch.close(),
    };
  }

  /**
   * The result of a read now, and every later change of it to the listener, one call per commit, in order, none before the commit is
   * durable and its writer answered. `onEnd` is called once when the result can no longer be kept up to date, e.g. because new data made
   * the statement divide by zero. `onPace` hears when a commit may have changed the result and is looked at later, and when that is done.
   * What listeners throw is reported to the environment and concerns nobody else.
   */
  async watch(request: SubscribeRequest, listener: LiveListener): Promise<LiveResult> {
    this.#refuseClosed();
    const statement = this.#compile(request.text);
    if (statement.access !== "read") {
      throw new GeodeError(
        "42000",
        "This statement writes; only a result that is read can be live.",
        {
          hint: "Send it as QUERY, and subscribe to a statement that reads what it changes.",
        },
      );
    }
    if (statement.sessionCommand !== undefined) throw noSession();
    const parameters = parametersOf(request);
    // A state of another epoch says nothing about this one.
    const known = request.resume?.epoch === this.epoch ? request.resume : null;
    const minSeq = Math.max(request.minSeq ?? 0, known?.seq ?? 0);
    await this.#reach(minSeq, request);
    this.#refuseCancelled(request.signal);
    this.#refuseClosed();
    const spec = {
      statement,
      graph: graphOf(request),
      parameters,
      timeZone: request.session?.timeZone ?? null,
      before: request.before ?? false,
      frozen: { timeMs: this.#environment.nowMs(), random: this.#environment.random() },
    };
    const watch = new UserWatch(this.#watching, request.principal);
    const live = this.#guard(() => this.#live.watch(spec, listener, known, watch));
    watch.begin(live.watcher);
    const liveForm = statement.liveForm ?? "snapshot";
    const { keys, rows, texts } = live.unchanged || liveForm === "changes" ? NO_ROWS : live.rows;
    return {
      text: statement.text,
      columns: live.columns,
      shape: statement.shape,
      liveForm,
      rows,
      keys,
      encodedRows: texts,
      epoch: this.epoch,
      seq: live.seq,
      digest: live.digest,
      maintenance: "reexecution",
      resumed: live.unchanged,
      reset: request.resume !== undefined && !live.unchanged,
      notices: live.notices,
      watch,
    };
  }

  /** Tells of nodes with reserved labels that became durable, commit by commit, in order. Returns how to stop. */
  watchReserved(listener: (commit: ReservedCommit) => void): () => void {
    return this.#reserved.listen(listener);
  }

  /** Shared documents. */
  get documents(): DocumentEdits {
    return this.#documents;
  }

  /** The policy as it is now, as canonical text; empty when there is none. Users with the role admin are above it. */
  get policyText(): string {
    return this.#replica.store.catalog.policy;
  }

  /**
   * Replaces the policy by the document, or takes it away. It is a commit: every write before it was judged by the one before, every live query shows
   * what the new one grants, with that seq. Throws INVALID_MESSAGE for its form, 42001 and 42002 for a rule, TOO_LARGE. A policy that changes nothing
   * makes no commit.
   */
  async applyPolicy(document: unknown): Promise<{ readonly seq: number }> {
    this.#refuseClosed();
    const policy = document === null ? null : policyOf(document);
    const text = policy === null ? "" : policyText(policy);
    if (text.length > POLICY_CHARACTERS_MAX)
      throw new GeodeError(
        "TOO_LARGE",
        `The policy has ${text.length} characters; ${POLICY_CHARACTERS_MAX} are allowed.`,
      );
    if (policy !== null) checkPolicy(policy);
    if (text === this.policyText) return { seq: this.seq };
    return this.#door.submit({ kind: "system", patch: [{ kind: "setPolicy", policy: text }] });
  }

  /** What the data take in memory. */
  memory(): StoreMemory {
    return this.#replica.store.memory();
  }

  status(): DatabaseStatus {
    const failure = this.#closing === null ? this.#door.failure : closed();
    let nodes = 0;
    let edges = 0;
    for (const graph of this.#replica.store.graphs.values()) {
      nodes += graph.nodeCount;
      edges += graph.edgeCount;
    }
    return {
      writable: failure === null,
      ...(failure === null ? {} : { reason: failure.message }),
      epoch: this.epoch,
      seq: this.seq,
      nodes,
      edges,
      documents: this.#replica.store.documents.size,
      logBytes: this.#storage.log.bytes(),
      queuedWrites: this.#door.queuedWrites,
      openTransactions: this.#transactions.openCount,
      liveQueries: this.#live.groupCount,
      liveQueriesBehind: this.#live.behindCount,
      readers: this.#readers?.count ?? 0,
    };
  }

  /** Checks that the graph in memory agrees with itself. Takes time in proportion to the graph, in one go. */
  check(): readonly Finding[] {
    return violations(this.#replica.store).map((message) => ({ part: "graph", message }));
  }

  /**
   * Writes a checkpoint of the log as it is now, so that the next start is quick. It comes by itself as the log grows. Throws NOT_FOUND
   * when there is no directory to write it to.
   */
  async checkpoint(): Promise<void> {
    if (this.#checkpointer === null)
      throw new GeodeError("NOT_FOUND", "A database in memory has no checkpoints.");
    await this.#checkpointer.checkpoint();
  }

  /**
   * The whole database as of one commit, no older than those that were answered when it is asked for: a copy while writes go on.
   * Whoever gets it closes it. Throws NOT_FOUND when there is no directory to make it in.
   */
  async state(): Promise<StateFile> {
    this.#refuseClosed();
    if (this.#checkpointer === null)
      throw new GeodeError("NOT_FOUND", "A database in memory cannot be copied.", {
        hint: "Run the server with --data.",
      });
    return this.#checkpointer.state();
  }

  /** Answers the writes under way, then closes everything. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#live.close();
    this.#waiters.close();
    await this.#readers?.close();
    this.#transactions.close();
    await this.#door.close();
    await this.#checkpointer?.close();
    await this.#storage.close();
  }

  #compile(text: string): Statement {
    if (text.length > this.#limits.textLengthMax) {
      throw new GeodeError(
        "TOO_LARGE",
        `A statement has at most ${this.#limits.textLengthMax} characters, this one has ${text.length}.`,
        {
          hint: "Send data as parameters.",
        },
      );
    }
    return this.#guard(() => this.#plans.get(text));
  }

  #budget({ timeoutMs = this.#limits.timeoutMs }: Pick<Request, "timeoutMs">): BudgetLimits {
    if (!(timeoutMs > 0))
      throw new GeodeError(
        "INVALID_MESSAGE",
        `A timeout of ${timeoutMs} ms makes no sense; it has to be positive.`,
      );
    return {
      timeMs: Math.min(timeoutMs, this.#limits.timeoutMsMax),
      rows: this.#limits.rowsMax,
      keptRows: this.#limits.keptRowsMax,
      bytes: this.#limits.bytesMax,
      matches: this.#limits.matchesMax,
    };
  }

  #refuseLongKey(key: string | undefined): void {
    const { idempotencyKeyLengthMax: lengthMax } = this.#limits;
    if (key !== undefined && key.length > lengthMax)
      throw new GeodeError("TOO_LARGE", `An idempotency key has at most ${lengthMax} characters.`);
  }

  /** Waits until the commit is in, but not longer than the request may take. */
  async #reach(seq: number, { signal, timeoutMs = Infinity }: Request): Promise<void> {
    if (seq <= this.seq) return;
    await this.#waiters.wait(seq, Math.min(this.#limits.minSeqWaitMs, timeoutMs), signal);
  }

  /** Nothing but a GeodeError comes out, also when the mistake is ours. */
  #guard<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw faultOf(error, this.#environment);
    }
  }

  #refuseCancelled(signal: Withdrawal | undefined): void {
    if (signal?.aborted === true) throw new GeodeError("CANCELLED", "The query was cancelled.");
  }

  #refuseClosed(): void {
    if (this.#closing !== null) throw closed();
  }
}

/** Whom the policy judges; null: nobody, it is the server itself. */
function granteeOf(principal: Principal): Principal | null {
  return principal.system === true ? null : principal;
}

/** The graph that a request is for. */
function graphOf({ graph, session = NEW_SESSION }: Pick<Request, "graph" | "session">): GraphName {
  return graph ?? session.graph;
}

/** The answer to a request. `result` is null for a write that was done before, under its key. */
function resultOf(
  statement: Statement,
  result: Result | null,
  seq: number,
  stats?: WriteStats,
): QueryResult {
  return {
    columns: result?.columns ?? statement.columns,
    shape: statement.shape,
    rows: result?.rows ?? [],
    seq,
    ...(stats === undefined ? {} : { stats }),
    notices: result?.notices ?? [],
  };
}

async function resultLater(
  statement: Statement,
  result: Promise<Result>,
  seq: number,
): Promise<QueryResult> {
  return resultOf(statement, await result, seq);
}

/** The threads for long reads; null when there are to be none. */
function readersOf(
  store: Store,
  environment: Environment,
  { readers = 0, readerLimits }: DatabaseOptions,
): Readers | null {
  const limits = { ...DEFAULT_READER_LIMITS, ...readerLimits };
  return readers > 0 ? new Readers(store, readers, limits, environment) : null;
}

function isTimeout(error: unknown): boolean {
  return error instanceof GeodeError && error.code === "TIMEOUT";
}

function closed(): GeodeError {
  return new GeodeError("UNAVAILABLE", "The database is closed.");
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64url");
}
