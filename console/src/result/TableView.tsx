import type { ReactElement } from "react";
import { runner } from "../query/runner.ts";
import { MetricCards } from "./MetricCards.tsx";
import { ResultTable } from "./ResultTable.tsx";
import { summaryOf } from "./summary.ts";
import { Teach } from "./Teach.tsx";
import type { ResultView } from "./view.ts";

interface TableViewProps {
  readonly view: ResultView;
  readonly live: boolean;
}

/** The rows as a table, or why there is none; above it, what a single live row looks like over time. */
export function TableView({ view, live }: TableViewProps): ReactElement {
  const [row] = view.rows;
  if (row === undefined && view.stats !== null) {
    return <Teach title={summaryOf(view)}>The statement returned no rows.</Teach>;
  }
  return (
    <>
      {live && row !== undefined && view.rows.length === 1 && (
        <MetricCards row={row} series={runner.series} nowMs={view.atMs} />
      )}
      {view.columns.length > 0 && <ResultTable view={view} />}
      {row === undefined && (
        <Teach title="No rows">
          {live
            ? "They will appear here as soon as something matches."
            : "Nothing in the graph matches."}
        </Teach>
      )}
    </>
  );
}
