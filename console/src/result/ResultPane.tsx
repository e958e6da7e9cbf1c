import type { ReactElement } from "react";
import { ErrorBoundary } from "../app/ErrorBoundary.tsx";
import { ErrorCard } from "../query/ErrorCard.tsx";
import { runner } from "../query/runner.ts";
import type { Run } from "../query/runner.ts";
import { useStore } from "../store.ts";
import { LiveBadge } from "./LiveBadge.tsx";
import { announcementOf, summaryOf } from "./summary.ts";
import { Tabs } from "./Tabs.tsx";
import type { Tab } from "./Tabs.tsx";
import { Teach } from "./Teach.tsx";
import { Views } from "./Views.tsx";

interface ResultPaneProps {
  readonly tab: Tab;
  readonly onTab: (tab: Tab) => void;
  /** Whether an answer can come now. */
  readonly connected: boolean;
}

/** What came of the query. */
export function ResultPane({ tab, onTab, connected }: ResultPaneProps): ReactElement {
  const run = useStore(runner.run);
  const stale = run.kind === "live" && run.stale;
  return (
    <section className="result-pane" aria-label="Result" aria-busy={run.kind === "running"}>
      <div className="result-bar">
        <Tabs tab={tab} onChange={onTab} />
        <LiveBadge run={run} />
        <span className="result-summary" data-testid="summary">
          {run.kind === "done" || run.kind === "live" ? summaryOf(run.view) : ""}
        </span>
      </div>
      {run.kind === "running" && <div className="progress" aria-hidden="true" />}
      <div
        id="result-panel"
        role="tabpanel"
        aria-labelledby={`tab-${tab}`}
        className={stale ? "stale" : undefined}
      >
        <ErrorBoundary attempt={`${tab} ${run.kind}`}>
          <Content run={run} tab={tab} connected={connected} />
        </ErrorBoundary>
      </div>
      <p className="visually-hidden" role="status">
        {announcementOf(run)}
      </p>
    </section>
  );
}

interface ContentProps {
  readonly run: Run;
  readonly tab: Tab;
  readonly connected: boolean;
}

function Content({ run, tab, connected }: ContentProps): ReactElement | null {
  switch (run.kind) {
    case "none":
      return (
        <Teach title="Ask the graph something">
          Choose a saved query, or write one and press Run. With <b>Live</b> on, the result follows
          every commit.
        </Teach>
      );
    case "running":
      if (connected) return null;
      return (
        <Teach title="Waiting for the connection">The query is sent as soon as it stands.</Teach>
      );
    case "failed":
      return <ErrorCard error={run.error} text={run.question.text} />;
    case "done":
    case "live":
      return <Views view={run.view} tab={tab} live={run.kind === "live"} />;
  }
}
