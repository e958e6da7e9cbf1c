import { lazy, Suspense, useMemo } from "react";
import type { ReactElement } from "react";
import { graphOf } from "../graph/result-graph.ts";
import { ErrorCard } from "../query/ErrorCard.tsx";
import { Prose } from "../query/Prose.tsx";
import { runner } from "../query/runner.ts";
import type { Run } from "../query/runner.ts";
import { useStore } from "../store.ts";
import { Inspector } from "./Inspector.tsx";
import { MetricCards } from "./MetricCards.tsx";
import { RawJson } from "./RawJson.tsx";
import { ResultTable } from "./ResultTable.tsx";
import { summaryOf } from "./summary.ts";
import { Tabs } from "./Tabs.tsx";
import type { Tab } from "./Tabs.tsx";
import type { ResultView } from "./view.ts";

// The drawing library is larger than all the rest and comes when it is first needed.
const GraphView = lazy(() => import("../graph/GraphView.tsx"));

interface ResultPaneProps {
  readonly tab: Tab;
  readonly onTab: (tab: Tab) => void;
}

/** What came of the query. */
export function ResultPane({ tab, onTab }: ResultPaneProps): ReactElement {
  const run = useStore(runner.run);
  const view = run.kind === "done" || run.kind === "live" ? run.view : null;
  return (
    <section className="result-pane" aria-label="Result" aria-busy={run.kind === "running"}>
      <div className="result-bar">
        <Tabs tab={tab} onChange={onTab} />
        <LiveBadge run={run} />
        <span className="result-summary" data-testid="summary">
          {view === null ? "" : summaryOf(view)}
        </span>
      </div>
      {run.kind === "running" && <div className="progress" aria-hidden="true" />}
      <div
        id="result-panel"
        role="tabpanel"
        aria-labelledby={`tab-${tab}`}
        className={run.kind === "live" && run.stale ? "stale" : undefined}
      >
        <Content run={run} view={view} tab={tab} />
      </div>
      <p className="visually-hidden" role="status">
        {announcement(run)}
      </p>
    </section>
  );
}

function Content({
  run,
  view,
  tab,
}: {
  readonly run: Run;
  readonly view: ResultView | null;
  readonly tab: Tab;
}): ReactElement | null {
  if (run.kind === "failed") return <ErrorCard error={run.error} text={run.question.text} />;
  if (view === null) return run.kind === "none" ? <Welcome /> : null;
  return <Views view={view} tab={tab} live={run.kind === "live"} />;
}

function Views({
  view,
  tab,
  live,
}: {
  readonly view: ResultView;
  readonly tab: Tab;
  readonly live: boolean;
}): ReactElement {
  const graph = useMemo(() => graphOf(view.rows), [view.rows]);
  return (
    <div className="views">
      <div className="view">
        {view.notices.map((notice) => (
          <p key={notice.message} className="notice">
            <Prose text={notice.message} />
            {notice.hint !== undefined && (
              <span className="notice-hint">
                {" "}
                <Prose text={notice.hint} />
              </span>
            )}
          </p>
        ))}
        {tab === "table" && <TableView view={view} live={live} />}
        {tab === "graph" && (
          <Suspense fallback={<p className="quiet-note">Loading the drawing…</p>}>
            <GraphView graph={graph} />
          </Suspense>
        )}
        {tab === "json" && <RawJson view={view} />}
      </div>
      <Inspector graph={graph} />
    </div>
  );
}

function TableView({
  view,
  live,
}: {
  readonly view: ResultView;
  readonly live: boolean;
}): ReactElement {
  const [row] = view.rows;
  if (view.columns.length === 0)
    return <Teach title={summaryOf(view)}>The statement returned no table.</Teach>;
  return (
    <>
      {live && row !== undefined && view.rows.length === 1 && (
        <MetricCards row={row} series={runner.series} nowMs={view.atMs} />
      )}
      <ResultTable view={view} />
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

function Welcome(): ReactElement {
  return (
    <Teach title="Ask the graph something">
      Choose a saved query, or write one and press Run. With <b>Live</b> on, the result follows
      every commit.
    </Teach>
  );
}

function Teach({
  title,
  children,
}: {
  readonly title: string;
  readonly children: React.ReactNode;
}): ReactElement {
  return (
    <div className="teach">
      <p className="teach-title">{title}</p>
      <p>{children}</p>
    </div>
  );
}

function LiveBadge({ run }: { readonly run: Run }): ReactElement | null {
  if (run.kind !== "live") return null;
  return (
    <span className={run.stale ? "live-badge waiting" : "live-badge"} data-testid="live-badge">
      <span className="live-mark" aria-hidden="true" />
      {run.stale ? `as of commit ${run.view.seq.toLocaleString("en")}` : "live"}
    </span>
  );
}

/** Said once when it happens; updates of a live result are not, nobody could listen to that. */
function announcement(run: Run): string {
  switch (run.kind) {
    case "none":
      return "";
    case "running":
      return "Running";
    case "done":
      return summaryOf(run.view);
    case "live":
      return run.stale ? "The connection was lost; the rows may be out of date" : "Live";
    case "failed":
      return "The query failed";
  }
}
