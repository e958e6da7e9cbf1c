import type { CommitChanges, WireColumn, WireNotice } from "@geode/protocol";
import type { GeodeError, Value } from "@geode/values";

/**
 * The database as a session sees it: one asynchronous port of plain data. `Database` of @geode/engine fits it.
 */
export interface DatabasePort {
  readonly epoch: string;
  readonly seq: number;
  /** Whether the text would write, if the database can tell without running it. */
  access?(text: string): Access;
  /** What the text says about transactions; null for a statement. */
  transactionCommand(text: string): TransactionCommand | null;
  /** What the text says about the session; null for a statement. */
  sessionCommand(text: string): SessionCommand | null;
  /** The session behind such a command. */
  sessionAfter(request: QueryRequest): Promise<SessionState>;
  /** Throws when too many are open. Whoever begins it ends it. */
  begin(request: BeginRequest): Transaction;
  query(request: QueryRequest): Promise<QueryAnswer>;
  /** The same; what has not to be waited for is there at once, or thrown. */
  answer?(request: QueryRequest): QueryAnswer | Promise<QueryAnswer>;
  /** The result of a read now, and every later change of it to the listener. */
  watch(request: SubscribeRequest, listener: LiveListener): Promise<LiveAnswer>;
  /** The whole database as of one commit; whoever gets it closes it. */
  state?(): Promise<DatabaseState>;
  /** Tells of nodes with reserved labels that became durable, commit by commit, in order. Returns how to stop. */
  watchReserved?(listener: (commit: ReservedCommit) => void): () => void;
  /** Shared documents, where the database keeps any. */
  readonly documents?: DocumentsPort;
  /** The policy as canonical text; empty when there is none. */
  readonly policyText?: string;
  /** Replaces the policy by one that was parsed from JSON or YAML; null takes it away. Throws what is wrong with it. */
  applyPolicy?(document: unknown): Promise<{ readonly seq: number }>;
  status(): DatabaseFigures;
}

/** Documents as the database keeps them: edits in one order, in which it does not look. */
export interface DocumentsPort {
  /** Adds an edit. Resolves when it is durable; without a version when it was done before, under the same key. */
  edit(request: EditRequest): Promise<{ readonly seq: number; readonly version?: number }>;
  /** As it is now; undefined when it never had an edit. Valid until the end of the turn. */
  get(id: string): StoredDocument | undefined;
  ids(): Iterable<string>;
  /** Keeps all edits up to that version as this one, which has to say the same. */
  compact(compaction: {
    readonly document: string;
    readonly format: DocumentFormat;
    readonly version: number;
    readonly bytes: Uint8Array;
  }): Promise<void>;
  /** Changes what a node shows of a document: a part of one of its texts, and other properties. */
  splice(change: {
    readonly id: number;
    readonly property: string;
    /** How long the text is before: rejects when it is not. */
    readonly length: number;
    readonly at: number;
    readonly remove: number;
    readonly insert: string;
    readonly set: ReadonlyMap<string, Value>;
  }): Promise<void>;
  /** Tells of edits that became durable, in order, in a turn behind that in which they were answered. Returns how to stop. */
  watch(listener: (edit: EditCommit) => void): () => void;
}

export type DocumentFormat = "json" | "yjs";

export interface StoredDocument {
  readonly format: DocumentFormat;
  readonly version: number;
  /** The length of the edits that are kept. */
  readonly editBytes: number;
  /** Those behind a version. The first that is kept stands for those before it. */
  editsBehind(version: number): Iterable<{ readonly version: number; readonly bytes: Uint8Array }>;
}

export interface EditRequest {
  readonly document: string;
  readonly format: DocumentFormat;
  readonly bytes: Uint8Array;
  /** The edit holds all of the document. */
  readonly whole?: boolean;
  /** The most bytes of edits that the document may keep. */
  readonly bytesMax: number;
  readonly principal: Principal;
  readonly idempotencyKey?: string;
}

export interface EditCommit {
  readonly seq: number;
  /** The id of who made it. */
  readonly principal: string;
  readonly document: string;
  readonly format: DocumentFormat;
  readonly version: number;
  readonly bytes: Uint8Array;
}

export type Pace = "behind" | "caught up";

/** Nodes of the server's own that a commit brought. */
export interface ReservedCommit {
  readonly seq: number;
  readonly nodes: readonly {
    readonly label: string;
    readonly id: number;
    readonly properties: ReadonlyMap<string, Value>;
  }[];
}

