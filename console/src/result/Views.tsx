import { lazy, Suspense } from "react";
import type { ReactElement } from "react";
import { drawnGraphOf } from "../graph/result-graph.ts";
import { Inspector } from "./Inspector.tsx";
import { Notices } from "./Notices.tsx";
import { RawJson } from "./RawJson.tsx";
import { TableView } from "./TableView.tsx";
import type { Tab } from "./Tabs.tsx";
import type { ResultView } from "./view.ts";

// The drawing library is as large as all the rest and comes when it is first needed.
const GraphView = lazy(() => import("../graph/GraphView.tsx"));

interface ViewsProps {
  readonly view: ResultView;
  readonly tab: Tab;
  readonly live: boolean;
}

/** A result in the chosen view, and beside it the details of what was clicked. */
export function Views({ view, tab, live }: ViewsProps): ReactElement {
  const chosen = (): ReactElement => {
    switch (tab) {
      case "table":
        return <TableView view={view} live={live} />;
      case "graph":
        return (
          <Suspense fallback={<p className="quiet-note">Loading the drawing…</p>}>
            <GraphView graph={drawnGraphOf(view.rows)} />
          </Suspense>
        );
      case "json":
        return <RawJson view={view} />;
    }
  };
  return (
    <div className="views">
      <div className="view">
        <Notices notices={view.notices} />
        {chosen()}
      </div>
      <Inspector rows={view.rows} />
    </div>
  );
}
