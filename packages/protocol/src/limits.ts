/**
 * A bound on what a peer may make the server hold or do. Every limit lives in {@link LIMITS}: nothing else in the code decides a bound.
 * `option` is the flag of `geode serve` (and, upper-cased with GEODE_ before it, the variable); `wire` is its name in `AUTH_OK.limits`,
 * given for the limits that a well-behaved client needs to know.
 */
export interface Limit {
  readonly default: number;
  readonly unit: "bytes" | "count" | "ms" | "per second";
  readonly option: string;
  readonly wire?: string;
  readonly summary: string;
}

const KIB = 1024;
const MIB = 1024 * KIB;

/** The one table of limits. */
export const LIMITS = {
  frameBytesMax: {
    default: MIB,
    unit: "bytes",
    option: "frame-bytes",
    wire: "frame_bytes",
    summary: "one message from a client",
  },
  frameBytesBeforeAuthMax: {
    default: 16 * KIB,
    unit: "bytes",
    option: "frame-bytes-before-auth",
    summary: "one message before authentication",
  },
  fragmentsMax: {
    default: 1024,
    unit: "count",
    option: "fragments",
    summary: "fragments of one message",
  },
  bufferedChunksMax: {
    default: 4096,
    unit: "count",
    option: "buffered-chunks",
    summary: "chunks buffered for one unfinished message",
  },
  jsonDepthMax: {
    default: 64,
    unit: "count",
    option: "json-depth",
    wire: "json_depth",
    summary: "nesting of a message, the message itself being 1",
  },
  jsonKeysMax: {
    default: 1000,
    unit: "count",
    option: "json-keys",
    wire: "json_keys",
    summary: "keys of one object in a message",
  },
  connectionsMax: {
    default: 10_000,
    unit: "count",
    option: "max-connections",
    summary: "connections of the server",
  },
  connectionsPerUserMax: {
    default: 100,
    unit: "count",
    option: "connections-per-user",
    summary: "connections of one user; the oldest gives way",
  },
  connectionsPerAddressMax: {
    default: 1000,
    unit: "count",
    option: "connections-per-address",
    summary: "connections from one network address (of IPv6: one /64)",
  },
  handshakesPerSecond: {
    default: 200,
    unit: "per second",
    option: "handshakes-per-second",
    summary: "new connections of the server, with bursts of twice as many",
  },
  httpPerSecond: {
    default: 100,
    unit: "per second",
    option: "http-per-second",
    summary: "HTTP requests of one address, and of one user, with bursts of twice as many",
  },
  revocationsMax: {
    default: 100_000,
    unit: "count",
    option: "revocations",
    summary: "users and tokens that are revoked at a time",
  },
  batchMessagesMax: {
    default: 100,
    unit: "count",
    option: "batch-messages",
    wire: "batch_messages",
    summary: "messages in one BATCH",
  },
  roomsMax: {
    default: 100,
    unit: "count",
    option: "rooms",
    wire: "rooms",
    summary: "rooms that one connection is in",
  },
  roomsPerUserMax: {
    default: 10_000,
    unit: "count",
    option: "rooms-per-user",
    summary: "rooms that one user makes, by being the first to join or to write",
  },
  messageBytesMax: {
    default: 16 * KIB,
    unit: "bytes",
    option: "message-bytes",
    wire: "message_bytes",
    summary: "the text of a message, and its data as JSON",
  },
  roomMessagesMax: {
    default: 100_000,
    unit: "count",
    option: "room-messages",
    summary: "messages that a room keeps; the oldest give way",
  },
  roomRetentionMsMax: {
    default: 30 * 24 * 3_600_000,
    unit: "ms",
    option: "room-retention",
    summary: "how long messages are kept",
  },
  documentsMax: {
    default: 100,
    unit: "count",
    option: "documents",
    wire: "documents",
    summary: "documents that one connection has open",
  },
  documentBytesMax: {
    default: 16 * MIB,
    unit: "bytes",
    option: "document-bytes",
    wire: "document_bytes",
    summary: "one shared document, and one message about it on /yjs",
  },
  documentPartsMax: {
    default: 1_000_000,
    unit: "count",
    option: "document-parts",
    wire: "document_parts",
    summary:
      "parts of one document of Yjs: pieces of text, values, gaps where something was deleted",
  },
  channelsMax: {
    default: 100,
    unit: "count",
    option: "channels",
    wire: "channels",
    summary: "channels that one connection is in",
  },
  conflateBytesMin: {
    default: MIB,
    unit: "bytes",
    option: "conflate-bytes",
    summary: "updates waiting for one connection, before they are merged to one change per row",
  },
  subscriptionsMax: {
    default: 128,
    unit: "count",
    option: "subscriptions",
    wire: "subscriptions",
    summary: "live queries of one connection",
  },
  inFlightMax: {
    default: 64,
    unit: "count",
    option: "in-flight",
    wire: "in_flight",
    summary: "unanswered requests of one connection; beyond it the socket is not read",
  },
  outboxBytesMax: {
    default: 8 * MIB,
    unit: "bytes",
    option: "outbox-bytes",
    summary: "updates waiting for one connection, before it is closed as a slow consumer",
  },
  resultBytesMax: {
    default: 64 * MIB,
    unit: "bytes",
    option: "result-bytes",
    wire: "result_bytes",
    summary: "one answer",
  },
  queryMsMax: {
    default: 30_000,
    unit: "ms",
    option: "query-timeout-ms",
    wire: "timeout_ms",
    summary: "time for one query",
  },
  resultRowsMax: {
    default: 100_000,
    unit: "count",
    option: "result-rows",
    wire: "result_rows",
    summary: "rows of one result",
  },
  keptRowsMax: {
    default: 5_000_000,
    unit: "count",
    option: "kept-rows",
    summary: "rows that one query keeps at once for sorting, grouping and writing",
  },
  queryBytesMax: {
    default: 256 * MIB,
    unit: "bytes",
    option: "query-bytes",
    summary: "memory of what one query keeps at once and of its result, estimated",
  },
  matchesMax: {
    default: 1_000_000,
    unit: "count",
    option: "matches",
    summary: "matches of repetitions without an upper bound, in one query",
  },
  queuedWritesMax: {
    default: 10_000,
    unit: "count",
    option: "queued-writes",
    summary: "writes that wait or are being committed; one more is answered by UNAVAILABLE",
  },
  liveResultsMax: {
    default: 10_000,
    unit: "count",
    option: "live-results",
    summary: "different results that are kept up to date, for however many who watch them",
  },
  transactionsMax: {
    default: 1_000,
    unit: "count",
    option: "transactions",
    summary: "transactions over several statements that are open at a time",
  },
  transactionMsMax: {
    default: 60_000,
    unit: "ms",
    option: "transaction-timeout-ms",
    wire: "transaction_timeout_ms",
    summary: "for a transaction to be committed",
  },
  transactionChangesMax: {
    default: 10_000,
    unit: "count",
    option: "transaction-changes",
    wire: "transaction_changes",
    summary: "elements that one transaction changes",
  },
  requestsPerSecond: {
    default: 1000,
    unit: "per second",
    option: "requests-per-second",
    wire: "requests_per_second",
    summary: "queries and subscriptions of one user, with bursts of twice as many",
  },
  realtimePerSecond: {
    default: 1000,
    unit: "per second",
    option: "realtime-per-second",
    wire: "realtime_per_second",
    summary: "other messages of one user, with bursts of twice as many",
  },
  authMsMax: {
    default: 10_000,
    unit: "ms",
    option: "auth-timeout-ms",
    summary: "from the opening of a connection to its AUTH",
  },
  handshakeMsMax: {
    default: 10_000,
    unit: "ms",
    option: "handshake-timeout-ms",
    summary: "for a client to send the head of its HTTP request",
  },
  pingMs: {
    default: 30_000,
    unit: "ms",
    option: "ping-ms",
    wire: "ping_ms",
    summary: "between two pings",
  },
  pongMsMax: {
    default: 10_000,
    unit: "ms",
    option: "pong-timeout-ms",
    summary: "for a pong to arrive; two late ones in a row end the connection",
  },
  progressMsMax: {
    default: 30_000,
    unit: "ms",
    option: "progress-timeout-ms",
    summary: "without a byte taken by a connection that has bytes waiting",
  },
  idleMsMax: {
    default: 300_000,
    unit: "ms",
    option: "idle-timeout-ms",
    summary: "without a message and without a subscription",
  },
  drainMsMax: {
    default: 2_000,
    unit: "ms",
    option: "drain-ms",
    summary: "for unanswered requests to be answered once the server is told to stop",
  },
  invalidPerMinuteMax: {
    default: 5,
    unit: "count",
    option: "invalid-per-minute",
    summary: "invalid messages a minute that are tolerated, where they are tolerated",
  },
} as const satisfies Record<string, Limit>;

export type LimitName = keyof typeof LIMITS;

/** What applies to one server. */
export type Limits = { readonly [Name in LimitName]: number };

export const LIMIT_NAMES: readonly LimitName[] = Object.keys(LIMITS) as LimitName[];

/** The defaults, with some replaced. */
export function limitsWith(
  overrides: { readonly [Name in LimitName]?: number | undefined } = {},
): Limits {
  const limits: Partial<Record<LimitName, number>> = {};
  for (const name of LIMIT_NAMES) limits[name] = overrides[name] ?? LIMITS[name].default;
  return limits as Limits;
}

/** Those limits that `AUTH_OK` tells a client, by their names on the wire. */
export function limitsOnWire(limits: Limits): Record<string, number> {
  const wire: Record<string, number> = {};
  for (const name of LIMIT_NAMES) {
    const limit: Limit = LIMITS[name];
    if (limit.wire !== undefined) wire[limit.wire] = limits[name];
  }
  return wire;
}
