import { type Attributes, type Span, SpanStatusCode, trace } from "@opentelemetry/api";
import type { CommitChanges } from "@geode/protocol";
import { GeodeError } from "@geode/values";
import type { Clock } from "../clock.ts";
import type {
  Access,
  BeginRequest,
  DatabaseFigures,
  DatabasePort,
  LiveAnswer,
  LiveListener,
  Pace,
  QueryAnswer,
  QueryRequest,
  SessionCommand,
  SessionState,
  SubscribeRequest,
  Transaction,
  TransactionCommand,
} from "../port.ts";
import { accessOf } from "../session/access.ts";
import type { Metrics, QueryClass } from "./metrics.ts";

/** Spans go nowhere, and cost next to nothing, until the process registers a tracer provider. */
const tracer = trace.getTracer("geode");

/** What a text is, as far as that can be told without running it. */
interface Kind {
  readonly text: string;
  readonly access: Access;
  readonly transactionCommand: TransactionCommand | null;
  readonly sessionCommand: SessionCommand | null;
}

/**
 * A database whose time is measured: histograms, and a span for each request. No span says what was asked: statements and parameters
 * are the users' own.
 */
export class MeasuredDatabase implements DatabasePort {
  readonly #database: DatabasePort;
  readonly #metrics: Metrics;
  readonly #clock: Pick<Clock, "endOfTurn">;
  #fanningOut = false;
  #lastKind: Kind | undefined;

  constructor(database: DatabasePort, metrics: Metrics, clock: Pick<Clock, "endOfTurn">) {
    this.#database = database;
    this.#metrics = metrics;
    this.#clock = clock;
  }

  get epoch(): string {
    return this.#database.epoch;
  }

  get seq(): number {
    return this.#database.seq;
  }

  access(text: string): Access {
    return this.#kindOf(text).access;
  }

  transactionCommand(text: string): TransactionCommand | null {
    return this.#kindOf(text).transactionCommand;
  }

  sessionCommand(text: string): SessionCommand | null {
    return this.#kindOf(text).sessionCommand;
  }

  /** Asked several times for each request, and nothing but the text decides. */
  #kindOf(text: string): Kind {
    if (this.#lastKind?.text !== text) {
      const database = this.#database;
      this.#lastKind = {
        text,
        access: accessOf(text, database),
        transactionCommand: database.transactionCommand(text),
        sessionCommand: database.sessionCommand(text),
      };
    }
    return this.#lastKind;
  }

  sessionAfter(request: QueryRequest): Promise<SessionState> {
    return this.#measure("read", attributesOf(request), () => this.#database.sessionAfter(request));
  }

  async query(request: QueryRequest): Promise<QueryAnswer> {
    return this.answer(request);
  }

  /** Without a promise where there is nothing to wait for. */
  answer(request: QueryRequest): QueryAnswer | Promise<QueryAnswer> {
    const queryClass = this.access(request.text);
    const span = tracer.startSpan(SPANS[queryClass], { attributes: attributesOf(request) });
    const startMs = performance.now();
    let answer;
    try {
      const database = this.#database;
      answer = database.answer === undefined ? database.query(request) : database.answer(request);
    } catch (error) {
      failedWith(error, span);
      this.#measured(queryClass, span, startMs);
      throw error;
    }
    if (answer instanceof Promise) return this.#awaited(() => answer, queryClass, span, startMs);
    this.#measured(queryClass, span, startMs);
    return answer;
  }

  begin(request: BeginRequest): Transaction {
    const transaction = this.#database.begin(request);
    return {
      query: (statement) =>
        this.#measure(this.access(statement.text), attributesOf(statement), () =>
          transaction.query(statement),
        ),
      commit: (commit) => this.#measure("commit", {}, () => transaction.commit(commit)),
      rollback: () => transaction.rollback(),
    };
  }

  watch(request: SubscribeRequest, listener: LiveListener): Promise<LiveAnswer> {
    const measured = new MeasuredListener(listener, this);
    return this.#measure("subscribe", attributesOf(request), () =>
      this.#database.watch(request, measured),
    );
  }

  status(): DatabaseFigures {
    return this.#database.status();
  }

  #measure<Answer>(
    queryClass: QueryClass,
    attributes: Attributes,
    work: () => Promise<Answer>,
  ): Promise<Answer> {
    const span = tracer.startSpan(SPANS[queryClass], { attributes });
    return this.#awaited(work, queryClass, span, performance.now());
  }

  async #awaited<Answer>(
    work: () => Promise<Answer>,
    queryClass: QueryClass,
    span: Span,
    startMs: number,
  ): Promise<Answer> {
    try {
      return await work();
    } catch (error) {
      failedWith(error, span);
      throw error;
    } finally {
      this.#measured(queryClass, span, startMs);
    }
  }

  #measured(queryClass: QueryClass, span: Span, startMs: number): void {
    this.#metrics.answered(queryClass, (performance.now() - startMs) / 1000);
    span.end();
  }

  /** Live queries hear of a commit one after the other, in one turn. */
  fanOut(): void {
    if (!this.#fanningOut) this.#beginFanOut();
  }

  /** Apart from {@link fanOut}, which is called for every one of them: a call of what makes a closure sets memory aside. */
  #beginFanOut(): void {
    this.#fanningOut = true;
    const startMs = performance.now();
    this.#clock.endOfTurn(() => {
      this.#fanningOut = false;
      this.#metrics.fannedOut((performance.now() - startMs) / 1000);
    });
  }
}

/** Their names, made once. */
const SPANS = {
  read: "geode.read",
  write: "geode.write",
  unknown: "geode.unknown",
  commit: "geode.commit",
  subscribe: "geode.subscribe",
} as const satisfies Record<QueryClass, string>;

function failedWith(error: unknown, span: Span): void {
  span.setAttribute("error.type", error instanceof GeodeError ? error.code : "INTERNAL");
  span.setStatus({ code: SpanStatusCode.ERROR });
}

class MeasuredListener implements LiveListener {
  readonly #listener: LiveListener;
  readonly #database: MeasuredDatabase;

  constructor(listener: LiveListener, database: MeasuredDatabase) {
    this.#listener = listener;
    this.#database = database;
  }

  onChange(commit: CommitChanges): void {
    this.#database.fanOut();
    this.#listener.onChange(commit);
  }

  onEnd(error: GeodeError): void {
    this.#listener.onEnd(error);
  }

  onPace(pace: Pace, seq: number): void {
    this.#listener.onPace?.(pace, seq);
  }
}

function attributesOf({ graph, session }: QueryRequest): Attributes {
  return { "db.system.name": "geode", "db.namespace": graph ?? session?.graph ?? "default" };
}
