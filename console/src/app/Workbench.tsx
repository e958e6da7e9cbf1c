import type { ConnectionState, Geode } from "@geode/client";
import { useEffect, useState } from "react";
import type { ReactElement } from "react";
import { recall, remember } from "../browser-storage.ts";
import { draft, draftOf, setLive } from "../query/draft.ts";
import type { Draft } from "../query/draft.ts";
import { parametersIn, saysLive } from "../query/gql-language.ts";
import { parameterValues } from "../query/parameters.ts";
import { QueryPane } from "../query/QueryPane.tsx";
import { runner } from "../query/runner.ts";
import { ResultPane } from "../result/ResultPane.tsx";
import { select } from "../result/selection.ts";
import type { Tab } from "../result/Tabs.tsx";
import { GraphContents } from "../sidebar/GraphContents.tsx";
import { graphs } from "../sidebar/graphs.ts";
import { keepQuery } from "../sidebar/own-queries.ts";
import { SavedQueries } from "../sidebar/SavedQueries.tsx";
import { loadSchema } from "../sidebar/schema.ts";
import { StatusBar } from "../status/StatusBar.tsx";
import { Header } from "./Header.tsx";
import { Splitter } from "./Splitter.tsx";

const HEIGHT_KEY = "geode.editor-height";
const HEIGHT_DEFAULT = 210;

/** The console of somebody who is signed in. */
export function Workbench({
  geode,
  connection,
}: {
  readonly geode: Geode;
  readonly connection: ConnectionState;
}): ReactElement {
  const [tab, setTab] = useState<Tab>("table");
  const [menuOpen, setMenuOpen] = useState(false);
  const [height, setHeight] = useState(() => Number(recall("local", HEIGHT_KEY)) || HEIGHT_DEFAULT);
  const refresh = (): void => void loadSchema(geode);
  const closeMenu = (): void => {
    setMenuOpen(false);
    document.getElementById("menu-button")?.focus();
  };

  useEffect(() => {
    void loadSchema(geode);
    const returned = (): void => {
      if (document.visibilityState === "visible") void loadSchema(geode);
    };
    document.addEventListener("visibilitychange", returned);
    // What a write of ours changed is counted again.
    const forget = runner.run.subscribe(() => {
      const run = runner.run.get();
      if (run.kind === "done" && run.view.stats !== null) void loadSchema(geode);
    });
    return () => {
      forget();
      document.removeEventListener("visibilitychange", returned);
    };
  }, [geode]);
  useEffect(() => {
    // Who opens the menu wants to be in it.
    if (menuOpen) document.querySelector<HTMLElement>("#sidebar button")?.focus();
  }, [menuOpen]);
  useEffect(() => () => runner.stop(), [geode]);
  useEffect(() => remember("local", HEIGHT_KEY, String(height)), [height]);

  const run = (): void => ask(geode, draft.get());
  const open = (next: Draft, view: Tab): void => {
    draft.set(next);
    setTab(view);
    setMenuOpen(false);
    ask(geode, next);
  };
  const toggleLive = (live: boolean): void => {
    setLive(live);
    if (live) ask(geode, draft.get());
    else runner.stop();
  };

  return (
    <div className="workbench">
      <Header geode={geode} menuOpen={menuOpen} onMenu={() => setMenuOpen(!menuOpen)} />
      <nav
        id="sidebar"
        className={menuOpen ? "sidebar open" : "sidebar"}
        aria-label="Queries and contents"
        onKeyDown={(event) => {
          if (event.key === "Escape" && menuOpen) closeMenu();
        }}
      >
        <SavedQueries onChoose={(query) => open(draftOf(query), query.view)} />
        <GraphContents
          onRefresh={refresh}
          onQuery={(text) => open({ text, inputs: new Map(), live: false }, "graph")}
        />
      </nav>
      {menuOpen && (
        <button type="button" className="scrim" aria-label="Close the menu" onClick={closeMenu} />
      )}
      <main className="main" style={{ gridTemplateRows: `${height}px auto minmax(0, 1fr)` }}>
        <QueryPane
          onRun={run}
          onLive={toggleLive}
          onKeep={() => keepQuery(draft.get(), tab === "graph" ? "graph" : "table")}
        />
        <Splitter height={height} onChange={setHeight} />
        <ResultPane tab={tab} onTab={setTab} connected={connection.kind === "ready"} />
      </main>
      <StatusBar connection={connection} />
    </div>
  );
}

/** Runs what stands in the editor. A text that says itself that it is live can only run so. */
function ask(geode: Geode, { text, inputs, live }: Draft): void {
  if (text.trim() === "") return;
  select({ kind: "none" });
  runner.start(geode, {
    text,
    parameters: parameterValues(parametersIn(text), inputs),
    graph: graphs.get().inUse,
    live: live || saysLive(text),
  });
}
