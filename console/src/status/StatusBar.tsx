import type { ConnectionState } from "@geode/client";
import { useEffect, useState } from "react";
import type { ReactElement } from "react";
import { runner } from "../query/runner.ts";
import type { Run } from "../query/runner.ts";
import { signInAgain } from "../session/session.ts";
import { useStore } from "../store.ts";
import { connectionText } from "./connection-text.ts";
import { durationText } from "./duration-text.ts";

/** The line at the bottom: the connection, and the facts of the result. */
export function StatusBar({ connection }: { readonly connection: ConnectionState }): ReactElement {
  const run = useStore(runner.run);
  const { text, tone } = connectionText(connection);
  return (
    <footer className="status-bar">
      <span
        className={`connection ${tone}`}
        data-testid="connection-state"
        data-state={connection.kind}
        role="status"
      >
        <span className="connection-dot" aria-hidden="true" />
        {text}
      </span>
      {connection.kind === "waiting" && <span className="status-note">{connection.reason}</span>}
      {connection.kind === "closed" && (
        <>
          <span className="status-note">{connection.error?.message}</span>
          <button type="button" className="link" onClick={signInAgain}>
            Connect again
          </button>
        </>
      )}
      <span className="status-space" />
      <Facts run={run} />
    </footer>
  );
}

function Facts({ run }: { readonly run: Run }): ReactElement | null {
  const view = run.kind === "done" || run.kind === "live" ? run.view : null;
  if (view === null || (run.kind !== "done" && run.kind !== "live")) return null;
  return (
    <dl className="facts">
      {run.kind === "live" && <Rate />}
      <Fact name="rows" value={view.rows.length.toLocaleString("en")} />
      <Fact name="time" value={durationText(run.durationMs)} />
      <Fact name="seq" value={view.seq.toLocaleString("en")} />
    </dl>
  );
}

function Fact({ name, value }: { readonly name: string; readonly value: string }): ReactElement {
  return (
    <div className="fact">
      <dt>{name}</dt>
      <dd data-testid={`status-${name.replaceAll(/\W/g, "-")}`}>{value}</dd>
    </div>
  );
}

const REFRESH_MS = 500;

/** How often the result has changed lately; it falls also when nothing comes, so it looks at the clock. */
function Rate(): ReactElement {
  const [rate, setRate] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setRate(runner.rate.perSecond(performance.now())), REFRESH_MS);
    return () => clearInterval(timer);
  }, []);
  return <Fact name="updates/s" value={rate.toFixed(1)} />;
}
