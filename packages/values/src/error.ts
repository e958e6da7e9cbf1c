/** Where in a text: 1-based line and column (in UTF-16 units), 0-based offset. */
export interface Position {
  readonly line: number;
  readonly column: number;
  readonly offset: number;
}

/**
 * Every expected failure of the database. `code` is a GQLSTATUS (ISO/IEC 39075:2024 §23) or one of the protocol's own codes;
 * callers branch on it, never on the message.
 */
export class GeodeError extends Error {
  override readonly name = "GeodeError";
  readonly code: ErrorCode;
  readonly position: Position | undefined;
  readonly hint: string | undefined;
  /** Which limit was met, if it is one that operators set. */
  readonly limit: MetLimit | undefined;
  constructor(
    code: ErrorCode,
    message: string,
    more: {
      position?: Position | undefined;
      hint?: string | undefined;
      limit?: MetLimit | undefined;
      cause?: unknown;
    } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.code = code;
    this.position = more.position;
    this.hint = more.hint;
    this.limit = more.limit;
  }
  /** Whether the same request may succeed when sent again unchanged. */
  get retryable(): boolean {
    return ERROR_CODES[this.code].retryable;
  }
}

/** The limits of a database and of its connections that operators set and want to hear of. */
export type MetLimit =
  | "queryTime"
  | "resultRows"
  | "keptRows"
  | "queryBytes"
  | "matches"
  | "transactionTime"
  | "transactionChanges"
  | "transactions"
  | "liveResults"
  | "queuedWrites"
  | "resultBytes"
  | "subscriptions"
  | "channels"
  | "rooms"
  | "roomsPerUser"
  | "messageBytes"
  | "documents"
  | "documentBytes"
  | "documentParts";

/**
 * The one table of error codes. Those with five characters are GQLSTATUS: with the standard's meaning, or, where the subclass begins with
 * N, of our own.
 */
export const ERROR_CODES = {
  "22003": { title: "numeric value out of range", retryable: false },
  "22004": { title: "null value not allowed", retryable: false },
  "22007": { title: "invalid datetime format", retryable: false },
  "22011": { title: "substring error", retryable: false },
  "22012": { title: "division by zero", retryable: false },
  "22018": { title: "invalid character value for cast", retryable: false },
  "22027": { title: "trim error", retryable: false },
  "22G02": { title: "negative limit value", retryable: false },
  "22G03": { title: "invalid value type", retryable: false },
  "22G04": { title: "values not comparable", retryable: false },
  "22G0B": { title: "list data, right truncation", retryable: false },
  "22G0C": { title: "list element error", retryable: false },
  "22G0F": { title: "invalid number of paths or groups", retryable: false },
  "22G0M": { title: "multiple assignments to a graph element property", retryable: false },
  "22G0U": { title: "record fields do not match", retryable: false },
  "22G0Z": { title: "malformed path", retryable: false },
  "22N60": { title: "invalid regular expression", retryable: false },
  "25000": { title: "invalid transaction state", retryable: false },
  "25G01": { title: "active GQL-transaction", retryable: false },
  "25G03": { title: "read-only GQL-transaction", retryable: false },
  "2D000": { title: "invalid transaction termination", retryable: false },
  "40000": { title: "transaction rollback", retryable: true },
  "40002": { title: "transaction rollback: integrity constraint violation", retryable: false },
  "42000": { title: "syntax error or access rule violation", retryable: false },
  "42001": { title: "invalid syntax", retryable: false },
  "42002": { title: "invalid reference", retryable: false },
  G1001: { title: "dependent object error: edges still exist", retryable: false },
  G1003: {
    title: "dependent object error: endpoint node not in current working graph",
    retryable: false,
  },
  G2000: { title: "graph type violation", retryable: false },
  RATE_LIMITED: { title: "rate limit exceeded", retryable: true },
  INVALID_MESSAGE: { title: "invalid message", retryable: false },
  FORBIDDEN: { title: "not permitted", retryable: false },
  NOT_FOUND: { title: "not found", retryable: false },
  ID_IN_USE: { title: "the id is in use", retryable: false },
  ID_REUSED: { title: "the id was used for something else", retryable: false },
  TOO_LARGE: { title: "too large", retryable: false },
  LIMIT: { title: "a limit was reached", retryable: false },
  TIMEOUT: { title: "out of time", retryable: true },
  CANCELLED: { title: "cancelled", retryable: true },
  RESET: { title: "reset", retryable: true },
  SLOW: { title: "too slow", retryable: true },
  UNAVAILABLE: { title: "not available", retryable: true },
  DRAINING: { title: "the server is shutting down", retryable: true },
  CORRUPT: { title: "stored data is damaged", retryable: false },
  INTERNAL: { title: "internal error", retryable: false },
} as const satisfies Record<string, { title: string; retryable: boolean }>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** The end of a switch over a closed union: reached only if a case was forgotten. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${String(value)}`);
}
