import type { ReactElement } from "react";
import type { Run } from "../query/runner.ts";

/** That the result follows the graph, or of when it is while it cannot. */
export function LiveBadge({ run }: { readonly run: Run }): ReactElement | null {
  if (run.kind !== "live") return null;
  return (
    <span
      className={run.stale ? "live-badge waiting" : "live-badge"}
      data-testid="live-badge"
      title={
        run.view.maintenance === null ? undefined : `Kept up to date by ${run.view.maintenance}`
      }
    >
      <span className="live-mark" aria-hidden="true" />
      {run.stale ? `as of commit ${run.view.seq.toLocaleString("en")}` : "live"}
    </span>
  );
}
