// oxlint-disable-next-line no-restricted-imports -- This is the way in from outside; inside, nobody imports database.
export { Database, type DatabaseStatus, type Finding } from "./database.ts";
export type { Environment } from "./commit/environment.ts";
export type { IdempotencyLimits } from "./commit/idempotency.ts";
export type { DoorLimits, TransactionLimits } from "./commit/limits.ts";
export type { CommitRequest, TransactionAccess, TransactionStatus } from "./commit/transaction.ts";
export type { Column, LiveForm, Notice, Row, TransactionCommand } from "./execute/statement.ts";
export type { WriteStats } from "./execute/write-stats.ts";
export type { ProcedureDefinition } from "./execute/procedures.ts";
export type { QueryLimits } from "./limits.ts";
export type { Change, LiveCommit } from "./live/change.ts";
export type { LiveListener } from "./live/watcher.ts";
export type { DatabaseOptions, OpeningProgress } from "./options.ts";
export type {
  BeginRequest,
  LiveQuery,
  LiveResult,
  LiveWatch,
  Principal,
  QueryResult,
  Request,
  SubscribeRequest,
  Transaction,
} from "./requests.ts";
export { NEW_SESSION, type SessionState } from "./session.ts";
export type { LiveLimits } from "./live/limits.ts";
export { type CheckReport, checkDirectory } from "./log/check.ts";
export { type Checkpoint, openCheckpoint } from "./log/checkpoint.ts";
export { copyState, makeCopy } from "./log/copy.ts";
export type { StateFile } from "./log/state-file.ts";
export type {
  CreateConstraint,
  CreateIndex,
  ElementKind,
  InsertEdge,
  InsertNode,
  Requirement,
} from "./graph/effect.ts";
