export {
  Database,
  type DatabaseOptions,
  type DatabaseStatus,
  type Finding,
  type LiveQuery,
  type OpeningProgress,
  type Principal,
  type QueryResult,
  type Request,
  type SubscribeRequest,
} from "./database.ts";
export type { Environment } from "./commit/environment.ts";
export type { IdempotencyLimits } from "./commit/idempotency.ts";
export type { DoorLimits } from "./commit/limits.ts";
export type { Column, LiveForm, Notice, Row, WriteStats } from "./execute/statement.ts";
export type { QueryLimits } from "./limits.ts";
export type { Change, LiveCommit } from "./live/change.ts";
export type { LiveLimits } from "./live/limits.ts";
