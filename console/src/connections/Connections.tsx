import { useEffect, useRef, useState } from "react";
import type { ReactElement } from "react";
import { takeToken } from "../session/token.ts";
import { endConnection, loadPool } from "./pool.ts";
import type { Pool, PoolConnection } from "./pool.ts";

const REFRESH_MS = 2_000;

/** Who is connected, for administrators: a dialog that keeps itself up to date while it is open. */
export function Connections({
  ownSession,
  onClose,
}: {
  /** Which of them is this page's. */
  readonly ownSession: string;
  readonly onClose: () => void;
}): ReactElement {
  const dialog = useRef<HTMLDialogElement>(null);
  const [pool, setPool] = useState<Pool | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  const token = takeToken() ?? "";

  const attempt = (work: Promise<Pool>): void => {
    work.then(
      (loaded) => {
        setPool(loaded);
        setFault(null);
      },
      (error: unknown) => setFault(error instanceof Error ? error.message : String(error)),
    );
  };
  useEffect(() => {
    dialog.current?.showModal();
    attempt(loadPool(token));
    const timer = setInterval(() => attempt(loadPool(token)), REFRESH_MS);
    return () => clearInterval(timer);
  }, [token]);
  const end = (session: string): void =>
    attempt(endConnection(session, token).then(() => loadPool(token)));

  return (
    <dialog
      ref={dialog}
      className="connections"
      aria-labelledby="connections-title"
      onClose={onClose}
      data-testid="connections"
    >
      <header className="connections-head">
        <h2 id="connections-title">Connections</h2>
        {pool !== null && <Summary pool={pool} />}
        <button type="button" className="quiet" onClick={() => dialog.current?.close()}>
          Close
        </button>
      </header>
      {fault !== null && (
        <p className="connections-fault" role="alert">
          {fault}
        </p>
      )}
      {pool !== null && (
        <div className="connections-scroller">
          <table className="connections-table">
            <thead>
              <tr>
                <th scope="col">User</th>
                <th scope="col">From</th>
                <th scope="col">Since</th>
                <th scope="col">Token ends</th>
                <th scope="col" className="numeric">
                  Live queries
                </th>
                <th scope="col" className="numeric">
                  Unanswered
                </th>
                <th scope="col">
                  <span className="visually-hidden">What can be done</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {pool.connections.map((connection) => (
                <Row
                  key={connection.session}
                  connection={connection}
                  own={connection.session === ownSession}
                  onEnd={() => end(connection.session)}
                />
              ))}
            </tbody>
          </table>
          {pool.found > pool.connections.length && (
            <p className="connections-more">
              and {(pool.found - pool.connections.length).toLocaleString("en")} more
            </p>
          )}
        </div>
      )}
    </dialog>
  );
}

function Summary({ pool }: { readonly pool: Pool }): ReactElement {
  const { capacity_used, errors, messages, total_connections } = pool;
  return (
    <p className="connections-summary">
      {total_connections.toLocaleString("en")} open ({capacity_used} of what is allowed) ·{" "}
      {messages.received.toLocaleString("en")} messages in, {messages.sent.toLocaleString("en")} out
      · {errors.toLocaleString("en")} errors
    </p>
  );
}

function Row({
  connection,
  own,
  onEnd,
}: {
  readonly connection: PoolConnection;
  readonly own: boolean;
  readonly onEnd: () => void;
}): ReactElement {
  const { expires_at, in_flight, opened_at, remote_address, subscriptions, user } = connection;
  return (
    <tr>
      <td>{user ?? "not signed in yet"}</td>
      <td>{remote_address}</td>
      <td>{timeText(opened_at)}</td>
      <td>{expires_at === undefined ? "" : timeText(expires_at)}</td>
      <td className="numeric">{subscriptions}</td>
      <td className="numeric">{in_flight}</td>
      <td>
        {own ? (
          "this page"
        ) : (
          <button type="button" className="link" onClick={onEnd}>
            End
          </button>
        )}
      </td>
    </tr>
  );
}

/** The time, with the day if it is not today. */
function timeText(iso: string): string {
  const time = new Date(iso);
  const today = new Date().toDateString() === time.toDateString();
  return today ? time.toLocaleTimeString("en-GB") : time.toLocaleString("en-GB");
}
