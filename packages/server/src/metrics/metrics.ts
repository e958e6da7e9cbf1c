import { CLOSES, LIMIT_NAMES, LIMITS, type CloseName, type LimitName } from "@geode/protocol";
import type { GeodeError, MetLimit } from "@geode/values";
import { Counter, Gauge, Registry } from "prom-client";
import type { DatabaseFigures } from "../port.ts";
import { Durations } from "./durations.ts";
import { Traffic } from "./traffic.ts";

/** What is looked up when somebody asks, and not counted along. */
export interface MetricSources {
  readonly connections: () => number;
  readonly subscriptions: () => number;
  readonly users: () => number;
  readonly database: () => DatabaseFigures;
}

/** What a request is, as far as its time goes. "unknown": a statement that may read or write. */
export type QueryClass = "read" | "write" | "unknown" | "commit" | "subscribe";

/** From a point look-up to the longest that is allowed. */
const SECONDS = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30];

/**
 * Everything that `/metrics` tells. Labels come from closed sets only: what peers choose never becomes one. What happens with every
 * frame is counted in {@link Traffic}, and copied when somebody asks.
 */
export class Metrics {
  readonly traffic = new Traffic();
  readonly #registry = new Registry();
  readonly #connections: Counter;
  readonly #errors: Counter<"code">;
  readonly #closes: Counter<"code" | "reason">;
  readonly #limits: Counter<"limit">;
  readonly #refusals: Counter<"status">;
  readonly #queries: Durations<QueryClass>;
  readonly #commits: Durations;
  readonly #queue: Durations;
  readonly #fanOut: Durations;
  #failures = 0;
  #opened = 0;

