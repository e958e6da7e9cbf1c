import type { MetLimit, ErrorCode, Position } from "@geode/values";
import type { BudgetLimits } from "../execute/budget.ts";
import type { Reach } from "../execute/reach.ts";
import type { Column, Notice } from "../execute/statement.ts";
import type { GraphName } from "../graph/effect.ts";
import type { Portable } from "./portable.ts";

/** What a reader is told, in the one order that everything keeps. */
export type ReaderRequest = ApplyRequest | QueryRequest;

/** Patches to apply, the state so far as well as every commit behind it. */
export interface ApplyRequest {
  readonly kind: "apply";
  readonly patches: readonly Uint8Array[];
}

/** A statement to run to its end on exactly the state that was sent before it. */
export interface QueryRequest {
  readonly kind: "query";
  readonly id: number;
  readonly text: string;
  readonly graph: GraphName;
  readonly reach: Reach;
  readonly parameters: ReadonlyMap<string, Portable>;
  /** Whom the policy judges; null: it has nothing to say. */
  readonly grantee: PortableGrantee | null;
  readonly timeMs: number;
  /** What the clock is read in; null: UTC. */
  readonly timeZone?: string | null;
  /** What chance comes from, in [0, 1). */
  readonly seed: number;
  readonly budget: BudgetLimits;
  /** One int32; not 0 when the caller no longer wants the answer. */
  readonly cancelled: SharedArrayBuffer;
}

/** As {@link Grantee}. */
export interface PortableGrantee {
  readonly id: string;
  readonly roles: readonly string[];
  readonly claims: ReadonlyMap<string, Portable>;
}

export type ReaderAnswer =
  /** So many bytes of patches are in. */
  | { readonly kind: "applied"; readonly bytes: number }
  | {
      readonly kind: "result";
      readonly id: number;
      readonly columns: readonly Column[];
      readonly rows: readonly (readonly Portable[])[];
      readonly notices: readonly Notice[];
    }
  | {
      readonly kind: "refused";
      readonly id: number;
      readonly code: ErrorCode;
      readonly message: string;
      readonly position: Position | undefined;
      readonly hint: string | undefined;
      readonly limit: MetLimit | undefined;
    };