/** How it is, at a glance. */
export interface DatabaseFigures {
  readonly writable: boolean;
  /** Why not. */
  readonly reason?: string | undefined;
  readonly seq?: number;
  readonly nodes?: number;
  readonly edges?: number;
  readonly documents?: number;
  readonly logBytes?: number;
  /** Writes that wait or are being committed. */
  readonly queuedWrites?: number;
  readonly openTransactions?: number;
  readonly liveQueries?: number;
  /** Those of them that are not up to date. */
  readonly liveQueriesBehind?: number;
  /** Threads for long reads. */
  readonly readers?: number;
}

/** A copy of everything, to be read from front to back. */
export interface DatabaseState extends AsyncIterable<Uint8Array> {
  readonly seq: number;
  readonly bytes: number;
  /** Idempotent. */
  close(): Promise<void>;
}

/** "unknown": it may write, so it is kept in order on both sides. */
export type Access = "read" | "write" | "unknown";

export type TransactionCommand =
  | { readonly action: "start"; readonly access: "readWrite" | "readOnly" }
  | { readonly action: "commit" }
  | { readonly action: "rollback" };

/** Of all that a command may say, what concerns the connection. */
export interface SessionCommand {
  readonly action: string;
}

/** What the statements of a connection have in common; every request brings it along. */
export interface SessionState {
  readonly graph: string;
  readonly timeZone: string | null;
  readonly parameters: ReadonlyMap<string, Value>;
}

export interface BeginRequest {
  readonly principal: Principal;
  readonly access: "readWrite" | "readOnly";
}

/** Statements that happen together or not at all. */
export interface Transaction {
  query(request: QueryRequest): Promise<QueryAnswer>;
  /** Ends it, whatever comes of it. */
  commit(request: {
    readonly idempotencyKey?: string;
    readonly signal?: Withdrawal;
  }): Promise<{ readonly seq: number }>;
  /** Idempotent; too late once it is being committed. */
  rollback(): void;
}

/** Who asks: `claims` are the token's, readable in GQL as `$auth`. */
export interface Principal {
  readonly id: string;
  readonly roles: readonly string[];
  readonly claims: ReadonlyMap<string, Value>;
  /** It is the server itself that asks, on behalf of the user. */
  readonly system?: true;
}

export interface QueryRequest {
  readonly text: string;
  readonly parameters: ReadonlyMap<string, Value>;
  readonly principal: Principal;
  readonly timeoutMs: number;
  readonly graph?: string | undefined;
  /** Absent: a new one. */
  readonly session?: SessionState | undefined;
  readonly idempotencyKey?: string | undefined;
  readonly minSeq?: number | undefined;
  readonly signal?: Withdrawal | undefined;
}

/** Says that a request is taken back, now or later; an `AbortSignal` is one. */
export interface Withdrawal {
  readonly aborted: boolean;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

export interface SubscribeRequest extends QueryRequest {
  readonly resume?: { readonly epoch: string; readonly seq: number; readonly digest?: string };
  readonly before?: boolean;
}

export interface QueryAnswer {
  readonly columns: readonly WireColumn[];
  /** "record": each row holds one record, and its fields are the columns. */
  readonly shape: "columns" | "record";
  readonly rows: readonly (readonly Value[])[];
  readonly seq: number;
  readonly stats?: object | undefined;
  readonly notices: readonly WireNotice[];
}

export interface LiveAnswer {
  /** What was asked; whoever watches the same may keep the same text. */
  readonly text: string;
  readonly columns: readonly WireColumn[];
  readonly keys: readonly string[];
  /** Canonical JSON of each row. */
  readonly encodedRows: readonly string[];
  readonly epoch: string;
  readonly seq: number;
  readonly digest: string;
  readonly maintenance: string;
  readonly resumed: boolean;
  readonly reset: boolean;
  readonly notices: readonly WireNotice[];
  readonly watch: LiveWatch;
}

/** What is left of a live result once it was sent. */
export interface LiveWatch {
  /** The same user has other roles or claims: changes bring the result to what these may see. Resolves when it is durable. */
  renew(principal: Principal): Promise<number>;
  /** Idempotent; nothing is heard afterwards. */
  close(): void;
}

/** Who hears of a live result. */
export interface LiveListener {
  /** Every change after the snapshot, in order, never before it is durable. */
  onChange(commit: CommitChanges): void;
  /** Called once if the result cannot be kept up to date any longer. */
  onEnd(error: GeodeError): void;
  /** The commit `seq` may have changed the result and is looked at later, or the result is right as of `seq`. */
  onPace?(pace: Pace, seq: number): void;
}