  constructor(sources: MetricSources) {
    const registers = [this.#registry];
    const gauge = (name: string, help: string, value: () => number | undefined): void => {
      new Gauge({
        name,
        help,
        registers,
        collect() {
          const now = value();
          if (now !== undefined) this.set(now);
        },
      });
    };
    /** A counter of something that is counted elsewhere. */
    const total = (name: string, help: string, value: () => number): void => {
      new Counter({
        name,
        help,
        registers,
        collect() {
          this.reset();
          this.inc(value());
        },
      });
    };
    const { database } = sources;
    gauge("websocket_connections_active", "Connections that are open.", sources.connections);
    this.#connections = new Counter({
      name: "websocket_connections_total",
      help: "Connections that were opened.",
      registers,
    });
    total("websocket_messages_sent_total", "Messages to clients.", () => this.traffic.messagesSent);
    total(
      "websocket_messages_received_total",
      "Messages from clients.",
      () => this.traffic.messagesReceived,
    );
    total(
      "websocket_bytes_sent_total",
      "Bytes of messages to clients, before compression.",
      () => this.traffic.bytesSent,
    );
    total(
      "websocket_bytes_received_total",
      "Bytes of messages from clients, after inflating.",
      () => this.traffic.bytesReceived,
    );
    total(
      "websocket_errors_total",
      "ERROR messages, and connections that were closed for what the peer or the server did wrong.",
      () => this.#failures,
    );
    this.#errors = new Counter({
      name: "geode_errors_total",
      help: "ERROR messages by code.",
      labelNames: ["code"],
      registers,
    });
    this.#closes = new Counter({
      name: "geode_closes_total",
      help: "Connections that ended, by close code and the protocol's name for it.",
      labelNames: ["code", "reason"],
      registers,
    });
    this.#limits = new Counter({
      name: "geode_limit_reached_total",
      help: "How often each limit was met, by the name of its option.",
      labelNames: ["limit"],
      registers,
    });
    for (const name of LIMIT_NAMES) this.#limits.inc({ limit: LIMITS[name].option }, 0);
    this.#refusals = new Counter({
      name: "geode_handshakes_refused_total",
      help: "Handshakes that were refused, by HTTP status.",
      labelNames: ["status"],
      registers,
    });
    this.#queries = new Durations({
      name: "geode_query_seconds",
      help: "Time that the database takes to answer, by what is asked of it.",
      label: "class",
      bounds: SECONDS,
      registers,
    });
    this.#commits = new Durations({
      name: "geode_commit_seconds",
      help: "From the arrival of a write, or of a COMMIT, at the database until it is durable.",
      bounds: SECONDS,
      registers,
    });
    this.#queue = new Durations({
      name: "geode_queue_seconds",
      help: "From the arrival of a request to its start.",
      bounds: SECONDS,
      registers,
    });
    this.#fanOut = new Durations({
      name: "geode_fan_out_seconds",
      help: "From the first change of a turn that live queries hear of until all of its updates are queued.",
      bounds: SECONDS,
      registers,
    });
    gauge("geode_subscriptions", "Live queries of all connections.", sources.subscriptions);
    gauge("geode_users", "Users that are connected, or were a moment ago.", sources.users);
    gauge("geode_seq", "The last commit.", () => database().seq);
    gauge("geode_nodes", "Nodes in all graphs.", () => database().nodes);
    gauge("geode_edges", "Edges in all graphs.", () => database().edges);
    gauge("geode_documents", "Shared documents.", () => database().documents);
    gauge("geode_log_bytes", "Size of the log.", () => database().logBytes);
    gauge("geode_writes_queued", "Writes that wait or are being committed.", () => {
      return database().queuedWrites;
    });
    gauge("geode_transactions_open", "Transactions over several statements.", () => {
      return database().openTransactions;
    });
    gauge("geode_live_groups", "Live results that are maintained, each for all who asked.", () => {
      return database().liveQueries;
    });
    gauge("geode_live_groups_behind", "Those of them that are not up to date.", () => {
      return database().liveQueriesBehind;
    });
    gauge("geode_readers", "Threads for long reads.", () => database().readers);
    gauge("geode_writable", "1 while writes are accepted.", () => (database().writable ? 1 : 0));
    gauge("process_resident_memory_bytes", "Memory of the process.", () => {
      return process.memoryUsage.rss();
    });
    total("process_cpu_seconds_total", "Processor time of the process.", () => {
      const { system, user } = process.cpuUsage();
      return (system + user) / 1e6;
    });
    gauge("process_uptime_seconds", "Since the process began.", () => process.uptime());
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** All of it, in Prometheus' text format. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  /** The names of all metrics, without the suffixes of histograms. */
  get names(): readonly string[] {
    return this.#registry.getMetricsAsArray().map(({ name }) => name);
  }

  opened(): void {
    this.#opened++;
    this.#connections.inc();
  }

  /** Peers choose codes and reasons, too: those that are not the protocol's own are counted together. */
  closed(code: number, reason: string): void {
    const name = nameOf(code, reason);
    this.#closes.inc({ code: name === "other" ? "other" : String(code), reason: name });
    if (FAULTS.has(name)) this.#failures++;
  }

  /** An ERROR was sent. */
  failed({ code, limit }: Pick<GeodeError, "code" | "limit">): void {
    this.#failures++;
    this.#errors.inc({ code });
    if (limit !== undefined) this.limitReached(MET_LIMITS[limit]);
  }

  refused(status: number): void {
    this.#refusals.inc({ status: String(status) });
  }

  limitReached(name: LimitName): void {
    this.#limits.inc({ limit: LIMITS[name].option });
  }

  answered(queryClass: QueryClass, seconds: number): void {
    this.#queries.add(seconds, queryClass);
    if (queryClass === "write" || queryClass === "commit") this.#commits.add(seconds);
  }

  queued(seconds: number): void {
    this.#queue.add(seconds);
  }

  fannedOut(seconds: number): void {
    this.#fanOut.add(seconds);
  }

  /** The figures of the pool, as an administrator reads them. */
  get stats() {
    const { bytesReceived, bytesSent, messagesReceived, messagesSent } = this.traffic;
    return {
      connections_total: this.#opened,
      messages: { sent: messagesSent, received: messagesReceived },
      bandwidth: { sent_mb: megabytes(bytesSent), received_mb: megabytes(bytesReceived) },
      errors: this.#failures,
    };
  }
}

/** Ends that somebody should look at; the others are the ordinary course of things. */
const FAULTS: ReadonlySet<string> = new Set<CloseName>([
  "badFrame",
  "invalidJson",
  "invalidMessage",
  "badUtf8",
  "authenticationRequired",
  "invalidToken",
  "atCapacity",
  "tooBig",
  "internal",
  "slow",
]);

const MET_LIMITS = {
  queryTime: "queryMsMax",
  resultRows: "resultRowsMax",
  resultBytes: "resultBytesMax",
  keptRows: "keptRowsMax",
  queryBytes: "queryBytesMax",
  matches: "matchesMax",
  transactionTime: "transactionMsMax",
  transactionChanges: "transactionChangesMax",
  transactions: "transactionsMax",
  liveResults: "liveResultsMax",
  queuedWrites: "queuedWritesMax",
  subscriptions: "subscriptionsMax",
  channels: "channelsMax",
  rooms: "roomsMax",
  roomsPerUser: "roomsPerUserMax",
  messageBytes: "messageBytesMax",
  documents: "documentsMax",
  documentBytes: "documentBytesMax",
  documentParts: "documentPartsMax",
} as const satisfies Record<MetLimit, LimitName>;

function nameOf(code: number, reason: string): string {
  for (const [name, close] of Object.entries(CLOSES))
    if (close.code === code && close.reason === reason) return name;
  if (code === 1000 || code === 1001 || code === 1005) return "peer";
  return code === 1006 ? "lost" : "other";
}

function megabytes(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(2);
}
