import type { ErrorCode } from "@geode/values";
import type { FoldLimits, FoldResult } from "./fold.ts";

/*
 * What the checkpointer and its worker thread say to each other: the worker begins with "ready" or "failed", then every request has one
 * answer.
 */
export interface FoldWorkerData {
  /** Where the checkpoints are. */
  readonly directory: string;
  readonly limits: FoldLimits;
}

export type FoldRequest =
  | {
      readonly kind: "entries";
      readonly entries: readonly Uint8Array[];
      /** Those that the entries name, by the hex of their hash. */
      readonly blobs: readonly (readonly [hash: string, bytes: Uint8Array])[];
    }
  | { readonly kind: "finish" };

export type FoldAnswer =
  | { readonly kind: "ready"; readonly next: number }
  | { readonly kind: "done"; readonly result: FoldResult }
  | { readonly kind: "failed"; readonly code: ErrorCode; readonly message: string };
